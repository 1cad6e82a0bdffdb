//! The shadow audit: what stopping early costs, found out on runs that were not stopped.
//!
//! One adaptive run in twenty, chosen by a seed, lasts its planned time. Replaying the stop rule over its readings tells what
//! it would have read had it been stopped; the distance to what it did read is one draw from the error of this class of
//! probe. Enough draws give a bound that assumes nothing about how errors are spread.

use std::collections::BTreeMap;
use std::time::Duration;

use desserte_model::{
    ByteSample, Direction, End, Medium, RunMode, RunOutcome, StopReason, TcpCounters, Throughput,
};
use desserte_units::BitRate;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::{AUDIT, Estimate, StopRule, Terms};

/// Whether an adaptive run is drawn for the audit: one in twenty, the same for the same seed and number for ever.
///
/// # Shape
/// `seed` is the probe's own, `run` counts its adaptive runs.
#[must_use]
pub fn is_audited(seed: u64, run: u64) -> bool {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    chance.set_stream(run);
    chance.next_u32() < u32::MAX / AUDIT.value.one_in
}

/// What a full run would have been, had it been stopped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Replayed {
    /// When the rule would have stopped it; the last reading if never.
    pub stopped_at: Duration,
    /// What would then have been read.
    pub early: BitRate,
    /// What was read in full.
    pub full: BitRate,
    /// Octets received until then.
    pub early_bytes: u64,
    /// Octets received in full.
    pub full_bytes: u64,
}

impl Replayed {
    /// Distance of the early estimate from the full one, as a share of the full one.
    #[must_use]
    pub fn error_ratio(&self) -> f64 {
        (self.early.as_bits_per_second() / self.full.as_bits_per_second() - 1.0).abs()
    }
}

/// Replays the stop rule over a full run.
///
/// # Shape
/// `samples` and `counters` (the sender's) rise in `elapsed_us`; counters are shown to the rule before the first reading that is
/// not older.
///
/// # Missing data
/// `None` if the full run has no steady goodput, or one of zero: no share can be taken of it.
#[must_use]
pub fn replay(samples: &[ByteSample], counters: &[TcpCounters], terms: Terms) -> Option<Replayed> {
    let full = Estimate::of(samples).steady.filter(|full| full.as_bits_per_second() > 0.0)?;
    let last = samples.last()?;
    let mut rule = StopRule::new(terms);
    let mut told = counters.iter().peekable();
    for sample in samples {
        while let Some(counters) = told.next_if(|counters| counters.elapsed_us <= sample.elapsed_us) {
            rule.counters(counters);
        }
        if rule.reading(*sample) == Some(StopReason::IntervalTight) {
            return Some(Replayed {
                stopped_at: Duration::from_micros(sample.elapsed_us),
                early: rule.estimate().steady?,
                full,
                early_bytes: sample.bytes,
                full_bytes: last.bytes,
            });
        }
    }
    Some(Replayed {
        stopped_at: Duration::from_micros(last.elapsed_us),
        early: full,
        full,
        early_bytes: last.bytes,
        full_bytes: last.bytes,
    })
}

/// What is said about the error of a class of probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErrorBound {
    /// Audited runs it rests on.
    pub count: usize,
    /// With 95 % confidence, at most one early estimate in twenty is further than this share from the full run's; absent when
    /// there are too few audited runs to say so.
    pub p95_at_most: Option<f64>,
}

/// Bounds the 95th percentile of errors from above, whatever their distribution.
///
/// The bound is the smallest of the ordered errors below which, were it lower than the 95th percentile, so many of the draws
/// would lie with a probability of 5 % at the most. That needs 59 draws, of which it is the largest.
///
/// # Missing data
/// Fewer than 59 errors give a count and no bound. Errors that are not finite are left out; of more than 10,000 the first
/// 10,000 count.
///
/// # Source
/// Order statistics: W. J. Conover, Practical Nonparametric Statistics, section 3.2.
#[must_use]
pub fn error_bound(errors: &[f64]) -> ErrorBound {
    let mut sorted: Vec<f64> =
        errors.iter().copied().filter(|error| error.is_finite()).take(DRAWS_MAX).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let count = sorted.len();
    let bound = spared(count).and_then(|spared| sorted.get(count - 1 - spared));
    ErrorBound { count, p95_at_most: bound.copied() }
}

/// Beyond this the probabilities below leave the range of floating point; a probe that is audited twice a day needs 13 years.
const DRAWS_MAX: usize = 10_000;

/// The most draws that may lie above the bound: the largest number which so few or fewer of `count` draws exceed the 95th
/// percentile with a probability of 5 % at the most.
fn spared(count: usize) -> Option<usize> {
    const BEYOND: f64 = 0.05;
    const DOUBT: f64 = 0.05;
    #[expect(clippy::cast_precision_loss, reason = "at most 10,000")]
    let draws = count as f64;
    let mut exactly = (0..count).fold(1.0, |product, _| product * (1.0 - BEYOND));
    let mut so_few = exactly;
    let mut spared = None;
    let mut above = 0.0;
    while so_few <= DOUBT && above < draws {
        spared = Some(spared.map_or(0, |spared| spared + 1));
        exactly *= (draws - above) / (above + 1.0) * BEYOND / (1.0 - BEYOND);
        above += 1.0;
        so_few += exactly;
    }
    spared
}

/// What runs are compared with: errors of lines so different are not mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuditClass {
    /// The way of the payload.
    pub direction: Direction,
    /// How the probe is attached: `wired`, `wifi`, `mobile` or `unknown`.
    pub medium: &'static str,
    /// The full run's goodput: `slow` up to 20 Mbit/s, `fast` from 100 Mbit/s on, `middle` between.
    pub band: &'static str,
}

impl AuditClass {
    /// The class of a run with this goodput.
    #[must_use]
    pub fn of(run: &Throughput, full: BitRate) -> Self {
        Self {
            direction: run.direction,
            medium: match run.medium {
                Medium::Wired { .. } => "wired",
                Medium::Wifi { .. } => "wifi",
                Medium::Mobile => "mobile",
                Medium::Unknown => "unknown",
            },
            band: match full.as_mbit_per_s() {
                slow if slow <= 20.0 => "slow",
                fast if fast >= 100.0 => "fast",
                _ => "middle",
            },
        }
    }
}

/// The sender's kernel counters of a run: the server's in a download, the probe's in an upload.
#[must_use]
pub fn sender_counters(run: &Throughput) -> &[TcpCounters] {
    match sender(run.direction) {
        End::Probe => &run.probe_tcp,
        End::Server => &run.server_tcp,
    }
}

const fn sender(direction: Direction) -> End {
    match direction {
        Direction::Download => End::Server,
        Direction::Upload => End::Probe,
    }
}

/// Bounds the error of each class from its audited runs, planned to last `planned`.
///
/// # Missing data
/// Only complete runs count that were drawn for the audit and lasted to their planned end. A class without one is not in the
/// answer; one with too few is there without a bound.
#[must_use]
pub fn audited_bounds<'a>(
    runs: impl IntoIterator<Item = &'a Throughput>,
    planned: Duration,
) -> BTreeMap<AuditClass, ErrorBound> {
    let mut errors: BTreeMap<AuditClass, Vec<f64>> = BTreeMap::new();
    for run in runs {
        let counts = run.outcome == RunOutcome::Complete
            && run.course.plan == Some(RunMode::Audit)
            && run.course.stop_reason == Some(StopReason::PlannedEnd);
        let terms = Terms {
            planned,
            hold: Duration::from_micros(run.course.hold_us.unwrap_or(0)),
            connections: run.course.streams.unwrap_or(1),
        };
        let replayed = || replay(&run.samples, sender_counters(run), terms);
        if let Some(replayed) = counts.then(replayed).flatten() {
            errors.entry(AuditClass::of(run, replayed.full)).or_default().push(replayed.error_ratio());
        }
    }
    errors.into_iter().map(|(class, errors)| (class, error_bound(&errors))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLANNED: Duration = Duration::from_secs(10);

    fn run(rate: impl Fn(u64) -> u64) -> Vec<ByteSample> {
        let mut bytes = 0;
        (1..=100)
            .map(|tenth| {
                bytes += rate(tenth);
                ByteSample { elapsed_us: tenth * 100_000, bytes }
            })
            .collect()
    }

    #[test]
    fn one_run_in_twenty_is_audited_and_the_same_ones_for_ever() {
        let drawn = (0..20_000).filter(|run| is_audited(7, *run)).count();
        // Four standard deviations of a binomial with 20,000 draws.
        assert!((877..=1123).contains(&drawn), "{drawn}");
        assert_eq!((0..100).filter(|run| is_audited(7, *run)).collect::<Vec<_>>(), FIRST_AUDITED);
    }

    /// A probe's plan must not change when a library draws otherwise.
    const FIRST_AUDITED: [u64; 5] = [16, 31, 37, 59, 75];

    #[test]
    fn a_replay_stops_where_the_rule_stops_and_compares_with_the_whole() {
        let replayed = replay(&run(|_| 2_500_000), &[], Terms::planned(PLANNED)).expect("a steady line");
        assert!(replayed.stopped_at < Duration::from_millis(1_600), "{replayed:?}");
        assert!(replayed.error_ratio() < 1e-9);
        assert!(replayed.early_bytes * 6 < replayed.full_bytes);
        // Throttled to half after three seconds: too late for the rule to see.
        let throttled = run(|tenth| if tenth <= 30 { 2_500_000 } else { 1_250_000 });
        let replayed = replay(&throttled, &[], Terms::planned(PLANNED)).expect("a line");
        assert!(replayed.error_ratio() > 0.5, "{replayed:?}");
    }

    #[test]
    fn a_silent_run_is_no_draw() {
        assert_eq!(replay(&run(|_| 0), &[], Terms::planned(PLANNED)), None);
        assert_eq!(replay(&[], &[], Terms::planned(PLANNED)), None);
    }

    #[test]
    fn fifty_nine_draws_are_the_fewest_that_bound_a_percentile() {
        // 0.95^59 = 0.0485; tables of tolerance limits give 59, 93 and 124 for none, one and two spared.
        for (count, expected) in
            [(0, None), (58, None), (59, Some(0)), (92, Some(0)), (93, Some(1)), (124, Some(2))]
        {
            assert_eq!(spared(count), expected, "{count}");
        }
        let errors: Vec<f64> = (1..=93).map(f64::from).collect();
        assert_eq!(error_bound(&errors), ErrorBound { count: 93, p95_at_most: Some(92.0) });
        assert_eq!(error_bound(&errors[..58]), ErrorBound { count: 58, p95_at_most: None });
        assert!(spared(DRAWS_MAX).is_some_and(|spared| (440..500).contains(&spared)));
    }

    #[test]
    fn the_bound_holds_in_nineteen_of_twenty_series() {
        let mut chance = ChaCha8Rng::seed_from_u64(3);
        // Squares of uniform numbers: their 95th percentile is 0.95 squared.
        let held = (0..1_000)
            .filter(|_| {
                let errors: Vec<f64> =
                    (0..100).map(|_| (f64::from(chance.next_u32()) / f64::from(u32::MAX)).powi(2)).collect();
                error_bound(&errors).p95_at_most.is_some_and(|bound| bound >= 0.95 * 0.95)
            })
            .count();
        assert!(held >= 930, "{held} of 1000");
    }
}
