//! Compaction, vacuum, and answers that stay the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use desserte_lake::{History, Lake, LakeOptions, flush};
use desserte_store::HandoverTable;

use crate::bench::{Bench, fingerprint, number};
use crate::common::{self, at, minute, record};

#[tokio::test(flavor = "multi_thread")]
async fn small_files_become_one_and_the_answers_stay() {
    let bench = Bench::new();
    let options = LakeOptions { retention: Duration::ZERO, watch: None, ..LakeOptions::default() };
    for round in 0..10 {
        bench.keep_mixed(round * 6, 6);
        flush(&bench.store, bench.path(), &options).await.unwrap();
    }
    let cited = bench.history().await;
    let (number_cited, before) = (cited.number(), fingerprint(&cited, "custody").await);
    let lake = Lake::open(bench.path(), 1, options.clone()).unwrap();
    let files = async || lake.snapshot(HandoverTable::Custody).await.unwrap().0.len();
    assert_eq!(files().await, 10);
    let report = lake.compact().await.unwrap();
    assert!(report.written < report.replaced, "{report:?}");
    assert_eq!(files().await, 1);
    assert!(lake.vacuum().await.unwrap().removed >= report.replaced);
    assert_eq!(fingerprint(&bench.history().await, "custody").await, before);

    // As of the number that was cited: the same, whatever came since, handed over or waiting.
    bench.keep_mixed(60, 6);
    flush(&bench.store, bench.path(), &options).await.unwrap();
    bench.keep_mixed(66, 6);
    let then = History::open(&bench.store, bench.path(), &options, Some(number_cited.into())).await.unwrap();
    assert_eq!(fingerprint(&then, "custody").await, before);
    assert_eq!(then.number(), number_cited);
    assert_eq!(number(&bench.history().await, "SELECT count(*) FROM custody").await, Some(72));
    assert!(lake.check().await.unwrap().is_well());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_does_not_fit_in_memory_is_put_together_on_the_disk() {
    const ROUNDS: u64 = 10;
    const ROWS: u64 = 12_000;
    let bench = Bench::new();
    // What sorting keeps free for itself is 20 MiB of it, the rows take some.
    let options = LakeOptions { memory_bytes: 40 << 20, ..LakeOptions::default() };
    for round in 0..ROUNDS {
        let numbers = round * ROWS..(round + 1) * ROWS;
        let minutes = numbers.map(|n| {
            let begun = at(i64::try_from(n).unwrap());
            record(n, Some(begun), minute(n.is_multiple_of(2)))
        });
        bench.keep(minutes.collect());
        bench.flush().await;
    }
    let before = fingerprint(&bench.history().await, "custody").await;
    let lake = Lake::open(bench.path(), 1, options).unwrap();
    let report = lake.compact().await.unwrap();
    assert!(report.written < report.replaced, "{report:?}");
    assert_eq!(fingerprint(&bench.history().await, "custody").await, before);
    assert_eq!(before[0], i64::try_from(ROUNDS * ROWS).ok());
    assert!(lake.check().await.unwrap().is_well());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_while_rows_are_handed_over_has_every_row_of_its_store_once() {
    let bench = Bench::new();
    bench.keep_mixed(0, 60);
    bench.flush().await;
    let writing = async {
        for round in 1..12 {
            bench.keep_mixed(round * 60, 60);
            bench.flush().await;
        }
    };
    let copying = async {
        let mut copies = Vec::new();
        for _ in 0..4 {
            let copy = tempfile::tempdir().unwrap();
            let (store, target) = (bench.store.clone(), copy.path().join(desserte_store::STORE_FILE));
            let copied =
                tokio::task::spawn_blocking(move || store.copy_into(&target)).await.unwrap().unwrap();
            // What the copy has given by now is not what the history has: rows go on being handed over.
            tokio::task::yield_now().await;
            bench.lake().copy_into(copied.issued, copy.path()).await.unwrap();
            copies.push(copy);
        }
        copies
    };
    let ((), copies) = tokio::join!(writing, copying);
    for copy in copies {
        let store =
            desserte_store::Store::open(copy.path(), desserte_store::StoreOptions::default()).unwrap();
        let store = std::sync::Arc::new(store);
        let records = i64::try_from(store.record_counts().unwrap().0).unwrap();
        let before = fingerprint(&crate::bench::history(&store, copy.path(), None).await, "custody").await;
        assert_eq!(before[..2], [Some(records), Some(records)]);
        flush(&store, copy.path(), &LakeOptions::default()).await.unwrap();
        let after = fingerprint(&crate::bench::history(&store, copy.path(), None).await, "custody").await;
        assert_eq!(after, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compaction_in_the_middle_of_another_leaves_every_row_once() {
    let bench = Bench::new();
    for n in 0..8 {
        bench.keep(vec![common::record(n, Some(common::at(n as i64 * 60)), common::download(20))]);
        bench.flush().await;
    }
    let (between, begun) = (bench.lake(), AtomicBool::new(false));
    let watch = move |what: &str| {
        // The first has read which files there are and writes their rows elsewhere: at this moment the second does all of it.
        if what == "writing a file" && !begun.swap(true, Ordering::SeqCst) {
            let handle = tokio::runtime::Handle::current();
            let merged = tokio::task::block_in_place(|| handle.block_on(between.compact())).unwrap();
            assert_eq!((merged.replaced, merged.written), (16, 2));
        }
    };
    let options = LakeOptions { watch: Some(Arc::new(watch)), ..LakeOptions::default() };
    let late = Lake::open(bench.path(), 1, options).unwrap().compact().await.unwrap();
    assert_eq!(late.replaced, 0, "it found all of it done");
    for table in ["throughput", "custody"] {
        assert_eq!(fingerprint(&bench.history().await, table).await[..2], [Some(8), Some(8)], "{table}");
    }
    assert!(bench.lake().check().await.unwrap().is_well());
}
