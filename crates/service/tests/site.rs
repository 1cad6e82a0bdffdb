//! A made-up site from its records to its figures: expected numbers follow from how the records were made.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use desserte_equity::verdict::{Lack, Told, Verdict};
use desserte_measure::{MinuteState, StatedMinute};
use desserte_model::Direction;
use desserte_service::{
    Declared, Hours, Minute, Page, Records, Run, Sets, SiteId, SiteReport, SiteWeight, area_report,
    site_report, variation_us,
};
use desserte_units::{BitRate, Timestamp};
use jiff::civil::{Date, date};

const MINUTE_US: i64 = 60_000_000;

/// How a made-up line behaves at a local day and hour (`None`: nobody looks).
type Line = fn(day: i64, hour: i64) -> Option<Seen>;

#[derive(Clone, Copy)]
struct Seen {
    state: MinuteState,
    down: f64,
    rtt_ms: u32,
}

const GOOD: Seen = Seen { state: MinuteState::Up, down: 100.0, rtt_ms: 20 };
const SLOW: Seen = Seen { down: 1.0, ..GOOD };
const DEAD: Seen = Seen { state: MinuteState::Down, down: 0.0, rtt_ms: 0 };

fn site(commune: &str, probe: u32) -> SiteId {
    SiteId { commune: commune.parse().unwrap(), probe: format!("{probe:032x}").parse().unwrap() }
}

/// Records of every minute of `days` days from `from`, by local time `offset` hours ahead of UTC, with hourly runs and pages.
fn records(from: Timestamp, days: i64, line: Line) -> Records {
    let mut made = Records::default();
    for minute in 0..days * 1_440 {
        let (day, hour) = (minute / 1_440, minute % 1_440 / 60);
        let Some(seen) = line(day, hour) else { continue };
        let start = from.saturating_add_micros(minute * MINUTE_US);
        let lost = if seen.state == MinuteState::Down { 6 } else { 0 };
        let rtt_us = (lost == 0).then_some(seen.rtt_ms * 1_000);
        made.minutes.push(Minute {
            stated: StatedMinute { start, window: Duration::from_secs(60), state: seen.state },
            sent: 6,
            lost,
            rtt_us,
            variation_us: rtt_us.map(|_| 2_000),
        });
        if minute % 60 == 30 && lost == 0 {
            for (direction, rate) in [(Direction::Download, seen.down), (Direction::Upload, seen.down / 2.0)]
            {
                let rate = BitRate::from_mbit_per_s(rate);
                made.runs.push(Run {
                    at: start,
                    direction,
                    rate,
                    subscribed: BitRate::from_mbit_per_s(100.0),
                });
            }
            made.pages.push(Page { at: start, took: Some(Duration::from_secs(2)) });
        }
    }
    made
}

fn utc(text: &str) -> Timestamp {
    Timestamp::from_unix_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

fn report(commune: &str, records: &Records, days: (Date, Date)) -> SiteReport {
    let declared = Declared { class_a: Some(true), public_building: Some(false) };
    site_report(site(commune, 1), declared, records, days, &Sets::built_in()).unwrap()
}

fn told<T: std::fmt::Debug>(verdict: &Verdict<T>) -> &T {
    match verdict.told() {
        Told::Enough(figure) | Told::Indicative(figure, _) => figure,
        Told::NotEnough(lacks) => panic!("{lacks:?}"),
    }
}

fn hours(report: &SiteReport, id: &str) -> Hours {
    let place = Sets::built_in().uses.uses.iter().position(|own| own.id == id).unwrap();
    *told(&report.uses[place].minimum)
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
}

/// Four weeks of 2026 without public holiday or change of time, from Monday 7 September, 00:00 in Paris.
const WEEKS: (Date, Date) = (date(2026, 9, 7), date(2026, 10, 5));
const START: &str = "2026-09-06T22:00:00Z";

#[test]
fn a_line_that_is_always_well_allows_every_hour_of_every_window() {
    let report = report("23096", &records(utc(START), 28, |_, _| Some(GOOD)), WEEKS);
    for (id, expected) in [
        ("paperwork", 50.0),
        ("voice", 168.0),
        ("teleconsultation", 50.0),
        ("school", 65.0),
        ("two_at_once", 35.0),
    ] {
        let found = hours(&report, id);
        assert_eq!(found.unknown, 0, "{id}");
        near(found.hours.unwrap(), expected);
        near(found.hours_low, expected);
    }
    assert!(matches!(report.uses[0].minimum.told(), Told::Enough(_)));
    let sessions = told(report.uses[2].sessions.as_ref().unwrap());
    assert_eq!((sessions.counts.held, sessions.counts.lost, sessions.counts.unknown), (20 * 120, 0, 0));
    let [down, _] = &report.rates;
    near(*told(down.p20_peak.as_ref().unwrap()), 100.0);
    near(*told(down.of_subscribed.as_ref().unwrap()), 1.0);
    near(*told(report.iqb.evidence.as_ref().unwrap()), 1.0 - 5.0 / 17.0 / 6.0);
    assert_eq!(told(report.outages.as_ref().unwrap()).count, 0);
}

#[test]
fn a_line_that_is_slow_every_day_from_nine_to_eleven_loses_those_hours_and_the_reach_around_them() {
    let slow = |_, hour| Some(if (9..11).contains(&hour) { SLOW } else { GOOD });
    let found = hours(&report("23096", &records(utc(START), 28, slow), WEEKS), "telework");
    // Runs at half past the hour speak for the nearer slots: slow from 9:00 to 11:00.
    near(found.hours.unwrap(), 40.0);
    assert_eq!((found.ko, found.slots), (20 * 8, 20 * 40));
}

#[test]
fn nights_and_sundays_do_not_count_in_working_hours_and_holidays_do_not_either() {
    // Down outside working hours alone; 2026-09-07 is a Monday.
    let office = |day: i64, hour: i64| Some(if day % 7 < 5 && (8..18).contains(&hour) { GOOD } else { DEAD });
    let report_of = report("23096", &records(utc(START), 28, office), WEEKS);
    near(hours(&report_of, "telework").hours.unwrap(), 50.0);
    near(hours(&report_of, "two_at_once").hours.unwrap(), 0.0);
    // The 11th of November 2026 is a Wednesday.
    let november = (date(2026, 11, 9), date(2026, 11, 16));
    let armistice = |day: i64, _| Some(if day == 2 { DEAD } else { GOOD });
    let found = report("23096", &records(utc("2026-11-08T23:00:00Z"), 7, armistice), november);
    let Told::NotEnough(lacks) = found.uses[3].minimum.told() else { panic!("five days are not enough") };
    assert!(lacks.contains(&Lack::Observations { wanted: 6.0 }), "{lacks:?}");
}

#[test]
fn the_clock_is_that_of_the_place() {
    // Well from 8 to 18 by the clock of La Réunion, which is 04:00 to 14:00 UTC; elsewhere in France it is not.
    let office = |_, hour: i64| Some(if (8..18).contains(&hour) { GOOD } else { DEAD });
    let made = records(utc("2026-09-06T20:00:00Z"), 28, office);
    near(hours(&report("97411", &made, WEEKS), "telework").hours.unwrap(), 50.0);
    // In Paris the same minutes are 6 to 16.
    near(hours(&report("23096", &made, WEEKS), "telework").hours.unwrap(), 40.0);
}

#[test]
fn working_hours_stay_where_they_are_when_the_clocks_change() {
    // 19 October to 9 November 2026 in Paris; summer time ends on 25 October. The made-up line follows the wall clock.
    let days = (date(2026, 10, 19), date(2026, 11, 9));
    let office = |_, hour: i64| Some(if (8..18).contains(&hour) { GOOD } else { DEAD });
    let mut made = records(utc("2026-10-18T22:00:00Z"), 7, office);
    let winter = records(utc("2026-10-25T23:00:00Z"), 14, office);
    made.runs.extend(winter.runs);
    made.minutes.extend(winter.minutes);
    made.pages.extend(winter.pages);
    let report = report("23096", &made, days);
    let telework = hours(&report, "telework");
    near(telework.hours.unwrap(), 50.0);
    assert_eq!(telework.slots, 15 * 40);
    let always = &report.uses[1];
    assert_eq!(told(&always.minimum).slots, 21 * 96 + 4, "a day of 25 hours");
}

#[test]
fn a_dead_line_is_never_possible_and_a_silent_one_is_unknown() {
    let dead = report("23096", &records(utc(START), 28, |_, _| Some(DEAD)), WEEKS);
    let found = hours(&dead, "telework");
    assert_eq!((found.hours, found.hours_high), (Some(0.0), 0.0));
    let outages = told(dead.outages.as_ref().unwrap());
    assert_eq!((outages.count, outages.total), (1, Duration::from_secs(28 * 86_400)));
    let silent = report("23096", &Records::default(), WEEKS);
    assert!(matches!(silent.uses[0].minimum.told(), Told::NotEnough(_)));
    assert!(silent.outages.is_none() && silent.voice.is_none() && silent.rates[0].p50.is_none());
}

#[test]
fn half_of_the_time_unseen_widens_the_bounds_and_leaves_the_estimate() {
    let half = |day: i64, _| (day % 2 == 0).then_some(GOOD);
    let report = report("23096", &records(utc(START), 28, half), WEEKS);
    let found = hours(&report, "telework");
    near(found.hours.unwrap(), 50.0);
    near(found.hours_low, 25.0);
    near(found.hours_high, 50.0);
    let Told::Indicative(_, lacks) = report.uses[3].minimum.told() else { panic!("seen half of the time") };
    assert!(lacks.contains(&Lack::Slots { wanted: 0.8 }), "{lacks:?}");
}

#[test]
fn a_single_down_minute_loses_the_sessions_that_hold_it_and_no_hour() {
    let mut made = records(utc(START), 28, |_, _| Some(GOOD));
    // Monday 10:02 in Paris; sessions of 20 minutes begin every five: those of 9:45, 9:50, 9:55 and 10:00 hold it.
    let at = utc("2026-09-07T08:02:00Z");
    let minute = made.minutes.iter_mut().find(|minute| minute.stated.start == at).unwrap();
    minute.stated.state = MinuteState::Down;
    let report = report("23096", &made, WEEKS);
    assert_eq!(told(report.uses[2].sessions.as_ref().unwrap()).counts.lost, 4);
    near(hours(&report, "telework").hours.unwrap(), 50.0);
}

#[test]
fn a_run_that_ends_well_stands_for_the_minute_that_it_kept_from_being_watched() {
    let mut made = records(utc(START), 28, |_, _| Some(GOOD));
    let runs: Vec<Timestamp> = made.runs.iter().map(|run| run.at).collect();
    made.minutes.retain(|minute| !runs.contains(&minute.stated.start));
    let report = report("23096", &made, WEEKS);
    assert_eq!(told(report.uses[2].sessions.as_ref().unwrap()).counts.unknown, 0);
}

#[test]
fn variation_is_between_answers_that_follow_one_another() {
    let (a, b) = ([Some(10), Some(14), None, Some(100)], [Some(50), Some(40)]);
    assert_eq!(variation_us([&a[..], &b[..]]), Some(7));
    assert_eq!(variation_us([&[Some(1), None, Some(9)][..]]), None);
}

/// Sites of several communes: the first third never works.
fn area(communes: usize) -> (Vec<SiteReport>, Sets) {
    let sets = Sets::built_in();
    let (good, dead) =
        (records(utc(START), 28, |_, _| Some(GOOD)), records(utc(START), 28, |_, _| Some(DEAD)));
    let declared = Declared { class_a: Some(true), public_building: Some(true) };
    let reports = (0..communes).map(|n| {
        let records = if n < communes / 3 { &dead } else { &good };
        site_report(site(&format!("23{n:03}"), 1), declared, records, WEEKS, &sets).unwrap()
    });
    (reports.collect(), sets)
}

#[test]
fn a_territory_is_the_weighted_mean_of_its_sites_and_says_when_they_are_too_few() {
    let (reports, sets) = area(30);
    let weighed: Vec<SiteWeight<'_>> = (0..)
        .zip(&reports)
        .map(|(n, report)| SiteWeight { report, weight: Some(if n < 10 { 100.0 } else { 200.0 }) })
        .collect();
    let found = area_report(&weighed, &sets);
    assert!(found.may_be_biased && found.public_buildings == (30, 0));
    let telework = told(found.uses[3].hours.as_ref().unwrap());
    near(telework.hours, 50.0 * 4_000.0 / 5_000.0);
    let interval = telework.interval.unwrap();
    assert!(interval.low < 40.0 && interval.high > 40.0 && interval.high <= 50.0, "{interval:?}");
    assert!(
        matches!(found.uses[3].regular.as_ref().unwrap().told(), Told::NotEnough(_)),
        "97 sites are wanted"
    );
    let few = area_report(&weighed[..3], &sets);
    assert!(matches!(few.uses[3].hours.as_ref().unwrap().told(), Told::NotEnough(_)));
    let unweighted = [SiteWeight { report: &reports[0], weight: None }];
    let none = area_report(&unweighted, &sets);
    assert_eq!((none.unweighted, none.uses[3].sites), (1, 0));
    assert!(none.uses[3].hours.is_none());
}
