//! Rows of homes go by the month; what was added up of them, and public buildings' rows, stay.

use std::collections::BTreeSet;

use desserte_lake::arrow::util::pretty::pretty_format_batches;
use desserte_lake::{History, Homes, Lake, LakeOptions, Rollup, RowsKeptFrom};
use desserte_retention::{Place, Retention};
use desserte_store::HandoverTable;

use crate::bench::{Bench, mixed, number, when};
use crate::common::{self, PROBE, record, register};

const PUBLIC: &str = "ffeeddccbbaa99887766554433221100";

/// Thirty-four days of a home and of a public building, from 1 January 2026 on, handed over.
async fn a_month_and_more() -> Bench {
    let bench = Bench::new();
    register(&bench.store, PUBLIC);
    bench.keep_mixed(0, 102);
    let records = (0..102).map(|n| record(1_000 + n, Some(when(n)), mixed(n))).collect();
    let mut batch = common::batch(records);
    batch.header.probe = PUBLIC.parse().unwrap();
    bench.store.ingest(batch).unwrap();
    bench.flush().await;
    bench
}

async fn answer(history: &History, sql: &str) -> String {
    let batches = history.ask(sql).await.unwrap().collect().await.unwrap();
    pretty_format_batches(&batches).unwrap().to_string()
}

async fn rollups(history: &History) -> [String; 2] {
    let mut told = Vec::new();
    for rollup in Rollup::ALL {
        // The number of the hand-over is another one in another generation.
        let sql = format!("SELECT * EXCEPT (handover) FROM {} ORDER BY 1, 2, 3, 4", rollup.name());
        told.push(answer(history, &sql).await);
    }
    told.try_into().unwrap()
}

async fn keep_within(lake: &Lake, month: &str, day: Option<&str>) -> u64 {
    let from = RowsKeptFrom { month: month.to_owned(), day: day.map(str::to_owned) };
    lake.keep_within(&from, &Homes::AllBut(BTreeSet::from([PUBLIC.to_owned()]))).await.unwrap().rewritten
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_homes_go_and_what_was_added_up_of_them_stays() {
    let bench = a_month_and_more().await;
    let lake = bench.lake();
    let before = rollups(&bench.history().await).await;
    let late_rows = "SELECT * FROM latency_minute WHERE month >= '2026-02' ORDER BY event_utc, probe";
    let kept = answer(&bench.history().await, late_rows).await;

    assert_eq!(keep_within(&lake, "2026-01", None).await, 0, "nothing is older");
    assert_eq!(keep_within(&lake, "2026-02", None).await, 4, "a file of each table that has rows in January");
    assert_eq!(keep_within(&lake, "2026-02", None).await, 0, "once");

    let history = bench.history().await;
    for table in ["throughput", "latency_minute", "probe_health", "custody"] {
        let of = |whose: &str| {
            format!("SELECT count(*) FROM {table} WHERE month < '2026-02' AND probe {whose} '{PUBLIC}'")
        };
        assert_eq!(number(&history, &of("<>")).await, Some(0), "{table}");
        assert!(number(&history, &of("=")).await > Some(0), "{table}");
    }
    assert_eq!(answer(&history, late_rows).await, kept);
    assert_eq!(rollups(&history).await, before);

    // A record that comes very late for a closed day is a row, and no reason to add up what is no longer there.
    bench.keep(vec![record(900, Some(common::at(5 * 86_400)), common::minute(true))]);
    bench.flush().await;
    assert_eq!(rollups(&bench.history().await).await, before);
    lake.roll_up(&|_, _, _| ()).await.unwrap();
    assert_eq!(rollups(&bench.history().await).await, before);

    // A copy has what cannot be made again; so has the generation that a rebuild begins.
    let copy = tempfile::tempdir().unwrap();
    let number_now = bench.history().await.number();
    lake.copy_into(number_now, copy.path()).await.unwrap();
    let copied = Lake::open(copy.path(), bench.store.history_generation().unwrap(), LakeOptions::default());
    let (files, _) = copied.unwrap().snapshot(HandoverTable::Custody).await.unwrap();
    assert!(!files.is_empty() && copy.path().join("lake").read_dir().unwrap().count() == 1);

    assert!(keep_within(&lake, "2026-02", Some("2026-01-11")).await > 0);
    let history = bench.history().await;
    let hours = "SELECT count(*) FROM site_hour WHERE day < '2026-01-11' AND probe ";
    assert_eq!(number(&history, &format!("{hours} = '{PROBE}'")).await, Some(0));
    assert!(number(&history, &format!("{hours} = '{PUBLIC}'")).await > Some(0));
    assert_eq!(rollups(&history).await[1], before[1], "days of communes have no time");

    let closed = "SELECT * EXCEPT (handover) FROM commune_day WHERE day < '2026-02' ORDER BY 1, 2, 3";
    let told = answer(&history, closed).await;
    bench.store.rebuild().unwrap();
    bench.flush().await;
    bench.lake().roll_up(&|_, _, _| ()).await.unwrap();
    let history = bench.history().await;
    assert_eq!(history.generation(), 2);
    assert_eq!(answer(&history, closed).await, told);
    // The rows of January are in the store still: they are erased again, and nothing else changes.
    keep_within(&bench.lake(), "2026-02", None).await;
    assert_eq!(answer(&bench.history().await, closed).await, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_the_history_has_a_purpose_and_a_time() {
    let bench = Bench::new();
    let history = bench.history().await;
    let retention = Retention::built_in();
    let tables = HandoverTable::ALL.map(HandoverTable::name);
    for (place, names) in
        [(Place::History, tables.as_slice()), (Place::Rollup, &Rollup::ALL.map(Rollup::name))]
    {
        let mut found = Vec::new();
        for name in names {
            let schema = history.ask(&format!("SELECT * FROM {name} LIMIT 0")).await.unwrap().schema();
            found.extend(schema.fields().iter().map(|field| ((*name).to_owned(), field.name().clone())));
        }
        found.sort_unstable();
        let told: Vec<_> = retention
            .columns(place)
            .into_iter()
            .map(|(table, column)| (table.to_owned(), column.to_owned()))
            .collect();
        assert_eq!(found, told, "the table of crates/retention/parameters is not that of the history");
    }
}
