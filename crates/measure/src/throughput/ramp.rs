//! Where the ramp of TCP ends and the line begins to speak.

use std::time::Duration;

use desserte_model::ByteSample;

use super::curve::Curve;
use crate::{RAMP_RULE, RAMP_UP};

/// Finds how much of the beginning of a run describes slow start rather than the line.
///
/// It is [`RAMP_UP`], or a fifth of a run too short for that. Where slow start lasted longer, which it does on long paths
/// (600 ms and 100 Mbit/s: above five seconds), it is the moment when a window of a tenth of the run first reached 90 % of the
/// goodput of the last quarter. That later moment is only believed if the run grew into it as slow start does, by
/// doubling: a fifth or less of what came before it came in the first half of that time. A line that changed its rate, or
/// rose evenly, is a property of the line and stays in the figure.
///
/// # Shape
/// `samples` rise in `elapsed_us`; octets are cumulative since the run's origin.
///
/// # Missing data
/// [`RAMP_UP`] for a run without readings, or whose counter falls.
#[must_use]
pub fn ramp_up(samples: &[ByteSample]) -> Duration {
    Curve::of(samples).map_or(RAMP_UP.value, |curve| Duration::from_secs_f64(ramp_of(&curve)))
}

/// [`ramp_up`] of a curve, in seconds.
pub(crate) fn ramp_of(curve: &Curve) -> f64 {
    let rule = RAMP_RULE.value;
    let end = curve.end();
    let usual = RAMP_UP.value.as_secs_f64().min(end * rule.share_of_short_run);
    let window = end * rule.window_share;
    let plateau = curve.rate(end * (1.0 - rule.reference_share), end);
    if plateau.is_nan() || plateau <= 0.0 {
        return usual;
    }
    let starts = curve.points().iter().map(|point| point.0);
    let reached = starts
        .take_while(|start| start + window <= end * (1.0 - rule.reference_share))
        .find(|start| curve.rate(*start, start + window) >= plateau * rule.reached_share);
    let (grown_into, ramp) = match reached {
        Some(start) => (start, start + window),
        // Only the reference itself is as fast: all before it is ramp.
        None => (end * (1.0 - rule.reference_share), end * (1.0 - rule.reference_share)),
    };
    let by_doubling =
        curve.bytes_at(grown_into / 2.0) <= rule.first_half_share_max * curve.bytes_at(grown_into);
    if ramp > usual && by_doubling { ramp } else { usual }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readings every 100 ms for ten seconds of a line whose rate, in octets a millisecond, is given for each.
    fn run(rate: impl Fn(u64) -> f64) -> Vec<ByteSample> {
        let mut bytes = 0.0;
        (1..=10_000_u64)
            .filter_map(|ms| {
                bytes += rate(ms);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "octets of a test"
                )]
                (ms % 100 == 0).then_some(ByteSample { elapsed_us: ms * 1000, bytes: bytes as u64 })
            })
            .collect()
    }

    /// Doubles every round trip up to the line's rate.
    fn slow_start(line: f64, rtt_ms: f64) -> impl Fn(u64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
        move |ms| (14_480.0 / rtt_ms * (ms as f64 / rtt_ms).exp2()).min(line)
    }

    #[test]
    fn a_short_slow_start_leaves_the_usual_ramp() {
        assert_eq!(ramp_up(&run(slow_start(12_500.0, 20.0))), RAMP_UP.value);
        assert_eq!(ramp_up(&[]), RAMP_UP.value);
    }

    #[test]
    fn a_slow_start_of_a_long_path_is_left_out_to_its_end() {
        for (line, ends_s) in [(1_250.0, 3.5), (12_500.0, 5.5), (62_500.0, 6.9)] {
            let ramp = ramp_up(&run(slow_start(line, 600.0))).as_secs_f64();
            assert!(ramp >= ends_s && ramp <= 7.6, "{line}: {ramp}");
        }
    }

    #[test]
    fn a_line_that_changes_or_rises_evenly_is_no_slow_start() {
        assert_eq!(ramp_up(&run(|ms| if ms < 7000 { 1000.0 } else { 2000.0 })), RAMP_UP.value);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
        let rising = run(|ms| ms as f64);
        assert_eq!(ramp_up(&rising), RAMP_UP.value);
    }

    #[test]
    fn a_run_that_was_ended_early_leaves_out_a_fifth() {
        let read = run(slow_start(12_500.0, 10.0));
        assert_eq!(ramp_up(&read[..15]), Duration::from_millis(300));
    }
}
