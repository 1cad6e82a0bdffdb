//! What may be told of residents' tests, and when nothing may.

use std::collections::{BTreeMap, BTreeSet};

use desserte_equity::ReleaseRules;
use desserte_measure::Period;
use desserte_store::{Contributor, GivenTest};
use desserte_units::{BitRate, Timestamp};
use jiff::ToSpan as _;
use jiff::tz::Offset;

use crate::figures::{Window, quantile};

/// Months told together. They change once a month, so that two looks do not differ by one resident.
const MONTHS: i32 = 12;

/// The whole months before the one of a moment, by the calendar of UTC; `None` at the ends of the calendar.
pub(crate) fn window(moment: Timestamp) -> Option<Window> {
    let time = jiff::Timestamp::from_microsecond(moment.as_unix_micros()).ok()?;
    let end = Offset::UTC.to_datetime(time).date().first_of_month();
    let start = end.checked_sub(MONTHS.months()).ok()?;
    let at = |date: jiff::civil::Date| {
        let time = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
        Some(Timestamp::from_unix_micros(time.as_microsecond()))
    };
    let days = u16::try_from(start.until(end).ok()?.get_days()).ok()?;
    Some(Window { days, period: Period { start: at(start)?, end: at(end)? }, fixed: true })
}

/// What may be told of one place.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum Released {
    /// No resident gave a test.
    #[default]
    Nothing,
    /// Some did, too few or too much alike to be told.
    Withheld,
    /// A figure.
    Told(Told),
}

/// Numbers of residents, coarse on purpose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Told {
    /// Contributors, rounded down.
    pub(crate) contributors: u32,
    /// The middle resident's middle download; `None` where too few gave one.
    pub(crate) download: Option<BitRate>,
    /// The same of uploads.
    pub(crate) upload: Option<BitRate>,
}

/// A département's residents.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Residents {
    /// The département as a whole.
    pub(crate) departement: Released,
    /// Communes from which tests came.
    pub(crate) communes: BTreeMap<String, Released>,
}

impl Residents {
    /// What may be told of a commune.
    pub(crate) fn commune(&self, code: &str) -> Released {
        self.communes.get(code).copied().unwrap_or(Released::Nothing)
    }
}

/// What may be told of a département's tests.
///
/// The whole is told only if nobody can be found in what it has beyond the communes that are told: those others are none, or as
/// many as the rule asks for.
pub(crate) fn residents(tests: &[GivenTest], rules: &ReleaseRules) -> Residents {
    let mut by_commune: BTreeMap<String, Vec<&GivenTest>> = BTreeMap::new();
    for test in tests {
        by_commune.entry(test.commune.clone()).or_default().push(test);
    }
    let communes: BTreeMap<String, Released> =
        by_commune.iter().map(|(code, tests)| (code.clone(), released(tests, rules))).collect();
    let told = |code: &str| matches!(communes.get(code), Some(Released::Told(_)));
    let others: BTreeSet<Contributor> =
        tests.iter().filter(|test| !told(&test.commune)).map(|test| test.contributor).collect();
    let whole = released(&tests.iter().collect::<Vec<_>>(), rules);
    let findable = !others.is_empty() && others.len() < rules.contributors_min.value;
    let departement = match whole {
        Released::Told(_) if findable => Released::Withheld,
        other => other,
    };
    Residents { departement, communes }
}

fn released(tests: &[&GivenTest], rules: &ReleaseRules) -> Released {
    if tests.is_empty() {
        return Released::Nothing;
    }
    let mut of: BTreeMap<Contributor, Vec<&GivenTest>> = BTreeMap::new();
    for test in tests {
        of.entry(test.contributor).or_default().push(test);
    }
    let most = of.values().map(Vec::len).max().unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let share = most as f64 / tests.len() as f64;
    if of.len() < rules.contributors_min.value || share > rules.dominance_max.value {
        return Released::Withheld;
    }
    Released::Told(Told {
        contributors: rules.coarse_count(u32::try_from(of.len()).unwrap_or(u32::MAX)),
        download: middle(&of, |test| test.download_bps, rules),
        upload: middle(&of, |test| test.upload_bps, rules),
    })
}

/// The median over contributors of each one's median: whoever tests a hundred times counts once.
fn middle(
    of: &BTreeMap<Contributor, Vec<&GivenTest>>,
    rate: impl Fn(&GivenTest) -> Option<f64>,
    rules: &ReleaseRules,
) -> Option<BitRate> {
    let own = |tests: &Vec<&GivenTest>| {
        let mut rates: Vec<f64> = tests.iter().filter_map(|test| rate(test)).collect();
        quantile(&mut rates, 0.5)
    };
    let mut rates: Vec<f64> = of.values().filter_map(own).collect();
    if rates.len() < rules.contributors_min.value {
        return None;
    }
    BitRate::from_bits_per_second(rules.coarse(quantile(&mut rates, 0.5)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(who: u8, commune: &str, mbit: f64) -> GivenTest {
        GivenTest {
            contributor: [who; 32],
            commune: commune.to_owned(),
            download_bps: Some(mbit * 1e6),
            upload_bps: None,
        }
    }

    fn told(of: Released) -> Told {
        match of {
            Released::Told(told) => told,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ten_residents_are_withheld_and_eleven_are_told_coarsely() {
        let rules = ReleaseRules::built_in();
        let mut tests: Vec<GivenTest> =
            (0..10).map(|who| test(who, "23096", f64::from(who) + 0.1234)).collect();
        let few = residents(&tests, &rules);
        assert_eq!((few.departement, few.commune("23096")), (Released::Withheld, Released::Withheld));
        assert_eq!(few.commune("23030"), Released::Nothing);
        tests.push(test(10, "23096", 10.1234));
        let enough = told(residents(&tests, &rules).commune("23096"));
        assert_eq!(enough.contributors, 10);
        assert!((enough.download.unwrap().as_mbit_per_s() - 5.12).abs() < 1e-9);
        assert_eq!(enough.upload, None);
    }

    #[test]
    fn whoever_tests_often_counts_once_and_too_often_hides_all() {
        let rules = ReleaseRules::built_in();
        let mut tests: Vec<GivenTest> = (0..11).map(|who| test(who, "23096", 10.0)).collect();
        tests.extend((0..50).map(|_| test(0, "23096", 900.0)));
        let told = told(residents(&tests, &rules).commune("23096"));
        assert!((told.download.unwrap().as_mbit_per_s() - 10.0).abs() < 1e-9);
        tests.extend((0..50).map(|_| test(0, "23096", 900.0)));
        assert_eq!(residents(&tests, &rules).commune("23096"), Released::Withheld);
    }

    #[test]
    fn a_departement_does_not_give_away_its_few_others() {
        let rules = ReleaseRules::built_in();
        let mut tests: Vec<GivenTest> = (0..12).map(|who| test(who, "23096", 10.0)).collect();
        told(residents(&tests, &rules).departement);
        tests.push(test(90, "23030", 1.0));
        let one_more = residents(&tests, &rules);
        told(one_more.commune("23096"));
        assert_eq!(
            (one_more.departement, one_more.commune("23030")),
            (Released::Withheld, Released::Withheld)
        );
        tests.extend((91..101).map(|who| test(who, "23030", 1.0)));
        told(residents(&tests, &rules).departement);
    }

    #[test]
    fn the_months_told_change_once_a_month() {
        let at = |text: &str| {
            Timestamp::from_unix_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
        };
        let first = window(at("2026-11-01T00:00:00Z")).unwrap();
        let last = window(at("2026-11-30T23:59:59Z")).unwrap();
        assert_eq!(first, last);
        assert_eq!(first.period.start, at("2025-11-01T00:00:00Z"));
        assert_eq!((first.period.end, first.days), (at("2026-11-01T00:00:00Z"), 365));
    }
}
