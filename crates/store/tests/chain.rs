//! What the store says of the chain of a probe's records: nothing is refused for it, and nothing that does not fit is hidden.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Bench, at, batch, bench, minute, record};
use desserte_model::{Record, RecordId};
use desserte_store::{ChainState, Store, StoreOptions};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// A chain as a probe writes it, from its beginning.
fn chain(length: u64) -> Vec<Record> {
    let mut previous = None;
    (0..length)
        .map(|n| {
            let mut one = record(n, Some(at(i64::try_from(n).unwrap() * 60)), minute(true));
            one.previous_sha256 = previous.take();
            previous = Some(hash(&one));
            one
        })
        .collect()
}

fn hash(record: &Record) -> String {
    Sha256::digest(serde_json::to_vec(record).unwrap()).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Another record for the same place.
fn other(record: &Record) -> Record {
    let mut other = record.clone();
    other.id = RecordId::from_uuid(Uuid::from_u128((1 << 64) | u128::from(record.sequence)));
    other
}

fn open() -> Bench {
    bench(StoreOptions::default())
}

/// Keeps records one batch each; every one is accepted.
fn keep(store: &Store, records: impl IntoIterator<Item = Record>) {
    for record in records {
        let receipt = store.ingest(batch(vec![record])).unwrap();
        assert_eq!((receipt.accepted, receipt.refused.len()), (1, 0), "nothing is refused for the chain");
    }
}

/// What the store says, now and after everything derived was computed again.
fn state(store: &Store) -> ChainState {
    let before = store.probes().unwrap()[0].chain.unwrap();
    store.rebuild().unwrap();
    assert_eq!(store.probes().unwrap()[0].chain, Some(before), "a rebuild says the same");
    before
}

const fn said(linked: u64, missing: u64, forks: u64, broken: u64) -> ChainState {
    ChainState { linked, missing, forks, broken }
}

#[test]
fn a_whole_chain_is_linked_in_whatever_order_it_arrives() {
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]] {
        let bench = open();
        assert_eq!(bench.store.probes().unwrap()[0].chain, None, "nothing is known before the first record");
        let records = chain(5);
        keep(&bench.store, order.map(|n: usize| records[n].clone()));
        assert_eq!(state(&bench.store), said(5, 0, 0, 0), "{order:?}");
    }
}

#[test]
fn one_batch_is_checked_like_many() {
    let bench = open();
    assert_eq!(bench.store.ingest(batch(chain(5))).unwrap().accepted, 5);
    assert_eq!(state(&bench.store), said(5, 0, 0, 0));
    let again = bench.store.ingest(batch(chain(5))).unwrap();
    assert_eq!((again.accepted, again.duplicate), (0, 5));
    assert_eq!(state(&bench.store), said(5, 0, 0, 0), "what came twice is no fork");
}

#[test]
fn places_that_nobody_took_are_missing_until_somebody_does() {
    let bench = open();
    let records = chain(10);
    keep(&bench.store, [2, 5, 9].map(|n: usize| records[n].clone()));
    assert_eq!(state(&bench.store), said(0, 7, 0, 0), "who stands alone is neither linked nor broken");
    keep(&bench.store, [4, 3].map(|n: usize| records[n].clone()));
    assert_eq!(state(&bench.store), said(3, 5, 0, 0));
    keep(&bench.store, [0, 1, 6, 7, 8].map(|n: usize| records[n].clone()));
    assert_eq!(state(&bench.store), said(10, 0, 0, 0));
}

#[test]
fn two_records_in_one_place_are_a_fork_and_both_are_kept() {
    let records = chain(3);
    let twin = other(&records[1]);
    let bench = open();
    keep(&bench.store, [records[0].clone(), records[1].clone(), records[2].clone(), twin.clone()]);
    // The twin names the record before it as well; what comes after names the other one.
    assert_eq!(state(&bench.store), said(4, 0, 1, 0));
    assert_eq!(bench.store.record_counts().unwrap(), (4, 0));
    // If the wrong one is there first, the record after it is called broken until the right one comes.
    let bench = open();
    keep(&bench.store, [records[0].clone(), twin, records[2].clone()]);
    assert_eq!(state(&bench.store), said(2, 0, 0, 1));
    keep(&bench.store, [records[1].clone()]);
    assert_eq!(state(&bench.store), said(4, 0, 1, 0));
}

#[test]
fn a_record_that_names_another_one_before_it_breaks_the_chain() {
    let mut records = chain(4);
    records[2].previous_sha256 = Some("0".repeat(64));
    records[3].previous_sha256 = None;
    let bench = open();
    keep(&bench.store, records.clone());
    assert_eq!(state(&bench.store), said(2, 0, 0, 2));
    let bench = open();
    keep(&bench.store, records.into_iter().rev());
    assert_eq!(state(&bench.store), said(2, 0, 0, 2), "found as well from behind");
    let bench = open();
    let mut first = chain(1).remove(0);
    first.previous_sha256 = Some("0".repeat(64));
    keep(&bench.store, [first]);
    assert_eq!(state(&bench.store), said(0, 0, 0, 1), "nothing comes before the first");
}

#[test]
fn places_beyond_all_measure_are_counted_and_harm_nothing() {
    let bench = open();
    let far = |sequence: u64| {
        let mut one = record(0, Some(at(0)), minute(true));
        one.sequence = sequence;
        other(&one)
    };
    keep(&bench.store, [far(u64::MAX), far(u64::MAX - 1), far(1 << 62), far(7)]);
    let seen = state(&bench.store);
    assert!(seen.missing > 1 << 61, "{seen:?}");
    keep(&bench.store, chain(2));
    assert_eq!(state(&bench.store).linked, 2);
}
