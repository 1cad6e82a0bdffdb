//! What anyone may read is figures that enough probes gave.

use std::sync::Arc;

use datafusion::arrow::array::AsArray as _;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::util::pretty::pretty_format_batches;
use desserte_lake::{Audience, Engine, LakeOptions, Moment, QueryLimits, ReleaseRule};

use crate::bench::Bench;

async fn rows(bench: &Bench, rule: ReleaseRule, table: &str) -> i64 {
    let engine = Engine::with_rule(Audience::Public, None, rule).await.unwrap();
    let moment = Moment::now(&bench.store, bench.path(), &LakeOptions::default(), None).await.unwrap();
    let session = engine.at(Some(Arc::new(moment)), &QueryLimits::default()).unwrap();
    let batches =
        session.sql(&format!("SELECT count(*) FROM {table}")).await.unwrap().collect().await.unwrap();
    batches[0].column(0).as_primitive::<Int64Type>().value(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_of_one_probe_is_shown_to_nobody_and_tables_of_rows_are_not_there() {
    let bench = Bench::new();
    // One probe, four months.
    bench.keep_mixed(0, 3 * 110);
    for table in ["commune_month_throughput", "commune_month_latency"] {
        assert_eq!(rows(&bench, ReleaseRule::built_in(), table).await, 0, "{table}");
        let one_is_enough = ReleaseRule { probes_min: 1, share_max: 1.0 };
        assert_eq!(rows(&bench, one_is_enough, table).await, 4, "{table}");
        assert_eq!(rows(&bench, ReleaseRule { share_max: 0.85, ..one_is_enough }, table).await, 0, "{table}");
    }
    let engine = Engine::new(Audience::Public, None).await.unwrap();
    assert!(engine.template().sql("SELECT * FROM throughput").await.is_err());
    let whole = Engine::new(Audience::Operators, None).await.unwrap();
    assert!(whole.template().sql("SELECT * FROM throughput").await.is_ok());
    assert!(whole.template().sql("SELECT * FROM commune_month_latency").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_of_the_reader_is_not_tried_on_what_is_withheld() {
    let bench = Bench::new();
    bench.keep_mixed(0, 3 * 110);
    let moment = Moment::now(&bench.store, bench.path(), &LakeOptions::default(), None).await.unwrap();
    let moment = Arc::new(moment);
    let ask = async |rule: ReleaseRule, sql: &str| {
        let engine = Engine::with_rule(Audience::Public, None, rule).await.unwrap();
        let session = engine.at(Some(moment.clone()), &QueryLimits::default()).unwrap();
        let rows = session.sql(sql).await.unwrap().collect().await.map_err(|failed| failed.to_string());
        rows.map(|rows| pretty_format_batches(&rows).unwrap().to_string())
    };
    let all = ReleaseRule { probes_min: 1, share_max: 1.0 };
    // Whoever divides by zero where there are few minutes learns how many there are.
    for column in ["minutes", "length(commune)"] {
        let sql = format!(
            "SELECT * FROM commune_month_latency WHERE 1 / (CASE WHEN {column} < 1000000 THEN 0 ELSE 1 END) = 1"
        );
        let told = ask(all, &sql).await.unwrap_err();
        assert!(told.contains("Divide by zero"), "{told}");
        ask(ReleaseRule::built_in(), &sql).await.unwrap();
    }
    // What ran and how many rows it read is told to nobody.
    let sql = "EXPLAIN ANALYZE SELECT * FROM commune_month_latency WHERE commune = '23096'";
    let told = ask(ReleaseRule::built_in(), sql).await.unwrap();
    assert!(told.contains("StreamingTableExec") && !told.contains("parquet"), "{told}");
    assert!(!told.contains("AggregateExec") && !told.contains("DataSourceExec"), "{told}");
    // A month that is asked for is all that is read, and what is released is found.
    let sql =
        "SELECT count(*) FROM commune_month_latency WHERE month = '2026-02' AND commune IN ('23096', '1')";
    assert!(ask(all, sql).await.unwrap().contains("| 1 "));
}
