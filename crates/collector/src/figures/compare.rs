//! Whether two territories differ, or are *ex æquo*.
//!
//! Two communes are compared by the runs of their probes, drawn again by whole days: what is sure or not is the lines that were
//! measured, over time. Two départements are compared by the medians of their communes, weighted by inhabitants, drawn again by
//! communes.
//!
//! # Source
//! `desserte-equity`, `bootstrap`; least counts and level: `crates/equity/parameters/statistics-4.toml`.

use desserte_equity::bootstrap::{Bootstrap, Of, Resampling, Rule, draws};
use desserte_equity::{Comparison, Interval, Parameters};

/// Seed of the draws: anyone finds the same interval again.
const SEED: u64 = 41;

/// A value, and what it counts for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reading {
    /// Mbit/s.
    pub(crate) value: f64,
    /// Inhabitants, or one.
    pub(crate) weight: f64,
    /// What it depends on with others: its day, or its commune.
    pub(crate) cluster: u32,
}

/// What can be said of two sets of readings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Compared {
    /// The weighted median of each side with its interval; `None` without a reading.
    pub(crate) sides: [Option<Median>; 2],
    /// The difference of the medians; `None` when too little is known to say.
    pub(crate) difference: Option<Difference>,
    /// Name of the set of parameters.
    pub(crate) parameters: String,
}

/// A median.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Median {
    pub(crate) value: f64,
    /// `None` with too few clusters.
    pub(crate) interval: Option<Interval>,
    /// Effective number of clusters.
    pub(crate) clusters: f64,
}

/// First minus second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Difference {
    pub(crate) interval: Interval,
    pub(crate) says: Comparison,
}

/// Compares two sets of readings.
pub(crate) fn compare(sides: [&[Reading]; 2]) -> Compared {
    let parameters = Parameters::built_in();
    let rule = Rule::of(Of::Mean, &parameters);
    let mut units: Vec<(Reading, usize)> = Vec::new();
    for (side, readings) in sides.into_iter().enumerate() {
        units.extend(readings.iter().map(|reading| (*reading, side)));
    }
    units.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.value.total_cmp(&b.0.value)));
    let first = sides[0].len();
    let of_side = [0..first, first..units.len()];
    let weights = |side: usize| -> Vec<f64> {
        units.iter().map(|(reading, own)| if *own == side { reading.weight } else { 0.0 }).collect()
    };
    let ones = vec![1; units.len()];
    let middle =
        |side: usize, counts: &[u32]| median(&units[of_side[side].clone()], &counts[of_side[side].clone()]);
    let observed = [0, 1].map(|side| middle(side, &ones));
    // Clusters of the two sides never meet: even labels are the first's.
    let labels: Vec<(u32, u32)> =
        units.iter().map(|(reading, side)| (reading.cluster * 2 + u32::from(*side == 1), 0)).collect();
    let resampling = Resampling::of_clusters(&labels);
    let clusters = [0, 1].map(|side| resampling.effective_clusters(&weights(side)));
    let told = observed.iter().all(|median| median.is_finite())
        && clusters.iter().all(|clusters| rule.allows(*clusters));
    let bootstrap = told.then(|| {
        let statistics = |counts: &[u32], found: &mut [f64]| {
            found[0] = middle(0, counts);
            found[1] = middle(1, counts);
        };
        let drawn = draws(&resampling, SEED, 0..u64::from(parameters.draws_min.value), 2, statistics);
        Bootstrap::new(&resampling, drawn, 2, statistics)
    });
    let of = |side: usize| {
        Some(observed[side]).filter(|median| median.is_finite()).map(|value| Median {
            value,
            // A rate is never negative.
            interval: bootstrap
                .as_ref()
                .and_then(|draws| draws.interval(&rule, clusters[side], |row| row[side]))
                .map(|interval| interval.within(0.0, f64::INFINITY)),
            clusters: clusters[side],
        })
    };
    let difference = bootstrap
        .as_ref()
        .and_then(|draws| draws.difference(&rule, clusters, |row| row[0], |row| row[1]))
        .map(|interval| Difference { interval, says: interval.compared() });
    Compared { sides: [of(0), of(1)], difference, parameters: parameters.set }
}

/// The weighted median of a draw, of units sorted by value: the first value at which half of the weight is reached,
/// and the mean with the next one where it is reached exactly.
///
/// # Missing data
/// Not a number when the draw holds none of them.
fn median(units: &[(Reading, usize)], counts: &[u32]) -> f64 {
    let mut whole = 0.0;
    for ((reading, _), count) in units.iter().zip(counts) {
        whole += reading.weight * f64::from(*count);
    }
    let half = whole / 2.0;
    let (mut below, mut reached) = (0.0, f64::NAN);
    for ((reading, _), count) in units.iter().zip(counts) {
        if *count == 0 {
            continue;
        }
        if !reached.is_nan() {
            return f64::midpoint(reached, reading.value);
        }
        below += reading.weight * f64::from(*count);
        if below > half * (1.0 + 1e-12) {
            return reading.value;
        }
        if below >= half * (1.0 - 1e-12) {
            reached = reading.value;
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(of: impl Fn(u32) -> f64, days: u32) -> Vec<Reading> {
        (0..days * 6).map(|n| Reading { value: of(n), weight: 1.0, cluster: n / 6 }).collect()
    }

    #[test]
    fn a_weighted_median_is_where_half_of_the_weight_is() {
        let one = |value, weight| (Reading { value, weight, cluster: 0 }, 0);
        let check = |units: &[(Reading, usize)], expected: f64| {
            let found = median(units, &vec![1; units.len()]);
            assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
        };
        check(&[one(1.0, 1.0), one(2.0, 1.0), one(9.0, 1.0)], 2.0);
        check(&[one(1.0, 1.0), one(2.0, 1.0), one(3.0, 1.0), one(9.0, 1.0)], 2.5);
        check(&[one(1.0, 5.0), one(2.0, 1.0), one(9.0, 1.0)], 1.0);
        assert!(median(&[one(1.0, 1.0)], &[0]).is_nan());
    }

    #[test]
    fn equal_lines_are_ex_aequo_and_unequal_ones_are_not() {
        // Spread over days and hours, the same on both sides but for what is added.
        let line = |more: f64| move |n: u32| 20.0 + f64::from(n / 6 % 5) + f64::from(n % 6) / 3.0 + more;
        let (a, b) = (readings(line(0.0), 30), readings(line(0.2), 30));
        let tie = compare([&a, &b]);
        assert_eq!(tie.difference.map(|difference| difference.says), Some(Comparison::Tie), "{tie:?}");
        let far = readings(line(9.0), 30);
        let lower = compare([&a, &far]).difference.map(|difference| difference.says);
        let higher = compare([&far, &a]).difference.map(|difference| difference.says);
        assert_eq!((lower, higher), (Some(Comparison::Lower), Some(Comparison::Higher)));
        let again = compare([&a, &b]);
        assert_eq!(tie, again, "draws are numbered");
    }

    #[test]
    fn few_days_compare_nothing() {
        let few = readings(f64::from, 11);
        let many = readings(f64::from, 30);
        let compared = compare([&few, &many]);
        assert_eq!(compared.difference, None);
        assert!(compared.sides.iter().all(Option::is_some), "medians stand without an interval");
        assert_eq!(compare([&[], &many]).sides[0], None);
    }
}
