//! A ledger beside calendars that jump, come back and stand still.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use desserte_measure::{BudgetRules, Ledger, Month, Purpose};
use desserte_units::{ByteCount, Timestamp};

const RULES: BudgetRules = BudgetRules {
    limit: ByteCount::from_bytes(1000),
    latency_reserve: ByteCount::from_bytes(100),
    control_reserve: ByteCount::from_bytes(50),
};

const NOVEMBER: Timestamp = Timestamp::from_unix_secs(1_796_083_199);
const DECEMBER: Timestamp = Timestamp::from_unix_secs(1_796_083_200);

fn spend(ledger: &mut Ledger, count: u64) {
    let run = ledger.charge(&RULES, Purpose::Throughput, ByteCount::from_bytes(count)).unwrap();
    ledger.settle(run, ByteCount::from_bytes(count));
}

fn days_after(moment: Timestamp, days: i64) -> Option<Timestamp> {
    Some(moment.saturating_add_micros(days * 86_400 * 1_000_000))
}

#[test]
fn a_jump_of_the_calendar_grants_no_month_and_its_correction_takes_none_away() {
    let mut ledger = Ledger::new();
    ledger.turn(Some(NOVEMBER));
    spend(&mut ledger, 500);
    for days in [20, 45, 400] {
        assert!(!ledger.turn(days_after(NOVEMBER, days)));
        assert_eq!((ledger.used(), ledger.month()), (ByteCount::from_bytes(500), Month::of(NOVEMBER)));
    }
    assert!(ledger.turn(Some(DECEMBER)), "the true calendar goes on");
    assert_eq!(ledger.used(), ByteCount::from_bytes(0));
}

#[test]
fn a_month_that_was_believed_for_a_day_is_left_again_and_nothing_is_given_back() {
    let mut ledger = Ledger::new();
    ledger.turn(Some(NOVEMBER));
    spend(&mut ledger, 500);
    assert!(!ledger.turn(days_after(NOVEMBER, 200)));
    assert!(ledger.turn(days_after(NOVEMBER, 201)));
    spend(&mut ledger, 100);
    assert!(!ledger.turn(Some(NOVEMBER)));
    assert_eq!((ledger.used(), ledger.month()), (ByteCount::from_bytes(600), Month::of(NOVEMBER)));
    // The same jump again finds what its month has cost.
    assert!(!ledger.turn(days_after(NOVEMBER, 201)));
    assert!(ledger.turn(days_after(NOVEMBER, 202)));
    assert_eq!(ledger.used(), ByteCount::from_bytes(100));
    ledger.turn(Some(NOVEMBER));
    assert!(ledger.turn(Some(DECEMBER)));
    assert_eq!(ledger.used(), ByteCount::from_bytes(0));
}

#[test]
fn going_to_and_fro_over_the_end_of_a_month_gives_nothing_back() {
    let mut ledger = Ledger::new();
    ledger.turn(Some(NOVEMBER));
    ledger.turn(Some(DECEMBER));
    spend(&mut ledger, 700);
    for _ in 0..3 {
        ledger.turn(Some(NOVEMBER));
        ledger.turn(Some(DECEMBER));
        assert!(ledger.used() >= ByteCount::from_bytes(700));
    }
}

#[test]
fn a_probe_that_was_off_over_the_end_of_a_month_begins_the_next() {
    let mut ledger = Ledger::new();
    ledger.turn(Some(NOVEMBER));
    spend(&mut ledger, 500);
    let stored = serde_json::to_string(&ledger).unwrap();
    let mut read: Ledger = serde_json::from_str(&stored).unwrap();
    read.recover();
    assert!(read.turn(days_after(DECEMBER, 20)));
    let mut long: Ledger = serde_json::from_str(&stored).unwrap();
    long.recover();
    assert!(!long.turn(days_after(DECEMBER, 60)), "further ahead it takes a day");
    assert!(long.turn(days_after(DECEMBER, 61)));
    let old: Ledger = serde_json::from_str(r#"{"month":"2026-11","used":[1,2,3]}"#).unwrap();
    assert_eq!(old.used(), ByteCount::from_bytes(6), "what an earlier version stored is read");
}

#[test]
fn a_first_month_that_was_wrong_is_left_after_a_day() {
    let mut ledger = Ledger::new();
    ledger.turn(days_after(NOVEMBER, 1_000));
    spend(&mut ledger, 500);
    assert!(!ledger.turn(Some(NOVEMBER)));
    assert!(!ledger.turn(Some(DECEMBER)));
    assert!(!ledger.turn(days_after(NOVEMBER, 1)));
    assert_eq!((ledger.used(), ledger.month()), (ByteCount::from_bytes(500), Month::of(DECEMBER)));
}
