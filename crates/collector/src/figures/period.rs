//! The stretch of time that figures are about.

use desserte_measure::Period;
use desserte_units::Timestamp;

/// Longest period that can be asked for, in days: what is kept in the inbox is read row by row.
pub(crate) const MAX_DAYS: u16 = 92;

const HOUR_US: i64 = 3_600_000_000;

/// A number of days up to the end of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) days: u16,
    pub(crate) period: Period,
    /// Whether its end was asked for: a link to it then leads to the same stretch of time for ever.
    pub(crate) fixed: bool,
}

/// The refusal of a period.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WindowError {
    /// Too short or too long.
    #[error("a period lasts from 1 to {MAX_DAYS} days, not {0}")]
    Days(u16),
    /// The end cannot be read.
    #[error("a period ends at an hour such as 2026-11-01T00 (UTC), not {0:?}")]
    End(String),
    /// The end has not come.
    #[error("a period ends with the current hour at the latest")]
    Future,
}

impl Window {
    /// The last `days` days at the moment `now`. Both ends are whole hours, as minutes are added up by hour.
    pub(crate) fn ending(now: Timestamp, days: u16) -> Result<Self, WindowError> {
        Self::new(end_of_hour(now), days, false)
    }

    /// The `days` days up to the hour that `end` names, which is not after the hour of `now`.
    pub(crate) fn until(end: &str, now: Timestamp, days: u16) -> Result<Self, WindowError> {
        let hour = hour_of(end).ok_or_else(|| WindowError::End(end.chars().take(HOUR_CHARS).collect()))?;
        if hour > end_of_hour(now) {
            return Err(WindowError::Future);
        }
        Self::new(hour, days, true)
    }

    fn new(end: i64, days: u16, fixed: bool) -> Result<Self, WindowError> {
        if !(1..=MAX_DAYS).contains(&days) {
            return Err(WindowError::Days(days));
        }
        let at = Timestamp::from_unix_micros;
        let start = end - i64::from(days) * 24 * HOUR_US;
        Ok(Self { days, period: Period { start: at(start), end: at(end) }, fixed })
    }

    /// The end as [`Self::until`] reads it.
    pub(crate) fn end_text(&self) -> String {
        let seconds = self.period.end.as_unix_secs();
        let Ok(time) = jiff::Timestamp::from_second(seconds) else { return String::new() };
        let time = jiff::tz::Offset::UTC.to_datetime(time);
        format!("{}T{:02}", time.date(), time.hour())
    }
}

/// Characters of an hour's text.
const HOUR_CHARS: usize = "2026-11-01T00".len();

fn end_of_hour(now: Timestamp) -> i64 {
    now.as_unix_micros().div_euclid(HOUR_US).saturating_add(1) * HOUR_US
}

/// Microseconds since the Unix epoch of an hour such as `2026-11-01T00`.
fn hour_of(text: &str) -> Option<i64> {
    let (date, hour) = text.split_once('T').filter(|_| text.len() == HOUR_CHARS)?;
    let date: jiff::civil::Date = date.parse().ok()?;
    let time = date.at(hour.parse().ok().filter(|hour| (0..24).contains(hour))?, 0, 0, 0);
    let seconds = jiff::tz::Offset::UTC.to_timestamp(time).ok()?.as_second();
    // Before 2000 nobody measured, and arithmetic stays far from its limits.
    (seconds > 946_684_800).then_some(seconds * 1_000_000)
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

    #[test]
    fn an_end_that_was_asked_for_stays_where_it_is() {
        let now = Timestamp::from_unix_secs(1_793_491_199);
        let latest = Window::ending(now, 30).unwrap();
        let asked = Window::until("2026-11-01T00", now, 30).unwrap();
        assert_eq!((asked.period, asked.end_text()), (latest.period, "2026-11-01T00".to_owned()));
        for wrong in [
            "",
            "2026-11-01",
            "2026-11-01T24",
            "2026-13-01T00",
            "2026-11-01T0x",
            "1900-01-01T00",
            "é026-11-01T00",
        ] {
            assert!(matches!(Window::until(wrong, now, 30), Err(WindowError::End(_))), "{wrong}");
        }
        assert!(matches!(Window::until("2026-11-01T01", now, 30), Err(WindowError::Future)));
    }
}
