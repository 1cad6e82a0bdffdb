//! How rare an index is if values lie at random.

use std::collections::BTreeSet;

use super::Field;
use crate::bootstrap::{below, shuffled, stream};

/// Where the streams of local shuffles begin; those of the whole count from zero.
const LOCAL_STREAMS: u64 = 1 << 32;

/// Neighbours up to which one drawn twice is found by looking through them.
const FEW: usize = 32;

/// How often values are shuffled over the places, and the seed of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shuffles {
    /// Number of shuffles.
    pub count: u32,
    /// Seed.
    pub seed: u64,
}

impl Field {
    /// Share of shuffles whose index is at least as far from their mean, the observed one among them.
    pub(super) fn global_p_value(&self, index: f64, shuffles: Shuffles) -> f64 {
        let mut moved = self.z.clone();
        let found: Vec<f64> = (0..shuffles.count)
            .map(|number| {
                for (at, from) in self.kept.iter().zip(shuffled(&self.kept, shuffles.seed, u64::from(number)))
                {
                    moved[*at] = self.z[from];
                }
                self.global(&moved)
            })
            .collect();
        let count = f64::from(shuffles.count);
        let mean = found.iter().sum::<f64>() / count;
        let as_far = found.iter().filter(|found| (*found - mean).abs() >= (index - mean).abs());
        (as_far.map(|_| 1.0).sum::<f64>() + 1.0) / (count + 1.0)
    }

    /// Twice the smaller share of shuffles on a side of the observed local index, the observed one among them, at most 1.
    ///
    /// # Shape
    /// `place` is the number of the place among those that are kept, and of the stream of chance.
    pub(super) fn local_p_value(&self, place: usize, shuffles: Shuffles) -> f64 {
        let at = self.kept[place];
        let size = self.around[at].len();
        let mut chance = stream(shuffles.seed, LOCAL_STREAMS + place as u64);
        let observed = self.z[at] * self.mean_around(&self.z, at);
        // Sums of the same values in another order differ in their last digits, and are the same.
        let tolerance = 1e-12 * observed.abs();
        let (mut low, mut high) = (1.0, 1.0);
        let mut drawn: Vec<usize> = Vec::with_capacity(size);
        for _ in 0..shuffles.count {
            drawn.clear();
            let mut many = BTreeSet::new();
            while drawn.len() < size {
                let other = below(&mut chance, self.kept.len() - 1);
                // The place itself is passed over.
                let other = if other < place { other } else { other + 1 };
                let fresh = if size <= FEW { !drawn.contains(&other) } else { many.insert(other) };
                if fresh {
                    drawn.push(other);
                }
            }
            let sum: f64 = drawn.iter().map(|other| self.z[self.kept[*other]]).sum();
            let divisor: f64 = drawn.iter().map(|_| 1.0).sum();
            let found = self.z[at] * sum / divisor;
            low += if found <= observed + tolerance { 1.0 } else { 0.0 };
            high += if found >= observed - tolerance { 1.0 } else { 0.0 };
        }
        (2.0 * f64::min(low, high) / (f64::from(shuffles.count) + 1.0)).min(1.0)
    }
}

/// Which of many tests may be reported so that at most the share `rate` of those reported is expected to be chance.
///
/// # Missing data
/// What has no p-value is not reported, and does not count as a test.
///
/// # Source
/// Benjamini and Hochberg, Journal of the Royal Statistical Society B 57, 1995; Caldas de Castro and Singer, Geographical Analysis 38,
/// 2006 (for local indices).
#[must_use]
pub fn discoveries(p_values: &[Option<f64>], rate: f64) -> Vec<bool> {
    let mut sorted: Vec<f64> = p_values.iter().copied().flatten().collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let tests: f64 = sorted.iter().map(|_| 1.0).sum();
    let mut rank = 0.0;
    let mut limit = None;
    for p in sorted {
        rank += 1.0;
        if p <= rate * rank / tests {
            limit = Some(p);
        }
    }
    p_values.iter().map(|p| p.zip(limit).is_some_and(|(p, limit)| p <= limit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_reported_up_to_the_last_below_its_share_of_the_rate() {
        let p_values = [Some(0.01), None, Some(0.04), Some(0.03), Some(0.5)];
        assert_eq!(discoveries(&p_values, 0.05), [true, false, false, false, false]);
        // 0.04 is not above three quarters of 0.06, and takes 0.03 with it.
        assert_eq!(discoveries(&p_values, 0.06), [true, false, true, true, false]);
        assert_eq!(discoveries(&[None, None], 0.05), [false, false]);
    }
}
