//! Indices of inequality and of want, all in one pass over sorted columns.

use crate::distribution::Distribution;
use crate::parameters::{PalmaShares, Parameters};

/// What is asked of a distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Aversions to inequality of the Atkinson index, above zero.
    pub aversions: Vec<f64>,
    /// The ends of the Palma ratio.
    pub palma: PalmaShares,
    /// The line below which a unit is in want, in the unit of values, above zero. A value on the line is not below it.
    pub poverty_line: Option<f64>,
}

impl Asked {
    /// What a set of parameters asks for.
    #[must_use]
    pub fn by(parameters: &Parameters, poverty_line: Option<f64>) -> Self {
        Self { aversions: parameters.aversions.value.clone(), palma: parameters.palma.value, poverty_line }
    }
}

/// Indices of one distribution. `None` is *not defined*, or not asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Weighted mean, in the unit of values.
    pub mean: f64,
    /// Gini, 0 to 1. Not defined if all values are zero.
    pub gini: Option<f64>,
    /// Theil T, 0 or more. Not defined if all values are zero.
    pub theil_t: Option<f64>,
    /// Theil L (mean logarithmic deviation), 0 or more. Not defined if a value is zero.
    pub theil_l: Option<f64>,
    /// Atkinson, 0 to 1, in the order of the aversions asked for. Not defined if all values are zero; 1 if one is zero and the
    /// aversion is 1 or more.
    pub atkinson: Vec<Option<f64>>,
    /// Palma ratio. Not defined if the worst-off have nothing.
    pub palma: Option<f64>,
    /// Foster-Greer-Thorbecke 0, 1 and 2 (how many, how deep, how severe), 0 to 1. `None` without a line.
    pub fgt: Option<[f64; 3]>,
}

/// A distribution with what its indices need of each value, so that a draw of a bootstrap takes no logarithm.
#[derive(Debug, Clone)]
pub struct Prepared<'a> {
    of: &'a Distribution,
    palma: PalmaShares,
    /// ln(y/μ), zero for a value of zero, which `zeros` tells apart.
    logs: Vec<f64>,
    /// y·ln(y/μ).
    value_logs: Vec<f64>,
    /// For each aversion ε but 1, (y/μ)^(1-ε).
    powers: Vec<(f64, Vec<f64>)>,
    zeros: bool,
    /// The line, and how many values lie below it.
    line: Option<(f64, usize)>,
}

/// Memory that draws use again and again.
#[derive(Debug, Default)]
pub struct Scratch {
    counts: Vec<f64>,
    weights: Vec<f64>,
}

impl<'a> Prepared<'a> {
    /// Prepares the indices asked for. An aversion or a line that is not above zero is not answered.
    #[must_use]
    pub fn new(of: &'a Distribution, asked: &Asked) -> Self {
        let (values, mean) = (of.values(), of.mean());
        let ratio = |value: f64| if mean > 0.0 { value / mean } else { 0.0 };
        let log = |value: &f64| if *value > 0.0 { libm::log(ratio(*value)) } else { 0.0 };
        let power = |aversion: f64| {
            let exponent = 1.0 - aversion;
            let needed = exponent.abs() >= f64::EPSILON;
            values.iter().filter(|_| needed).map(|value| libm::pow(ratio(*value), exponent)).collect()
        };
        let powers = asked.aversions.iter().map(|aversion| (*aversion, power(*aversion))).collect();
        let logs: Vec<f64> = values.iter().map(log).collect();
        let line = asked.poverty_line.filter(|line| line.is_finite() && *line > 0.0);
        Self {
            of,
            palma: asked.palma,
            value_logs: values.iter().zip(&logs).map(|(value, log)| value * log).collect(),
            logs,
            powers,
            zeros: values[0] <= 0.0,
            line: line.map(|line| (line, values.partition_point(|value| *value < line))),
        }
    }

    /// The indices of the distribution.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.weighed(self.of.weights(), self.of.weight())
    }

    /// The indices of a draw that holds each unit `counts` times, in the order of the distribution's values.
    ///
    /// # Missing data
    /// `None` if the draw holds no unit.
    ///
    /// # Panics
    /// If there are fewer counts than units.
    #[must_use]
    pub fn figures_of(&self, counts: &[u32], scratch: &mut Scratch) -> Option<Figures> {
        assert!(counts.len() >= self.of.len(), "a count for each unit");
        scratch.counts.clear();
        scratch.counts.extend(counts.iter().map(|count| f64::from(*count)));
        let weights = self.of.weights().iter().zip(&scratch.counts).map(|(weight, count)| weight * count);
        scratch.weights.clear();
        scratch.weights.extend(weights);
        let total = products(self.of.weights(), &scratch.counts);
        (total > 0.0).then(|| self.weighed(&scratch.weights, total))
    }

    fn weighed(&self, weights: &[f64], weight: f64) -> Figures {
        let values = self.of.values();
        let (top_from, bottom_to) = ((1.0 - self.palma.top) * weight, self.palma.bottom * weight);
        let (mut below, mut total, mut ranked, mut bottom, mut top) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (value, own) in values.iter().zip(weights) {
            let (held, up_to) = (own * value, below + own);
            // The unit on the edge of a share is parted.
            if below < bottom_to {
                bottom += value * own.min(bottom_to - below);
            }
            if up_to > top_from {
                top += value * own.min(up_to - top_from);
            }
            ranked += held * (below + up_to);
            below = up_to;
            total += held;
        }
        let logs = products(weights, &self.logs);
        let value_logs = products(weights, &self.value_logs);
        let mean = total / weight;
        let reference = self.of.mean();
        // Beside the mean of the whole, that of a draw is a little off: the indices are taken against the draw's own.
        let shift = if total > 0.0 { libm::log(mean / reference) } else { 0.0 };
        let some = total > 0.0;
        let positive = some && !self.zeros;
        Figures {
            mean,
            gini: some.then(|| (ranked / (weight * total) - 1.0).max(0.0)),
            theil_t: some.then(|| (value_logs / total - shift).max(0.0)),
            theil_l: positive.then(|| (shift - logs / weight).max(0.0)),
            atkinson: self
                .powers
                .iter()
                .map(|(aversion, powers)| {
                    if !some {
                        return None;
                    }
                    let equal = self.equal(*aversion, powers, weights, weight, logs);
                    Some((1.0 - equal * reference / mean).clamp(0.0, 1.0))
                })
                .collect(),
            palma: (bottom > 0.0).then(|| top / bottom),
            fgt: self.line.map(|(line, poor)| want(&values[..poor], &weights[..poor], line, weight)),
        }
    }

    /// The value, over the mean of the distribution, that all could have instead at the same welfare.
    fn equal(&self, aversion: f64, powers: &[f64], weights: &[f64], weight: f64, logs: f64) -> f64 {
        if self.zeros && aversion >= 1.0 {
            return 0.0;
        }
        if powers.is_empty() {
            return libm::exp(logs / weight);
        }
        libm::pow(products(weights, powers) / weight, 1.0 / (1.0 - aversion))
    }
}

/// Foster-Greer-Thorbecke 0, 1 and 2 of values that all lie below the line.
fn want(values: &[f64], weights: &[f64], line: f64, weight: f64) -> [f64; 3] {
    let mut found = [0.0; 3];
    for (value, own) in values.iter().zip(weights) {
        let gap = (line - value) / line;
        found[0] += own;
        found[1] += own * gap;
        found[2] += own * gap * gap;
    }
    found.map(|sum: f64| sum / weight)
}

/// A sum of products in eight strands, always the same ones: the processor need not wait for each addition.
fn products(weights: &[f64], numbers: &[f64]) -> f64 {
    let mut strands = [0.0; 8];
    let (weights, numbers) = (weights.chunks_exact(8), numbers.chunks_exact(8));
    let rest = weights.remainder().iter().zip(numbers.remainder());
    let rest: f64 = rest.map(|(weight, number)| weight * number).sum();
    for (weights, numbers) in weights.zip(numbers) {
        for (strand, (weight, number)) in strands.iter_mut().zip(weights.iter().zip(numbers)) {
            *strand += weight * number;
        }
    }
    strands.iter().sum::<f64>() + rest
}
