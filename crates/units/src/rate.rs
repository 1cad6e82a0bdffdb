//! Delivered bits over a stated window.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ByteCount;

/// A rate of delivery; the layer is stated where the value is produced.
///
/// # Units
/// Bits per second. Mbit/s means 10^6 bits per second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BitRate(f64);

impl BitRate {
    /// A rate in bits per second; `None` unless finite and not negative.
    #[must_use]
    pub fn from_bits_per_second(bits_per_second: f64) -> Option<Self> {
        (bits_per_second.is_finite() && bits_per_second >= 0.0).then_some(Self(bits_per_second))
    }

    /// A rate in megabits (10^6) per second; `None` unless finite and not negative.
    #[must_use]
    pub fn from_mbit_per_s(megabits_per_second: f64) -> Option<Self> {
        Self::from_bits_per_second(megabits_per_second * 1e6)
    }

    /// The mean rate of a delivery.
    ///
    /// # Missing data
    /// `None` when the window is empty. Nothing delivered over a real window is a rate of zero.
    #[must_use]
    pub fn over(delivered: ByteCount, window: Duration) -> Option<Self> {
        #[expect(clippy::cast_precision_loss, reason = "counts below 2^53 octets are exact in f64")]
        let bits = delivered.as_bytes() as f64 * 8.0;
        (!window.is_zero()).then(|| Self(bits / window.as_secs_f64()))
    }

    /// Bits per second.
    #[must_use]
    pub const fn as_bits_per_second(self) -> f64 {
        self.0
    }

    /// Octets per second, the base unit of Prometheus metrics.
    #[must_use]
    pub fn as_bytes_per_second(self) -> f64 {
        self.0 / 8.0
    }

    /// Megabits (10^6) per second, for text shown to people.
    #[must_use]
    pub fn as_mbit_per_s(self) -> f64 {
        self.0 / 1e6
    }

    /// The octets that pass in `window` at this rate, rounded down.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the value is not negative and `as` saturates"
    )]
    pub fn bytes_in(self, window: Duration) -> ByteCount {
        ByteCount::from_bytes((self.0 / 8.0 * window.as_secs_f64()) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_megabyte_in_a_second_is_eight_megabits_per_second() {
        let rate = BitRate::over(ByteCount::from_megabytes(1), Duration::from_secs(1)).unwrap();
        assert!((rate.as_mbit_per_s() - 8.0).abs() < 1e-12);
        assert!((rate.as_bytes_per_second() - 1e6).abs() < 1e-6);
    }

    #[test]
    fn an_empty_window_has_no_rate_but_silence_has_rate_zero() {
        assert_eq!(BitRate::over(ByteCount::from_bytes(10), Duration::ZERO), None);
        assert_eq!(
            BitRate::over(ByteCount::ZERO, Duration::from_secs(1)),
            BitRate::from_bits_per_second(0.0)
        );
    }

    #[test]
    fn rates_that_mean_nothing_are_refused() {
        for value in [f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(BitRate::from_bits_per_second(value), None);
        }
    }
}
