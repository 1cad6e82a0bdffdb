//! When a run has seen enough to be stopped.
//!
//! The rule sees the readings that the record keeps, one at a time, and nothing else but the kernels' round-trip times;
//! anyone can run it again over a record. It is the same for downloads and uploads, because readings are the receiver's in
//! both. A line that keeps changing is never sure enough, and its run lasts the planned time.

use std::time::Duration;

use desserte_model::{ByteSample, StopReason, TcpCounters};
use desserte_units::BitRate;

use crate::run_watch::RunWatch;
use crate::throughput::{batch_rates, half_width, ramp_of};
use crate::{Estimate, STOP, StopParameters};

/// Batches that are held against the estimate one by one.
const EXCURSION_BATCHES: usize = 8;

/// What a run sets out with, as far as its end depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long it lasts at the most.
    pub planned: Duration,
    /// How long it lasts at least: what the probe's [memory](crate::LineMemory) of its line asks for.
    pub hold: Duration,
    /// Connections that carry the payload at once.
    pub connections: u16,
}

impl Terms {
    /// One connection, and no memory of the line.
    #[must_use]
    pub const fn planned(planned: Duration) -> Self {
        Self { planned, hold: Duration::ZERO, connections: 1 }
    }
}

/// Decides, reading by reading, whether a run goes on.
///
/// A run is stopped when all of these hold:
///
/// 1. It lasted the shortest time that [`STOP`] allows, by the clock, by octets, by round trips and by loaded round trips, and
///    as long as the probe's memory of the line asks for.
/// 2. Its ramp was over before half of it. What follows is judged on the time after the ramp, or the last two thirds of the run
///    if that is less: recovering from the end of slow start disturbs the beginning.
/// 3. The 95 % interval of the goodput is narrow (narrowed by the square root of the share of the planned time still to come: the full
///    run differs only by that), and the halves of that time, each eighth of it and the steady goodput of the
///    whole run read nearly the same.
/// 4. The line, not the sender's window, set the pace: a window that fits the path without a queue keeps changing.
///
/// The order of calls is the contract: readings and counters as they come, in order of time each; after the first `Some` no
/// more is asked.
#[derive(Debug, Clone)]
pub struct StopRule {
    parameters: StopParameters,
    terms: Terms,
    watch: RunWatch,
}

impl StopRule {
    /// A rule for a run.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self::with(terms, STOP.value)
    }

    /// A rule with other parameters than the published ones: for studies, never for published figures.
    #[must_use]
    pub fn with(terms: Terms, parameters: StopParameters) -> Self {
        Self { parameters, terms, watch: RunWatch::of(terms.connections) }
    }

    /// Sees kernel counters of either end.
    pub fn counters(&mut self, counters: &TcpCounters) {
        self.watch.counters(counters);
    }

    /// Sees a reading of the receiver's counter; `Some` when the run should end.
    ///
    /// # Shape
    /// Readings rise in `elapsed_us`; octets are cumulative since the run's origin. A reading that falls behind the one
    /// before is left out: it can only keep a run going.
    pub fn reading(&mut self, sample: ByteSample) -> Option<StopReason> {
        self.watch.reading(sample);
        if self.watch.curve().end() >= self.terms.planned.as_secs_f64() {
            return Some(StopReason::PlannedEnd);
        }
        (self.is_long_enough() && self.is_sure()).then_some(StopReason::IntervalTight)
    }

    /// What the readings so far say.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        Estimate::of(self.watch.samples())
    }

    fn is_long_enough(&self) -> bool {
        let rule = &self.parameters;
        let end = self.watch.curve().end();
        let octets = self.watch.samples().last().map_or(0, |sample| sample.bytes);
        let trips = self.watch.rtt_min().saturating_mul(rule.round_trips);
        let loaded = self.watch.rtt_loaded().saturating_mul(rule.loaded_round_trips);
        end >= rule.least.max(trips).max(loaded).max(self.terms.hold).as_secs_f64()
            && (octets >= rule.least_octets || end >= rule.least_octets_within.as_secs_f64())
    }

    fn is_sure(&self) -> bool {
        let rule = &self.parameters;
        let curve = self.watch.curve();
        let end = curve.end();
        let ramp = ramp_of(curve);
        let from = ramp.max(end * (1.0 - rule.judged_share));
        if ramp > end / 2.0 || !self.watch.filled_since(from) {
            return false;
        }
        let mean = curve.rate(from, end);
        let allowed = |share: f64| mean * share;
        let middle = f64::midpoint(from, end);
        let trend = (curve.rate(from, middle) - curve.rate(middle, end)).abs();
        let excursion = batch_rates(curve, from, end, EXCURSION_BATCHES)
            .into_iter()
            .map(|rate| (rate - mean).abs())
            .fold(0.0, f64::max);
        // The full run shares what was seen with this one, and differs only by what is still to come.
        let ahead = (1.0 - end / self.terms.planned.as_secs_f64()).max(0.0).sqrt();
        let steady = self.estimate().steady.map_or(0.0, BitRate::as_bytes_per_second);
        mean > 0.0
            && trend <= allowed(rule.trend_max)
            && excursion <= allowed(rule.excursion_per_second * end)
            && (steady - mean).abs() <= allowed(rule.trend_max)
            && half_width(curve, from, end).is_some_and(|width| width * ahead <= allowed(rule.half_width_max))
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    const PLANNED: Duration = Duration::from_secs(10);

    /// Feeds a line whose rate, in Mbit/s, is given for each tenth of a second; when and why the run ended.
    fn stopped(rtt_ms: u64, rate: impl Fn(f64) -> f64) -> (f64, StopReason) {
        let mut rule = StopRule::new(Terms::planned(PLANNED));
        rule.counters(&TcpCounters { rtt_min_us: Some(rtt_ms * 1000), ..TcpCounters::default() });
        let mut bytes = 0.0;
        for tenth in 1..=100_u32 {
            let at = f64::from(tenth) / 10.0;
            bytes += rate(at) * 12_500.0;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "octets of a test")]
            let sample = ByteSample { elapsed_us: u64::from(tenth) * 100_000, bytes: bytes as u64 };
            if let Some(reason) = rule.reading(sample) {
                return (at, reason);
            }
        }
        unreachable!("the last reading is at the planned end");
    }

    fn ended_early(rtt_ms: u64, rate: impl Fn(f64) -> f64) -> Option<f64> {
        let (at, reason) = stopped(rtt_ms, rate);
        (reason == StopReason::IntervalTight).then_some(at)
    }

    #[test]
    fn a_steady_fast_line_is_known_within_a_second_and_a_half() {
        let at = ended_early(20, |at| (at / 0.2).min(1.0) * 300.0).expect("an early end");
        assert!(at <= 1.5, "{at}");
    }

    #[test]
    fn a_steady_slow_line_is_known_within_three_seconds() {
        let at = ended_early(20, |at| (at / 0.2).min(1.0) * 5.0).expect("an early end");
        assert!((2.5..=3.0).contains(&at), "{at}");
    }

    #[test]
    fn no_run_ends_before_ten_round_trips() {
        let at =
            ended_early(600, |at| if at < 3.0 { (at / 0.6).exp2() } else { 32.0 }).expect("an early end");
        assert!(at >= 6.0, "{at}");
    }

    #[test]
    fn a_line_that_rises_or_falls_or_is_throttled_early_runs_on() {
        assert_eq!(ended_early(20, |at| 10.0 + at * 5.0), None);
        assert_eq!(ended_early(20, |at| 200.0 - at * 15.0), None);
        // Throttled from 1.1 s on: what came before must not be taken for the line.
        let at = ended_early(20, |at| if at < 1.1 { 200.0 } else { 50.0 });
        assert!(at.is_none_or(|at| at > 3.0), "{at:?}");
    }

    #[test]
    fn a_line_that_wavers_as_radio_does_runs_to_its_end() {
        let chance = std::cell::RefCell::new(ChaCha8Rng::seed_from_u64(1));
        let wavering = |_: f64| 60.0 + 60.0 * f64::from(chance.borrow_mut().next_u32()) / f64::from(u32::MAX);
        let (at, _) = stopped(20, wavering);
        assert!(at > 5.0, "{at}");
    }

    #[test]
    fn what_the_memory_of_the_line_asks_for_is_waited_for() {
        let hold = Duration::from_secs(6);
        let mut rule = StopRule::new(Terms { hold, ..Terms::planned(PLANNED) });
        let ended = (1..=100).find(|tenth| {
            let sample = ByteSample { elapsed_us: tenth * 100_000, bytes: tenth * 2_500_000 };
            rule.reading(sample).is_some()
        });
        assert_eq!(ended, Some(60));
    }

    #[test]
    fn the_window_is_that_of_all_connections() {
        // All of one window under way on each of four connections, and no queue: the windows set the pace.
        let ended = |connections, segments: u64| {
            let mut rule = StopRule::new(Terms { connections, ..Terms::planned(PLANNED) });
            (1..=100_u64).find_map(|tenth| {
                rule.counters(&TcpCounters {
                    rtt_us: Some(20_000),
                    rtt_min_us: Some(20_000),
                    bytes_acked: Some(tenth),
                    congestion_window_segments: Some(segments),
                    segment_bytes: Some(1000),
                    ..TcpCounters::default()
                });
                rule.reading(ByteSample { elapsed_us: tenth * 100_000, bytes: tenth * 2_000_000 })
            })
        };
        assert_eq!(ended(1, 400), Some(StopReason::PlannedEnd));
        assert_eq!(ended(4, 100), Some(StopReason::PlannedEnd));
        assert_eq!(ended(4, 400), Some(StopReason::IntervalTight));
    }

    #[test]
    fn a_silent_line_runs_to_its_end() {
        assert_eq!(stopped(20, |_| 0.0), (10.0, StopReason::PlannedEnd));
    }

    #[test]
    fn what_is_estimated_at_the_end_is_what_the_record_says() {
        let mut rule = StopRule::new(Terms::planned(PLANNED));
        let read: Vec<_> = (1..=40)
            .map(|tenth| ByteSample { elapsed_us: tenth * 100_000, bytes: tenth * 500_000 })
            .collect();
        for sample in &read {
            rule.reading(*sample);
        }
        assert_eq!(rule.estimate(), Estimate::of(&read));
    }
}
