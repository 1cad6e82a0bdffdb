//! Functions for the field.

use std::sync::Arc;

use desserte_lake::arrow::util::pretty::pretty_format_batches;
use desserte_lake::{AskOptions, History, LakeOptions};
use desserte_territory::{Locator, synthetic};

use crate::bench::Bench;

async fn answer(history: &History, sql: &str) -> String {
    let rows = history.ask(sql).await.unwrap().collect().await.unwrap();
    let table = pretty_format_batches(&rows).unwrap().to_string();
    let lines = table.lines().skip(3).filter(|line| line.starts_with('|'));
    let cells =
        lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join(" "));
    cells.collect::<Vec<_>>().join("; ")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hour_is_that_of_the_communes_clocks_whatever_sea_it_lies_in() {
    let history = Bench::new().history().await;
    // Offsets of the IANA database: metropolitan France changes its clocks, no other commune here but Miquelon's does.
    for (moment, commune, hour, peak) in [
        ("2026-07-01T16:30:00Z", "75056", "18", "true"),
        ("2026-01-01T16:30:00Z", "75056", "17", "false"),
        ("2026-07-01T21:00:00Z", "2A004", "23", "false"),
        ("2026-07-01T22:00:00Z", "97105", "18", "true"),
        ("2026-07-01T22:00:00Z", "97209", "18", "true"),
        ("2026-07-01T20:59:59Z", "97302", "17", "false"),
        ("2026-07-01T14:00:00Z", "97411", "18", "true"),
        ("2026-07-01T15:00:00Z", "97608", "18", "true"),
        ("2026-07-01T20:00:00Z", "97502", "18", "true"),
        ("2026-01-01T20:00:00Z", "97502", "17", "false"),
        ("2026-07-01T04:00:00Z", "98735", "18", "true"),
        ("2026-07-01T04:00:00Z", "98731", "18", "true"),
        ("2026-07-01T03:29:00Z", "98731", "17", "false"),
        ("2026-07-01T03:00:00Z", "98719", "18", "true"),
        ("2026-07-01T07:00:00Z", "98818", "18", "true"),
        ("2026-07-01T06:00:00Z", "98611", "18", "true"),
    ] {
        let sql = format!("SELECT local_hour('{moment}', '{commune}'), peak_hour('{moment}', '{commune}')");
        assert_eq!(answer(&history, &sql).await, format!("{hour} {peak}"), "{moment} {commune}");
    }
    let missing = "SELECT peak_hour(NULL, '75056') IS NULL, peak_hour('2026-07-01', NULL) IS NULL, \
                   local_hour('2026-07-01', 'XX999') IS NULL";
    assert_eq!(answer(&history, missing).await, "true true true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_is_in_the_commune_that_the_territory_says() {
    let bench = Bench::new();
    let territory = synthetic::territory(1);
    let locator = Arc::new(Locator::from_bytes(&territory.to_bytes()).unwrap());
    let ask = AskOptions { territory: Some(locator), ..AskOptions::default() };
    let history =
        History::open_with(&bench.store, bench.path(), &LakeOptions::default(), None, ask).await.unwrap();
    let commune = territory.communes().nth(3).unwrap();
    let inside = territory.outline(commune.code).unwrap().point_inside().unwrap();
    let sql = format!(
        "SELECT commune_at({:?}, {:?}), commune_at(200.0, 0.0), commune_at(2.35, NULL), commune_at(lon, 48.85) \
         FROM (VALUES (2.35)) AS t(lon)",
        inside.lon(),
        inside.lat()
    );
    assert_eq!(answer(&history, &sql).await.trim(), commune.code.as_str());
    let without = bench.history().await;
    let refused = match without.ask("SELECT commune_at(2.35, 48.85)").await {
        Ok(answer) => answer.collect().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(refused.to_string().contains("--territory"), "{refused}");
}
