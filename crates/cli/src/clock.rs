//! The machine's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use desserte_units::Timestamp;

/// Now.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// A moment as text of RFC 3339, to the second.
pub(crate) fn text(moment: Timestamp) -> String {
    jiff::Timestamp::from_second(moment.as_unix_secs())
        .map_or_else(|_| moment.as_unix_secs().to_string(), |time| time.to_string())
}
