//! The moments before which things are no longer kept.

use desserte_units::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::Terms;

/// What is older than these moments is erased. Each is a midnight, UTC, so that hours and days go whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of what was received.
    pub raw: Timestamp,
    /// Of sums by hour.
    pub hourly: Timestamp,
    /// Of logs, and of what was only needed to let somebody in.
    pub log: Timestamp,
}

impl Limits {
    /// The limits at a moment.
    ///
    /// # Missing data
    /// `None` before the calendar begins: nothing is erased then.
    #[must_use]
    pub fn at(terms: &Terms, moment: Timestamp) -> Option<Self> {
        let before = |months: u16| midnight(months_before(moment, months)?);
        Some(Self {
            raw: before(terms.raw.value)?,
            hourly: before(terms.hourly.value)?,
            log: before(terms.log.value)?,
        })
    }

    /// The month of a moment, UTC: `2025-10`.
    ///
    /// # Missing data
    /// `None` for a moment that the calendar does not have.
    #[must_use]
    pub fn month(moment: Timestamp) -> Option<String> {
        Some(date(moment)?.strftime("%Y-%m").to_string())
    }

    /// The day of a moment, UTC: `2025-10-23`.
    ///
    /// # Missing data
    /// As [`Self::month`].
    #[must_use]
    pub fn day(moment: Timestamp) -> Option<String> {
        Some(date(moment)?.to_string())
    }
}

/// The moment that many months earlier, by the calendar of UTC.
///
/// # Missing data
/// `None` before the calendar begins.
#[must_use]
pub fn months_before(moment: Timestamp, months: u16) -> Option<Timestamp> {
    let time = jiff::Timestamp::from_microsecond(moment.as_unix_micros()).ok()?;
    let earlier = Offset::UTC.to_datetime(time).checked_sub(i32::from(months).months()).ok()?;
    Some(Timestamp::from_unix_micros(Offset::UTC.to_timestamp(earlier).ok()?.as_microsecond()))
}

fn date(moment: Timestamp) -> Option<Date> {
    let time = jiff::Timestamp::from_microsecond(moment.as_unix_micros()).ok()?;
    Some(Offset::UTC.to_datetime(time).date())
}

fn midnight(moment: Timestamp) -> Option<Timestamp> {
    let start = date(moment)?.at(0, 0, 0, 0);
    Some(Timestamp::from_unix_micros(Offset::UTC.to_timestamp(start).ok()?.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Retention;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_unix_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        let end = at("2026-03-31T10:00:00Z");
        assert_eq!(months_before(end, 1), Some(at("2026-02-28T10:00:00Z")));
        assert_eq!(months_before(end, 13), Some(at("2025-02-28T10:00:00Z")));
    }

    #[test]
    fn limits_are_midnights() {
        let limits = Limits::at(&Retention::built_in().terms, at("2026-11-23T17:30:00Z")).unwrap();
        assert_eq!(limits.raw, at("2025-10-23T00:00:00Z"));
        assert_eq!(limits.hourly, at("2023-11-23T00:00:00Z"));
        assert!(limits.log < at("2026-11-23T00:00:00Z"));
        assert_eq!(Limits::month(limits.raw).as_deref(), Some("2025-10"));
        assert_eq!(Limits::day(limits.raw).as_deref(), Some("2025-10-23"));
    }
}
