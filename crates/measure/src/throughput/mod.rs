//! Goodput of one run from the receiver's counter.
//!
//! No correction factor is applied anywhere: what is returned is payload delivered over time.

use std::time::Duration;

use desserte_model::ByteSample;
use desserte_units::{BitRate, ByteCount};

mod curve;
mod interval;
mod ramp;

pub(crate) use curve::Curve;
pub use interval::Interval;
pub(crate) use interval::{batch_rates, half_width};
pub(crate) use ramp::ramp_of;
pub use ramp::ramp_up;

/// What is read off one run, the ramp apart from the steady part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Goodput from the origin to the last reading, slow start included.
    pub mean: Option<BitRate>,
    /// Goodput after the ramp.
    pub steady: Option<BitRate>,
    /// 95 % interval of `steady`: what an endless run on the same line, as it was during this one, would read.
    pub interval: Option<Interval>,
    /// Length of the ramp that `steady` leaves out.
    pub ramp_up: Duration,
}

impl Estimate {
    /// Estimates one run with the ramp that [`ramp_up`] finds.
    ///
    /// # Shape
    /// As [`steady_goodput`].
    #[must_use]
    pub fn of(samples: &[ByteSample]) -> Self {
        let ramp_up = ramp_up(samples);
        Self {
            mean: mean_goodput(samples),
            steady: steady_goodput(samples, ramp_up),
            interval: steady_interval(samples, ramp_up),
            ramp_up,
        }
    }
}

/// Estimates how sure [`steady_goodput`] is: its 95 % confidence interval.
///
/// The time after the ramp is cut into four, six and eight equal batches. Each time the spread of their rates, widened by
/// their lag-1 correlation, gives a standard error and Student's t the width; the widest of the three is taken. Readings are not
/// independent (a queue, a radio channel and a congestion window all remember), their means over a second or two nearly
/// are. How often the interval holds the truth is in docs/spec/throughput.md.
///
/// # Shape
/// As [`steady_goodput`].
///
/// # Missing data
/// `None` where there is no steady goodput, and with fewer than eight readings after the ramp.
///
/// # Source
/// Batch means: A. M. Law, Simulation Modeling and Analysis, section 9.5.3. That Student's t of few group means does not
/// promise too much when they differ in variance: R. Ibragimov and U. K. Müller, t-Statistic Based Correlation and
/// Heterogeneity Robust Inference, Journal of Business and Economic Statistics 28 (2010).
#[must_use]
pub fn steady_interval(samples: &[ByteSample], ramp_up: Duration) -> Option<Interval> {
    let steady = steady_goodput(samples, ramp_up)?.as_bits_per_second();
    let curve = Curve::of(samples)?;
    let half_width = half_width(&curve, ramp_up.as_secs_f64(), curve.end())?;
    Interval::around(steady, half_width * 8.0)
}

/// Estimates the steady goodput of one run: what was delivered between the first reading after the ramp and the last, over
/// the time between them.
///
/// Samples before `ramp_up` are left out: slow start describes TCP, not the line (docs/spec/throughput.md). It is a
/// quotient of what was counted, not a typical rate: our receivers take a reading only when nothing waits behind a gap and stamp it
/// with the arrival, so no octet is booked on the wrong side of a reading (docs/adr/0018-steady-goodput-is-a-quotient.md).
///
/// # Shape
/// `samples` rise in `elapsed_us`; octets are cumulative since the run's origin.
///
/// # Missing data
/// `None` if fewer than two samples remain, if they span no time, or if time or the counter falls among them, which no
/// receiver's does. A line that carried nothing gives zero, not `None`.
///
/// # Source
/// RFC 6349, on measuring TCP throughput at equilibrium.
#[must_use]
pub fn steady_goodput(samples: &[ByteSample], ramp_up: Duration) -> Option<BitRate> {
    let mut steady = samples.iter().filter(|sample| elapsed(sample) >= ramp_up);
    let first = steady.next()?;
    let mut last = first;
    for sample in steady {
        if sample.bytes < last.bytes || sample.elapsed_us < last.elapsed_us {
            return None;
        }
        last = sample;
    }
    slope(first, last)
}

/// Estimates the mean goodput of one run from its origin, slow start included.
///
/// # Shape
/// As [`steady_goodput`].
///
/// # Missing data
/// `None` without a sample after the origin. A line that carried nothing gives zero, not `None`.
#[must_use]
pub fn mean_goodput(samples: &[ByteSample]) -> Option<BitRate> {
    slope(&ByteSample { elapsed_us: 0, bytes: 0 }, samples.last()?)
}

fn slope(first: &ByteSample, last: &ByteSample) -> Option<BitRate> {
    let delivered = last.bytes.checked_sub(first.bytes)?;
    BitRate::over(ByteCount::from_bytes(delivered), elapsed(last).checked_sub(elapsed(first))?)
}

const fn elapsed(sample: &ByteSample) -> Duration {
    Duration::from_micros(sample.elapsed_us)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::RAMP_UP;

    fn samples(readings: &[(u64, u64)]) -> Vec<ByteSample> {
        readings.iter().map(|&(ms, bytes)| ByteSample { elapsed_us: ms * 1000, bytes }).collect()
    }

    fn megabits(rate: Option<BitRate>) -> f64 {
        rate.expect("a rate").as_mbit_per_s()
    }

    #[test]
    fn the_ramp_is_left_out_of_the_steady_part_and_kept_in_the_mean() {
        // One second and a half at a tenth of the rate, then 8 Mbit/s.
        let read = samples(&[(1500, 150_000), (2000, 650_000), (5000, 3_650_000), (10_000, 8_650_000)]);
        let estimate = Estimate::of(&read);
        assert!((megabits(estimate.steady) - 8.0).abs() < 1e-9);
        assert!((megabits(estimate.mean) - 6.92).abs() < 1e-9);
    }

    #[test]
    fn one_sample_after_the_ramp_gives_no_steady_rate() {
        let read = samples(&[(500, 10), (1999, 20), (2500, 30)]);
        assert_eq!(steady_goodput(&read, Duration::from_secs(2)), None);
        assert!(mean_goodput(&read).is_some());
    }

    #[test]
    fn nothing_read_is_missing_but_a_silent_line_is_zero() {
        assert_eq!(mean_goodput(&[]), None);
        assert_eq!(steady_goodput(&[], Duration::ZERO), None);
        let silent = samples(&[(2000, 0), (10_000, 0)]);
        assert_eq!(steady_goodput(&silent, RAMP_UP.value), BitRate::from_bits_per_second(0.0));
        assert_eq!(mean_goodput(&silent), BitRate::from_bits_per_second(0.0));
    }

    #[test]
    fn a_falling_counter_is_no_rate() {
        assert_eq!(steady_goodput(&samples(&[(2000, 10), (3000, 5)]), Duration::ZERO), None);
    }

    #[test]
    fn a_rate_that_changes_gives_what_was_delivered_not_a_typical_rate() {
        // 8 Mbit/s for three quarters of the window, 80 Mbit/s for the last.
        let read = samples(&[(2000, 0), (4000, 2_000_000), (8000, 6_000_000), (10_000, 26_000_000)]);
        assert!((megabits(steady_goodput(&read, RAMP_UP.value)) - 26.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn a_constant_rate_is_read_exactly_whatever_the_sampling(
            bytes_per_ms in 1_u64..200_000,
            mut at in prop::collection::vec(2000_u64..10_000, 2..40),
        ) {
            at.sort_unstable();
            at.dedup();
            prop_assume!(at.len() >= 2);
            let read: Vec<_> = at.iter().map(|&ms| (ms, ms * bytes_per_ms)).collect();
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let expected = bytes_per_ms as f64 * 8e3;
            for rate in [steady_goodput(&samples(&read), RAMP_UP.value), mean_goodput(&samples(&read))] {
                let rate = rate.expect("two samples").as_bits_per_second();
                prop_assert!((rate - expected).abs() <= expected * 1e-12);
            }
        }

        #[test]
        fn no_input_gives_a_rate_that_is_not_finite(
            read in prop::collection::vec((any::<u64>(), any::<u64>()), 0..6),
            ramp in any::<u32>(),
        ) {
            let read: Vec<_> =
                read.into_iter().map(|(elapsed_us, bytes)| ByteSample { elapsed_us, bytes }).collect();
            let ramp = Duration::from_micros(u64::from(ramp));
            for rate in [steady_goodput(&read, ramp), mean_goodput(&read)].into_iter().flatten() {
                prop_assert!(rate.as_bits_per_second().is_finite() && rate.as_bits_per_second() >= 0.0);
            }
        }

        #[test]
        fn no_more_is_read_than_was_delivered(
            steps in prop::collection::vec((1_u64..400_000, 0_u64..5_000_000), 2..120),
        ) {
            let (mut elapsed_us, mut bytes) = (0, 0);
            let read: Vec<_> = steps
                .into_iter()
                .map(|(step_us, octets)| {
                    elapsed_us += step_us;
                    bytes += octets;
                    ByteSample { elapsed_us, bytes }
                })
                .collect();
            let estimate = Estimate::of(&read);
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let (bits, end) = (bytes as f64 * 8.0, elapsed_us as f64 / 1e6);
            if let Some(steady) = estimate.steady {
                let first = read.iter().find(|sample| elapsed(sample) >= estimate.ramp_up).expect("a reading");
                let window = end - elapsed(first).as_secs_f64();
                prop_assert!(steady.as_bits_per_second() * window <= bits * (1.0 + 1e-9));
                if let Some(interval) = estimate.interval {
                    prop_assert!(interval.low <= steady && steady <= interval.high);
                }
            }
            prop_assert!(estimate.ramp_up.as_secs_f64() <= (end * 0.76).max(2.0));
        }

        #[test]
        fn doubling_every_octet_doubles_every_figure(
            octets in prop::collection::vec(1_u64..5_000_000, 10..110),
        ) {
            let sum = |scale: u64| -> Vec<(u64, u64)> {
                let totals = octets.iter().scan(0, |total, octets| { *total += octets * scale; Some(*total) });
                totals.enumerate().map(|(index, bytes)| (100 * (index as u64 + 1), bytes)).collect()
            };
            let (once, twice) = (Estimate::of(&samples(&sum(1))), Estimate::of(&samples(&sum(2))));
            prop_assert_eq!(once.ramp_up, twice.ramp_up);
            let bits = |rate: Option<BitRate>| rate.map_or(0.0, BitRate::as_bits_per_second);
            for (one, two) in [
                (once.mean, twice.mean),
                (once.steady, twice.steady),
                (once.interval.map(|interval| interval.high), twice.interval.map(|interval| interval.high)),
            ] {
                prop_assert!((bits(one) * 2.0 - bits(two)).abs() <= bits(two) * 1e-9);
            }
        }
    }
}
