//! How sure the steady goodput of one run is.

use desserte_units::BitRate;

use super::curve::Curve;
use crate::INTERVAL_BATCHES;

/// A 95 % confidence interval of a goodput.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: BitRate,
    /// Upper end.
    pub high: BitRate,
}

impl Interval {
    /// The interval of a half width around an estimate, in bits per second; cut at zero.
    pub(crate) fn around(estimate: f64, half_width: f64) -> Option<Self> {
        Some(Self {
            low: BitRate::from_bits_per_second((estimate - half_width).max(0.0))?,
            high: BitRate::from_bits_per_second(estimate + half_width)?,
        })
    }

    /// Half its width as a share of `estimate`; infinite for an estimate of zero.
    #[must_use]
    pub fn relative_half_width(&self, estimate: BitRate) -> f64 {
        let half = (self.high.as_bits_per_second() - self.low.as_bits_per_second()) / 2.0;
        if estimate.as_bits_per_second() > 0.0 { half / estimate.as_bits_per_second() } else { f64::INFINITY }
    }
}

/// Two-sided 95 % quantiles of Student's t with 3, 5 and 7 degrees of freedom, one less than [`INTERVAL_BATCHES`].
///
/// Source: NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2.
const STUDENT_T: [f64; 3] = [3.182, 2.571, 2.365];

/// The lag-1 correlation of batches is believed up to this: beyond it the few batches say nothing at all.
const CORRELATION_MAX: f64 = 0.8;

/// Half the width of the 95 % interval for the rate between two moments, in octets per second.
///
/// # Missing data
/// `None` with fewer readings in the span than the most batches: a batch must hold one.
pub(crate) fn half_width(curve: &Curve, from: f64, to: f64) -> Option<f64> {
    let batches = INTERVAL_BATCHES.value;
    let read = curve.points().iter().filter(|point| point.0 > from && point.0 <= to).count();
    let widths = batches
        .iter()
        .zip(STUDENT_T)
        .map(|(count, quantile)| quantile * standard_error(&batch_rates(curve, from, to, *count)));
    (batches.iter().all(|count| read >= *count)).then(|| widths.fold(0.0, f64::max))
}

/// The rate of each of `count` equal parts of a span.
pub(crate) fn batch_rates(curve: &Curve, from: f64, to: f64, count: usize) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a handful of batches")]
    let edge = |index: usize| from + (to - from) * (index as f64 / count as f64);
    (0..count).map(|index| curve.rate(edge(index), edge(index + 1))).collect()
}

/// Standard error of the mean of correlated values, their lag-1 correlation taken as that of an autoregression.
#[expect(clippy::cast_precision_loss, reason = "a handful of batches")]
fn standard_error(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    if squares <= 0.0 {
        return 0.0;
    }
    let products: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    // The estimate from so few values is about 1/count too low.
    let correlation = (products / squares + 1.0 / count).clamp(0.0, CORRELATION_MAX);
    let inflation = (1.0 + correlation) / (1.0 - correlation);
    (squares / (count - 1.0) / count * inflation).sqrt()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use desserte_model::ByteSample;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::super::steady_interval;

    /// A number from 0 to 1.
    fn uniform(chance: &mut ChaCha8Rng) -> f64 {
        f64::from(chance.next_u32()) / f64::from(u32::MAX)
    }

    /// Sum of twelve uniform numbers less six: as good as normal within three standard deviations.
    fn normal(chance: &mut ChaCha8Rng) -> f64 {
        (0..12).map(|_| uniform(chance)).sum::<f64>() - 6.0
    }

    /// What the rate of a line does in each tenth of a second, its long-run mean being 1.
    #[derive(Debug, Clone, Copy)]
    enum Line {
        /// The rate forgets within `memory` seconds; its standard deviation is `spread`.
        Autoregressive { memory: f64, spread: f64 },
        /// Half the rate or one and a half times it, changing after `memory` seconds on average.
        OnOff { memory: f64 },
        /// Constant, counted in lumps of a quarter of a second.
        Lumps,
        /// A congestion window: falls to 0.76 of its peak, rises again within the given seconds.
        Sawtooth { period: f64 },
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "octets of a test")]
    #[expect(clippy::cast_precision_loss, reason = "tenths of seconds")]
    fn run(line: Line, tenths: u64, chance: &mut ChaCha8Rng) -> Vec<ByteSample> {
        let (mut delivered, mut state) = (0.0, normal(chance));
        let phase = uniform(chance);
        let mut read = Vec::new();
        for tenth in 1..=tenths {
            let rate = match line {
                Line::Autoregressive { memory, spread } => {
                    let kept = 1.0 - 0.1 / memory;
                    state = state * kept + normal(chance) * (1.0 - kept * kept).sqrt();
                    1.0 + spread * state
                }
                Line::OnOff { memory } => {
                    if uniform(chance) < 0.1 / memory {
                        state = -state;
                    }
                    1.0 + 0.5 * state.signum()
                }
                Line::Lumps => 1.0,
                Line::Sawtooth { period } => {
                    0.76 / 0.88 + 0.24 / 0.88 * (tenth as f64 * 0.1 / period + phase).fract()
                }
            };
            delivered += rate.max(0.0) * 1e6;
            let counted = if matches!(line, Line::Lumps) {
                ((delivered / 2.5e6) + phase).floor() * 2.5e6
            } else {
                delivered
            };
            read.push(ByteSample { elapsed_us: tenth * 100_000, bytes: counted as u64 });
        }
        read
    }

    /// Share of the runs whose interval holds the truth.
    fn coverage(line: Line, tenths: u64) -> f64 {
        const RUNS: u32 = 400;
        let truth = 8e7;
        let mut chance = ChaCha8Rng::seed_from_u64(20);
        let ramp = Duration::from_millis(tenths * 20);
        let holds = |_: &u32| {
            let interval = steady_interval(&run(line, tenths, &mut chance), ramp).expect("an interval");
            interval.low.as_bits_per_second() <= truth * (1.0 + 1e-9)
                && interval.high.as_bits_per_second() >= truth * (1.0 - 1e-9)
        };
        let held = (0..RUNS).filter(holds).count();
        f64::from(u32::try_from(held).expect("few")) / f64::from(RUNS)
    }

    #[test]
    fn the_interval_of_ten_seconds_holds_the_truth_as_often_as_it_says() {
        // Of 400 runs at 95 % all but one in a thousand series hold in 91.5 % or more.
        for line in [
            Line::Autoregressive { memory: 0.1, spread: 0.2 },
            Line::Autoregressive { memory: 0.5, spread: 0.2 },
            Line::Autoregressive { memory: 1.0, spread: 0.2 },
            Line::OnOff { memory: 0.3 },
            Line::OnOff { memory: 1.0 },
            Line::Lumps,
            Line::Sawtooth { period: 3.0 },
        ] {
            let coverage = coverage(line, 100);
            assert!(coverage >= 0.915, "{line:?}: {coverage}");
        }
    }

    #[test]
    fn the_interval_of_three_seconds_holds_the_truth_on_lines_that_forget_within_a_third_of_a_second() {
        for line in [
            Line::Autoregressive { memory: 0.1, spread: 0.2 },
            Line::Autoregressive { memory: 0.3, spread: 0.2 },
            Line::OnOff { memory: 0.3 },
        ] {
            let coverage = coverage(line, 30);
            assert!(coverage >= 0.915, "{line:?}: {coverage}");
        }
    }
}
