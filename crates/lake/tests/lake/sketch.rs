//! Quantiles that add up.

use desserte_lake::arrow::array::AsArray as _;
use desserte_lake::arrow::datatypes::Float64Type;

use crate::bench::{Bench, number};

/// How far a quantile of a sketch may lie from a value that was there, relative to it: half of a bin.
const WITHIN: f64 = 1.0 / 128.0;

/// 120,000 numbers over seven powers of ten, in 1,000 groups, in an order of their own.
const VALUES: &str = "SELECT value % 1000 AS place, \
                      pow(10.0, CAST(value * 7919 % 120000 AS DOUBLE) * 7 / 120000) AS x \
                      FROM generate_series(1, 120000)";

async fn reals(sql: &str) -> Vec<Vec<f64>> {
    let bench = Bench::new();
    let batches = bench.history().await.ask(sql).await.unwrap().collect().await.unwrap();
    let columns = batches[0].num_columns();
    let column = |index: usize| {
        batches
            .iter()
            .flat_map(|batch| batch.column(index).as_primitive::<Float64Type>().values().to_vec())
            .collect()
    };
    (0..columns).map(column).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quantile_of_a_sketch_is_near_a_value_that_was_there() {
    let mut all = reals(&format!("SELECT x FROM ({VALUES}) ORDER BY x")).await.remove(0);
    all.sort_by(f64::total_cmp);
    for (p, rank) in [("0.0", 1), ("0.1", 12_000), ("0.5", 60_000), ("0.99", 118_800), ("1.0", 120_000)] {
        let sql = format!("SELECT sketch_quantile(quantile_sketch(x), {p}) FROM ({VALUES})");
        let (found, exact) = (reals(&sql).await[0][0], all[rank - 1]);
        assert!((found - exact).abs() <= exact * WITHIN, "{p}: {found}, not {exact}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sketches_of_parts_are_the_sketch_of_the_whole() {
    let bench = Bench::new();
    let history = bench.history().await;
    let parts =
        format!("SELECT place % 10 AS department, quantile_sketch(x) AS s FROM ({VALUES}) GROUP BY place");
    let sql = format!(
        "SELECT count(*) FROM (SELECT department, merge_sketches(s) AS s FROM ({parts}) GROUP BY department) AS merged \
         JOIN (SELECT place % 10 AS department, quantile_sketch(x) AS s FROM ({VALUES}) GROUP BY 1) AS direct \
         ON merged.department = direct.department AND merged.s = direct.s"
    );
    assert_eq!(number(&history, &sql).await, Some(10), "to the octet");
    let sql = format!("SELECT sum(sketch_count(s)) FROM ({parts})");
    assert_eq!(number(&history, &sql).await, Some(120_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn zero_is_counted_null_is_not_and_a_negative_number_is_refused() {
    let bench = Bench::new();
    let history = bench.history().await;
    let of = |values: &str| format!("SELECT sketch_count(quantile_sketch(column1)) FROM (VALUES {values})");
    assert_eq!(number(&history, &of("(0.0), (-0.0), (NULL), (5.0)")).await, Some(3));
    assert_eq!(number(&history, &of("(CAST(NULL AS DOUBLE))")).await, Some(0));
    let zero = "SELECT CAST(sketch_quantile(quantile_sketch(column1), 0.5) AS BIGINT) FROM (VALUES (0.0), (0.0), (5.0))";
    assert_eq!(number(&history, zero).await, Some(0));
    let none = "SELECT CAST(sketch_quantile(quantile_sketch(CAST(NULL AS DOUBLE)), 0.5) AS BIGINT)";
    assert_eq!(number(&history, none).await, None, "no value has no quantile");
    let told = history.ask(&of("(-1.0)")).await.unwrap().collect().await.unwrap_err().to_string();
    assert!(told.contains("zero or more"), "{told}");
}
