//! Shares between none and all.

use serde::{Deserialize, Serialize};

/// A share.
///
/// # Units
/// 0 to 1, both included; never per cent.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Ratio(f64);

/// The refusal of a number outside 0..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NotARatio(pub f64);

impl std::fmt::Display for NotARatio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is not a ratio between 0 and 1", self.0)
    }
}

impl std::error::Error for NotARatio {}

impl Ratio {
    /// `part` out of `whole`.
    ///
    /// # Missing data
    /// `None` when `whole` is zero or smaller than `part`: a share of nothing is unknown, not zero.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        (whole > 0 && part <= whole).then(|| Self(part as f64 / whole as f64))
    }

    /// The share as a number from 0 to 1.
    #[must_use]
    pub const fn as_f64(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Ratio {
    type Error = NotARatio;

    fn try_from(value: f64) -> Result<Self, NotARatio> {
        if (0.0..=1.0).contains(&value) { Ok(Self(value)) } else { Err(NotARatio(value)) }
    }
}

impl From<Ratio> for f64 {
    fn from(ratio: Ratio) -> Self {
        ratio.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_is_unknown() {
        assert_eq!(Ratio::of(0, 0), None);
        assert_eq!(Ratio::of(2, 1), None);
        assert_eq!(Ratio::of(1, 4).map(Ratio::as_f64), Some(0.25));
        assert!(Ratio::try_from(f64::NAN).is_err());
    }
}
