//! Two kinds of time that must never be mixed: the calendar's and the counter's.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment on the calendar, in UTC.
///
/// # Units
/// Microseconds since 1970-01-01T00:00:00Z, leap seconds ignored as in POSIX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A moment given in microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// A moment given in whole seconds since the Unix epoch.
    #[must_use]
    pub const fn from_unix_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded towards the past.
    #[must_use]
    pub const fn as_unix_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The moment moved by signed microseconds, held at the ends of the range.
    #[must_use]
    pub const fn saturating_add_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Signed microseconds from `earlier` to this moment.
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A reading of a counter that only rises, from an origin of its own (a boot, a start of a run).
///
/// Readings of different origins cannot be compared; the value that carries one says which origin it is.
///
/// # Units
/// Microseconds since the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Monotonic(u64);

impl Monotonic {
    /// The origin.
    pub const ORIGIN: Self = Self(0);

    /// A reading in microseconds since the origin.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the origin.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The reading `duration` later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }

    /// The time since `earlier`; zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_before_1970_round_towards_the_past() {
        assert_eq!(Timestamp::from_unix_micros(-1).as_unix_secs(), -1);
    }

    #[test]
    fn a_counter_never_runs_backwards() {
        let early = Monotonic::from_micros(5);
        let late = early.after(Duration::from_micros(7));
        assert_eq!(late.since(early), Duration::from_micros(7));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
