//! A question as it is sent to other machines: lists of files in the place of tables, and the same answers.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::DataFrame;
use desserte_lake::arrow::util::pretty::pretty_format_batches;
use desserte_lake::{
    AskOptions, Audience, Engine, History, LakeError, LakeOptions, LakeTable, Moment, QueryLimits, State,
    flush,
};

use crate::bench::Bench;
use crate::erase::keep_other;
use crate::several::{lake, two};

/// Rows, what is added up of them, and tables made of others.
const QUESTIONS: [&str; 5] = [
    "SELECT probe, sequence, handover, state FROM latency_minute ORDER BY probe, sequence",
    "SELECT count(*) FROM custody WHERE sequence > (SELECT min(sequence) FROM throughput)",
    "SELECT day, commune, minutes, download_runs FROM commune_day ORDER BY day, commune",
    "SELECT probe, hour_utc, minutes, merge_sketches(rtt_sketch) FROM site_hour GROUP BY 1, 2, 3 ORDER BY 1, 2",
    "SELECT month, commune, probes FROM commune_month_latency ORDER BY month, commune",
];

/// The answer from files alone: each table written down and read again, as on its way to another machine.
async fn from_files(moment: &Arc<Moment>, sql: &str) -> Result<String, LakeError> {
    let engine = Engine::new(Audience::Operators, None).await.unwrap();
    let session = engine.at(Some(moment.clone()), &QueryLimits::default()).unwrap();
    let plan = session.sql(sql).await.unwrap().into_unoptimized_plan();
    let plan = moment.as_files(&session.runtime_env(), plan).await?;
    let sent = plan.transform_down_with_subqueries(|node| {
        let LogicalPlan::TableScan(mut scan) = node else { return Ok(Transformed::no(node)) };
        let provider = source_as_provider(&scan.source)?;
        let octets = provider.downcast_ref::<LakeTable>().unwrap().to_octets();
        scan.source = provider_as_source(Arc::new(LakeTable::from_octets(&octets).unwrap()));
        Ok(Transformed::new(LogicalPlan::TableScan(scan), true, TreeNodeRecursion::Continue))
    });
    let rows = DataFrame::new(session.state(), sent.unwrap().data).collect().await.unwrap();
    Ok(pretty_format_batches(&rows).unwrap().to_string())
}

async fn filed(bench: &Bench, options: &LakeOptions, as_of: Option<State>) -> Arc<Moment> {
    Arc::new(Moment::filed(&bench.store, bench.path(), options, as_of).await.unwrap())
}

/// Every question from files, and of the same state from all that there is.
async fn same_answers(bench: &Bench, options: &LakeOptions, as_of: Option<State>) -> State {
    let moment = filed(bench, options, as_of).await;
    let state = moment.cited().clone();
    let ask = AskOptions::default();
    let history =
        History::open_with(&bench.store, bench.path(), options, Some(state.clone()), ask).await.unwrap();
    for sql in QUESTIONS {
        let rows = history.ask(sql).await.unwrap().collect().await.unwrap();
        let expected = pretty_format_batches(&rows).unwrap().to_string();
        assert_eq!(from_files(&moment, sql).await.unwrap(), expected, "{sql} as of {state}");
    }
    state
}

#[tokio::test(flavor = "multi_thread")]
async fn files_give_the_same_answers_as_all_that_there_is_of_the_same_state() {
    let (bench, options) = (Bench::new(), LakeOptions::default());
    assert_eq!(same_answers(&bench, &options, None).await.to_string(), "0", "nothing was handed over");
    bench.keep_mixed(0, 12);
    assert_eq!(same_answers(&bench, &options, None).await.to_string(), "0", "what waits is in no file");
    bench.flush().await;
    let first = same_answers(&bench, &options, None).await;
    assert_eq!(first.to_string(), "12");
    bench.lake().roll_up(&|_, _, _| ()).await.unwrap();
    same_answers(&bench, &options, None).await;
    bench.keep_mixed(12, 6);
    bench.flush().await;
    assert_eq!(
        same_answers(&bench, &options, None).await.to_string(),
        "18",
        "some days are not added up yet"
    );
    bench.lake().roll_up(&|_, _, _| ()).await.unwrap();
    assert_eq!(same_answers(&bench, &options, Some(first.clone())).await, first);

    let beyond =
        Moment::filed(&bench.store, bench.path(), &options, Some("19".parse().unwrap())).await.unwrap_err();
    assert!(matches!(beyond, LakeError::NotFiled { asked: 19, filed: 18 }), "{beyond}");
    let moment = filed(&bench, &options, None).await;
    let elsewhere = from_files(&moment, "SELECT * FROM service_month").await.unwrap_err().to_string();
    assert!(elsewhere.contains("ask it without --cluster"), "{elsewhere}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_collectors_files_are_seen_up_to_what_each_has_handed_over() {
    let (a, b, at_a, at_b) = two();
    a.keep_mixed(0, 12);
    keep_other(&b, 0, 6);
    flush(&a.store, a.path(), &at_a).await.unwrap();
    let alone = same_answers(&a, &at_a, None).await;
    flush(&b.store, b.path(), &at_b).await.unwrap();
    lake(&a, &at_a).await.roll_up(&|_, _, _| ()).await.unwrap();
    a.keep_mixed(12, 3);
    flush(&a.store, a.path(), &at_a).await.unwrap();
    let both = same_answers(&a, &at_a, None).await;
    assert_eq!(same_answers(&b, &at_b, None).await, both);
    assert_eq!(both.to_string(), format!("15,{}", (1_i64 << 48) + 6));
    assert_eq!(same_answers(&b, &at_b, Some(alone.clone())).await, alone);
}

#[test]
fn what_is_no_table_is_refused_in_words() {
    for (octets, expected) in [
        (r"{}", "cannot be read"),
        (r#"{"form":2,"table":"throughput","store":"file:///","files":[]}"#, "form 2"),
        (r#"{"form":1,"table":"nothing","store":"file:///","files":[]}"#, "one version of desserte"),
        (r#"{"form":1,"table":"throughput","store":"nowhere","files":[]}"#, "address"),
    ] {
        let said = LakeTable::from_octets(octets.as_bytes()).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
}
