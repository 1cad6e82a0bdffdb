//! Months, by which indicators are kept.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A calendar month, written `2026-10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(Date);

/// A text that is no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no month such as 2026-10")]
pub struct NoMonth(String);

impl Month {
    /// The month of a day.
    #[must_use]
    pub fn of(day: Date) -> Self {
        Self(day.first_of_month())
    }

    /// The last month that was over before this day; `None` at the beginning of the calendar.
    #[must_use]
    pub fn over_before(day: Date) -> Option<Self> {
        day.first_of_month().yesterday().ok().map(Self::of)
    }

    /// The month before; `None` at the beginning of the calendar.
    #[must_use]
    pub fn before(self) -> Option<Self> {
        Self::over_before(self.0)
    }

    /// Its first day, and the first one after it; `None` at the end of the calendar.
    #[must_use]
    pub fn days(self) -> Option<(Date, Date)> {
        Some((self.0, self.0.last_of_month().tomorrow().ok()?))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl FromStr for Month {
    type Err = NoMonth;

    fn from_str(text: &str) -> Result<Self, NoMonth> {
        let wrong = || NoMonth(text.chars().take(32).collect());
        let digits =
            |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        if !(digits(year, 4) && digits(month, 2)) {
            return Err(wrong());
        }
        let (year, month) = (year.parse().map_err(|_| wrong())?, month.parse().map_err(|_| wrong())?);
        Date::new(year, month, 1).map(Self).map_err(|_| wrong())
    }
}

impl TryFrom<String> for Month {
    type Error = NoMonth;

    fn try_from(text: String) -> Result<Self, NoMonth> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_month_is_told_as_it_is_written_and_has_its_days() {
        let month: Month = "2026-12".parse().unwrap();
        assert_eq!(month.to_string(), "2026-12");
        assert_eq!(month.days(), Some((date(2026, 12, 1), date(2027, 1, 1))));
        assert_eq!(Month::over_before(date(2027, 1, 1)), Some(month));
        assert_eq!(Month::over_before(date(2027, 1, 31)), Some(month));
        assert_eq!("2027-01".parse::<Month>().unwrap().before(), Some(month));
        for wrong in ["2026-13", "2026-1", "26-01", "2026-00", "+026-10", "../../2026-10", "2026-10-01", ""] {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }
}
