//! The stretch of time that figures are about.

use desserte_measure::Period;
use desserte_units::Timestamp;

/// Longest period that can be asked for, in days: what is kept in the inbox is read row by row.
pub(crate) const MAX_DAYS: u16 = 92;

const HOUR_US: i64 = 3_600_000_000;

/// A number of days up to the end of the current hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) days: u16,
    pub(crate) period: Period,
}

/// The refusal of a number of days.
#[derive(Debug, thiserror::Error)]
#[error("a period lasts from 1 to {MAX_DAYS} days, not {0}")]
pub(crate) struct WindowError(u16);

impl Window {
    /// The last `days` days at the moment `now`. Both ends are whole hours, as minutes are added up by hour.
    pub(crate) fn ending(now: Timestamp, days: u16) -> Result<Self, WindowError> {
        if !(1..=MAX_DAYS).contains(&days) {
            return Err(WindowError(days));
        }
        let end = now.as_unix_micros().div_euclid(HOUR_US).saturating_add(1) * HOUR_US;
        let start = end - i64::from(days) * 24 * HOUR_US;
        let at = Timestamp::from_unix_micros;
        Ok(Self { days, period: Period { start: at(start), end: at(end) } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_with_the_hour_and_lasts_its_days() {
        let window = Window::ending(Timestamp::from_unix_secs(7_201), 1).unwrap();
        assert_eq!(window.period.end.as_unix_secs(), 10_800);
        assert_eq!(window.period.length().as_secs(), 24 * 3_600);
        assert!(Window::ending(Timestamp::from_unix_secs(0), 0).is_err());
        assert!(Window::ending(Timestamp::from_unix_secs(0), 93).is_err());
    }
}
