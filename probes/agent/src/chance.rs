//! Chance for moments, not for secrets.

/// A number from 0 to 1. Where the system gives no chance, the middle: moments are then merely regular.
pub(crate) fn chance() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}
