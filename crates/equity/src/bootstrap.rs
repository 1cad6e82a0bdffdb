//! How sure a figure is, from drawing what was observed again: whole clusters, and days within them.
//!
//! Tests of one probe are not independent, so a draw takes probes with replacement, for each probe taken as many of its days
//! as it has, with replacement, and all that was observed on a day. A draw is counts: how often it holds each unit.
//!
//! Draws are numbered, and each has its own stream of chance: they can be made in any order, on any number of threads, and are
//! the same. The ends of an interval are BCa's: corrected for bias and for skewness.
//!
//! # Source
//! Efron, Journal of the American Statistical Association 82, 1987; Davison and Hinkley, Bootstrap Methods, 1997, §3.8
//! (two stages).

use std::collections::BTreeMap;
use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::interval::Interval;
use crate::normal;

/// The generator, in words that suffice to make the same draws with another program.
pub const GENERATOR: &str = "ChaCha8 (64-bit stream number); key: the seed as 8 octets, little-endian, then 24 zeros; \
                             stream: the number of the draw; place: high half of word times count, Lemire's rejection";

/// Most groups of clusters that are left out in turn for the correction for skewness: second and third moments of
/// independent clusters add up, so that groups of clusters tell the same as single ones; with a thousand, chance adds less than
/// 0.001 to the correction.
const LEFT_OUT_MAX: usize = 1_000;

/// What is drawn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resampling {
    /// Units, days after days, clusters after clusters.
    units: Vec<u32>,
    /// For each day, where its units begin, and the end.
    days: Vec<u32>,
    /// For each cluster, where its days begin, and the end.
    clusters: Vec<u32>,
}

impl Resampling {
    /// Every unit by itself: for units that are independent.
    ///
    /// # Panics
    /// With more than four thousand million units.
    #[must_use]
    pub fn of_units(count: usize) -> Self {
        let count = u32::try_from(count).expect("a distribution has no more");
        let places: Vec<u32> = (0..=count).collect();
        Self { units: (0..count).collect(), days: places.clone(), clusters: places }
    }

    /// Units by cluster, a probe as a rule, and by day within it. Give each unit of a cluster the same day to draw whole clusters.
    ///
    /// # Shape
    /// One (cluster, day) for each unit, in the units' order.
    ///
    /// # Panics
    /// With more than four thousand million units.
    #[must_use]
    pub fn of_clusters(labels: &[(u32, u32)]) -> Self {
        let mut sorted: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
        for (unit, label) in (0_u32..).zip(labels) {
            sorted.entry(*label).or_default().push(unit);
        }
        let (mut units, mut days, mut clusters, mut last) = (Vec::new(), Vec::new(), Vec::new(), None);
        let place = |length: usize| u32::try_from(length).expect("a distribution has no more");
        for ((cluster, _), own) in sorted {
            if last.replace(cluster) != Some(cluster) {
                clusters.push(place(days.len()));
            }
            days.push(place(units.len()));
            units.extend(own);
        }
        clusters.push(place(days.len()));
        days.push(place(units.len()));
        Self { units, days, clusters }
    }

    /// Number of clusters.
    #[must_use]
    pub fn clusters(&self) -> usize {
        self.clusters.len() - 1
    }

    /// Makes draw `number`: `counts` gets how often it holds each unit.
    ///
    /// # Panics
    /// If `counts` has not one place for each unit.
    pub fn draw(&self, seed: u64, number: u64, counts: &mut [u32]) {
        assert_eq!(counts.len(), self.units.len(), "a count for each unit");
        counts.fill(0);
        let mut chance = stream(seed, number);
        if self.clusters() == self.units.len() {
            // The same draw as below, without the way from clusters to days to units.
            for _ in 0..self.clusters() {
                counts[self.units[below(&mut chance, self.units.len())] as usize] += 1;
            }
            return;
        }
        for _ in 0..self.clusters() {
            let days = Self::part(&self.clusters, below(&mut chance, self.clusters.len() - 1));
            for _ in days.clone() {
                // A single day is drawn for certain.
                let day = if days.len() == 1 { 0 } else { below(&mut chance, days.len()) };
                for unit in &self.units[Self::part(&self.days, days.start + day)] {
                    counts[*unit as usize] += 1;
                }
            }
        }
    }

    fn part(starts: &[u32], at: usize) -> Range<usize> {
        starts[at] as usize..starts[at + 1] as usize
    }

    /// All units but those of some clusters, each set of clusters in turn.
    fn leave_out(&self, mut each: impl FnMut(&[u32])) {
        let groups = self.clusters().min(LEFT_OUT_MAX);
        let mut counts = vec![1; self.units.len()];
        for group in 0..groups {
            self.set(group, groups, 0, &mut counts);
            each(&counts);
            self.set(group, groups, 1, &mut counts);
        }
    }

    /// Sets the counts of every `groups`-th cluster from `group` on.
    fn set(&self, group: usize, groups: usize, count: u32, counts: &mut [u32]) {
        for cluster in (group..self.clusters()).step_by(groups) {
            let days = Self::part(&self.clusters, cluster);
            let units = self.days[days.start] as usize..self.days[days.end] as usize;
            self.units[units].iter().for_each(|unit| counts[*unit as usize] = count);
        }
    }
}

/// The numbers of one draw.
fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut chance = ChaCha8Rng::from_seed(key);
    chance.set_stream(number);
    chance
}

/// Places in another order, each order as likely as the others: Fisher and Yates, from the end.
pub(crate) fn shuffled(places: &[usize], seed: u64, number: u64) -> Vec<usize> {
    let mut chance = stream(seed, number);
    let mut places = places.to_vec();
    for last in (1..places.len()).rev() {
        places.swap(last, below(&mut chance, last + 1));
    }
    places
}

/// A place below `count`, each as likely as the others.
///
/// # Source
/// Lemire, ACM Transactions on Modeling and Computer Simulation 29, 2019.
fn below(chance: &mut ChaCha8Rng, count: usize) -> usize {
    let count = count as u64;
    loop {
        let product = u64::from(chance.next_u32()) * count;
        // Of 2^32 words so many are too many for all places to have as many of them.
        let surplus = || (1_u64 << 32) % count;
        let low = product & 0xffff_ffff;
        if low >= count || low >= surplus() {
            return usize::try_from(product >> 32).expect("below a count of places");
        }
    }
}

/// Several statistics of many draws.
///
/// A statistic that is not defined for a draw is not a number, and leaves its interval out.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    width: usize,
    base: Vec<f64>,
    draws: Vec<f64>,
    left_out: Vec<f64>,
}

/// The statistics of draws `numbers`, `width` for each, one draw after the other: a part of a bootstrap, for one thread.
pub fn draws(
    resampling: &Resampling,
    seed: u64,
    numbers: Range<u64>,
    width: usize,
    mut statistics: impl FnMut(&[u32], &mut [f64]),
) -> Vec<f64> {
    let mut counts = vec![0; resampling.units.len()];
    let mut found = Vec::new();
    for number in numbers {
        resampling.draw(seed, number, &mut counts);
        let start = found.len();
        found.resize(start + width, f64::NAN);
        statistics(&counts, &mut found[start..]);
    }
    found
}

impl Bootstrap {
    /// Takes the draws that [`draws`] made, and adds what their correction needs.
    ///
    /// # Shape
    /// `draws` is `width` statistics for each draw.
    ///
    /// # Panics
    /// If `draws` is no multiple of `width`.
    pub fn new(
        resampling: &Resampling,
        draws: Vec<f64>,
        width: usize,
        mut statistics: impl FnMut(&[u32], &mut [f64]),
    ) -> Self {
        assert_eq!(draws.len() % width, 0, "whole draws");
        let mut base = vec![f64::NAN; width];
        statistics(&vec![1; resampling.units.len()], &mut base);
        let mut left_out = Vec::new();
        resampling.leave_out(|counts| {
            let start = left_out.len();
            left_out.resize(start + width, f64::NAN);
            statistics(counts, &mut left_out[start..]);
        });
        Self { width, base, draws, left_out }
    }

    /// The interval of a function of the statistics, such as one of them or the difference of two.
    ///
    /// # Missing data
    /// `None` if the function is not defined for the observed or for any draw, or if all draws lie on one side of what was observed
    /// and not on it: then the draws do not tell how sure it is.
    ///
    /// # Source
    /// Efron 1987, equations 2.3 and 4.4; ends between two draws are interpolated.
    #[must_use]
    pub fn interval(&self, level: f64, of: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        let base = of(&self.base);
        let mut drawn: Vec<f64> = self.draws.chunks_exact(self.width).map(&of).collect();
        if drawn.is_empty() || !base.is_finite() || drawn.iter().any(|drawn| !drawn.is_finite()) {
            return None;
        }
        drawn.sort_unstable_by(f64::total_cmp);
        let tolerance = 1e-12 * base.abs();
        let below = drawn.partition_point(|drawn| *drawn < base - tolerance);
        let up_to = drawn.partition_point(|drawn| *drawn <= base + tolerance);
        if up_to - below == drawn.len() {
            return Some(Interval { low: base, high: base, level });
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

    fn counts(resampling: &Resampling, number: u64) -> Vec<u32> {
        let mut counts = vec![0; resampling.units.len()];
        resampling.draw(7, number, &mut counts);
        counts
    }

    #[test]
    fn a_draw_takes_whole_days_and_as_many_of_them_as_a_cluster_has() {
        let labels = [(5, 1), (5, 2), (5, 1), (9, 1), (9, 1), (2, 4)];
        let resampling = Resampling::of_clusters(&labels);
        assert_eq!(resampling.clusters(), 3);
        let mut seen = [false; 6];
        for number in 0..200 {
            let counts = counts(&resampling, number);
            assert!(counts[0] == counts[2] && counts[3] == counts[4], "{counts:?}");
            // Two days for each time that the first cluster is taken.
            assert_eq!((counts[0] + counts[1]) / 2 + counts[3] + counts[5], 3, "{counts:?}");
            seen.iter_mut().zip(&counts).for_each(|(seen, count)| *seen |= *count > 0);
        }
        assert_eq!(seen, [true; 6]);
    }

    #[test]
    fn draws_are_the_same_on_every_machine_and_in_any_order() {
        let resampling = Resampling::of_units(8);
        let first = counts(&resampling, 3);
        // Made by another ChaCha8 (tests/interop/equity/draws.py).
        assert_eq!(first, [2, 0, 0, 0, 1, 4, 1, 0]);
        assert_ne!(first, counts(&resampling, 4));
        let mean = |counts: &[u32], found: &mut [f64]| {
            found[0] = counts.iter().zip(0..).map(|(count, value)| f64::from(count * value)).sum();
        };
        let whole = draws(&resampling, 7, 0..40, 1, mean);
        let mut parts = draws(&resampling, 7, 0..13, 1, mean);
        parts.extend(draws(&resampling, 7, 13..40, 1, mean));
        assert_eq!(whole, parts);
    }

    #[test]
    fn every_cluster_is_left_out_once() {
        let resampling = Resampling::of_clusters(&[(0, 0), (1, 0), (0, 1)]);
        let mut seen = Vec::new();
        resampling.leave_out(|counts| seen.push(counts.to_vec()));
        assert_eq!(seen, [[0, 1, 0], [1, 0, 1]]);
        let many = Resampling::of_units(2_500);
        let (mut times, mut left) = (0, vec![0; 2_500]);
        many.leave_out(|counts| {
            times += 1;
            left.iter_mut().zip(counts).for_each(|(left, count)| *left += 1 - count);
        });
        assert_eq!((times, left), (LEFT_OUT_MAX, vec![1; 2_500]));
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
        assert_eq!(bootstrap.interval(0.95, |row| row[0]), None);
        let constant = bootstrap.interval(0.95, |row| row[1]).unwrap();
        assert_eq!((constant.low, constant.high), (4.0, 4.0));
    }
}
