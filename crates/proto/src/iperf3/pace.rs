//! When the next octets of a stream of a given rate are due.

use std::time::Duration;

/// Octets that may be caught up with at once after a pause, as time at the rate: a busy machine is late by some
/// milliseconds, and what is older than that would be a burst that the line was not asked to carry.
const CATCH_UP: Duration = Duration::from_millis(50);

/// A sender's pace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    bits_per_second: u64,
    /// The moment from which octets are counted.
    since: Duration,
    sent: u64,
}

impl Pace {
    /// A pace of `bits_per_second` from the origin on.
    #[must_use]
    pub const fn new(bits_per_second: u64) -> Self {
        Self { bits_per_second, since: Duration::ZERO, sent: 0 }
    }

    /// Octets that are due at `elapsed`.
    #[must_use]
    pub fn due(&mut self, elapsed: Duration) -> u64 {
        let at = |time: Duration| {
            let octets = u128::from(self.bits_per_second) * time.as_micros() / 8_000_000;
            u64::try_from(octets).unwrap_or(u64::MAX)
        };
        let due = at(elapsed.saturating_sub(self.since)).saturating_sub(self.sent);
        let most = at(CATCH_UP);
        if due > most {
            self.since = elapsed.saturating_sub(CATCH_UP);
            self.sent = 0;
            return most;
        }
        due
    }

    /// Notes octets that were sent.
    pub fn sent(&mut self, bytes: u64) {
        self.sent = self.sent.saturating_add(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_come_due_at_the_rate() {
        let mut pace = Pace::new(8_000);
        assert_eq!(pace.due(Duration::ZERO), 0);
        let mut sent = 0;
        for ms in 0..=1_000 {
            let due = pace.due(Duration::from_millis(ms));
            pace.sent(due);
            sent += due;
        }
        assert_eq!(sent, 1_000);
    }

    #[test]
    fn a_long_pause_is_not_caught_up_with() {
        let mut pace = Pace::new(8_000_000);
        assert_eq!(pace.due(Duration::from_secs(10)), 50_000);
        pace.sent(50_000);
        assert_eq!(pace.due(Duration::from_millis(10_001)), 1_000);
        assert!(Pace::new(u64::MAX).due(Duration::from_secs(86_400)) > 0);
    }
}
