//! What the store promises about records: kept once, dated by their event, and derived anew at will.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Bench, at, batch, batch_with, bench, boot, download, health, minute, period, record, register};
use desserte_measure::{MinuteState, outages};
use desserte_model::{BootAnchor, ClockSource, Direction, PositionSource, RefusalReason};
use desserte_store::{Scope, Store, StoreError, StoreOptions};
use desserte_units::Monotonic;

fn open() -> Bench {
    bench(StoreOptions::default())
}

#[test]
fn the_same_octets_again_are_a_duplicate_and_other_octets_are_refused() {
    let bench = open();
    let store = &bench.store;
    let first = record(0, Some(at(0)), download(20));
    let receipt = store.ingest(batch(vec![first.clone(), record(1, Some(at(60)), minute(true))])).unwrap();
    assert_eq!((receipt.accepted, receipt.duplicate, receipt.refused.len()), (2, 0, 0));

    let mut changed = first.clone();
    changed.observation = download(900);
    let receipt = store.ingest(batch(vec![first, changed])).unwrap();
    assert_eq!((receipt.accepted, receipt.duplicate), (0, 1));
    assert_eq!(receipt.refused[0].reason, RefusalReason::IdentifierReused);
    assert_eq!(receipt.refused[0].line, 3);
    assert_eq!(store.record_counts().unwrap(), (2, 0));
    let runs = store.runs(&Scope::All, period(3600)).unwrap();
    assert_eq!(runs.len(), 1);
    assert!((runs[0].steady.unwrap().as_mbit_per_s() - 20.0).abs() < 1e-9);
}

#[test]
fn a_run_on_the_way_is_kept_with_its_mean_and_enters_no_figure_of_lines() {
    let bench = open();
    let store = &bench.store;
    let mut moving = record(0, Some(at(0)), download(20));
    moving.position.source = PositionSource::Gnss;
    let receipt = store.ingest(batch(vec![moving, record(1, Some(at(60)), download(20))])).unwrap();
    assert_eq!(receipt.accepted, 2);
    let runs = store.runs(&Scope::All, period(3600)).unwrap();
    assert!(runs.iter().all(|run| run.mean.is_some()));
    assert_eq!([runs[0].steady.is_some(), runs[1].steady.is_some()], [false, true]);
    store.rebuild().unwrap();
    let again = store.runs(&Scope::All, period(3600)).unwrap();
    assert!(again[0].steady.is_none(), "derived anew, it is the same");
}

#[test]
fn a_record_twice_in_one_batch_is_kept_once() {
    let bench = open();
    let store = &bench.store;
    let twice = record(0, Some(at(0)), minute(true));
    let receipt = store.ingest(batch(vec![twice.clone(), twice])).unwrap();
    assert_eq!((receipt.accepted, receipt.duplicate), (1, 1));
}

#[test]
fn what_was_acknowledged_is_there_after_reopening() {
    let Bench { dir, store } = open();
    let sent = record(0, Some(at(0)), download(8));
    store.ingest(batch(vec![sent.clone()])).unwrap();
    drop(store);
    let store = Store::open(dir.path(), StoreOptions::default()).unwrap();
    assert_eq!(store.record_lines().unwrap(), [serde_json::to_vec(&sent).unwrap()]);
}

#[test]
fn an_unknown_probe_keeps_nothing_and_harms_no_other() {
    let bench = open();
    let store = &bench.store;
    let mut foreign = batch(vec![record(0, Some(at(0)), minute(true))]);
    foreign.header.probe = "ffffffffffffffffffffffffffffffff".parse().unwrap();
    assert!(matches!(store.ingest(foreign), Err(StoreError::UnknownProbe(_))));
    assert_eq!(store.ingest(batch(vec![record(1, Some(at(0)), minute(true))])).unwrap().accepted, 1);
}

#[test]
fn a_probe_is_registered_once() {
    let bench = open();
    let store = &bench.store;
    let again = desserte_store::NewProbe {
        id: common::PROBE.parse().unwrap(),
        public_key: "another".to_owned(),
        name: "école".to_owned(),
        site: None,
        created: at(0),
    };
    assert!(
        matches!(store.register_probe(again), Err(StoreError::AlreadyRegistered(_, name)) if name == "mairie")
    );
    register(store, "11112233445566778899aabbccddeeff");
    assert_eq!(store.probes().unwrap().len(), 2);
}

#[test]
fn a_record_without_a_date_waits_for_the_anchor_of_its_boot() {
    let bench = open();
    let store = &bench.store;
    store.ingest(batch(vec![record(1, None, download(8)), record(2, None, minute(true))])).unwrap();
    assert_eq!(store.record_counts().unwrap(), (2, 2));
    assert!(
        store.runs(&Scope::All, period(86_400)).unwrap().is_empty(),
        "undated records count in no figure"
    );
    assert!(store.minute_totals(&Scope::All, period(86_400)).unwrap().is_empty());

    // One hour after the boot it was 01:00:00; the records were made one and two minutes after the boot.
    let anchor = BootAnchor {
        boot: boot(1),
        monotonic_us: Monotonic::from_micros(3_600_000_000),
        utc_us: at(3_600),
        source: ClockSource::Collector,
        uncertainty_us: 1_000,
    };
    store.ingest(batch_with(vec![record(3, None, minute(true))], vec![anchor])).unwrap();
    assert_eq!(store.record_counts().unwrap(), (3, 0));
    assert_eq!(store.runs(&Scope::All, period(86_400)).unwrap()[0].event, at(60));
    let totals = store.minute_totals(&Scope::All, period(86_400)).unwrap();
    assert_eq!(totals[0].up.as_secs(), 120);
    let probe = &store.probes().unwrap()[0];
    assert_eq!(probe.seen.as_ref().unwrap().measured, Some(at(180)));
}

#[test]
fn a_date_that_nothing_vouches_for_is_not_believed() {
    let bench = open();
    let store = &bench.store;
    let mut unsure = record(0, Some(at(0)), minute(true));
    unsure.clock.source = ClockSource::Unsynchronised;
    store.ingest(batch(vec![unsure])).unwrap();
    assert_eq!(store.record_counts().unwrap(), (1, 1));
}

#[test]
fn outages_found_from_the_chosen_minutes_are_those_of_all_minutes() {
    let bench = open();
    let store = &bench.store;
    let letters = "uudduuuduuddduudu dduu";
    let records = letters.bytes().enumerate().filter(|(_, letter)| *letter != b' ').map(|(i, letter)| {
        let seconds = i64::try_from(i).unwrap() * 60;
        record(i.try_into().unwrap(), Some(at(seconds)), minute(letter == b'u'))
    });
    store.ingest(batch(records.collect())).unwrap();
    let chosen: Vec<_> =
        store.down_minutes(&Scope::All, period(86_400)).unwrap().into_iter().map(|row| row.minute).collect();
    assert!(chosen.len() < letters.len());
    assert_eq!(chosen.iter().filter(|minute| minute.state == MinuteState::Down).count(), 9);
    let found = outages(&chosen, period(86_400));
    // dd, ddd, then d alone twice, and dd; the blank between u and dd belongs to no outage.
    assert_eq!(found.count(), 3);
    assert_eq!(found.total.as_secs(), 7 * 60);
    let totals = &store.minute_totals(&Scope::All, period(86_400)).unwrap()[0];
    assert_eq!((totals.down.as_secs(), totals.up.as_secs()), (9 * 60, 12 * 60));
}

#[test]
fn a_rebuild_gives_the_same_rows_again() {
    let bench = open();
    let store = &bench.store;
    let records = (0..50).map(|n| {
        let observation = if n % 5 == 0 { download(n + 1) } else { minute(n % 7 != 0) };
        record(n, (n % 3 != 0).then(|| at(i64::try_from(n).unwrap() * 60)), observation)
    });
    store.ingest(batch(records.collect())).unwrap();
    let all = |store: &Store| {
        (
            store.runs(&Scope::All, period(86_400)).unwrap(),
            store.minute_totals(&Scope::All, period(86_400)).unwrap(),
            store.down_minutes(&Scope::All, period(86_400)).unwrap(),
            store.rtts(&Scope::All, period(86_400)).unwrap(),
            store.communes_seen(&Scope::All).unwrap(),
        )
    };
    let before = all(store);
    let report = store.rebuild().unwrap();
    assert_eq!((report.records, report.undated), (50, 17));
    assert_eq!(all(store), before);
}

#[test]
fn scopes_take_in_their_communes_and_no_others() {
    let bench = open();
    let store = &bench.store;
    store.ingest(batch(vec![record(0, Some(at(0)), download(8))])).unwrap();
    let count = |scope: Scope| store.runs(&scope, period(60)).unwrap().len();
    assert_eq!(count(Scope::Departement("23".to_owned())), 1);
    assert_eq!(count(Scope::Departement("2A".to_owned())), 0);
    assert_eq!(count(Scope::Commune("23096".parse().unwrap())), 1);
    assert_eq!(count(Scope::Commune("23097".parse().unwrap())), 0);
    assert_eq!(store.runs(&Scope::All, period(0)).unwrap().len(), 0, "a period is open at its end");
    assert_eq!(store.runs(&Scope::All, period(60)).unwrap()[0].direction, Direction::Download);
}

#[test]
fn a_late_older_batch_does_not_move_the_probe_back() {
    let bench = open();
    let store = &bench.store;
    store
        .ingest(batch(vec![record(9, Some(at(900)), minute(true)), record(10, Some(at(901)), health(3))]))
        .unwrap();
    store
        .ingest(batch(vec![record(1, Some(at(60)), minute(true)), record(2, Some(at(61)), health(99))]))
        .unwrap();
    let probes = store.probes().unwrap();
    let seen = probes[0].seen.as_ref().unwrap();
    assert_eq!(seen.measured, Some(at(900)));
    assert_eq!(seen.health.unwrap().spool_records, 3);
}

#[test]
fn many_senders_of_overlapping_records_leave_each_record_once() {
    const SENDERS: u64 = 8;
    const RECORDS: u64 = 200;
    let bench = open();
    let store = &bench.store;
    // Each sender sends all records in batches of ten, starting somewhere else.
    let receipts: Vec<_> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                scope.spawn(move || {
                    let batches = (0..RECORDS / 10).map(|number| {
                        let first = (number * 10 + sender * 30) % RECORDS;
                        let date = |n: u64| Some(at(i64::try_from(n * 60).unwrap()));
                        batch((first..first + 10).map(|n| record(n, date(n), minute(true))).collect())
                    });
                    batches.map(|batch| store.ingest(batch).unwrap()).collect::<Vec<_>>()
                })
            })
            .collect();
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    });
    assert_eq!(receipts.iter().map(|receipt| receipt.accepted).sum::<u64>(), RECORDS);
    assert_eq!(receipts.iter().map(|receipt| receipt.duplicate).sum::<u64>(), RECORDS * (SENDERS - 1));
    assert_eq!(store.record_counts().unwrap().0, RECORDS);
    assert_eq!(store.minute_totals(&Scope::All, period(86_400)).unwrap()[0].up.as_secs(), RECORDS * 60);
}

#[test]
fn windows_that_overlap_add_no_more_than_the_hour_they_lie_in() {
    let bench = open();
    let records = (0..200).map(|n| record(n, Some(at(i64::try_from(n).unwrap())), minute(true))).collect();
    bench.store.ingest(batch(records)).unwrap();
    let totals = bench.store.minute_totals(&Scope::All, period(86_400)).unwrap();
    assert_eq!(totals[0].up.as_secs(), 3_600);
}
