//! Draws, and the intervals that they give.

use std::ops::Range;

use super::resampling::Resampling;
use super::rule::{Rule, Side};
use crate::interval::Interval;
use crate::normal;

/// Several statistics of many draws.
///
/// A statistic that is not defined for a draw is not a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    width: usize,
    /// How many groups each draw was made without.
    groups: usize,
    /// What was observed, then without each group.
    base: Vec<f64>,
    /// The same for each draw.
    draws: Vec<f64>,
    left_out: Vec<f64>,
}

/// How the ends of intervals are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Quantiles of draws, corrected for bias and skewness, at a level that few clusters widen.
    Bca,
    /// Quantiles of draws over their own standard errors.
    Studentised,
}

/// The statistics of draws `numbers`, `width` for each and for each without its groups, one draw after the other: a part of a
/// bootstrap, for one thread.
pub fn draws(
    resampling: &Resampling,
    seed: u64,
    numbers: Range<u64>,
    width: usize,
    mut statistics: impl FnMut(&[u32], &mut [f64]),
) -> Vec<f64> {
    let mut counts = vec![0; resampling.units()];
    let mut found = Vec::new();
    let mut add = |counts: &[u32]| {
        let start = found.len();
        found.resize(start + width, f64::NAN);
        statistics(counts, &mut found[start..]);
    };
    for number in numbers {
        if resampling.groups() > 0 {
            resampling.draw_and_leave_out(seed, number, &mut counts, &mut add);
        } else {
            resampling.draw(seed, number, &mut counts);
            add(&counts);
        }
    }
    found
}

impl Bootstrap {
    /// Takes the draws that [`draws`] made, and adds what was observed.
    ///
    /// # Panics
    /// If `draws` are no whole draws of `width` statistics.
    pub fn new(
        resampling: &Resampling,
        draws: Vec<f64>,
        width: usize,
        mut statistics: impl FnMut(&[u32], &mut [f64]),
    ) -> Self {
        let groups = resampling.groups();
        assert_eq!(draws.len() % (width * (1 + groups)), 0, "whole draws");
        let (mut base, mut left_out) = (Vec::new(), Vec::new());
        let mut add = |to: &mut Vec<f64>, counts: &[u32]| {
            let start = to.len();
            to.resize(start + width, f64::NAN);
            statistics(counts, &mut to[start..]);
        };
        if groups > 0 {
            resampling.whole_and_leave_out(|counts| add(&mut base, counts));
        } else {
            add(&mut base, &vec![1; resampling.units()]);
        }
        resampling.leave_out(|counts| add(&mut left_out, counts));
        Self { width, groups, base, draws, left_out }
    }

    /// How the ends of [`Self::interval`] and [`Self::difference`] are found.
    #[must_use]
    pub fn method(&self) -> Method {
        if self.groups > 0 { Method::Studentised } else { Method::Bca }
    }

    /// The interval of a function of the statistics that rests on `clusters` clusters ([`Resampling::effective_clusters`]).
    ///
    /// Draws are read at a level of their own, so that the interval holds the truth as often as the rule's level says ([`Rule::read_at`]).
    /// With few clusters its ends are studentised. With many they are BCa's, at a level that is widened if the function rests on
    /// few of them, as few clusters widen the interval of a mean: from normal quantiles and a variance whose divisor is the count to
    /// Student's quantiles and the unbiased variance.
    ///
    /// # Missing data
    /// `None` with fewer clusters than the rule asks for, and wherever the draws do not tell how sure it is: all are the same, or
    /// too many of them have no such figure.
    ///
    /// # Source
    /// Hesterberg, The American Statistician 69, 2015 (expanded intervals); docs/measurements/intervals.md.
    #[must_use]
    pub fn interval(&self, rule: &Rule, clusters: f64, of: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        match self.method() {
            Method::Studentised if rule.allows(clusters) => self.studentised(rule, of),
            Method::Studentised => None,
            Method::Bca => self.widened(rule, clusters, of),
        }
    }

    /// The interval of a function with BCa's ends, whatever the number of clusters; see [`Self::interval`].
    #[must_use]
    pub fn widened(&self, rule: &Rule, clusters: f64, of: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        let wide = rule.widened(&[Side { variance: 1.0, clusters }])?;
        self.bca(wide, of).map(|found| Interval { level: rule.level, ..found })
    }

    /// The interval of the difference of two functions, each of which rests on clusters of its own, such as two groups.
    ///
    /// # Missing data
    /// `None` if one of them rests on fewer clusters than the rule asks for, and as for [`Self::interval`].
    ///
    /// # Source
    /// As [`Self::interval`]; degrees of freedom are those of Welch, Biometrika 34, 1947, with jackknife variances.
    #[must_use]
    pub fn difference(
        &self,
        rule: &Rule,
        clusters: [f64; 2],
        first: impl Fn(&[f64]) -> f64,
        second: impl Fn(&[f64]) -> f64,
    ) -> Option<Interval> {
        let of = |row: &[f64]| first(row) - second(row);
        if self.method() == Method::Studentised {
            let allowed = clusters.iter().all(|clusters| rule.allows(*clusters));
            return if allowed { self.studentised(rule, of) } else { None };
        }
        let side = |clusters, of: &dyn Fn(&[f64]) -> f64| Side { variance: self.spread(of), clusters };
        let wide = rule.widened(&[side(clusters[0], &first), side(clusters[1], &second)])?;
        self.bca(wide, of).map(|found| Interval { level: rule.level, ..found })
    }

    /// The interval of a function of the statistics from draws over their own standard errors, both by the jackknife over groups.
    ///
    /// # Missing data
    /// `None` if the function is not defined for what was observed, or does not vary, or so many draws have no such figure that an
    /// end may lie among them: each of them counts as being beyond both ends.
    ///
    /// # Source
    /// Efron and Tibshirani, An Introduction to the Bootstrap, 1993, §12.5; for indices of inequality Davidson, Journal of
    /// Econometrics 150, 2009, and Cowell and Flachaire, Journal of Econometrics 141, 2007.
    fn studentised(&self, rule: &Rule, of: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        let observed = of(&self.base);
        let (middle, error) = self.jackknife(&self.base, &of);
        let varies = error > 1e-12 * observed.abs() && middle.is_finite();
        let size = self.width * (1 + self.groups);
        let mut found: Vec<f64> = self
            .draws
            .chunks_exact(size)
            .filter_map(|draw| {
                let (middle, error) = self.jackknife(draw, &of);
                Some((middle - observed) / error).filter(|t| t.is_finite())
            })
            .collect();
        found.sort_unstable_by(f64::total_cmp);
        let (draws, level) = (self.draws.len() / size, rule.read_at);
        let unknown = vec![f64::INFINITY; draws - found.len()];
        let end = |sorted: &[f64], p: f64| middle - drawn_below(sorted, p) * error;
        let high =
            end(&[unknown.iter().map(|far| -far).collect(), found.clone()].concat(), (1.0 - level) / 2.0);
        let low = end(&[found, unknown].concat(), (1.0 + level) / 2.0);
        (varies && low.is_finite() && high.is_finite()).then_some(Interval { low, high, level: rule.level })
    }

    /// The jackknife's value of a function, corrected for bias, and its standard error, from a row and those without each group.
    fn jackknife(&self, rows: &[f64], of: impl Fn(&[f64]) -> f64) -> (f64, f64) {
        let mut rows = rows.chunks_exact(self.width).map(of);
        let whole = rows.next().unwrap_or(f64::NAN);
        let left: Vec<f64> = rows.collect();
        let (count, one) = (left.iter().map(|_| 1.0).sum::<f64>(), share(1, left.len()));
        let mean = left.iter().sum::<f64>() * one;
        let squares: f64 = left.iter().map(|value| (value - mean) * (value - mean)).sum();
        (count * whole - (count - 1.0) * mean, libm::sqrt((count - 1.0) * one * squares))
    }

    /// What leaving clusters out moves a function by, squared and added up: its variance by the jackknife, but for a factor.
    fn spread(&self, of: impl Fn(&[f64]) -> f64) -> f64 {
        let base = of(&self.base);
        self.left_out.chunks_exact(self.width).map(|row| (of(row) - base) * (of(row) - base)).sum()
    }

    /// The interval of a function of the statistics at this level, as if clusters were many.
    ///
    /// # Missing data
    /// `None` if the function is not defined for the observed or for any draw, if all draws lie on one side of what was observed
    /// and not on it, or if all of them are the same: then the draws do not tell how sure it is.
    ///
    /// # Source
    /// Efron 1987, equations 2.3 and 4.4; ends between two draws are interpolated.
    #[must_use]
    pub fn bca(&self, level: f64, of: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        let base = of(&self.base);
        let mut drawn: Vec<f64> = self.draws.chunks_exact(self.width * (1 + self.groups)).map(&of).collect();
        if drawn.is_empty() || !base.is_finite() || drawn.iter().any(|drawn| !drawn.is_finite()) {
            return None;
        }
        drawn.sort_unstable_by(f64::total_cmp);
        let tolerance = 1e-12 * base.abs();
        let below = drawn.partition_point(|drawn| *drawn < base - tolerance);
        let up_to = drawn.partition_point(|drawn| *drawn <= base + tolerance);
        if up_to - below == drawn.len() {
            return None;
        }
        let share = share(below + up_to, 2 * drawn.len());
        let bias = normal::quantile(share);
        let acceleration = acceleration(self.left_out.chunks_exact(self.width).map(&of))?;
        let end = |p: f64| {
            let z = bias + normal::quantile(p);
            let place = normal::probability(bias + z / (1.0 - acceleration * z));
            between(&drawn, place)
        };
        let (low, high) = (end((1.0 - level) / 2.0), end((1.0 + level) / 2.0));
        (bias.is_finite() && low <= high).then_some(Interval { low, high, level })
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of draws stay far below 2^52")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// Efron's acceleration; `None` if the statistic is not defined without some clusters.
fn acceleration(left_out: impl Iterator<Item = f64>) -> Option<f64> {
    let left_out: Vec<f64> = left_out.collect();
    let mean = left_out.iter().sum::<f64>() * share(1, left_out.len());
    let (mut squares, mut cubes) = (0.0, 0.0);
    for value in left_out {
        let off = mean - value;
        squares += off * off;
        cubes += off * off * off;
    }
    let acceleration = if squares > 0.0 { cubes / (6.0 * squares * libm::sqrt(squares)) } else { squares };
    acceleration.is_finite().then_some(acceleration)
}

/// The value below which one more draw would fall with probability `p`, of sorted draws, interpolated (definition 6 of Hyndman and
/// Fan): of a pivot it is exact for any number of draws.
#[expect(clippy::cast_precision_loss, reason = "counts of draws stay far below 2^52")]
fn drawn_below(sorted: &[f64], p: f64) -> f64 {
    let (count, steps) = (sorted.len() as f64, sorted.len().saturating_sub(1) as f64);
    between(sorted, (p * (count + 1.0) - 1.0) / steps.max(1.0))
}

/// The quantile of sorted numbers, interpolated (definition 7 of Hyndman and Fan).
#[expect(clippy::cast_precision_loss, reason = "counts of draws stay far below 2^52")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the length")]
fn between(sorted: &[f64], p: f64) -> f64 {
    let at = p.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let low = at.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (at - at.floor()) * (sorted[high] - sorted[low])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_the_same_in_any_number_of_parts() {
        for units in [8, 600] {
            let resampling = Resampling::of_units(units);
            let mean = |counts: &[u32], found: &mut [f64]| {
                found[0] = counts.iter().zip(0..).map(|(count, value)| f64::from(count * value)).sum();
            };
            let whole = draws(&resampling, 7, 0..40, 1, mean);
            let mut parts = draws(&resampling, 7, 0..13, 1, mean);
            parts.extend(draws(&resampling, 7, 13..40, 1, mean));
            assert_eq!(whole, parts);
        }
    }

    #[test]
    fn a_statistic_that_is_not_defined_for_every_draw_has_no_interval() {
        let resampling = Resampling::of_units(12);
        let first = |counts: &[u32], found: &mut [f64]| {
            found[0] = if counts[0] == 0 { f64::NAN } else { 1.0 };
            found[1] = 4.0;
        };
        let drawn = draws(&resampling, 1, 0..100, 2, first);
        let bootstrap = Bootstrap::new(&resampling, drawn, 2, first);
        assert_eq!(bootstrap.bca(0.95, |row| row[0]), None);
        let rule = Rule { level: 0.95, read_at: 0.95, clusters_min: 2.0 };
        assert_eq!(bootstrap.studentised(&rule, |row| row[0]), None);
        assert_eq!(bootstrap.studentised(&rule, |row| row[1]), None);
        // All draws are alike: that nothing varied was observed, and does not say that nothing can.
        assert_eq!(bootstrap.bca(0.95, |row| row[1]), None);
    }
}
