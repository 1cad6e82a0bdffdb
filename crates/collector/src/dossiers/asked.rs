//! What can be asked for: a commune and a whole month.

use std::fmt;
use std::str::FromStr;

use desserte_model::CommuneCode;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};

/// A calendar month, `2026-10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month(Date);

/// Not a month from 2000 to 2999.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoMonth;

impl Month {
    /// The last month that is over on a day.
    pub(crate) fn over_on(day: Date) -> Self {
        Self(day.first_of_month().saturating_sub(1.month()))
    }

    /// The month before.
    pub(crate) fn before(self) -> Self {
        Self(self.0.saturating_sub(1.month()))
    }

    pub(crate) const fn first_day(self) -> Date {
        self.0
    }

    /// The first day after it.
    pub(crate) fn end(self) -> Date {
        self.0.saturating_add(1.month())
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
        let (year, month) = text.split_once('-').ok_or(NoMonth)?;
        let digits =
            |text: &str, count| text.len() == count && text.bytes().all(|octet| octet.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(NoMonth);
        }
        let (year, month) = (year.parse().map_err(|_| NoMonth)?, month.parse().map_err(|_| NoMonth)?);
        if !(2_000..3_000).contains(&year) || !(1..=12).contains(&month) {
            return Err(NoMonth);
        }
        Ok(Self(date(year, month, 1)))
    }
}

/// A dossier that was asked for. The same commune, month and language are the same dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked {
    pub(crate) commune: CommuneCode,
    pub(crate) month: Month,
    pub(crate) english: bool,
}

impl Asked {
    pub(crate) const fn lang(self) -> &'static str {
        if self.english { "en" } else { "fr" }
    }

    /// Name of its directory.
    pub(super) fn name(self) -> String {
        format!("{}-{}-{}", self.commune, self.month, self.lang())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_and_told() {
        let month: Month = "2026-10".parse().unwrap();
        assert_eq!((month.to_string(), month.end()), ("2026-10".to_owned(), date(2026, 11, 1)));
        assert_eq!(Month::over_on(date(2026, 1, 31)).to_string(), "2025-12");
        assert_eq!(month.before().before().to_string(), "2026-08");
        for text in
            ["", "2026", "2026-13", "2026-00", "26-10", "2026-1", "+026-10", "1999-12", "../../2026-10"]
        {
            assert_eq!(text.parse::<Month>(), Err(NoMonth), "{text}");
        }
    }
}
