//! What may be asked, and how little is read for it.

use std::sync::Arc;

use desserte_lake::arrow::util::pretty::pretty_format_batches;
use desserte_lake::{LakeOptions, Moments};

use crate::bench::Bench;

async fn refusal(sql: &str) -> String {
    let bench = Bench::new();
    bench.keep_mixed(0, 3);
    match bench.history().await.ask(sql).await {
        Err(error) => error.to_string(),
        Ok(answer) => answer.collect().await.unwrap_err().to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_changes_nothing() {
    for sql in [
        "CREATE TABLE a AS SELECT 1",
        "DROP TABLE throughput",
        "DELETE FROM throughput",
        "COPY throughput TO '/tmp/out.parquet'",
        "SET datafusion.execution.target_partitions = 1",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
    ] {
        let told = refusal(sql).await;
        assert!(told.contains("not supported"), "{sql}: {told}");
    }
    let told = refusal("SELECT * FROM '/etc/passwd'").await;
    assert!(told.contains("not found"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn approximate_percentiles_are_out_of_reach_and_exact_ones_are_not() {
    let told = refusal("SELECT approx_percentile_cont(mean_bits_per_second, 0.5) FROM throughput").await;
    assert!(told.contains("approx_percentile_cont"), "{told}");
    let bench = Bench::new();
    bench.keep_mixed(0, 9);
    bench.flush().await;
    let sql = "SELECT commune, percentile_cont(0.5) WITHIN GROUP (ORDER BY mean_bits_per_second) AS p50 \
               FROM throughput GROUP BY commune";
    let rows = bench.history().await.ask(sql).await.unwrap().collect().await.unwrap();
    let text = pretty_format_batches(&rows).unwrap().to_string();
    assert!(text.contains("| 23096   | 13000000.0 |"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_hold_what_is_asked_for_are_not_read() {
    let bench = Bench::new();
    // Three rows a day: from January to April.
    bench.keep_mixed(0, 3 * 110);
    bench.flush().await;
    let history = bench.history().await;
    let files = async |filter: &str| {
        let sql = format!("EXPLAIN SELECT sum(sent) FROM latency_minute WHERE {filter}");
        let rows = history.ask(&sql).await.unwrap().collect().await.unwrap();
        pretty_format_batches(&rows).unwrap().to_string().matches(".parquet").count()
    };
    assert_eq!(files("sent > 0").await, 4);
    assert_eq!(files("month = '2026-02'").await, 1);
    assert_eq!(files("event_utc >= '2026-02-10' AND event_utc < '2026-03-10'").await, 2);
    assert_eq!(files("commune = '23096'").await, 4);
    assert_eq!(files("commune = '75056'").await, 0);
    assert_eq!(files("commune LIKE '23%'").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_serves_many_questions_until_something_comes_in() {
    let bench = Bench::new();
    bench.keep_mixed(0, 9);
    let moments = Moments::new(bench.store.clone(), bench.path().to_owned(), LakeOptions::default());
    let first = moments.now(None).await.unwrap();
    // What waited is handed over: other places, the same rows.
    bench.flush().await;
    assert!(Arc::ptr_eq(&first, &moments.now(None).await.unwrap()));
    assert!(!Arc::ptr_eq(&first, &moments.now(Some(3.into())).await.unwrap()), "as of another number");
    bench.keep_mixed(9, 1);
    let then = moments.now(None).await.unwrap();
    assert_eq!((first.number(), then.number()), (9, 10));
}
