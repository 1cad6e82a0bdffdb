//! Long lines under CUBIC: one connection, which hardly fills them, and four, which a probe goes to at once where its memory says so.

use std::fmt::Write as _;

use desserte_measure::{StopRule, Terms, Verdict};
use desserte_netlab::flow::{Algorithm, BulkConfig};

use desserte_units::BitRate;

use crate::parallel;
use crate::recording::{PLANNED, Recording};
use crate::report::{percent, quantile};
use crate::rules::{stopped_by, threshold_over};
use crate::shapes::Case;

const CLASSES: [&str; 3] = ["steady, 5 and 20 ms", "steady, 40 and 100 ms", "satellite, 600 ms"];
const CONNECTIONS: [u16; 2] = [1, 4];
/// Bands by the rate of the line itself: a run over one connection may fall far short of it.
const BANDS: [(&str, f64, f64); 3] =
    [("up to 20 Mbit/s", 0.0, 20.5), ("between", 20.5, 96.0), ("100 Mbit/s and more", 96.0, f64::MAX)];

/// A line, run over one connection and over four.
struct Tried {
    class: &'static str,
    mbit_per_s: f64,
    over: Vec<Over>,
}

struct Over {
    /// Octets until the stop, and of the full run.
    used: f64,
    full: f64,
    error: f64,
    /// The full run's goodput as a share of what the line can carry.
    filled: f64,
    /// Octets of a threshold run that was asked about half as much again as the line carries.
    no_used: f64,
    no_wrong: bool,
}

pub(crate) fn table(cases: &[Case]) -> String {
    let picked: Vec<&Case> = cases
        .iter()
        .filter(|case| CLASSES.contains(&case.class) && case.config.algorithm == Algorithm::Cubic)
        .collect();
    let tried = parallel(&picked, try_over);
    let mut text = "### Lines under CUBIC, over one connection and over four\n\n| class | rate of the line | connections | runs | octets of its full run | of the full run over one | error p50 | error p95 | line filled p50 | p5 | threshold, 1.5 times the line: octets of the full run over one | wrong |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n".to_owned();
    for class in CLASSES {
        for (name, from, below) in BANDS {
            let lines: Vec<&Tried> = tried
                .iter()
                .filter(|line| line.class == class && (from..below).contains(&line.mbit_per_s))
                .collect();
            for (place, connections) in CONNECTIONS.iter().enumerate().filter(|_| !lines.is_empty()) {
                let sum = |of: &dyn Fn(&Tried) -> f64| lines.iter().map(|line| of(line)).sum::<f64>();
                let sorted = |of: fn(&Over) -> f64, share: f64| {
                    let mut values: Vec<f64> = lines.iter().map(|line| of(&line.over[place])).collect();
                    quantile(&mut values, share).map_or_else(String::new, percent)
                };
                let full_over_one = sum(&|line| line.over[0].full);
                let used = sum(&|line| line.over[place].used);
                let _ = writeln!(
                    text,
                    "| {class} | {name} | {connections} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                    lines.len(),
                    percent(used / sum(&|line| line.over[place].full)),
                    percent(used / full_over_one),
                    sorted(|over| over.error, 0.5),
                    sorted(|over| over.error, 0.95),
                    sorted(|over| over.filled, 0.5),
                    sorted(|over| over.filled, 0.05),
                    percent(sum(&|line| line.over[place].no_used) / full_over_one),
                    percent(sum(&|line| f64::from(u8::from(line.over[place].no_wrong))) / lines.len() as f64),
                );
            }
        }
    }
    text + "\n"
}

fn try_over(case: &Case) -> Option<Tried> {
    let mbit_per_s = case.mbit_per_s()?;
    let line = mbit_per_s * 1e6 * case.config.payload_share();
    let over = CONNECTIONS.iter().map(|connections| {
        let config = BulkConfig { streams: usize::from(*connections), ..case.config.clone() };
        let run = Recording::with(case, &config, case.seed)?;
        let terms = Terms { connections: *connections, ..Terms::planned(PLANNED) };
        let stopped = stopped_by(&run, StopRule::new(terms));
        let (verdict, at) = threshold_over(&run, BitRate::from_bits_per_second(line * 1.5)?, *connections);
        Some(Over {
            used: run.cost(stopped.at) * run.full_octets(),
            full: run.full_octets(),
            error: run.error_of(stopped.estimate),
            filled: run.full / line,
            no_used: run.cost(at) * run.full_octets(),
            no_wrong: verdict == Verdict::Yes,
        })
    });
    Some(Tried { class: case.class, mbit_per_s, over: over.collect::<Option<_>>()? })
}
