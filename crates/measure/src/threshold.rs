//! Does the line carry at least so much? Answered with as few octets as the answer needs.

use std::time::Duration;

use desserte_model::{ByteSample, StopReason, TcpCounters};
use desserte_units::BitRate;

use crate::run_watch::RunWatch;
use crate::throughput::batch_rates;
use crate::{Estimate, THRESHOLD, Terms, ThresholdParameters};

/// Whether a line carries the rate asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// At least as much.
    Yes,
    /// Less.
    No,
    /// Too close to tell from this run.
    Undecided,
}

/// Decides, reading by reading, whether a line carries at least the rate asked about.
///
/// Both answers want a goodput that differs from the rate asked about by a margin. The margin shrinks as one over the time
/// looked at, and is wider where the rate wavers: on a line that does not waver a fifth of a second must show 30 % more or less,
/// a second 6 %, five seconds 1.2 %. "Yes" is proven by octets that came, whatever came before them. "No" is only said when
/// the ramp is over, the goodput has ceased to grow and the sender's window does not set the pace, because a sender
/// that is still finding the line's rate reads low; a queue before the line tells sooner than anything else that it carries all
/// it can. At the planned end the interval of the whole run decides,
/// and where it holds the rate asked about, nothing is decided.
///
/// The order of calls is that of [`StopRule`](crate::StopRule).
#[derive(Debug, Clone)]
pub struct ThresholdRule {
    parameters: ThresholdParameters,
    asked: f64,
    planned: Duration,
    watch: RunWatch,
    verdict: Option<Verdict>,
}

impl ThresholdRule {
    /// A rule for a goodput of at least `asked`. A question has no memory behind it: `hold` plays no part.
    #[must_use]
    pub fn new(asked: BitRate, terms: Terms) -> Self {
        Self {
            parameters: THRESHOLD.value,
            asked: asked.as_bytes_per_second(),
            planned: terms.planned,
            watch: RunWatch::of(terms.connections),
            verdict: None,
        }
    }

    /// Sees kernel counters of either end.
    pub fn counters(&mut self, counters: &TcpCounters) {
        self.watch.counters(counters);
    }

    /// Sees a reading of the receiver's counter; `Some` when the run should end.
    ///
    /// # Shape
    /// As [`StopRule::reading`](crate::StopRule::reading).
    pub fn reading(&mut self, sample: ByteSample) -> Option<StopReason> {
        self.watch.reading(sample);
        if self.carries() {
            self.verdict = Some(Verdict::Yes);
        } else if self.falls_short() {
            self.verdict = Some(Verdict::No);
        }
        if self.verdict.is_some() {
            return Some(StopReason::ThresholdDecided);
        }
        (self.watch.curve().end() >= self.planned.as_secs_f64()).then_some(StopReason::PlannedEnd)
    }

    /// The answer: as decided, or else what the interval of the readings so far says.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if let Some(verdict) = self.verdict {
            return verdict;
        }
        match Estimate::of(self.watch.samples()).interval {
            Some(interval) if interval.low.as_bytes_per_second() >= self.asked => Verdict::Yes,
            Some(interval) if interval.high.as_bytes_per_second() < self.asked => Verdict::No,
            _ => Verdict::Undecided,
        }
    }

    /// Some window up to now, long enough for its margin and for some round trips, holds clearly more.
    fn carries(&self) -> bool {
        let curve = self.watch.curve();
        let end = curve.end();
        let trips = self.watch.rtt_loaded().saturating_mul(self.parameters.window_round_trips);
        let shortest = trips.max(self.parameters.window).as_secs_f64();
        curve.points().iter().map(|point| end - point.0).filter(|window| *window >= shortest).any(|window| {
            let parts = batch_rates(curve, end - window, end, PARTS);
            let mean = curve.rate(end - window, end);
            // Rates that rise are slow start and prove no less; rates that fell may fall again.
            mean * (1.0 - self.margin(largest_fall(&parts) / mean, window)) > self.asked
        })
    }

    /// In some window up to now the line set the pace, nothing grew any more, and what came is clearly less.
    fn falls_short(&self) -> bool {
        let rule = &self.parameters;
        let curve = self.watch.curve();
        let end = curve.end();
        let least = self.watch.rtt_min().saturating_mul(rule.round_trips).as_secs_f64();
        let trips = self.watch.rtt_min().saturating_mul(rule.window_round_trips);
        let queued = trips.max(self.watch.rtt_loaded()).max(rule.window).as_secs_f64();
        let paced =
            self.watch.rtt_loaded().saturating_mul(rule.window_round_trips).max(rule.window).as_secs_f64();
        curve.points().iter().map(|point| point.0).filter(|from| end - from >= queued).any(|from| {
            let window = end - from;
            let settled = self.watch.queued_since(from)
                || (end >= least && window >= paced && self.watch.filled_since(from));
            settled && self.is_clearly_less(from, end)
        })
    }

    fn is_clearly_less(&self, from: f64, end: f64) -> bool {
        let curve = self.watch.curve();
        let middle = f64::midpoint(from, end);
        let (before, after) = (curve.rate(from, middle), curve.rate(middle, end));
        let mean = curve.rate(from, end);
        let parts = batch_rates(curve, from, end, PARTS);
        let wavering = parts.iter().map(|part| (part - mean).abs()).fold(0.0, f64::max);
        let margin = if mean > 0.0 { self.margin(wavering / mean, end - from) } else { 0.0 };
        after <= before * self.parameters.growth_max && before.max(after) * (1.0 + margin) < self.asked
    }

    /// The margin that a time looked at wants: the shorter and the more wavering, the wider.
    fn margin(&self, wavering: f64, window: f64) -> f64 {
        (self.parameters.margin_seconds + self.parameters.wavering_seconds * wavering) / window
    }
}

/// Parts into which the time looked at is cut to see whether it wavers.
const PARTS: usize = 4;

/// The largest fall from a part to a later one.
fn largest_fall(parts: &[f64]) -> f64 {
    let mut highest = 0.0_f64;
    parts.iter().fold(0.0, |fall, part| {
        highest = highest.max(*part);
        fall.max(highest - part)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLANNED: Duration = Duration::from_secs(10);

    fn asked(mbit_per_s: f64) -> BitRate {
        BitRate::from_mbit_per_s(mbit_per_s).expect("a rate")
    }

    /// The answer for a line whose rate, in Mbit/s, is given for each tenth of a second, and the time it took.
    fn answer(question: f64, rate: impl Fn(f64) -> f64) -> (Verdict, f64) {
        let mut rule = ThresholdRule::new(asked(question), Terms::planned(PLANNED));
        rule.counters(&TcpCounters {
            rtt_min_us: Some(20_000),
            rtt_us: Some(40_000),
            ..TcpCounters::default()
        });
        let mut bytes = 0.0;
        for tenth in 1..=100_u32 {
            let at = f64::from(tenth) / 10.0;
            bytes += rate(at) * 12_500.0;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "octets of a test")]
            let sample = ByteSample { elapsed_us: u64::from(tenth) * 100_000, bytes: bytes as u64 };
            if rule.reading(sample).is_some() {
                return (rule.verdict(), at);
            }
        }
        unreachable!("the last reading is at the planned end");
    }

    #[test]
    fn a_line_half_as_fast_again_is_known_in_half_a_second() {
        for question in [8.0, 30.0, 100.0] {
            let (verdict, at) =
                answer(question, |at| if at < 0.2 { question / 10.0 } else { question * 1.5 });
            assert_eq!(verdict, Verdict::Yes);
            assert!(at <= 0.5, "{question}: {at}");
        }
    }

    #[test]
    fn a_line_two_thirds_as_fast_is_known_within_a_second() {
        for question in [8.0, 30.0, 100.0] {
            let (verdict, at) =
                answer(question, |at| if at < 0.2 { question / 10.0 } else { question / 1.5 });
            assert_eq!(verdict, Verdict::No);
            assert!(at <= 1.0, "{question}: {at}");
        }
    }

    #[test]
    fn a_sender_still_finding_the_rate_is_no_proof_of_less() {
        let (verdict, _) = answer(30.0, |at| (at / 0.3).exp2().min(60.0));
        assert_eq!(verdict, Verdict::Yes);
    }

    #[test]
    fn a_line_at_the_very_rate_takes_the_whole_run_and_may_stay_undecided() {
        let (verdict, at) = answer(30.0, |at| 30.0 + 2.0 * (at * 7.0).sin());
        assert_eq!(verdict, Verdict::Undecided);
        assert!(at > 9.9);
    }

    #[test]
    fn nothing_received_is_less() {
        assert_eq!(answer(8.0, |_| 0.0).0, Verdict::No);
    }

    proptest! {
        #[test]
        fn a_steady_line_is_never_judged_wrong(question in 1.0_f64..500.0, ratio in 0.2_f64..5.0) {
            let (verdict, _) = answer(question, |_| question * ratio);
            if ratio > 1.001 {
                prop_assert_ne!(verdict, Verdict::No);
            } else if ratio < 0.999 {
                prop_assert_ne!(verdict, Verdict::Yes);
            }
        }
    }
}
