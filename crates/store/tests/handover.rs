//! What waits for the history, and by which number.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod common;

use common::{at, batch, batch_with, bench, boot, download, health, minute, record};
use desserte_model::{BootAnchor, ClockSource};
use desserte_store::{Cell, HandoverRows, HandoverTable, Store, StoreOptions};
use desserte_units::Monotonic;

fn column<'a>(rows: &'a HandoverRows, name: &str) -> &'a [Cell] {
    &rows.cells[rows.columns.iter().position(|column| column == name).unwrap()]
}

fn waiting(store: &Store, table: HandoverTable) -> HandoverRows {
    store.handover(usize::MAX).unwrap().tables.into_iter().find(|rows| rows.table == table).unwrap()
}

#[test]
fn each_record_waits_in_its_table_and_in_custody_until_it_is_handed_over() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    let observations = [download(20), minute(true), health(7)];
    let records = (0..).zip(observations).map(|(n, seen)| record(n, Some(at(0)), seen)).collect();
    store.ingest(batch(records)).unwrap();
    for (table, rows) in [
        (HandoverTable::Throughput, 1),
        (HandoverTable::LatencyMinute, 1),
        (HandoverTable::Outage, 0),
        (HandoverTable::Reachability, 0),
        (HandoverTable::Radio, 0),
        (HandoverTable::ProbeHealth, 1),
        (HandoverTable::Custody, 3),
    ] {
        assert_eq!(waiting(store, table).len(), rows, "{}", table.name());
    }
    let health = waiting(store, HandoverTable::ProbeHealth);
    assert_eq!(column(&health, "spool_records"), [Cell::Integer(7)]);
    assert_eq!(column(&health, "budget_limit_bytes"), [Cell::Null], "no limit is not a limit of zero");
    assert_eq!(column(&waiting(store, HandoverTable::Custody), "sha256")[0], {
        let octets: Vec<u8> = store.record_lines().unwrap().remove(0);
        use sha2::Digest as _;
        Cell::Blob(sha2::Sha256::digest(&octets).to_vec())
    });

    let first = store.handover(2).unwrap();
    assert_eq!((first.last, first.issued, first.generation), (Some(2), 3, 1));
    store.handed_over(2).unwrap();
    assert_eq!(column(&waiting(store, HandoverTable::Custody), "handover"), [Cell::Integer(3)]);
    store.handed_over(3).unwrap();
    assert_eq!(store.handover(10).unwrap().last, None);
}

#[test]
fn a_record_takes_its_number_when_its_time_becomes_known_and_none_is_given_twice() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    store.ingest(batch(vec![record(0, None, minute(true)), record(1, Some(at(60)), minute(true))])).unwrap();
    assert_eq!(column(&waiting(store, HandoverTable::Custody), "sequence"), [Cell::Integer(1)]);
    store.handed_over(1).unwrap();
    let anchor = BootAnchor {
        boot: boot(1),
        monotonic_us: Monotonic::from_micros(0),
        utc_us: at(-86_400),
        source: ClockSource::Collector,
        uncertainty_us: 1,
    };
    store.ingest(batch_with(vec![record(2, Some(at(120)), minute(true))], vec![anchor])).unwrap();
    let rows = waiting(store, HandoverTable::LatencyMinute);
    assert_eq!(column(&rows, "sequence"), [Cell::Integer(2), Cell::Integer(0)]);
    assert_eq!(column(&rows, "handover"), [Cell::Integer(2), Cell::Integer(3)]);
    assert_eq!(column(&rows, "event_utc")[1], Cell::Integer(at(-86_400).as_unix_micros()));
}

#[test]
fn a_rebuild_offers_everything_anew_to_the_next_generation() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    store.ingest(batch(vec![record(0, Some(at(0)), minute(true))])).unwrap();
    store.handed_over(1).unwrap();
    store.rebuild().unwrap();
    let offered = store.handover(10).unwrap();
    assert_eq!((offered.generation, offered.last), (2, Some(2)), "with a number that was never given");
    assert_eq!(store.history_generation().unwrap(), 2);
}
