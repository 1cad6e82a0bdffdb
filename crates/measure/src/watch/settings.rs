//! How closely to watch, and what that costs.

use std::time::Duration;

use desserte_model::WatchPace;

/// How closely a line is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watchfulness {
    /// An echo every 1.9 s: an edge is found within a second.
    Fine,
    /// An echo every 5 s: what 30 MB a month pay for; an edge is found within two and a half seconds.
    Frugal,
    /// Only the echoes that a minute needs: interruptions shorter than about 15 s may be missed.
    Sparse,
}

impl Watchfulness {
    /// Every setting, from the closest to the sparsest.
    pub const ALL: [Self; 3] = [Self::Fine, Self::Frugal, Self::Sparse];

    /// The code used in configuration and tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Frugal => "frugal",
            Self::Sparse => "sparse",
        }
    }

    /// Time between two echoes while all is well.
    ///
    /// The start of an interruption lies between the last answered echo and the first lost one, so the middle of the
    /// two is wrong by half a period at the most: 1.9 s leave a twentieth of a second for a probe that is late. An ICMP echo
    /// without payload is 28 octets of IPv4 each way; in a month of 31 days one every 5 s makes 30.0 MB, one every 1.9 s
    /// 78.9 MB (docs/spec/outages.md).
    #[must_use]
    pub const fn period(self) -> Duration {
        match self {
            Self::Fine => Duration::from_millis(1_900),
            Self::Frugal => Duration::from_secs(5),
            Self::Sparse => Duration::from_secs(10),
        }
    }
}

/// The times of a watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchSettings {
    /// Between two echoes to targets, in turn, while all is well.
    pub period: Duration,
    /// Between two questions to the resolver while all is well.
    pub dns_period: Duration,
    /// Between two rounds of echoes to everyone while something has just changed.
    pub quick: Duration,
    /// How long the quick pace lasts after a change.
    pub quick_for: Duration,
    /// Between two echoes to a silent witness afterwards.
    pub steady: Duration,
    /// How long that lasts: the longest interruption whose end is found as closely as its start. Then the time grows with the
    /// silence, so that a target that is gone for good costs next to nothing.
    pub steady_for: Duration,
    /// How long an answer may take.
    pub patience: Duration,
}

impl WatchSettings {
    /// The settings of a watchfulness.
    #[must_use]
    pub const fn of(watchfulness: Watchfulness) -> Self {
        let period = watchfulness.period();
        Self {
            period,
            dns_period: period,
            quick: Duration::from_millis(200),
            quick_for: Duration::from_secs(10),
            steady: Duration::from_secs(1),
            steady_for: Duration::from_secs(2 * 3600 + 300),
            patience: Duration::from_secs(3),
        }
    }

    /// What a record says of them.
    #[must_use]
    pub fn pace(&self) -> WatchPace {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        WatchPace { period_us: micros(self.period), patience_us: micros(self.patience) }
    }

    /// When a witness that has been silent for `silence` is asked again.
    pub(super) fn steady_after(&self, silence: Duration) -> Duration {
        /// Then an end is found within a hundredth of the silence.
        const PART: u32 = 100;
        /// And within half a minute at the worst.
        const MOST: Duration = Duration::from_secs(60);
        if silence <= self.steady_for { self.steady } else { (silence / PART).clamp(self.steady, MOST) }
    }
}
