//! A probe's life on one line: which errors its memory of the line spares it, and what that costs.

use std::fmt::Write as _;

use desserte_measure::{LineMemory, StopRule, Terms, is_audited};
use desserte_netlab::link::Bucket;

use crate::parallel;
use crate::recording::{PLANNED, Recording};
use crate::report::{percent, quantile};
use crate::rules::stopped_by;
use crate::shapes::{Case, Dice, Half};

/// Runs of a life.
const RUNS: u64 = 200;
/// Lines of each class, evenly taken from the drawn ones.
const LINES: usize = 12;
/// Lines up to here: a faster one takes as long to emulate as many slow ones and tells nothing else.
const FASTEST_MBIT: f64 = 50.0;
/// Parts of a life that are looked at apart: those before, and those after the first lessons at the latest.
const PARTS: [(&str, std::ops::Range<usize>); 3] =
    [("1 to 2", 0..2), ("3 to 40", 2..40), ("41 to 200", 40..200)];
const CLASSES: [&str; 3] = ["burst, then throttled", "steady, 5 and 20 ms", "wavering like Wi-Fi"];

/// One run of a life.
struct Lived {
    /// Whether it was to last its planned time, to be learnt from.
    is_lesson: bool,
    share: f64,
    error: f64,
    /// The same by the rule without a memory.
    share_alone: f64,
    error_alone: f64,
}

/// The table of all lives.
pub(crate) fn table(half: Half, cases: &[Case]) -> String {
    let mut text = "### A probe's life: 200 runs on one line, with its memory of the line and without\n\n| class | runs | early ends tried | share of lessons and audits | error p50 | error p95 | octets | without memory: error p95 | octets |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n".to_owned();
    for class in CLASSES {
        let of_class: Vec<&Case> = cases
            .iter()
            .filter(|case| case.class == class && case.mbit_per_s().is_some_and(|rate| rate <= FASTEST_MBIT))
            .collect();
        let picked: Vec<&Case> =
            of_class.iter().step_by((of_class.len() / LINES).max(1)).take(LINES).copied().collect();
        let lives = parallel(&picked, |case| Some(live(half, case)));
        for (name, part) in PARTS {
            let runs: Vec<&Lived> = lives.iter().flat_map(|life| life.get(part.clone())).flatten().collect();
            let early: Vec<&&Lived> = runs.iter().filter(|run| !run.is_lesson).collect();
            let mean = |of: fn(&Lived) -> f64| {
                percent(runs.iter().map(|run| of(run)).sum::<f64>() / runs.len() as f64)
            };
            let error = |of: fn(&Lived) -> f64, share: f64| {
                let mut errors: Vec<f64> = early.iter().map(|run| of(run)).collect();
                quantile(&mut errors, share).map_or_else(|| "–".to_owned(), percent)
            };
            let _ = writeln!(
                text,
                "| {class} | {name} | {} | {} | {} | {} | {} | {} | {} |",
                early.len(),
                percent(1.0 - early.len() as f64 / runs.len() as f64),
                error(|run| run.error, 0.5),
                error(|run| run.error, 0.95),
                mean(|run| run.share),
                error(|run| run.error_alone, 0.95),
                mean(|run| run.share_alone),
            );
        }
    }
    text + "\n"
}

fn live(half: Half, case: &Case) -> Vec<Lived> {
    let mut dice = Dice::new(half, 40_000 + case.seed);
    let mut memory = LineMemory::default();
    let terms = Terms::planned(PLANNED);
    (0..RUNS)
        .filter_map(|number| {
            // What the household used shortly before is missing from the bucket.
            let left = dice.between(0.5, 1.0);
            let mut config = case.config.clone();
            config.forward.bucket = config
                .forward
                .bucket
                .map(|bucket| Bucket { burst_octets: (bucket.burst_octets as f64 * left) as u64, ..bucket });
            let run = Recording::with(case, &config, case.seed.wrapping_add(number << 32))?;
            let lessons = memory.lessons(1);
            let is_lesson = lessons.ask_for_more() || is_audited(case.seed, number);
            let alone = stopped_by(&run, StopRule::new(terms));
            let kept = if is_lesson {
                memory.learn(&run.samples, &run.on_receivers_clock(), terms, false);
                (1.0, 0.0)
            } else {
                let stopped = stopped_by(&run, StopRule::new(Terms { hold: lessons.hold(PLANNED), ..terms }));
                (run.cost(stopped.at), run.error_of(stopped.estimate))
            };
            Some(Lived {
                is_lesson,
                share: kept.0,
                error: kept.1,
                share_alone: run.cost(alone.at),
                error_alone: run.error_of(alone.estimate),
            })
        })
        .collect()
}
