//! Rollups: the same answers as the rows, however and whenever they came.

use desserte_lake::arrow::util::pretty::pretty_format_batches;
use desserte_lake::{History, LakeOptions, Rollup, RollupReport};
use desserte_store::{Store, StoreOptions};

use crate::bench::{Bench, DAY, history, number};
use crate::common::{at, batch_with, boot, download, minute, record};

/// The days that a late row of 22 November does not touch.
const UNTOUCHED: &str = "SELECT * FROM site_hour WHERE day <> '2025-11-22' ORDER BY hour_utc";

async fn roll_up(bench: &Bench) -> RollupReport {
    bench.lake().roll_up(&|_, _, _| ()).await.unwrap()
}

async fn answer(history: &History, sql: &str) -> String {
    let batches = history.ask(sql).await.unwrap().collect().await.unwrap();
    pretty_format_batches(&batches).unwrap().to_string()
}

/// What is counted over rollups, and over the rows: by commune and month, sketches to the octet.
async fn same_answers(history: &History) {
    let rows = "SELECT m.commune, m.month, m.minutes, m.up, m.down, m.sent, m.lost, m.rtts, r.runs, r.rates, r.rate_sketch \
        FROM (SELECT commune, month, count(*) AS minutes, \
              sum(CASE WHEN state = 'up' THEN window_us ELSE 0 END) AS up, \
              sum(CASE WHEN state = 'down' THEN window_us ELSE 0 END) AS down, \
              sum(sent) AS sent, sum(lost) AS lost, quantile_sketch(CAST(rtt_median_us AS DOUBLE)) AS rtts \
              FROM latency_minute GROUP BY commune, month) AS m \
        JOIN (SELECT commune, month, count(*) AS runs, count(steady_bits_per_second) AS rates, \
              quantile_sketch(steady_bits_per_second) AS rate_sketch FROM throughput GROUP BY commune, month) AS r \
        ON m.commune = r.commune AND m.month = r.month ORDER BY 1, 2";
    let expected = answer(history, rows).await;
    assert!(expected.contains("23096"), "{expected}");
    for rollup in Rollup::ALL {
        let name = rollup.name();
        let sql = format!(
            "SELECT commune, substr(day, 1, 7) AS month, sum(minutes) AS minutes, sum(up_us) AS up, sum(down_us) AS down, \
             sum(sent) AS sent, sum(lost) AS lost, merge_sketches(rtt_sketch) AS rtts, sum(download_runs) AS runs, \
             sum(download_rates) AS rates, merge_sketches(download_sketch) AS rate_sketch \
             FROM {name} GROUP BY 1, 2 ORDER BY 1, 2"
        );
        assert_eq!(answer(history, &sql).await, expected, "{name}");
    }
    let exact = "SELECT CAST(event_utc AS DATE) AS day, \
        percentile_cont(0.5) WITHIN GROUP (ORDER BY steady_bits_per_second) AS p50 FROM throughput GROUP BY 1 ORDER BY 1";
    let kept = "SELECT CAST(day_utc AS DATE) AS day, download_p50_bits_per_second AS p50 FROM commune_day \
        WHERE download_rates > 0 ORDER BY 1";
    assert_eq!(answer(history, kept).await, answer(history, exact).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollup_gives_what_the_rows_give_before_and_after_it_is_kept() {
    let bench = Bench::new();
    bench.keep_mixed(0, 3 * 40);
    same_answers(&bench.history().await).await;
    bench.flush().await;
    assert_eq!(roll_up(&bench).await.days, 80, "forty days, twice");
    same_answers(&bench.history().await).await;

    // What waits is seen, and so is what was handed over and is not added up yet.
    bench.keep_mixed(3 * 40, 6);
    same_answers(&bench.history().await).await;
    bench.flush().await;
    same_answers(&bench.history().await).await;
    let sql = "SELECT sum(minutes) FROM site_hour";
    assert_eq!(number(&bench.history().await, sql).await, Some(42));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_days_that_received_rows_are_computed_again_however_late() {
    let bench = Bench::new();
    bench.keep_mixed(0, 3 * 12);
    bench.keep(vec![record(900, None, minute(true))]);
    bench.flush().await;
    assert_eq!(roll_up(&bench).await.days, 24);
    assert_eq!(roll_up(&bench).await.days, 0, "nothing came");
    let before = answer(&bench.history().await, UNTOUCHED).await;

    // An anchor tells of a minute forty days before the others.
    let anchor = desserte_model::BootAnchor {
        boot: boot(1),
        monotonic_us: desserte_units::Monotonic::from_micros(900 * 60_000_000),
        utc_us: at(-40 * DAY),
        source: desserte_model::ClockSource::Collector,
        uncertainty_us: 1_000,
    };
    bench.store.ingest(batch_with(vec![], vec![anchor])).unwrap();
    let late = "SELECT sum(minutes) FROM commune_day WHERE day = '2025-11-22'";
    assert_eq!(number(&bench.history().await, late).await, Some(1), "seen before it is added up");
    bench.flush().await;
    let report = roll_up(&bench).await;
    assert_eq!((report.days, report.rows), (2, 2), "one day of each rollup");
    let history = bench.history().await;
    assert_eq!(number(&history, late).await, Some(1));
    assert_eq!(answer(&history, UNTOUCHED).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollup_as_of_a_number_gives_what_the_rows_gave_then() {
    let bench = Bench::new();
    bench.keep_mixed(0, 30);
    bench.flush().await;
    let then = bench.history().await.number();
    // More of the same days, and of others.
    bench.keep(
        (30..60).map(|n| record(n, Some(at(i64::try_from(n).unwrap() * 7_200)), download(n))).collect(),
    );
    bench.flush().await;
    roll_up(&bench).await;
    let now = bench.history().await;
    let cited =
        History::open(&bench.store, bench.path(), &LakeOptions::default(), Some(then.into())).await.unwrap();
    same_answers(&cited).await;
    let sql = "SELECT sum(download_runs) FROM commune_day";
    assert_eq!(number(&cited, sql).await, Some(10));
    assert_eq!(number(&now, sql).await, Some(40));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_watched_is_null_and_what_was_not_tried_is_none() {
    let bench = Bench::new();
    bench.keep(vec![
        record(0, Some(at(0)), download(20)),
        record(1, Some(at(DAY)), minute(false)),
        record(2, Some(at(100 * 366 * DAY)), minute(true)),
    ]);
    let history = bench.history().await;
    let of = |what: &str, day: &str| format!("SELECT {what} FROM commune_day WHERE day = '{day}'");
    assert_eq!(number(&history, &of("down_us", "2026-01-01")).await, None, "no minute was watched");
    assert_eq!(number(&history, &of("minutes", "2026-01-01")).await, Some(0));
    assert_eq!(number(&history, &of("up_us", "2026-01-02")).await, Some(0), "a minute that was down");
    assert_eq!(number(&history, &of("down_us", "2026-01-02")).await, Some(60_000_000));
    assert_eq!(number(&history, &of("rtt_min_us", "2026-01-02")).await, None);
    assert_eq!(number(&history, &of("minutes", "other")).await, Some(1), "a clock that is wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_keep_rollups_at_once_double_nothing() {
    let bench = Bench::new();
    bench.keep_mixed(0, 3 * 7);
    bench.flush().await;
    let (first, second) = (bench.lake(), bench.lake());
    let (first, second) = tokio::join!(first.roll_up(&|_, _, _| ()), second.roll_up(&|_, _, _| ()));
    first.unwrap();
    second.unwrap();
    let store = std::sync::Arc::new(Store::open(bench.path(), StoreOptions::default()).unwrap());
    same_answers(&history(&store, bench.path(), None).await).await;
    bench.lake().vacuum().await.unwrap();
    same_answers(&bench.history().await).await;
}
