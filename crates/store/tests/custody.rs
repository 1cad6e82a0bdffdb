//! The daily seal: what it holds, and that nothing sealed can be changed unnoticed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{at, batch, bench, minute, record};
use desserte_custody::{Day, EventKind, verify};
use desserte_store::{NewNote, STORE_FILE, Store, StoreError, StoreOptions, Wanted};
use desserte_units::Timestamp;

const DAY_S: i64 = 86_400;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Keeps a record that arrives `seconds` after 2026-01-01.
fn arrive(store: &Store, number: u64, seconds: i64) {
    let mut batch = batch(vec![record(number, Some(at(seconds)), minute(true))]);
    batch.received = at(seconds);
    store.ingest(batch).unwrap();
}

fn note(store: &Store, text: &str, seconds: i64) -> i64 {
    let noted = at(seconds);
    let text = text.to_owned();
    store
        .note(NewNote {
            kind: EventKind::Move,
            probe: Some(common::PROBE.parse().unwrap()),
            happened: noted,
            noted,
            text,
        })
        .unwrap()
}

fn days(store: &Store, through: &str) -> Vec<(String, u64)> {
    let sealed = store.seal_through(day(through), at(40 * DAY_S)).unwrap();
    sealed.into_iter().map(|seal| (seal.statement.day.to_string(), seal.statement.size)).collect()
}

fn sealed(text: &str, size: u64) -> (String, u64) {
    (text.to_owned(), size)
}

#[test]
fn each_day_with_something_in_it_is_sealed_once_and_names_the_one_before() {
    let bench = bench(StoreOptions::default());
    arrive(&bench.store, 0, 10);
    arrive(&bench.store, 1, DAY_S - 1);
    note(&bench.store, "Déplacée dans la salle du conseil", 20);
    arrive(&bench.store, 2, 3 * DAY_S);
    arrive(&bench.store, 3, 4 * DAY_S);
    assert_eq!(
        days(&bench.store, "2026-01-03"),
        [sealed("2026-01-01", 3)],
        "nothing arrived on the 2nd and 3rd"
    );
    assert_eq!(days(&bench.store, "2026-01-03"), []);
    assert_eq!(
        days(&bench.store, "2026-01-31"),
        [sealed("2026-01-04", 2), sealed("2026-01-05", 2)],
        "a batch and the seal before it each"
    );
    assert_eq!(bench.store.seals().unwrap().len(), 3);
    assert_eq!(bench.store.check_seals().unwrap(), []);
}

#[test]
fn what_arrived_under_a_clock_that_went_backwards_is_in_the_next_seal() {
    let bench = bench(StoreOptions::default());
    arrive(&bench.store, 0, 2 * DAY_S);
    assert_eq!(days(&bench.store, "2026-01-03"), [sealed("2026-01-03", 1)]);
    arrive(&bench.store, 1, DAY_S);
    assert_eq!(days(&bench.store, "2026-01-03"), [], "the day it claims is sealed already");
    assert_eq!(days(&bench.store, "2026-01-04"), [sealed("2026-01-04", 2)]);
    assert_eq!(bench.store.check_seals().unwrap(), []);
}

#[test]
fn what_is_dated_ahead_waits_for_its_own_day_and_holds_nothing_up() {
    let bench = bench(StoreOptions::default());
    arrive(&bench.store, 0, 9 * DAY_S);
    arrive(&bench.store, 1, 0);
    assert_eq!(days(&bench.store, "2026-01-02"), [sealed("2026-01-01", 1)]);
    assert_eq!(days(&bench.store, "2026-01-10"), [sealed("2026-01-10", 2)]);
}

#[test]
fn two_programs_that_seal_at_once_seal_each_day_once() {
    let bench = bench(StoreOptions::default());
    for n in 0..30 {
        arrive(&bench.store, n, i64::try_from(n).unwrap() * DAY_S);
    }
    let other = Store::open(bench.dir.path(), StoreOptions::default()).unwrap();
    let sealed: usize = std::thread::scope(|scope| {
        let programs = [&bench.store, &other].map(|store| scope.spawn(|| days(store, "2026-01-31").len()));
        programs.into_iter().map(|program| program.join().unwrap()).sum()
    });
    assert_eq!((sealed, bench.store.seals().unwrap().len()), (30, 30));
    assert_eq!(bench.store.check_seals().unwrap(), []);
}

#[test]
fn a_record_and_a_note_are_proven_against_the_seal_of_their_day() {
    let bench = bench(StoreOptions::default());
    let first = record(0, Some(at(10)), minute(true));
    arrive(&bench.store, 0, 10);
    let number = note(&bench.store, "Étalonnée contre le banc", 20);
    assert_eq!(bench.store.prove(Wanted::Record(first.id)).unwrap(), None, "not sealed yet");
    days(&bench.store, "2026-01-01");
    arrive(&bench.store, 1, DAY_S);
    days(&bench.store, "2026-01-02");

    let seal = bench.store.seals().unwrap()[0].statement;
    let note = bench.store.prove(Wanted::Note(number)).unwrap().unwrap();
    assert_eq!(verify(&note, Some(&seal), None).faults, []);
    // The batches of these tests are signed by nobody: the tree holds them all the same.
    let record = bench.store.prove(Wanted::Record(first.id)).unwrap().unwrap();
    assert_eq!((record.seal, record.index, record.path.len()), (seal, 0, 1));
    assert!(bench.store.prove(Wanted::Note(99)).unwrap().is_none());
}

#[test]
fn a_change_behind_the_stores_back_is_told_for_its_day_and_no_other() {
    let bench = bench(StoreOptions::default());
    for n in 0..3 {
        arrive(&bench.store, n, i64::try_from(n).unwrap() * DAY_S);
    }
    days(&bench.store, "2026-01-03");
    let file = bench.dir.path().join(STORE_FILE);
    let connection = rusqlite::Connection::open(file).unwrap();
    let refused = connection.execute("UPDATE batch SET received_us = received_us + 1", []).unwrap_err();
    assert!(refused.to_string().contains("append-only"));
    connection
        .execute_batch(
            "DROP TRIGGER batch_is_unchanged; UPDATE batch SET received_us = received_us + 1 WHERE no = 2;",
        )
        .unwrap();
    let broken = bench.store.check_seals().unwrap();
    assert_eq!(broken.len(), 1);
    assert_eq!(broken[0].sealed.day, day("2026-01-02"));
    assert_ne!(broken[0].found.root, broken[0].sealed.root);
}

#[test]
fn notes_seals_and_stamps_cannot_be_taken_back() {
    let bench = bench(StoreOptions::default());
    note(&bench.store, "Posée", 10);
    days(&bench.store, "2026-01-01");
    let stamp = desserte_store::Stamp {
        day: day("2026-01-01"),
        authority: "https://tsa.example".to_owned(),
        received: at(DAY_S),
        response: vec![1, 2, 3],
    };
    bench.store.keep_stamp(stamp.clone()).unwrap();
    let again = desserte_store::Stamp { response: vec![9], ..stamp.clone() };
    bench.store.keep_stamp(again).unwrap();
    assert_eq!(bench.store.stamps().unwrap(), std::slice::from_ref(&stamp), "the first answer stays");
    let unsealed = desserte_store::Stamp { day: day("2026-01-09"), ..stamp };
    assert!(matches!(bench.store.keep_stamp(unsealed), Err(StoreError::NotSealed(_))));

    let connection = rusqlite::Connection::open(bench.dir.path().join(STORE_FILE)).unwrap();
    for (table, column) in [("custody_event", "text"), ("seal", "size"), ("seal_stamp", "authority")] {
        for sql in [format!("DELETE FROM {table}"), format!("UPDATE {table} SET {column} = 9")] {
            assert!(connection.execute(&sql, []).unwrap_err().to_string().contains("append-only"), "{sql}");
        }
    }
    assert_eq!(bench.store.notes().unwrap()[0].note.text, "Posée");
}

#[test]
fn a_note_about_a_probe_that_is_not_registered_is_refused() {
    let bench = bench(StoreOptions::default());
    let note = NewNote {
        kind: EventKind::Install,
        probe: Some("ffffffffffffffffffffffffffffffff".parse().unwrap()),
        happened: Timestamp::from_unix_micros(0),
        noted: at(0),
        text: String::new(),
    };
    assert!(matches!(bench.store.note(note), Err(StoreError::UnknownProbe(_))));
}
