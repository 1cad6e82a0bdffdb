//! Goodput of one run from the receiver's counter.
//!
//! No correction factor is applied anywhere: what is returned is payload delivered over time.

use std::time::Duration;

use desserte_model::ByteSample;
use desserte_units::{BitRate, ByteCount};

use crate::RAMP_UP;

/// What is read off one run, the ramp apart from the steady part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Goodput from the origin to the last reading, slow start included.
    pub mean: Option<BitRate>,
    /// Goodput after the ramp.
    pub steady: Option<BitRate>,
    /// Length of the ramp that `steady` leaves out.
    pub ramp_up: Duration,
}

impl Estimate {
    /// Estimates one run with the ramp of [`RAMP_UP`].
    ///
    /// # Shape
    /// As [`steady_goodput`].
    #[must_use]
    pub fn of(samples: &[ByteSample]) -> Self {
        let ramp_up = RAMP_UP.value;
        Self { mean: mean_goodput(samples), steady: steady_goodput(samples, ramp_up), ramp_up }
    }
}

/// Estimates the steady goodput of one run.
///
/// Samples before `ramp_up` are left out: slow start describes TCP, not the line (docs/spec/throughput.md). The
/// estimate is the slope between the first sample at or after `ramp_up` and the last one, so that octets counted
/// before the first of them never enter.
///
/// # Shape
/// `samples` rise in `elapsed_us`; octets are cumulative since the run's origin.
///
/// # Missing data
/// `None` if fewer than two samples remain, if they span no time, or if the counter falls, which no receiver's does.
/// A line that carried nothing gives zero, not `None`.
///
/// # Source
/// RFC 6349, on measuring TCP throughput at equilibrium.
#[must_use]
pub fn steady_goodput(samples: &[ByteSample], ramp_up: Duration) -> Option<BitRate> {
    let first = samples.iter().find(|sample| elapsed(sample) >= ramp_up)?;
    slope(first, samples.last()?)
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
    }
}
