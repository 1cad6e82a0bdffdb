//! A query that takes too much is stopped, and says what it took.

use std::time::Duration;

use desserte_lake::{AskOptions, History, LakeError, LakeOptions, QueryLimits, Stopped};

use crate::bench::Bench;

/// Never ends by itself, and gives no row on its way.
const ENDLESS: &str = "SELECT count(*) FROM generate_series(1, 4000000000) AS a(x), generate_series(1, 4000000000) AS b(y) \
                       WHERE x % 7 = y";

async fn stopped(limits: QueryLimits, sql: &str) -> Stopped {
    let bench = Bench::new();
    bench.keep_mixed(0, 9);
    let ask = AskOptions { limits, territory: None };
    let history =
        History::open_with(&bench.store, bench.path(), &LakeOptions::default(), None, ask).await.unwrap();
    let failed = match history.ask(sql).await {
        Ok(answer) => answer.collect().await.unwrap_err(),
        Err(error) => error,
    };
    match failed {
        LakeError::Stopped(stopped) => stopped,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_stopped_at_each_of_its_limits_and_says_which() {
    let time = QueryLimits { time: Some(Duration::from_millis(300)), ..QueryLimits::default() };
    let why = stopped(time, ENDLESS).await;
    assert!(matches!(why, Stopped::Time { .. }) && why.to_string().contains("0.3 s"), "{why}");

    let memory = QueryLimits { memory_bytes: 8 << 20, spill_bytes: 8 << 20, ..QueryLimits::default() };
    let greedy = "SELECT length(CAST(array_agg(x) AS text)) FROM generate_series(1, 20000000) AS a(x)";
    let why = stopped(memory.clone(), greedy).await;
    assert!(matches!(why, Stopped::Memory { .. }) && why.to_string().contains("8388608 bytes"), "{why}");
    // What can go to the disk does, until its share is used up as well.
    let sorted = "SELECT x, y FROM generate_series(1, 3000) AS a(x), generate_series(1, 3000) AS b(y) ORDER BY y, x DESC";
    assert!(matches!(stopped(memory, sorted).await, Stopped::Memory { .. }));

    let rows = QueryLimits { rows: Some(8), ..QueryLimits::default() };
    let why = stopped(rows.clone(), "SELECT * FROM custody").await;
    assert!(matches!(why, Stopped::Rows { limit: 8 }), "{why}");
    let ask = AskOptions { limits: rows, territory: None };
    let bench = Bench::new();
    bench.keep_mixed(0, 8);
    let history =
        History::open_with(&bench.store, bench.path(), &LakeOptions::default(), None, ask).await.unwrap();
    let answer = history.ask("SELECT * FROM custody").await.unwrap().collect().await.unwrap();
    assert_eq!(answer.iter().map(|rows| rows.num_rows()).sum::<usize>(), 8, "the limit itself is allowed");
}
