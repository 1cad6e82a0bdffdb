//! A probe's rows are gone from tables, rollups and the disk; everybody else's are as they were.

use std::path::Path;

use desserte_lake::arrow::util::pretty::pretty_format_batches;
use desserte_lake::{History, Lake, LakeOptions, Rollup};
use desserte_store::HandoverTable;

use crate::bench::{Bench, mixed, number, when};
use crate::common::{self, record, register};

pub(crate) const OTHER: &str = "ffeeddccbbaa99887766554433221100";

/// Keeps records of the other probe, on the same days as the first one's.
pub(crate) fn keep_other(bench: &Bench, first: u64, count: u64) {
    let numbers = first..first + count;
    let records = numbers.map(|n| record(1_000 + n, Some(when(n)), mixed(n))).collect();
    let mut batch = common::batch(records);
    batch.header.probe = OTHER.parse().unwrap();
    bench.store.ingest(batch).unwrap();
}

async fn answer(history: &History, sql: &str) -> String {
    let batches = history.ask(sql).await.unwrap().collect().await.unwrap();
    pretty_format_batches(&batches).unwrap().to_string()
}

/// Files of rows below a table's directory.
fn parquet_files(directory: &Path) -> usize {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // The log's own files hold no rows.
                if path.ends_with("_delta_log") { 0 } else { parquet_files(&path) }
            } else {
                usize::from(path.extension().is_some_and(|end| end == "parquet"))
            }
        })
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_erased_probe_is_missing_and_no_file_holds_it() {
    let bench = Bench::new();
    register(&bench.store, OTHER);
    // Eight small files of each table, of which compaction makes one, and two more; some days are added up, some are not.
    for round in 0..10 {
        bench.keep_mixed(round * 3, 3);
        keep_other(&bench, round * 3, 3);
        bench.flush().await;
        if round == 7 {
            bench.lake().compact().await.unwrap();
            bench.lake().roll_up(&|_, _, _| ()).await.unwrap();
        }
    }
    let others = |table: &str| format!("SELECT * FROM {table} WHERE probe = '{OTHER}' ORDER BY 1, 2, 5");
    let history = bench.history().await;
    let mut before = Vec::new();
    for table in ["throughput", "latency_minute", "probe_health", "site_hour"] {
        before.push((table, answer(&history, &others(table)).await));
    }
    assert_eq!(number(&history, "SELECT sum(minutes) FROM commune_day").await, Some(20));

    let lake = bench.lake();
    let erased = lake.erase_probe(common::PROBE).await.unwrap();
    assert!(erased.rewritten > 0 && erased.days > 0, "{erased:?}");
    assert!(erased.removed > erased.rewritten, "what compaction had replaced goes too: {erased:?}");

    let history = bench.history().await;
    for (table, rows) in before {
        assert_eq!(answer(&history, &others(table)).await, rows, "{table}");
        let sql = format!("SELECT count(*) FROM {table} WHERE probe <> '{OTHER}'");
        assert_eq!(number(&history, &sql).await, Some(0), "{table}");
    }
    assert_eq!(number(&history, "SELECT sum(minutes) FROM commune_day").await, Some(10));
    assert_eq!(number(&history, "SELECT max(probes) FROM commune_day").await, Some(1));
    let sql = "SELECT count(*) FROM custody";
    assert_eq!(number(&history, sql).await, Some(30));

    let mut listed = 0;
    for table in HandoverTable::ALL {
        listed += lake.snapshot(table).await.unwrap().0.len();
    }
    let rows: usize = HandoverTable::ALL
        .iter()
        .map(|table| lake.root().join(table.name()))
        .filter(|path| path.is_dir())
        .map(|path| parquet_files(&path))
        .sum();
    assert_eq!(rows, listed, "a file that the tables do not consist of is left");
    assert!(lake.check().await.unwrap().is_well());

    assert_eq!(lake.erase_probe(common::PROBE).await.unwrap().rewritten, 0, "nothing is left to erase");
    // What comes afterwards is handed over and added up as before.
    keep_other(&bench, 60, 6);
    bench.flush().await;
    lake.roll_up(&|_, _, _| ()).await.unwrap();
    let history = bench.history().await;
    for rollup in Rollup::ALL {
        let sql = format!("SELECT sum(minutes) FROM {}", rollup.name());
        assert_eq!(number(&history, &sql).await, Some(12), "{}", rollup.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_generation_is_found() {
    let bench = Bench::new();
    let options = LakeOptions::default();
    assert!(Lake::generations(bench.path(), &options).await.unwrap().is_empty());
    bench.keep_mixed(0, 6);
    bench.flush().await;
    bench.store.rebuild().unwrap();
    bench.flush().await;
    let found = Lake::generations(bench.path(), &options).await.unwrap();
    assert_eq!(found.len(), 2);
    for lake in found {
        lake.erase_probe(common::PROBE).await.unwrap();
    }
    let rows = number(&bench.history().await, "SELECT count(*) FROM custody").await;
    assert_eq!(rows, Some(0));
}
