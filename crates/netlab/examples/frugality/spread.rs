//! The same octets in one run or in several at other moments: which says more of what a line carries over a long time.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use desserte_measure::{Estimate, StopRule, Terms};
use desserte_netlab::flow::{self, BulkConfig};
use desserte_netlab::link::Capacity;
use desserte_units::BitRate;

use crate::parallel;
use crate::recording::{PLANNED, Recording};
use crate::report::{percent, quantile};
use crate::rules::stopped_by;
use crate::shapes::{Dice, FOLDERS, Half, files, part_of, transfer, with_delay};

/// Draws from each recorded line.
const DRAWS: u64 = 2;
/// A recorded line must be so much longer than a run for "at another moment" to mean something.
const LENGTH_MIN: Duration = Duration::from_secs(100);
const QUEUE: Duration = Duration::from_millis(300);

/// A way to spend octets: runs at moments spread evenly over the recording, how long each is planned for, and whether the rule
/// may stop it.
struct Way {
    name: &'static str,
    runs: u32,
    lasts: Duration,
    stops: bool,
}

const WAYS: [Way; 7] = [
    Way { name: "one of 10 s", runs: 1, lasts: PLANNED, stops: false },
    Way { name: "one, adaptive", runs: 1, lasts: PLANNED, stops: true },
    Way { name: "two of 5 s", runs: 2, lasts: Duration::from_millis(5_000), stops: false },
    Way { name: "four of 2.5 s", runs: 4, lasts: Duration::from_millis(2_500), stops: false },
    Way { name: "eight of 1.25 s", runs: 8, lasts: Duration::from_millis(1_250), stops: false },
    Way { name: "four of 10 s", runs: 4, lasts: PLANNED, stops: false },
    Way { name: "four, adaptive", runs: 4, lasts: PLANNED, stops: true },
];

struct Recorded {
    folder: &'static str,
    rtt_ms: u64,
    path: PathBuf,
}

/// What one draw of a way said.
struct Said {
    folder: &'static str,
    way: usize,
    octets: f64,
    /// Distance from the mean of the recorded line, with its sign.
    error: f64,
}

pub(crate) fn table(half: Half, traces: &Path) -> Result<String> {
    let mut recorded = Vec::new();
    for (_, folder, rtt_ms) in FOLDERS {
        let paths = files(&traces.join(folder))?;
        recorded.extend(paths.into_iter().map(|path| Recorded { folder, rtt_ms, path }));
    }
    let numbered: Vec<(u64, Recorded)> = (0..).zip(recorded).collect();
    let said: Vec<Said> =
        parallel(&numbered.iter().collect::<Vec<_>>(), |(number, line)| draws(half, *number, line).ok())
            .into_iter()
            .flatten()
            .collect();
    let mut text = "### The same octets in one run or in several\n\n| recordings | way | draws | octets, one of 10 s being 100 | error p50 | error p95 | too high or low on average |\n| --- | --- | --- | --- | --- | --- | --- |\n".to_owned();
    for folder in FOLDERS.iter().map(|(_, folder, _)| *folder).chain(["all"]) {
        let of = |way: usize| {
            said.iter().filter(move |said| (folder == "all" || said.folder == folder) && said.way == way)
        };
        let octets = |way: usize| of(way).map(|said| said.octets).sum::<f64>();
        for (place, way) in WAYS.iter().enumerate().filter(|(place, _)| of(*place).count() > 0) {
            let mut errors: Vec<f64> = of(place).map(|said| said.error.abs()).collect();
            let mean = of(place).map(|said| said.error).sum::<f64>() / errors.len() as f64;
            let _ = writeln!(
                text,
                "| {folder} | {} | {} | {} | {} | {} | {} |",
                way.name,
                errors.len(),
                percent(octets(place) / octets(0)),
                quantile(&mut errors, 0.5).map_or_else(String::new, percent),
                quantile(&mut errors, 0.95).map_or_else(String::new, percent),
                percent(mean),
            );
        }
    }
    Ok(text + "\n")
}

fn draws(half: Half, number: u64, line: &Recorded) -> Result<Vec<Said>> {
    let octets = std::fs::read(&line.path).with_context(|| format!("reading {}", line.path.display()))?;
    let whole = part_of(line.folder, &octets, 0.0)?;
    let mean = whole.mean_rate().unwrap_or_default();
    if length(&whole) < LENGTH_MIN || mean == BitRate::default() {
        return Ok(Vec::new());
    }
    let mut said = Vec::new();
    for draw in 0..DRAWS {
        let mut dice = Dice::new(half, 50_000 + number * DRAWS + draw);
        let (first, seed) = (dice.between(0.0, 1.0), number * DRAWS + draw);
        let line_of = |capacity| with_delay(capacity, mean.as_mbit_per_s(), line.rtt_ms, QUEUE);
        let kind = transfer(&mut dice, line_of(whole.clone()), line.rtt_ms);
        for (place, way) in WAYS.iter().enumerate() {
            let (mut used, mut sum) = (0.0, 0.0);
            for run in 0..way.runs {
                // Evenly apart, from a drawn moment on: a random moment of each stratum.
                let from = (first + f64::from(run)) / f64::from(way.runs);
                let forward = line_of(part_of(line.folder, &octets, from)?);
                let config = BulkConfig { forward, duration: way.lasts, ..kind.clone() };
                let seed = seed ^ (u64::from(run) << 32) ^ half.salt();
                let (octets, goodput) = once(&config, seed, way);
                used += octets;
                sum += goodput;
            }
            let goodput = mean.as_bits_per_second() * kind.payload_share();
            let error = sum / f64::from(way.runs) / goodput - 1.0;
            said.push(Said { folder: line.folder, way: place, octets: used, error });
        }
    }
    Ok(said)
}

fn length(line: &Capacity) -> Duration {
    match line {
        Capacity::Unlimited => Duration::ZERO,
        Capacity::Schedule(schedule) => schedule.as_steps().0.last().map_or(Duration::ZERO, |last| last.at),
        Capacity::Opportunities(chances) => chances.period(),
    }
}

/// Octets sent, and the goodput told; a run that told none counts as silent.
fn once(config: &BulkConfig, seed: u64, way: &Way) -> (f64, f64) {
    if way.stops {
        let Some(run) = Recording::of_config("", "", config, seed) else { return (0.0, 0.0) };
        let stopped = stopped_by(&run, StopRule::new(Terms::planned(way.lasts)));
        return (run.cost(stopped.at) * run.full_octets(), stopped.estimate);
    }
    let run = flow::run(config, seed);
    let steady = Estimate::of(&run.samples).steady;
    let sent = run.sent_until(config.duration + Duration::from_secs(1));
    (sent as f64, steady.map_or(0.0, BitRate::as_bits_per_second))
}
