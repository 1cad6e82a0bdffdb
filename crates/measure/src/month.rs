//! Calendar months, as a data plan counts them.

use std::fmt;
use std::str::FromStr;

use desserte_units::Timestamp;
use serde::{Deserialize, Serialize};

/// A month of the UTC calendar, written `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    year: i16,
    month: i8,
}

/// The refusal of a text that names no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a month such as 2026-11")]
pub struct MalformedMonth(pub String);

impl Month {
    /// The month that holds `moment`.
    ///
    /// # Missing data
    /// `None` outside the years that the calendar library knows (before -9999 or after 9999).
    #[must_use]
    pub fn of(moment: Timestamp) -> Option<Self> {
        let date = jiff::Timestamp::from_second(moment.as_unix_secs()).ok()?;
        let date = jiff::tz::Offset::UTC.to_datetime(date);
        Some(Self { year: date.year(), month: date.month() })
    }

    /// The month after this one.
    pub(crate) const fn next(self) -> Self {
        if self.month < 12 {
            Self { month: self.month + 1, ..self }
        } else {
            Self { year: self.year.saturating_add(1), month: 1 }
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = MalformedMonth;

    fn from_str(text: &str) -> Result<Self, MalformedMonth> {
        let refuse = || MalformedMonth(text.chars().take(32).collect());
        let (year, month) = text.split_once('-').ok_or_else(refuse)?;
        let shaped = year.len() == 4 && month.len() == 2;
        let year: i16 = year.parse().map_err(|_| refuse())?;
        let month: i8 = month.parse().map_err(|_| refuse())?;
        if shaped && (1..=12).contains(&month) { Ok(Self { year, month }) } else { Err(refuse()) }
    }
}

impl TryFrom<String> for Month {
    type Error = MalformedMonth;

    fn try_from(text: String) -> Result<Self, MalformedMonth> {
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
    use super::*;

    #[test]
    fn a_month_ends_at_midnight_utc() {
        let november = Timestamp::from_unix_secs(1_796_083_199);
        assert_eq!(Month::of(november).unwrap().to_string(), "2026-11");
        assert_eq!(Month::of(november.saturating_add_micros(1_000_000)).unwrap().to_string(), "2026-12");
        assert_eq!("2026-11".parse(), Ok(Month::of(november).unwrap()));
        for wrong in ["", "2026-13", "26-1", "2026-1", "2026_11"] {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }
}
