//! A day of the calendar, without a clock.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar from year 1 to 9999, kept as year × 10,000 + month × 100 + day so that days compare
/// as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

/// The refusal of a text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no day: write 2024-01-31, or 2024 for the first of January")]
pub struct NotADay(pub String);

impl Day {
    /// The day with this number, if the calendar has it.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
        let sound = year >= 1 && year <= 9_999 && day >= 1 && day <= days_in(year, month);
        if sound { Some(Self(number)) } else { None }
    }

    /// The first of January, the day that the official list of communes of a year describes.
    #[must_use]
    pub const fn first_of(year: u16) -> Self {
        let year = if year == 0 {
            1
        } else if year > 9_999 {
            9_999
        } else {
            year
        };
        Self(year as u32 * 10_000 + 101)
    }

    /// Year × 10,000 + month × 100 + day.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> u32 {
        self.0 / 10_000
    }

    /// The month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u32 {
        self.0 / 100 % 100
    }

    /// The day of the month.
    #[must_use]
    pub const fn of_month(self) -> u32 {
        self.0 % 100
    }

    /// The day before; the first day of the calendar has none and gives itself.
    #[must_use]
    pub const fn previous(self) -> Self {
        let (year, month) = (self.year(), self.month());
        if self.of_month() > 1 {
            return Self(self.0 - 1);
        }
        match (year, month) {
            (1, 1) => self,
            (_, 1) => Self((year - 1) * 10_000 + 1_231),
            _ => Self(year * 10_000 + (month - 1) * 100 + days_in(year, month - 1)),
        }
    }
}

/// Days of a month; zero for a month that is none.
const fn days_in(year: u32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

impl FromStr for Day {
    type Err = NotADay;

    /// Reads `2024-01-31`, or `2024` as its first of January.
    fn from_str(text: &str) -> Result<Self, NotADay> {
        let number = |text: &str, digits: usize| {
            let sound = text.len() == digits && text.bytes().all(|octet| octet.is_ascii_digit());
            if sound { text.parse::<u32>().ok() } else { None }
        };
        let read = || {
            let mut parts = text.trim().split('-');
            let year = number(parts.next()?, 4)?;
            let (month, day) = match (parts.next(), parts.next(), parts.next()) {
                (None, ..) => (1, 1),
                (Some(month), Some(day), None) => (number(month, 2)?, number(day, 2)?),
                _ => return None,
            };
            Self::from_number(year * 10_000 + month * 100 + day)
        };
        read().ok_or_else(|| NotADay(text.chars().take(32).collect()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.of_month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_written_as_people_do_and_impossible_ones_are_refused() {
        for (text, written) in
            [("2024-02-29", "2024-02-29"), (" 2018 ", "2018-01-01"), ("1943-02-19", "1943-02-19")]
        {
            assert_eq!(text.parse::<Day>().unwrap().to_string(), written);
        }
        for wrong in [
            "",
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-1-1",
            "18",
            "2024-01",
            "2024-01-01-01",
            "+024",
        ] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
        assert_eq!(Day::from_number(19_000_229), None, "1900 was no leap year");
    }

    #[test]
    fn the_day_before_crosses_months_and_years() {
        for (day, before) in
            [("2024-03-01", "2024-02-29"), ("2018-01-01", "2017-12-31"), ("2019-12-31", "2019-12-30")]
        {
            assert_eq!(day.parse::<Day>().unwrap().previous().to_string(), before);
        }
    }
}
