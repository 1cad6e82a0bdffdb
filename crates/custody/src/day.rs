//! A day of the seal.

use std::fmt;
use std::str::FromStr;

use desserte_units::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A calendar day in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(Date);

/// The text is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no day: one is written as 2026-11-22")]
pub struct MalformedDay(String);

impl Day {
    /// The day that a moment lies in; `None` for a moment beyond the calendar.
    #[must_use]
    pub fn of(moment: Timestamp) -> Option<Self> {
        let instant = jiff::Timestamp::from_microsecond(moment.as_unix_micros()).ok()?;
        Some(Self(instant.to_zoned(TimeZone::UTC).date()))
    }

    /// The moment at which the day is over, that is the first one of the next day; `None` at the calendar's end.
    #[must_use]
    pub fn end(self) -> Option<Timestamp> {
        let next = self.tomorrow()?.0.to_zoned(TimeZone::UTC).ok()?;
        Some(Timestamp::from_unix_micros(next.timestamp().as_microsecond()))
    }

    /// The day after; `None` at the calendar's end.
    #[must_use]
    pub fn tomorrow(self) -> Option<Self> {
        self.0.tomorrow().ok().map(Self)
    }

    /// The day before; `None` at the calendar's beginning.
    #[must_use]
    pub fn yesterday(self) -> Option<Self> {
        self.0.yesterday().ok().map(Self)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for Day {
    type Err = MalformedDay;

    fn from_str(text: &str) -> Result<Self, MalformedDay> {
        let malformed = || MalformedDay(text.chars().take(32).collect());
        let date: Date = text.parse().map_err(|_| malformed())?;
        // The library reads more forms than the one that leaves are made of.
        let day = Self(date);
        if day.to_string() == text { Ok(day) } else { Err(malformed()) }
    }
}

impl TryFrom<String> for Day {
    type Error = MalformedDay;

    fn try_from(text: String) -> Result<Self, MalformedDay> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_where_the_next_begins() {
        let last = Timestamp::from_unix_micros(1_795_391_999_999_999);
        let day = Day::of(last).unwrap();
        assert_eq!(day.to_string(), "2026-11-22");
        assert_eq!(day.end().unwrap().as_unix_micros(), last.as_unix_micros() + 1);
        assert_eq!(Day::of(day.end().unwrap()).unwrap().yesterday(), Some(day));
    }

    #[test]
    fn only_one_way_of_writing_a_day_is_read() {
        for text in ["20261122", "2026-11-22T00", "2026-11-31", "", "hier"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }
}
