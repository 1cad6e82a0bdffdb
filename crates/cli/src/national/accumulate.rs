//! What a draw tells of the groups of one classification, in two passes over sorted columns.

use desserte_equity::Distribution;
use desserte_equity::split::{Drawn, between};

/// A classification of the units of a distribution.
pub(super) struct Grouping {
    /// The group of each unit, in the distribution's order.
    pub(super) of: Vec<u32>,
    pub(super) groups: usize,
}

/// What is told of each group, in this order: mean, mean with the cap, median, then the share below each line.
const MEAN: usize = 0;
const CAPPED: usize = 1;
const MEDIAN: usize = 2;
const BELOW: usize = 3;

/// The limits that are told of.
pub(super) struct Limits {
    pub(super) cap: f64,
    /// How many units lie below each line.
    pub(super) below: Vec<usize>,
}

impl Limits {
    pub(super) fn new(of: &Distribution, cap: f64, lines: &[f64]) -> Self {
        let below = |line: &f64| of.values().partition_point(|value| value < line);
        Self { cap, below: lines.iter().map(below).collect() }
    }

    /// Numbers told of each group.
    pub(super) fn measures(&self) -> usize {
        BELOW + self.below.len()
    }
}

impl Grouping {
    /// Numbers told of the classification: those of each group, and what of Theil T lies between them.
    pub(super) fn width(&self, limits: &Limits) -> usize {
        self.groups * limits.measures() + 1
    }

    /// Fills `found` for a draw that holds each unit `counts` times.
    ///
    /// # Missing data
    /// Not a number for a group that the draw holds nothing of.
    pub(super) fn fill(&self, of: &Distribution, limits: &Limits, counts: &[u32], found: &mut [f64]) {
        let measures = limits.measures();
        let mut sums = vec![Drawn::default(); self.groups];
        let mut capped = vec![0.0; self.groups];
        let columns = || of.values().iter().zip(of.weights()).zip(counts).zip(&self.of);
        // Values rise: what has been added up when a line is reached lies below it.
        let mut reached = 0;
        let mut snapshot = |at: usize, sums: &[Drawn], found: &mut [f64]| {
            while limits.below.get(reached).is_some_and(|below| *below <= at) {
                for (group, sum) in sums.iter().enumerate() {
                    found[group * measures + BELOW + reached] = sum.weight;
                }
                reached += 1;
            }
        };
        for (at, (((value, weight), count), group)) in columns().enumerate() {
            snapshot(at, &sums, found);
            let weight = weight * f64::from(*count);
            let sum = &mut sums[*group as usize];
            sum.weight += weight;
            sum.total += weight * value;
            capped[*group as usize] += weight * value.min(limits.cap);
        }
        snapshot(usize::MAX, &sums, found);
        for (group, sum) in sums.iter().enumerate() {
            let own = &mut found[group * measures..][..measures];
            own[MEAN] = sum.mean();
            own[CAPPED] = capped[group] / sum.weight;
            own[BELOW..].iter_mut().for_each(|below| *below /= sum.weight);
            own[MEDIAN] = f64::NAN;
        }
        // Rounding of sums must not move a median to the next unit (as in `Distribution::quantile`).
        let half = |sum: &Drawn| 0.5 * sum.weight * (1.0 - 4.0 * f64::EPSILON);
        let mut left: Vec<f64> = sums.iter().map(half).collect();
        let mut open = sums.iter().filter(|sum| sum.weight > 0.0).count();
        for (((value, weight), count), group) in columns() {
            if open == 0 {
                break;
            }
            let group = *group as usize;
            let median = &mut found[group * measures + MEDIAN];
            if median.is_nan() && *count > 0 {
                left[group] -= weight * f64::from(*count);
                if left[group] <= 0.0 {
                    *median = *value;
                    open -= 1;
                }
            }
        }
        found[self.groups * measures] = between(&sums).0;
    }
}

#[cfg(test)]
mod tests {
    use desserte_equity::Unit;

    use super::*;

    #[test]
    fn a_draw_s_groups_are_those_of_the_units_that_it_holds() {
        let unit = |value, weight| Unit { value: Some(value), weight };
        let units = [unit(8.0, 400.0), unit(30.0, 300.0), unit(100.0, 200.0), unit(300.0, 100.0)];
        let of = Distribution::new(&units).unwrap();
        let grouping = Grouping { of: vec![0, 0, 1, 1], groups: 2 };
        let limits = Limits::new(&of, 100.0, &[30.0, 1000.0]);
        let mut found = vec![f64::NAN; grouping.width(&limits)];
        let mut check = |counts: [u32; 4], expected: [f64; 11]| {
            grouping.fill(&of, &limits, &counts, &mut found);
            for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                let same = (found - expected).abs() < 1e-6 || (found.is_nan() && expected.is_nan());
                assert!(same, "{at}: {found} {expected}");
            }
        };
        // The vector of the domain rules: what lies between the two groups is 0.542776.
        let (low, high) = (
            [12_200.0 / 700.0, 12_200.0 / 700.0, 8.0, 4.0 / 7.0, 1.0],
            [500.0 / 3.0, 100.0, 100.0, 0.0, 1.0],
        );
        check(
            [1; 4],
            [low[0], low[1], low[2], low[3], low[4], high[0], high[1], high[2], high[3], high[4], 0.542_776],
        );
        // Nothing of the second group; the first unit twice.
        let mean = (800.0 * 8.0 + 300.0 * 30.0) / 1_100.0;
        let none = f64::NAN;
        check([2, 1, 0, 0], [mean, mean, 8.0, 8.0 / 11.0, 1.0, none, none, none, none, none, 0.0]);
    }
}
