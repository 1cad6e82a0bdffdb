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

/// More samples than this are thinned evenly before slopes are compared pair by pair, so that a record made to be slow
/// costs no more than 125,000 comparisons. A run of ten seconds has about a hundred.
const COMPARED_MAX: usize = 500;

/// Estimates the steady goodput of one run.
///
/// Samples before `ramp_up` are left out: slow start describes TCP, not the line (docs/spec/throughput.md). The
/// estimate is the median of the slopes between all pairs of the remaining samples (Theil and Sen). It is never more
/// than all that was delivered since the origin would make in the time after the ramp.
///
/// Why not simply the octets between the first and the last of them: a receiver hands octets on in order and, under TLS, by
/// the record of 16 KiB, so after a loss its counter stands still and then leaps. A window that happens to begin within such a
/// standstill books the leap as rate; on emulated lines of 0.5 and 2 Mbit/s that read up to 11 % too much, the median of
/// slopes stayed within 0.5 % (docs/adr/0008-median-of-slopes.md).
///
/// # Shape
/// `samples` rise in `elapsed_us`; octets are cumulative since the run's origin.
///
/// # Missing data
/// `None` if fewer than two samples remain, if they span no time, or if the counter falls, which no receiver's does.
/// A line that carried nothing gives zero, not `None`.
///
/// # Source
/// RFC 6349, on measuring TCP throughput at equilibrium; P. K. Sen, Estimates of the regression coefficient based on
/// Kendall's tau, Journal of the American Statistical Association 63 (1968).
#[must_use]
pub fn steady_goodput(samples: &[ByteSample], ramp_up: Duration) -> Option<BitRate> {
    let steady: Vec<ByteSample> =
        samples.iter().filter(|sample| elapsed(sample) >= ramp_up).copied().collect();
    if steady.windows(2).any(|pair| pair[1].bytes < pair[0].bytes || pair[1].elapsed_us < pair[0].elapsed_us)
    {
        return None;
    }
    let compared = thin(&steady);
    let mut slopes = Vec::with_capacity(compared.len() * compared.len() / 2);
    for (index, later) in compared.iter().enumerate() {
        slopes.extend(compared[..index].iter().filter_map(|earlier| slope(earlier, later)));
    }
    let typical = median(slopes.iter().map(|rate| rate.as_bits_per_second()).collect())?;
    // With few samples a standstill and the leap after it can be most of the pairs.
    let last = samples.last()?;
    let delivered = BitRate::over(ByteCount::from_bytes(last.bytes), elapsed(last).saturating_sub(ramp_up));
    let bound = delivered.map_or(f64::INFINITY, BitRate::as_bits_per_second);
    BitRate::from_bits_per_second(typical.min(bound))
}

/// At most [`COMPARED_MAX`] of the samples, evenly, the first and the last among them.
fn thin(samples: &[ByteSample]) -> Vec<ByteSample> {
    if samples.len() <= COMPARED_MAX {
        return samples.to_vec();
    }
    let last = samples.len() - 1;
    (0..COMPARED_MAX).map(|index| samples[index * last / (COMPARED_MAX - 1)]).collect()
}

/// The middle value, or the mean of the two middle ones; `None` of nothing.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = values.len() / 2;
    let high = *values.get(upper)?;
    if values.len() % 2 == 1 { Some(high) } else { Some(f64::midpoint(values[upper - 1], high)) }
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
    fn a_standstill_and_leap_at_the_start_of_the_window_is_not_read_as_rate() {
        // 1 Mbit/s handed on every 100 ms, but nothing from 1.9 to 2.9 s: lost segment, then all at once.
        let line = (1..=120).map(|tick| {
            let ms = tick * 100;
            (ms, if (1900..2900).contains(&ms) { 1900 * 125 } else { ms * 125 })
        });
        let read = samples(&line.collect::<Vec<_>>());
        let rate = megabits(steady_goodput(&read, RAMP_UP.value));
        assert!((rate - 1.0).abs() < 0.005, "{rate}");
    }

    #[test]
    fn a_record_with_a_great_many_samples_costs_no_more_than_it_may() {
        let read = samples(&(2000..22_000).map(|ms| (ms, ms * 1000)).collect::<Vec<_>>());
        assert_eq!(thin(&read).len(), COMPARED_MAX);
        assert_eq!(thin(&read).last(), read.last());
        assert!((megabits(steady_goodput(&read, RAMP_UP.value)) - 8.0).abs() < 1e-9);
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
                let window = end - estimate.ramp_up.as_secs_f64();
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
