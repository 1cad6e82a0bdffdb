//! Intervals, and what may be said of a difference.

use crate::normal;

/// A closed interval that holds the truth in `level` of repetitions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Level, 0 to 1.
    pub level: f64,
}

/// What the interval of a difference `a - b` allows to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// *Ex æquo*: the interval holds zero.
    Tie,
    /// `a` is higher.
    Higher,
    /// `a` is lower.
    Lower,
}

impl Interval {
    /// The same interval from zero on, for what cannot be below zero and may be zero: draws never say so. Where no two classes
    /// are told apart, nothing may lie between them.
    #[must_use]
    pub fn down_to_zero(self) -> Self {
        Self { low: 0.0, ..self }
    }

    /// The part of the interval that a figure can be in.
    #[must_use]
    pub fn within(self, lowest: f64, highest: f64) -> Self {
        Self { low: self.low.max(lowest), high: self.high.min(highest), ..self }
    }

    /// Reads the interval as that of a difference.
    #[must_use]
    pub fn compared(&self) -> Comparison {
        if self.low > 0.0 {
            Comparison::Higher
        } else if self.high < 0.0 {
            Comparison::Lower
        } else {
            Comparison::Tie
        }
    }
}

/// Wilson's interval of a proportion.
///
/// `successes` and `count` need not be whole: with tests that depend on each other, `count` is the effective one and
/// `successes` the share seen times it.
///
/// # Missing data
/// `None` if there is no observation, or the arguments are no proportion.
///
/// # Source
/// Wilson, Journal of the American Statistical Association 22, 1927.
#[must_use]
pub fn wilson(successes: f64, count: f64, level: f64) -> Option<Interval> {
    if !(count > 0.0 && count.is_finite() && (0.0..=count).contains(&successes) && level > 0.0 && level < 1.0)
    {
        return None;
    }
    let z = normal::quantile(0.5 + level / 2.0);
    let share = successes / count;
    let spread = z * z / count;
    let middle = share + spread / 2.0;
    let half = z * libm::sqrt(share * (1.0 - share) / count + spread / (4.0 * count));
    let end = |end: f64| (end / (1.0 + spread)).clamp(0.0, 1.0);
    // At the ends the formula gives 0 and 1 but for rounding.
    let low = if successes <= 0.0 { 0.0 } else { end(middle - half) };
    let high = if successes >= count { 1.0 } else { end(middle + half) };
    Some(Interval { low, high, level })
}
