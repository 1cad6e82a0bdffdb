//! How often a client may ask: state that outlives a restart.

use std::time::Duration;

use desserte_units::Timestamp;
use serde::{Deserialize, Serialize};

use super::spec;

/// What a client remembers between two questions. It is to be kept on disk before the client acts on it: one that forgets asks
/// too often, and is then refused for hours together with everyone behind its address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Patience {
    /// Not to be asked before this moment, microseconds since the Unix epoch.
    pub not_before_us: i64,
    /// When this was last changed, microseconds since the Unix epoch.
    pub changed_us: i64,
    /// Questions in a row that brought no server.
    pub failures: u32,
}

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It brought servers.
    Found,
    /// The service had none, or was out of order, or could not be reached.
    Nothing,
    /// The service said when to come again (429, or 503 and others with `Retry-After`); `None` when it refused without.
    Refused {
        /// From now.
        retry_after: Option<Duration>,
    },
}

impl Patience {
    /// How long to wait before the next question; zero when it may be asked now.
    ///
    /// A clock that was set back does not make the wait longer than it was: from what is remembered it follows that no more than
    /// [`spec::RETRY_AFTER_MAX`] can be left.
    #[must_use]
    pub fn wait(&self, now: Timestamp) -> Duration {
        let most = u64::try_from(self.not_before_us.saturating_sub(self.changed_us)).unwrap_or(0);
        let left = u64::try_from(self.not_before_us.saturating_sub(now.as_unix_micros())).unwrap_or(0);
        Duration::from_micros(left.min(most)).min(spec::RETRY_AFTER_MAX)
    }

    /// The state after a question that was asked at `now`; `unit`, drawn by the caller from 0 to 1, spreads the wait.
    #[must_use]
    pub fn after(self, verdict: Verdict, now: Timestamp, unit: f64) -> Self {
        let failures = match verdict {
            Verdict::Found => 0,
            Verdict::Nothing | Verdict::Refused { .. } => self.failures.saturating_add(1),
        };
        let back_off = || {
            let doubled = spec::BACK_OFF_FIRST.saturating_mul(1 << (failures - 1).min(8));
            let unit = if unit.is_nan() { 0.5 } else { unit.clamp(0.0, 1.0) };
            let spread = 1.0 + spec::BACK_OFF_SPREAD * (2.0 * unit - 1.0);
            doubled.min(spec::BACK_OFF_MAX).mul_f64(spread)
        };
        let wait = match verdict {
            Verdict::Found => spec::INTERVAL_LEAST,
            Verdict::Nothing => back_off(),
            // Never sooner than our own patience: a service that says 0 means no harm, and gets none.
            Verdict::Refused { retry_after: Some(told) } => told.min(spec::RETRY_AFTER_MAX).max(back_off()),
            Verdict::Refused { retry_after: None } => back_off().max(spec::BACK_OFF_MAX),
        };
        let changed_us = now.as_unix_micros();
        let wait_us = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        Self { not_before_us: changed_us.saturating_add(wait_us), changed_us, failures }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_secs(1_795_000_000);

    fn later(seconds: u64) -> Timestamp {
        NOW.saturating_add_micros(i64::try_from(seconds).unwrap() * 1_000_000)
    }

    #[test]
    fn waits_double_from_one_minute_to_sixteen_and_are_forgotten_on_success() {
        let mut patience = Patience::default();
        assert_eq!(patience.wait(NOW), Duration::ZERO);
        let mut waits = Vec::new();
        for _ in 0..7 {
            patience = patience.after(Verdict::Nothing, NOW, 0.5);
            waits.push(patience.wait(NOW).as_secs());
        }
        assert_eq!(waits, [60, 120, 240, 480, 960, 960, 960]);
        assert_eq!(patience.wait(later(900)).as_secs(), 60);
        assert_eq!(patience.wait(later(960)), Duration::ZERO);
        let found = patience.after(Verdict::Found, NOW, 0.5);
        assert_eq!((found.failures, found.wait(NOW)), (0, spec::INTERVAL_LEAST));
        assert_eq!(found.after(Verdict::Nothing, NOW, 0.5).wait(NOW).as_secs(), 60);
    }

    #[test]
    fn what_the_service_asks_is_obeyed_within_reason() {
        let wait = |retry_after: Option<u64>| {
            let verdict = Verdict::Refused { retry_after: retry_after.map(Duration::from_secs) };
            Patience::default().after(verdict, NOW, 0.5).wait(NOW).as_secs()
        };
        assert_eq!(wait(Some(3_600)), 3_600);
        assert_eq!(wait(Some(0)), 60);
        assert_eq!(wait(None), 960);
        assert_eq!(wait(Some(u64::MAX / 1_000_000)), 86_400);
    }

    #[test]
    fn waits_are_spread_and_no_clock_makes_them_longer() {
        let wait = |unit| Patience::default().after(Verdict::Nothing, NOW, unit).wait(NOW);
        assert_eq!((wait(0.0), wait(1.0)), (Duration::from_secs(57), Duration::from_secs(63)));
        let patience = Patience::default().after(Verdict::Nothing, NOW, 0.5);
        let long_ago = Timestamp::from_unix_secs(0);
        assert_eq!(patience.wait(long_ago).as_secs(), 60);
        let odd = Patience { not_before_us: i64::MAX, changed_us: i64::MIN, failures: u32::MAX };
        assert_eq!(odd.wait(NOW), spec::RETRY_AFTER_MAX);
        assert_eq!(odd.after(Verdict::Nothing, NOW, f64::NAN).failures, u32::MAX);
    }

    #[test]
    fn it_is_the_same_after_a_restart() {
        let patience = Patience::default().after(Verdict::Nothing, NOW, 0.5);
        let text = serde_json::to_string(&patience).unwrap();
        assert_eq!(serde_json::from_str::<Patience>(&text).unwrap(), patience);
        assert_eq!(serde_json::from_str::<Patience>("{}").unwrap(), Patience::default());
    }
}
