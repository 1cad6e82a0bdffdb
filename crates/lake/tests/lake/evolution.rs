//! A history that an earlier version wrote. `version-1` was written by the last program of that version: twelve runs of a made-up probe,
//! numbers up to 1476 in the hand-over.

use std::path::Path;

use desserte_lake::SCHEMA_VERSION;

use crate::bench::{Bench, history, number};
use crate::common::{download, record};

/// Records of the store: what has a number up to 1476 is in the old table's files already.
const RECORDS: u64 = 1_500;

/// Runs among those above it, and runs in the old files.
const NEW_RUNS: i64 = 8;
const OLD_RUNS: i64 = 12;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// A store with records that wait, beside a table of version 1.
pub(crate) fn old_history() -> Bench {
    let bench = Bench::new();
    bench.keep_mixed(0, RECORDS);
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lake/version-1/throughput");
    copy(&old, &bench.path().join("lake/1/throughput"));
    bench
}

async fn count(bench: &Bench, condition: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM throughput WHERE {condition}");
    number(&bench.history().await, &sql).await.unwrap()
}

/// Every old and every new run is there once, and what the old version did not know is null.
pub(crate) async fn assert_whole(bench: &Bench) {
    assert_eq!(count(bench, "commune = '99017'").await, OLD_RUNS);
    assert_eq!(count(bench, "commune <> '99017'").await, NEW_RUNS);
    assert_eq!(count(bench, "h3 IS NULL AND cells_crossed IS NULL").await, OLD_RUNS + NEW_RUNS);
    let check = bench.lake().check().await.unwrap();
    assert!(check.is_well(), "{check:?}");
}

fn property(bench: &Bench) -> String {
    let log = bench.path().join("lake/1/throughput/_delta_log");
    let mut entries: Vec<_> = std::fs::read_dir(log).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    entries.sort();
    let lines: Vec<_> = entries.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let lines = lines.join("\n");
    let last = lines.lines().rfind(|line| line.starts_with("{\"metaData\"")).unwrap();
    let entry: serde_json::Value = serde_json::from_str(last).unwrap();
    entry["metaData"]["configuration"]["desserte.schema"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_table_of_an_earlier_version_is_read_as_it_is_and_gets_its_columns_when_it_is_written() {
    let bench = old_history();
    assert_whole(&bench).await;
    assert_eq!(property(&bench), "1", "a question changes nothing");
    bench.flush().await;
    assert_eq!(property(&bench), SCHEMA_VERSION.to_string());
    assert_whole(&bench).await;
    let before = history(&bench.store, bench.path(), Some(1_476)).await;
    assert_eq!(number(&before, "SELECT count(*) FROM throughput").await, Some(OLD_RUNS));
}

#[tokio::test]
async fn old_and_new_files_become_one_and_no_row_changes() {
    let bench = old_history();
    bench.flush().await;
    // October 2026, as the old file is: nine small files of one month are worth putting together, in `custody` too.
    for n in RECORDS..RECORDS + 8 {
        let event = desserte_units::Timestamp::from_unix_secs(1_793_450_000);
        bench.keep(vec![record(n, Some(event), download(20))]);
        bench.flush().await;
    }
    let question = "SELECT CAST(sum(CAST(steady_bits_per_second AS BIGINT) % 999983 * handover) AS BIGINT) FROM throughput";
    let before = number(&bench.history().await, question).await;
    let done = bench.lake().compact().await.unwrap();
    assert_eq!((done.replaced, done.written), (18, 2));
    assert_eq!(number(&bench.history().await, question).await, before);
    assert_eq!(count(&bench, "month = '2026-10'").await, OLD_RUNS + 8);
    assert!(bench.lake().check().await.unwrap().is_well());
}

#[tokio::test]
async fn rows_of_an_old_table_can_be_erased_before_anything_new_is_written() {
    let bench = old_history();
    let erased = bench.lake().erase_probe("ad1ac1972301ad063b62453fea5b2797").await.unwrap();
    assert!(erased.rewritten > 0, "{erased:?}");
    assert_eq!(count(&bench, "commune = '99017'").await, 0);
    assert_eq!(property(&bench), SCHEMA_VERSION.to_string());
}
