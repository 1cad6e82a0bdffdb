//! Whether what is spread goes with something else, such as income.

use std::ops::Range;

/// One unit: what is spread, by what units are ranked, and how much the unit stands for.
type Ranked = (f64, f64, f64);

/// Units in the order of what they are ranked by, so that a draw of a bootstrap sorts nothing.
#[derive(Debug, Clone)]
pub struct Concentration {
    /// Value, weight and place among the units given.
    units: Vec<(f64, f64, usize)>,
    /// Units of equal rank.
    tied: Vec<Range<usize>>,
}

impl Concentration {
    /// Ranks units.
    ///
    /// # Shape
    /// Each unit is (value, what it is ranked by, weight); equal ranks share the middle one.
    #[must_use]
    pub fn new(units: &[Ranked]) -> Self {
        let mut order: Vec<usize> = (0..units.len()).collect();
        order.sort_unstable_by(|a, b| {
            let (a, b) = (units[*a], units[*b]);
            a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0)).then(a.2.total_cmp(&b.2))
        });
        let mut tied = Vec::new();
        for same in order.chunk_by(|a, b| units[*a].1.total_cmp(&units[*b].1).is_eq()) {
            let start = tied.last().map_or(0, |last: &Range<usize>| last.end);
            tied.push(start..start + same.len());
        }
        Self { units: order.into_iter().map(|at| (units[at].0, units[at].2, at)).collect(), tied }
    }

    /// The index, -1 to 1: above zero if units that rank high have more. Ranked by the values themselves it is the Gini.
    ///
    /// # Shape
    /// `times` says how often a draw holds the unit at a place among those given.
    ///
    /// # Missing data
    /// `None` if weights or values add up to nothing, or a number is not finite. Leave out units without a rank before, and say
    /// how many.
    ///
    /// # Source
    /// Kakwani, Wagstaff and van Doorslaer, Journal of Econometrics 77, 1997.
    #[must_use]
    pub fn index(&self, times: impl Fn(usize) -> f64) -> Option<f64> {
        let (mut weight, mut total) = (0.0, 0.0);
        for (value, own, at) in &self.units {
            let own = own * times(*at);
            weight += own;
            total += own * value;
        }
        if !(weight > 0.0 && total > 0.0) {
            return None;
        }
        let mean = total / weight;
        let (mut below, mut sum) = (0.0, 0.0);
        for tied in &self.tied {
            let (mut own, mut off) = (0.0, 0.0);
            for (value, weight, at) in &self.units[tied.clone()] {
                let weight = weight * times(*at);
                own += weight;
                off += weight * (value - mean);
            }
            let rank = (below + own / 2.0) / weight;
            sum += off / weight * (rank - 0.5);
            below += own;
        }
        Some(2.0 / mean * sum).filter(|index| index.is_finite())
    }
}

/// The concentration index of units; see [`Concentration`].
#[must_use]
pub fn concentration(units: &[Ranked]) -> Option<f64> {
    Concentration::new(units).index(|_| 1.0)
}
