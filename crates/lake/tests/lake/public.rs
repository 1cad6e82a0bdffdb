//! What anyone may read is figures that enough probes gave.

use std::sync::Arc;

use datafusion::arrow::array::AsArray as _;
use datafusion::arrow::datatypes::Int64Type;
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
