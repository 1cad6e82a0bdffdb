//! How a registered probe stands: what a person looks for first in a list of probes.

use std::time::Duration;

use desserte_units::Timestamp;

use crate::RegisteredProbe;

/// A probe unheard for so long is silent: two of the longest intervals between reports of the profiles (half an hour, and the
/// fifth more that a probe may draw).
pub const SILENT_AFTER: Duration = Duration::from_secs(2 * 36 * 60);

/// How a probe stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Registered, and nothing came from it yet.
    Waiting,
    /// Heard of late.
    Active,
    /// Heard once, and not of late.
    Silent,
    /// Taken out of service.
    Retired,
}

impl Standing {
    /// The word that stands in answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Silent => "silent",
            Self::Retired => "retired",
        }
    }
}

impl RegisteredProbe {
    /// How the probe stands at `now`.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        match (&self.retired, &self.seen) {
            (Some(_), _) => Standing::Retired,
            (None, None) => Standing::Waiting,
            (None, Some(seen)) => {
                let silent_us = now.as_unix_micros().saturating_sub(seen.received.as_unix_micros());
                let limit_us = i64::try_from(SILENT_AFTER.as_micros()).unwrap_or(i64::MAX);
                if silent_us > limit_us { Standing::Silent } else { Standing::Active }
            }
        }
    }
}
