//! What updates put on the line: a budget of their own, beside the probe's.
//!
//! The probe's book has one writer, the probe. The octets of updates are therefore counted here, charged before they are fetched, and
//! held below a limit of their own, which `status` shows.

use serde::{Deserialize, Serialize};

/// Octets of one request beside the body of its answer, estimated upwards as if each opened a connection of its own: names looked up,
/// opening, TLS with a chain of certificates, headers, closing.
const REQUEST_BYTES: u64 = 14_000;

/// What looking at the repository may put on the line at the most. It is charged before and settled after; a look that changes nothing takes a
/// few requests.
pub const LOOK_BYTES: u64 = 600_000;

/// The traffic of a month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// The month, as `2026-11`, by UTC; `None` before the first look.
    pub month: Option<String>,
    /// Octets on the line, estimated upwards.
    pub bytes: u64,
}

/// The month's data is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{wanted} more octets would exceed the month's data for updates ({used} of {limit} used); [data] megabytes in update.toml sets it"
)]
pub struct UsedUp {
    /// What was asked for.
    pub wanted: u64,
    /// What was put on the line so far.
    pub used: u64,
    /// The month's limit.
    pub limit: u64,
}

impl Traffic {
    /// Charges what is about to be fetched; returns what to give to [`Traffic::settle`].
    ///
    /// # Errors
    /// When it would exceed the month's limit.
    pub fn charge(&mut self, month: &str, wanted: u64, limit: u64) -> Result<u64, UsedUp> {
        if self.month.as_deref() != Some(month) {
            *self = Self { month: Some(month.to_owned()), bytes: 0 };
        }
        let charged = self.bytes.saturating_add(wanted);
        if charged > limit {
            return Err(UsedUp { wanted, used: self.bytes, limit });
        }
        self.bytes = charged;
        Ok(wanted)
    }

    /// Replaces a charge by what it really was.
    pub fn settle(&mut self, charged: u64, actual: u64) {
        self.bytes = self.bytes.saturating_sub(charged).saturating_add(actual);
    }
}

/// Octets on the line of so many requests with answers of this length together, estimated upwards.
#[must_use]
pub fn on_the_line(bodies: u64, requests: u64) -> u64 {
    // A fifth: segments with their acknowledgements take an eighth of the payload, and some are sent twice.
    bodies.saturating_add(bodies / 5).saturating_add(requests.saturating_mul(REQUEST_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_fetched_beyond_the_months_limit_and_a_new_month_begins_at_nothing() {
        let mut traffic = Traffic::default();
        let charged = traffic.charge("2026-11", 600, 1_000).unwrap();
        assert_eq!(
            traffic.charge("2026-11", 600, 1_000),
            Err(UsedUp { wanted: 600, used: 600, limit: 1_000 })
        );
        traffic.settle(charged, 250);
        assert_eq!(traffic.bytes, 250);
        traffic.charge("2026-12", 1_000, 1_000).unwrap();
        assert_eq!(traffic.bytes, 1_000);
    }
}
