//! From the store to the history.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use desserte_lake::{LakeError, LakeOptions, flush};
use desserte_model::{BootAnchor, ClockSource};
use desserte_store::{HandoverTable, Store, StoreOptions};
use desserte_units::Monotonic;

use crate::bench::{Bench, DAY, fingerprint, history, number};
use crate::common::{at, batch_with, boot, download, minute, record};

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_seen_once_before_and_after_it_is_handed_over() {
    let bench = Bench::new();
    bench.keep_mixed(0, 30);
    let before = bench.history().await;
    let report = bench.flush().await;
    assert_eq!((report.records, report.rows), (30, 60), "each record in its own table and in custody");
    assert_eq!(bench.store.handover_waiting().unwrap(), 0);
    let after = bench.history().await;
    bench.keep_mixed(30, 6);
    let both = bench.history().await;
    for (table, first, second) in
        [("throughput", 10, 12), ("latency_minute", 10, 12), ("probe_health", 10, 12), ("custody", 30, 36)]
    {
        let flushed = fingerprint(&after, table).await;
        assert_eq!(fingerprint(&before, table).await, flushed, "{table}");
        assert_eq!(flushed[..2], [Some(first), Some(first)], "{table}");
        assert_eq!(fingerprint(&both, table).await[..2], [Some(second), Some(second)], "{table}");
    }
    for table in ["outage", "reachability"] {
        assert_eq!(fingerprint(&both, table).await[0], Some(0), "a table without a row is a table");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_arrive_as_they_were_and_what_is_missing_is_null() {
    let bench = Bench::new();
    bench.keep(vec![
        record(0, Some(at(0)), download(20)),
        record(1, Some(at(60)), minute(true)),
        record(2, Some(at(120)), minute(false)),
    ]);
    bench.flush().await;
    let history = bench.history().await;
    let sql = "SELECT CAST(steady_bits_per_second AS BIGINT) FROM throughput WHERE direction = 'download'";
    assert_eq!(number(&history, sql).await, Some(20_000_000));
    assert_eq!(number(&history, "SELECT count(operator) FROM throughput").await, Some(0));
    let rtt = |state: &str| format!("SELECT rtt_median_us FROM latency_minute WHERE state = '{state}'");
    assert_eq!(number(&history, &rtt("up")).await, Some(20_000));
    assert_eq!(number(&history, &rtt("down")).await, None, "no answer is no round trip");
    let digits = "SELECT CAST(length(encode(sha256, 'hex')) AS BIGINT) FROM custody WHERE sequence = 0";
    assert_eq!(number(&history, digits).await, Some(64));
}

#[tokio::test(flavor = "multi_thread")]
async fn late_data_lies_in_the_month_of_its_event() {
    let bench = Bench::new();
    bench.keep(vec![record(0, Some(at(0)), minute(true)), record(1, None, minute(true))]);
    bench.flush().await;
    let of = |history, month| async move {
        let sql = format!("SELECT count(*) FROM latency_minute WHERE month = '{month}'");
        number(&history, &sql).await
    };
    assert_eq!(of(bench.history().await, "2026-01").await, Some(1));
    assert_eq!(
        bench.store.handover_waiting().unwrap(),
        0,
        "what has no time does not wait: it is not offered"
    );

    // Sixty days later an anchor of the boot says when the second was.
    let anchor = BootAnchor {
        boot: boot(1),
        monotonic_us: Monotonic::from_micros(120_000_000),
        utc_us: at(-40 * DAY),
        source: ClockSource::Collector,
        uncertainty_us: 1_000,
    };
    bench.store.ingest(batch_with(vec![record(2, Some(at(DAY)), minute(true))], vec![anchor])).unwrap();
    assert_eq!(bench.flush().await.records, 2);
    assert_eq!(of(bench.history().await, "2025-11").await, Some(1), "forty days before the new year");
    let (files, _) = bench.lake().snapshot(HandoverTable::LatencyMinute).await.unwrap();
    assert!(files.iter().any(|file| file.partition == "2025-11"), "{files:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_flush_at_once_double_nothing() {
    let bench = Bench::new();
    for round in 0..4 {
        bench.keep_mixed(round * 30, 30);
        let second = std::sync::Arc::new(Store::open(bench.path(), StoreOptions::default()).unwrap());
        let options = LakeOptions::default();
        let (first, second) =
            tokio::join!(flush(&bench.store, bench.path(), &options), flush(&second, bench.path(), &options));
        first.unwrap();
        second.unwrap();
    }
    let found = fingerprint(&bench.history().await, "custody").await;
    assert_eq!(found[..2], [Some(120), Some(120)]);
    assert!(bench.lake().check().await.unwrap().is_well());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_ends_though_records_come_without_a_pause() {
    let bench = Bench::new();
    bench.keep_mixed(0, 3);
    let (store, next) = (bench.store.clone(), AtomicU64::new(3));
    let watch = move |what: &str| {
        if what == "before the store forgets" {
            let n = next.fetch_add(1, Ordering::SeqCst);
            store.ingest(batch_with(vec![record(n, Some(at(0)), minute(true))], vec![])).unwrap();
        }
    };
    let options = LakeOptions { watch: Some(Arc::new(watch)), ..LakeOptions::default() };
    assert_eq!(flush(&bench.store, bench.path(), &options).await.unwrap().records, 3);
    assert_eq!(bench.store.handover_waiting().unwrap(), 1, "what came meanwhile waits for the next");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_begins_a_generation_and_leaves_the_old_one() {
    let bench = Bench::new();
    bench.keep_mixed(0, 9);
    bench.flush().await;
    let old = bench.lake();
    let before = fingerprint(&bench.history().await, "throughput").await;
    bench.store.rebuild().unwrap();
    let waiting = bench.history().await;
    assert_eq!(waiting.generation(), 2);
    assert_eq!(fingerprint(&waiting, "throughput").await, before);
    assert_eq!(bench.flush().await.records, 9);
    assert_eq!(fingerprint(&bench.history().await, "throughput").await, before);
    assert_ne!(old.root(), bench.lake().root());
    assert!(old.root().join("throughput").is_dir());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_put_back_from_an_older_copy_is_refused() {
    let bench = Bench::new();
    bench.keep_mixed(0, 6);
    let copy = bench.path().join("copy.sqlite");
    bench.store.compact_into(&copy).unwrap();
    bench.keep_mixed(6, 6);
    bench.flush().await;

    let other = tempfile::tempdir().unwrap();
    std::fs::rename(bench.path().join("lake"), other.path().join("lake")).unwrap();
    std::fs::rename(copy, other.path().join(desserte_store::STORE_FILE)).unwrap();
    let store = std::sync::Arc::new(Store::open(other.path(), StoreOptions::default()).unwrap());
    let error = flush(&store, other.path(), &LakeOptions::default()).await.unwrap_err();
    assert!(matches!(error, LakeError::FromAnotherStore { mark: 12, issued: 6, .. }), "{error}");
    assert!(error.to_string().contains("desserte rebuild"), "{error}");
    store.rebuild().unwrap();
    flush(&store, other.path(), &LakeOptions::default()).await.unwrap();
    assert_eq!(fingerprint(&history(&store, other.path(), None).await, "custody").await[0], Some(6));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_history_creates_is_for_its_owner_alone() {
    fn modes(path: &Path, directories: &mut usize) {
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(metadata.permissions().mode() & 0o777, expected, "{}", entry.path().display());
            if metadata.is_dir() {
                *directories += 1;
                modes(&entry.path(), directories);
            }
        }
    }
    let bench = Bench::new();
    bench.keep_mixed(0, 9);
    bench.flush().await;
    let lake = bench.lake();
    assert_eq!(std::fs::metadata(lake.root()).unwrap().permissions().mode() & 0o777, 0o700);
    let mut directories = 0;
    modes(lake.root(), &mut directories);
    // Four tables, each with its log and a month.
    assert_eq!(directories, 12);
}
