//! Compaction, vacuum, and answers that stay the same.

use std::time::Duration;

use desserte_lake::{History, Lake, LakeOptions, flush};
use desserte_store::HandoverTable;

use crate::bench::{Bench, fingerprint, number};

#[tokio::test(flavor = "multi_thread")]
async fn small_files_become_one_and_the_answers_stay() {
    let bench = Bench::new();
    let options = LakeOptions { retention: Duration::ZERO, watch: None };
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
    let then = History::open(&bench.store, bench.path(), &options, Some(number_cited)).await.unwrap();
    assert_eq!(fingerprint(&then, "custody").await, before);
    assert_eq!(then.number(), number_cited);
    assert_eq!(number(&bench.history().await, "SELECT count(*) FROM custody").await, Some(72));
    assert!(lake.check().await.unwrap().is_well());
}
