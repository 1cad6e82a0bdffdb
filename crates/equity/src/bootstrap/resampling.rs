//! What is drawn from, and a draw of it.

use std::collections::BTreeMap;
use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::sample::kish;

/// Most groups of clusters that are left out in turn for the correction for skewness: second and third moments of
/// independent clusters add up, so that groups of clusters tell the same as single ones; with a thousand, chance adds less than
/// 0.001 to the correction.
const LEFT_OUT_MAX: usize = 1_000;

/// Most clusters, by what they are worth, whose draws are studentised; it takes seventeen times the work. BCa's ends hold the truth a
/// little too seldom with 150 still, those of indices most (docs/measurements/intervals.md).
const STUDENTISED_MAX: f64 = 500.0;

/// Most groups of clusters that each draw is made without: the standard error found from so few is rough, and equally so for what
/// was observed and for draws, so that their quotients allow for it.
const GROUPS_MAX: usize = 16;

/// Stream of the order in which clusters are put into groups; draws count from zero and do not come that far.
const GROUPS_STREAM: u64 = u64::MAX;

/// What is drawn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resampling {
    /// Units, days after days, clusters after clusters.
    units: Vec<u32>,
    /// For each day, where its units begin, and the end.
    days: Vec<u32>,
    /// For each cluster, where its days begin, and the end.
    clusters: Vec<u32>,
    /// Whether draws are studentised.
    studentised: bool,
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
        Self::new((0..count).collect(), places.clone(), places)
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
        Self::new(units, days, clusters)
    }

    fn new(units: Vec<u32>, days: Vec<u32>, clusters: Vec<u32>) -> Self {
        let studentised = f64::from(u32::try_from(clusters.len() - 1).unwrap_or(u32::MAX)) <= STUDENTISED_MAX;
        Self { units, days, clusters, studentised }
    }

    /// The same, of units of these weights: what clusters are worth decides whether draws are studentised, not how many there are.
    ///
    /// # Panics
    /// If `weights` has not one place for each unit.
    #[must_use]
    pub fn weighed(mut self, weights: &[f64]) -> Self {
        self.studentised = self.effective_clusters(weights) <= STUDENTISED_MAX;
        self
    }

    /// Number of units.
    pub(super) fn units(&self) -> usize {
        self.units.len()
    }

    /// Number of clusters.
    #[must_use]
    pub fn clusters(&self) -> usize {
        self.clusters.len() - 1
    }

    /// How many clusters of equal weight those that hold some of the units are worth, by Kish's formula: a cluster that outweighs
    /// the others tells little more than it would alone.
    ///
    /// # Shape
    /// `weights` has a place for each unit; units that do not count have zero.
    ///
    /// # Panics
    /// If `weights` has not one place for each unit.
    #[must_use]
    pub fn effective_clusters(&self, weights: &[f64]) -> f64 {
        assert_eq!(weights.len(), self.units.len(), "a weight for each unit");
        let own = |cluster: usize| {
            let days = Self::part(&self.clusters, cluster);
            let units = self.days[days.start] as usize..self.days[days.end] as usize;
            self.units[units].iter().map(|unit| weights[*unit as usize]).sum::<f64>()
        };
        kish(&(0..self.clusters()).map(own).collect::<Vec<_>>()).unwrap_or(0.0)
    }

    /// Makes draw `number`: `counts` gets how often it holds each unit.
    ///
    /// # Panics
    /// If `counts` has not one place for each unit.
    pub fn draw(&self, seed: u64, number: u64, counts: &mut [u32]) {
        if self.clusters() < self.units.len() {
            return self.draw_days(seed, number, counts, |_, _| ());
        }
        // The same draw, without the way from clusters to days to units.
        assert_eq!(counts.len(), self.units.len(), "a count for each unit");
        counts.fill(0);
        let mut chance = stream(seed, number);
        for _ in 0..self.clusters() {
            counts[self.units[below(&mut chance, self.units.len())] as usize] += 1;
        }
    }

    /// Makes draw `number` and tells of each day that it takes, with the place of its cluster in the draw.
    fn draw_days(&self, seed: u64, number: u64, counts: &mut [u32], mut taken: impl FnMut(usize, usize)) {
        assert_eq!(counts.len(), self.units.len(), "a count for each unit");
        counts.fill(0);
        let mut chance = stream(seed, number);
        for place in 0..self.clusters() {
            let days = Self::part(&self.clusters, below(&mut chance, self.clusters.len() - 1));
            for _ in days.clone() {
                // A single day is drawn for certain.
                let day = days.start + if days.len() == 1 { 0 } else { below(&mut chance, days.len()) };
                self.units_of(day).iter().for_each(|unit| counts[*unit as usize] += 1);
                taken(place, day);
            }
        }
    }

    fn units_of(&self, day: usize) -> &[u32] {
        &self.units[Self::part(&self.days, day)]
    }

    /// Makes draw `number`, and the same without each of some groups of what it took, in turn.
    pub(super) fn draw_and_leave_out(
        &self,
        seed: u64,
        number: u64,
        counts: &mut [u32],
        each: impl FnMut(&[u32]),
    ) {
        let groups = self.groups();
        let mut taken = vec![Vec::new(); groups];
        self.draw_days(seed, number, counts, |place, day| taken[place % groups].push(day));
        self.without_each(&taken, counts, each);
    }

    /// All units, and all but those of each of some groups of clusters, in turn. Groups are made by chance, as those of a draw
    /// are: an order of clusters can mean something.
    pub(super) fn whole_and_leave_out(&self, each: impl FnMut(&[u32])) {
        let groups = self.groups();
        let mut taken = vec![Vec::new(); groups];
        let order: Vec<usize> = (0..self.clusters()).collect();
        for (place, cluster) in shuffled(&order, 0, GROUPS_STREAM).into_iter().enumerate() {
            taken[place % groups].extend(Self::part(&self.clusters, cluster));
        }
        self.without_each(&taken, &mut vec![1; self.units.len()], each);
    }

    fn without_each(&self, groups: &[Vec<usize>], counts: &mut [u32], mut each: impl FnMut(&[u32])) {
        each(counts);
        for days in groups {
            let units = || days.iter().flat_map(|day| self.units_of(*day));
            units().for_each(|unit| counts[*unit as usize] -= 1);
            each(counts);
            units().for_each(|unit| counts[*unit as usize] += 1);
        }
    }

    /// How many groups of clusters each draw is made without; zero where clusters are so many that this is not needed.
    pub(super) fn groups(&self) -> usize {
        if self.studentised { self.clusters().min(GROUPS_MAX) } else { 0 }
    }

    fn part(starts: &[u32], at: usize) -> Range<usize> {
        starts[at] as usize..starts[at + 1] as usize
    }

    /// All units but those of some clusters, each set of clusters in turn.
    pub(super) fn leave_out(&self, mut each: impl FnMut(&[u32])) {
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
pub(crate) fn stream(seed: u64, number: u64) -> ChaCha8Rng {
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
pub(crate) fn below(chance: &mut ChaCha8Rng, count: usize) -> usize {
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
    fn draws_are_the_same_on_every_machine() {
        let resampling = Resampling::of_units(8);
        // Made by another ChaCha8 (tests/interop/equity/draws.py).
        assert_eq!(counts(&resampling, 3), [2, 0, 0, 0, 1, 4, 1, 0]);
        assert_ne!(counts(&resampling, 3), counts(&resampling, 4));
    }

    #[test]
    fn a_draw_is_made_without_each_part_of_it() {
        let resampling = Resampling::of_clusters(&[(0, 0), (0, 1), (1, 0), (2, 0), (2, 1), (2, 1)]);
        let mut made = Vec::new();
        let mut counts = vec![0; 6];
        resampling.draw_and_leave_out(7, 5, &mut counts, |counts| made.push(counts.to_vec()));
        resampling.draw(7, 5, &mut counts);
        assert_eq!((made.len(), &made[0]), (4, &counts));
        for unit in 0..6 {
            // Each of three parts lacks once what it holds.
            let left: u32 = made[1..].iter().map(|without| without[unit]).sum();
            assert_eq!(left, 2 * counts[unit]);
        }
        made.clear();
        resampling.whole_and_leave_out(|counts| made.push(counts.to_vec()));
        made[1..].sort();
        assert_eq!(made, [[1, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1], [1, 1, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]]);
        let many = Resampling::of_units(501);
        assert_eq!(many.groups(), 0);
        // One that outweighs all others is not many.
        let weights: Vec<f64> = (0..501).map(|unit| if unit == 0 { 1e6 } else { 1.0 }).collect();
        assert_eq!(many.weighed(&weights).groups(), GROUPS_MAX);
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
    fn a_cluster_that_outweighs_the_others_counts_as_little_more_than_one() {
        let resampling = Resampling::of_clusters(&[(0, 0), (1, 0), (0, 1), (2, 0), (3, 0)]);
        assert!((resampling.effective_clusters(&[1.0, 2.0, 1.0, 2.0, 2.0]) - 4.0).abs() < 1e-12);
        assert!(resampling.effective_clusters(&[1.0, 2.0, 1.0, 2.0, 2e6]) < 1.1);
        assert!((resampling.effective_clusters(&[1.0, 0.0, 1.0, 2.0, 0.0]) - 2.0).abs() < 1e-12);
    }
}
