//! What a modem said around a run, each answer in its own place.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{at, batch, bench, download, record};
use desserte_model::{
    Mobile, Observation, PositionSource, Radio, RadioSample, RadioTechnology, Record, Registration,
};
use desserte_store::{Cell, HandoverRows, HandoverTable, Passage, PassageRole, Store, StoreOptions};
use desserte_units::Monotonic;

/// A run at sixty seconds of its boot, with answers one second before, in it, and one after, from 59 to 61 seconds.
fn ride(source: PositionSource) -> Record {
    let mut record = record(1, Some(at(1_000_000)), download(20));
    record.position.source = source;
    let Observation::Throughput(run) = &mut record.observation else { panic!("a run") };
    let sample = |at_s| RadioSample {
        at_us: seconds(at_s),
        took_us: 2_000,
        signals_age_max_us: None,
        registration: Some(Registration::Home),
        operator: Some("20810".to_owned()),
        access: vec![RadioTechnology::Lte],
        signals: vec![],
        cells: vec![],
    };
    run.course.mobile = Some(Mobile {
        began_us: Some(seconds(60)),
        ended_us: Some(seconds(60)),
        radio: Some(Radio { samples: (59..=61).map(sample).collect(), fault: None }),
        track: None,
    });
    record
}

fn seconds(s: u64) -> Monotonic {
    Monotonic::from_micros(s * 1_000_000)
}

fn passage(role: PassageRole, at_s: u64, commune: &str, h3: &str) -> Passage {
    Passage {
        role,
        at: seconds(at_s),
        commune: commune.parse().unwrap(),
        vintage: desserte_model::CogVintage::from_year(2026),
        h3: h3.to_owned(),
        uncertainty_m: Some(12.5),
        border: Some(commune == "23097"),
    }
}

fn keep(store: &Store, record: Record, passages: Vec<Passage>) {
    let mut batch = batch(vec![record]);
    batch.records[0].passages = passages;
    assert_eq!(store.ingest(batch).unwrap().accepted, 1);
}

fn rows(store: &Store, table: HandoverTable) -> HandoverRows {
    store.handover(100).unwrap().tables.into_iter().find(|rows| rows.table == table).unwrap()
}

fn column(rows: &HandoverRows, name: &str) -> Vec<Cell> {
    rows.cells[rows.columns.iter().position(|column| column == name).unwrap()].clone()
}

fn words(texts: &[&str]) -> Vec<Cell> {
    texts.iter().map(|text| Cell::Text((*text).to_owned())).collect()
}

#[test]
fn an_answer_on_the_way_is_in_the_commune_where_it_was_given_and_nowhere_without_a_place() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    let passages = vec![
        passage(PassageRole::Position, 60, "23096", "881fb46625fffff"),
        passage(PassageRole::During, 60, "23096", "881fb46625fffff"),
        passage(PassageRole::Around, 61, "23097", "881fb46627fffff"),
    ];
    keep(store, ride(PositionSource::Gnss), passages);
    let check = || {
        let radio = rows(store, HandoverTable::Radio);
        assert_eq!(column(&radio, "commune"), words(&["23096", "23097"]), "nothing is known of second 59");
        assert_eq!(column(&radio, "h3"), words(&["881fb46625fffff", "881fb46627fffff"]));
        assert_eq!(column(&radio, "border"), [Cell::Integer(0), Cell::Integer(1)]);
        assert_eq!(column(&radio, "during"), [Cell::Integer(1), Cell::Integer(0)]);
        let moment = at(1_000_000).as_unix_micros();
        assert_eq!(column(&radio, "event_utc"), [moment, moment + 1_000_000].map(Cell::Integer));
        assert_eq!(column(&radio, "rsrp_dbm"), [Cell::Null, Cell::Null]);
        let runs = rows(store, HandoverTable::Throughput);
        assert_eq!(column(&runs, "h3"), words(&["881fb46625fffff"]));
        assert_eq!(column(&runs, "cells_crossed"), [Cell::Integer(1)]);
        assert_eq!(column(&runs, "communes_crossed"), [Cell::Integer(1)]);
    };
    check();
    store.rebuild().unwrap();
    check();
}

#[test]
fn a_run_counts_the_cells_and_communes_that_its_transfer_touched() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    let passages = vec![
        passage(PassageRole::Position, 60, "23096", "881fb46625fffff"),
        passage(PassageRole::During, 59, "23096", "881fb46625fffff"),
        passage(PassageRole::During, 60, "23097", "881fb46627fffff"),
        passage(PassageRole::Around, 61, "23100", "881fb46629fffff"),
    ];
    keep(store, ride(PositionSource::Gnss), passages);
    let runs = rows(store, HandoverTable::Throughput);
    assert_eq!(column(&runs, "cells_crossed"), [Cell::Integer(2)]);
    assert_eq!(column(&runs, "communes_crossed"), [Cell::Integer(2)]);
}

#[test]
fn a_probe_that_stands_still_is_where_its_record_says_and_in_no_cell() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    keep(store, ride(PositionSource::Declared), Vec::new());
    let radio = rows(store, HandoverTable::Radio);
    assert_eq!(column(&radio, "commune"), words(&["23096"; 3]));
    assert_eq!(column(&radio, "h3"), [Cell::Null, Cell::Null, Cell::Null]);
    assert_eq!(column(&rows(store, HandoverTable::Throughput), "cells_crossed"), [Cell::Null]);
}

#[test]
fn a_run_on_the_way_whose_places_are_not_known_gives_no_row_of_radio() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    keep(store, ride(PositionSource::Gnss), vec![]);
    assert!(rows(store, HandoverTable::Radio).is_empty());
    assert_eq!(rows(store, HandoverTable::Throughput).len(), 1, "the run itself is kept");
}
