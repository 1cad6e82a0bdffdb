//! Counts of octets.

use serde::{Deserialize, Serialize};

/// A count of octets, at the layer that the name of the value states.
///
/// # Units
/// Octets. Prefixes are decimal, as data plans are sold: 1 MB = 10^6 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteCount(u64);

impl ByteCount {
    /// No octet.
    pub const ZERO: Self = Self(0);

    /// A count of octets.
    #[must_use]
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// A count given in megabytes of 10^6 octets.
    #[must_use]
    pub const fn from_megabytes(megabytes: u64) -> Self {
        Self(megabytes * 1_000_000)
    }

    /// Octets.
    #[must_use]
    pub const fn as_bytes(self) -> u64 {
        self.0
    }

    /// The sum, or the largest count when it would overflow.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or zero when `other` is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}
