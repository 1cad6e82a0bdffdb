//! Several collectors, one history.

use std::sync::Arc;
use std::time::Duration;

use desserte_lake::{
    CollectorNumber, History, Homes, Lake, LakeError, LakeOptions, Place, RowsKeptFrom, State, flush,
};
use desserte_store::HandoverTable;
use object_store::memory::InMemory;
use url::Url;

use crate::bench::{Bench, fingerprint, number};
use crate::common::{self, register};
use crate::erase::{OTHER, keep_other};

fn collector(store: &Arc<InMemory>, number: u8) -> LakeOptions {
    let address = Url::parse("s3://histoire/creuse").unwrap();
    let place = Place::objects(address, store.clone()).unwrap();
    let place = place.counting(CollectorNumber::new(number).unwrap());
    LakeOptions { place: Some(place), retention: Duration::ZERO, ..LakeOptions::default() }
}

async fn history(bench: &Bench, options: &LakeOptions, as_of: Option<State>) -> History {
    History::open(&bench.store, bench.path(), options, as_of).await.unwrap()
}

pub(crate) async fn lake(bench: &Bench, options: &LakeOptions) -> Lake {
    Lake::of_store(&bench.store, bench.path(), options).await.unwrap()
}

/// Two collectors with a probe each.
pub(crate) fn two() -> (Bench, Bench, LakeOptions, LakeOptions) {
    let storage = Arc::new(InMemory::new());
    let (a, b) = (Bench::new(), Bench::new());
    register(&b.store, OTHER);
    (a, b, collector(&storage, 1), collector(&storage, 2))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_write_at_once_lose_and_double_nothing_and_give_the_same_answers() {
    let (a, b, at_a, at_b) = two();
    let mut cited = None;
    for round in 0..9 {
        a.keep_mixed(round * 6, 6);
        keep_other(&b, round * 3, 3);
        let (one, two) = tokio::join!(flush(&a.store, a.path(), &at_a), flush(&b.store, b.path(), &at_b));
        assert_eq!((one.unwrap().records, two.unwrap().records), (6, 3));
        if round == 4 {
            let then = history(&b, &at_b, None).await;
            assert_eq!(then.cited().to_string(), format!("30,{}", (1_i64 << 48) + 15));
            cited = Some((then.cited().clone(), fingerprint(&then, "custody").await));
            lake(&a, &at_a).await.roll_up(&|_, _, _| ()).await.unwrap();
        }
    }
    // Upkeep by both at once: one of them does it.
    let (one, two) = (lake(&a, &at_a).await, lake(&b, &at_b).await);
    let (first, second) = tokio::join!(one.compact(), two.compact());
    assert!(first.unwrap().replaced + second.unwrap().replaced > 0);
    two.roll_up(&|_, _, _| ()).await.unwrap();
    one.vacuum().await.unwrap();

    // What waits at one is seen by that one alone until it is handed over.
    keep_other(&b, 27, 3);
    let own = number(&history(&b, &at_b, None).await, "SELECT count(handover) FROM custody").await;
    let others = number(&history(&a, &at_a, None).await, "SELECT count(handover) FROM custody").await;
    assert_eq!((own, others), (Some(84), Some(81)));
    flush(&b.store, b.path(), &at_b).await.unwrap();

    let (of_a, of_b) = (history(&a, &at_a, None).await, history(&b, &at_b, None).await);
    assert_eq!(of_a.cited(), of_b.cited());
    for table in ["throughput", "latency_minute", "probe_health", "custody"] {
        let found = fingerprint(&of_a, table).await;
        assert_eq!(found, fingerprint(&of_b, table).await, "{table}");
        assert_eq!(found[0], found[1], "{table}: every row has a number of its own");
    }
    assert_eq!(fingerprint(&of_a, "custody").await[0], Some(84));
    for sql in ["SELECT sum(minutes) FROM commune_day", "SELECT sum(minutes) FROM site_hour"] {
        assert_eq!(number(&of_a, sql).await, Some(28), "{sql}");
        assert_eq!(number(&of_b, sql).await, Some(28), "{sql}");
    }
    assert!(one.check().await.unwrap().is_well(), "{:?}", one.check().await);

    // A state that was cited is the same at both, for ever, in rows and in what is added up.
    let (state, before) = cited.unwrap();
    let state: State = state.to_string().parse().unwrap();
    for (bench, options) in [(&a, &at_a), (&b, &at_b)] {
        let then = history(bench, options, Some(state.clone())).await;
        assert_eq!(fingerprint(&then, "custody").await, before);
        assert_eq!(number(&then, "SELECT sum(minutes) FROM commune_day").await, Some(15));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_finds_a_record_that_two_handed_over() {
    let (a, b, at_a, at_b) = two();
    a.keep_mixed(0, 6);
    b.keep_mixed(3, 6);
    flush(&a.store, a.path(), &at_a).await.unwrap();
    assert!(lake(&b, &at_b).await.check().await.unwrap().is_well());
    flush(&b.store, b.path(), &at_b).await.unwrap();
    for (bench, options) in [(&a, &at_a), (&b, &at_b)] {
        let report = lake(bench, options).await.check().await.unwrap();
        let custody = report.tables.iter().find(|table| table.table == HandoverTable::Custody).unwrap();
        assert_eq!(custody.rows, 12);
        let [fault] = &custody.faults[..] else { panic!("{:?}", custody.faults) };
        assert!(fault.contains("12 rows, but 9 different records"), "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_belongs_to_one_store_and_a_generation_to_all() {
    let (a, b, at_a, at_b) = two();
    a.keep_mixed(0, 3);
    a.store.rebuild().unwrap();
    flush(&a.store, a.path(), &at_a).await.unwrap();
    keep_other(&b, 0, 3);
    flush(&b.store, b.path(), &at_b).await.unwrap();
    assert_eq!(b.store.history_generation().unwrap(), 2, "that of the one that was there");
    let sql = "SELECT count(handover) FROM custody";
    assert_eq!(number(&history(&a, &at_a, None).await, sql).await, Some(6));

    let third = Bench::new();
    third.keep_mixed(0, 3);
    let error = flush(&third.store, third.path(), &at_b).await.unwrap_err();
    assert!(matches!(error, LakeError::NumberTaken { .. }), "{error}");
    assert!(error.to_string().contains("history.toml"), "{error}");

    // A generation of one's own is none for the others.
    assert_eq!(lake(&b, &at_b).await.others().await.unwrap(), [CollectorNumber::FIRST]);
    b.store.rebuild().unwrap();
    flush(&b.store, b.path(), &at_b).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_belongs_to_one_collector_and_retention_and_erasure_to_it_alone() {
    let (a, b, at_a, at_b) = two();
    a.keep_mixed(0, 6);
    keep_other(&b, 0, 6);
    flush(&a.store, a.path(), &at_a).await.unwrap();
    flush(&b.store, b.path(), &at_b).await.unwrap();
    let (one, two) = (lake(&a, &at_a).await, lake(&b, &at_b).await);
    assert_eq!(one.take_home(OTHER, false).await.unwrap(), None);
    assert_eq!(one.take_home(OTHER, false).await.unwrap(), None, "its own");
    assert_eq!(two.take_home(OTHER, false).await.unwrap(), Some(CollectorNumber::FIRST));
    assert_eq!(two.take_home(OTHER, true).await.unwrap(), None);
    assert_eq!(one.take_home(OTHER, false).await.unwrap(), CollectorNumber::new(2));

    let from = RowsKeptFrom { month: "2026-02".to_owned(), day: None };
    let homes = |probe: &str| Homes::Only([probe.to_owned()].into());
    assert!(one.keep_within(&from, &homes(common::PROBE)).await.unwrap().rewritten > 0);
    let sql = "SELECT count(handover) FROM custody";
    assert_eq!(number(&history(&a, &at_a, None).await, sql).await, Some(6), "those of the other stay");
    assert!(
        two.keep_within(&from, &homes(OTHER)).await.unwrap().rewritten > 0,
        "until it erases them itself"
    );
    assert_eq!(number(&history(&a, &at_a, None).await, sql).await, Some(0));

    // A file that the other has written and not yet named stays when a probe is erased.
    keep_other(&b, 6, 3);
    flush(&b.store, b.path(), &at_b).await.unwrap();
    one.erase_probe(OTHER).await.unwrap();
    assert_eq!(two.snapshot(HandoverTable::Custody).await.unwrap().0.len(), 0);
}
