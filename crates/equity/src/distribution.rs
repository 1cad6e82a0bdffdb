//! Values with weights, checked once and sorted.

use crate::parameters::PalmaShares;

/// One unit of a table: a commune, a site, a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// What is spread, zero or more; `None` where it is not known.
    pub value: Option<f64>,
    /// How many inhabitants, premises or probes the unit stands for, zero or more.
    pub weight: f64,
}

/// Why units make no distribution.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Unusable {
    /// A value is negative, infinite or not a number.
    #[error("the value of unit {row} is {value}; values are finite and not negative")]
    Value {
        /// Place of the unit, from 0.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A weight is negative, infinite or not a number.
    #[error("the weight of unit {row} is {weight}; weights are finite and not negative")]
    Weight {
        /// Place of the unit, from 0.
        row: usize,
        /// The weight.
        weight: f64,
    },
    /// Nothing is left to weigh.
    #[error("no unit has both a value and a weight above zero")]
    Empty,
    /// Sums would not be finite.
    #[error("values or weights are too large to be added up")]
    TooLarge,
    /// More units than places can be counted.
    #[error("more than four thousand million units")]
    TooMany,
}

/// Units without a value.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Missing {
    /// How many.
    pub units: usize,
    /// Their weight, in the unit of weights.
    pub weight: f64,
}

/// Units with a value and a weight above zero, in rising order of values.
///
/// # Missing data
/// Units without a value are left out and counted in [`Distribution::missing`]; what is told holds for the others. Units
/// of weight zero stand for nobody and are left out as well.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    values: Vec<f64>,
    weights: Vec<f64>,
    rows: Vec<u32>,
    missing: Missing,
    unweighted: usize,
    weight: f64,
    mean: f64,
}

impl Distribution {
    /// Checks and sorts units.
    ///
    /// # Errors
    /// See [`Unusable`]; a bad unit is named, not left out.
    pub fn new(units: &[Unit]) -> Result<Self, Unusable> {
        let mut kept: Vec<(f64, f64, u32)> = Vec::with_capacity(units.len());
        let (mut missing, mut unweighted) = (Missing::default(), 0);
        for (row, unit) in units.iter().enumerate() {
            let weight = unit.weight;
            if !(weight.is_finite() && weight >= 0.0) {
                return Err(Unusable::Weight { row, weight });
            }
            let Some(value) = unit.value else {
                missing.units += 1;
                missing.weight += weight;
                continue;
            };
            if !(value.is_finite() && value >= 0.0) {
                return Err(Unusable::Value { row, value });
            }
            if weight > 0.0 {
                // Adding zero makes a negative zero positive, so that equal values are equal octets.
                kept.push((value + 0.0, weight, u32::try_from(row).map_err(|_| Unusable::TooMany)?));
            } else {
                unweighted += 1;
            }
        }
        // With weights as the second key, the order in which units come changes no octet of a sum.
        kept.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        Self::sorted(kept, missing, unweighted)
    }

    fn sorted(kept: Vec<(f64, f64, u32)>, missing: Missing, unweighted: usize) -> Result<Self, Unusable> {
        if kept.is_empty() {
            return Err(Unusable::Empty);
        }
        let weight: f64 = kept.iter().map(|unit| unit.1).sum();
        let sum: f64 = kept.iter().map(|unit| unit.0 * unit.1).sum();
        let squares: f64 = kept.iter().map(|unit| unit.1 * unit.1).sum();
        if ![weight * sum, squares, weight * weight, missing.weight].iter().all(|sum| sum.is_finite()) {
            return Err(Unusable::TooLarge);
        }
        Ok(Self {
            values: kept.iter().map(|unit| unit.0).collect(),
            weights: kept.iter().map(|unit| unit.1).collect(),
            rows: kept.iter().map(|unit| unit.2).collect(),
            missing,
            unweighted,
            weight,
            mean: sum / weight,
        })
    }

    /// The same units with no value above `cap`: what is beyond it is of no use to anybody yet.
    ///
    /// # Errors
    /// The cap is negative or not finite.
    pub fn top_coded(&self, cap: f64) -> Result<Self, Unusable> {
        if !(cap.is_finite() && cap >= 0.0) {
            return Err(Unusable::Value { row: 0, value: cap });
        }
        let units = self.values.iter().zip(&self.weights).zip(&self.rows);
        let kept = units.map(|((value, weight), row)| (value.min(cap), *weight, *row)).collect();
        Self::sorted(kept, self.missing, self.unweighted)
    }

    /// Values in rising order.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Weights in the order of [`Self::values`], all above zero.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Place among the units given of each that was kept, in the order of [`Self::values`].
    pub fn rows(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.rows.iter().map(|row| *row as usize)
    }

    /// Number of units kept, at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Units without a value.
    #[must_use]
    pub fn missing(&self) -> Missing {
        self.missing
    }

    /// Units left out because their weight is zero.
    #[must_use]
    pub fn unweighted(&self) -> usize {
        self.unweighted
    }

    /// Sum of the weights, above zero.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// Weighted mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Weighted quantile: the smallest value that, with all below it, has the share `p` of the weight.
    ///
    /// No value is made up between two observed ones (definition 1 of Hyndman and Fan, The American Statistician 50,
    /// 1996; `inverted_cdf` in NumPy). `p` outside 0 to 1 is taken as the nearer end.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        // A share like 0.07 of 100 is 7.000000000000001: rounding must not move the answer to the next unit.
        let wanted = p * self.weight * (1.0 - 4.0 * f64::EPSILON);
        let mut below = 0.0;
        for (value, weight) in self.values.iter().zip(&self.weights) {
            below += weight;
            if below >= wanted {
                return *value;
            }
        }
        self.values[self.len() - 1]
    }

    /// Lorenz curve: the share of the total that the worst-off share `p` of the weight has, parting the unit that straddles.
    ///
    /// # Missing data
    /// `None` if the total is zero.
    #[must_use]
    pub fn lorenz(&self, p: f64) -> Option<f64> {
        let (total, wanted) = (self.mean * self.weight, p.clamp(0.0, 1.0) * self.weight);
        if total <= 0.0 {
            return None;
        }
        let (mut below, mut sum) = (0.0, 0.0);
        for (value, weight) in self.values.iter().zip(&self.weights) {
            sum += value * weight.min(wanted - below);
            below += weight;
            if below >= wanted {
                break;
            }
        }
        Some((sum / total).min(1.0))
    }

    /// Share of the best-off over share of the worst-off.
    ///
    /// # Missing data
    /// `None` if the worst-off have nothing.
    #[must_use]
    pub fn palma(&self, shares: PalmaShares) -> Option<f64> {
        let (top, bottom) = (1.0 - self.lorenz(1.0 - shares.top)?, self.lorenz(shares.bottom)?);
        (bottom > 0.0).then(|| top / bottom)
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "an observed value is asked for, not one near it")]
mod tests {
    use super::*;

    fn unit(value: f64, weight: f64) -> Unit {
        Unit { value: Some(value), weight }
    }

    #[test]
    fn a_missing_value_is_counted_and_is_no_zero() {
        let units = [unit(10.0, 1.0), Unit { value: None, weight: 3.0 }, unit(5.0, 0.0)];
        let found = Distribution::new(&units).unwrap();
        assert_eq!((found.mean(), found.len(), found.unweighted()), (10.0, 1, 1));
        assert_eq!(found.missing(), Missing { units: 1, weight: 3.0 });
        assert_eq!(Distribution::new(&units[1..]), Err(Unusable::Empty));
    }

    #[test]
    fn bad_units_are_named() {
        let refused = |units: &[Unit]| Distribution::new(units).unwrap_err();
        let good = unit(1.0, 1.0);
        assert_eq!(refused(&[good, unit(-1.0, 1.0)]), Unusable::Value { row: 1, value: -1.0 });
        assert_eq!(refused(&[good, unit(1.0, -2.0)]), Unusable::Weight { row: 1, weight: -2.0 });
        assert!(matches!(refused(&[unit(1.0, f64::NAN)]), Unusable::Weight { row: 0, .. }));
        assert!(matches!(refused(&[unit(f64::INFINITY, 1.0)]), Unusable::Value { row: 0, .. }));
        assert_eq!(refused(&[unit(1e200, 1e200), good]), Unusable::TooLarge);
    }

    #[test]
    fn a_quantile_is_an_observed_value_and_rounding_does_not_move_it() {
        let units: Vec<Unit> = (1..=100).map(|value| unit(f64::from(value), 1.0)).collect();
        let found = Distribution::new(&units).unwrap();
        for (p, expected) in [(0.0, 1.0), (0.07, 7.0), (0.29, 29.0), (0.5, 50.0), (0.505, 51.0), (1.0, 100.0)]
        {
            assert_eq!(found.quantile(p), expected, "{p}");
        }
        assert_eq!(Distribution::new(&[unit(3.0, 9.0), unit(7.0, 1.0)]).unwrap().quantile(0.9), 3.0);
    }
}
