//! A run on the way: each moment of it in its own commune and cell.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{body, key, line, minute, now, post, start};
use desserte_model::{CommuneCode, LonLat};
use desserte_territory::{Territory, synthetic};
use rusqlite::Connection;
use serde_json::{Value, json};

/// Seconds from the middle of one commune to the middle of the next.
const SECONDS: u64 = 60;

/// What the receiver says of its own uncertainty.
const UNCERTAINTY_M: f64 = 250.0;

fn middle(territory: &Territory, code: &str) -> LonLat {
    let middle = territory.outline(code.parse().unwrap()).unwrap().bounds().center();
    LonLat::new(middle.x, middle.y).unwrap()
}

/// Where the vehicle was.
fn at(second: u64, from: LonLat, to: LonLat) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "a minute")]
    let share = second as f64 / SECONDS as f64;
    (from.lon() + (to.lon() - from.lon()) * share, from.lat() + (to.lat() - from.lat()) * share)
}

/// A download from the fifth second to the fifty-fifth, with a position a second and an answer of the modem every two.
fn ride(from: LonLat, to: LonLat) -> Value {
    let fix = |s: u64| {
        let (lon, lat) = at(s, from, to);
        json!({"at_us": s * 1_000_000, "lon": lon, "lat": lat, "uncertainty_m": UNCERTAINTY_M, "three_dimensional": true})
    };
    let sample = |s: u64| {
        json!({"at_us": s * 1_000_000, "took_us": 900, "registration": "home", "operator": "20801", "access": ["lte"],
               "cells": [{"technology": "lte", "cell": 1000 + s, "channel": 6300, "rsrp_dbm": -100.5}]})
    };
    let mut record = minute(1, now());
    let (lon, lat) = at(SECONDS / 2, from, to);
    record["position"] = json!({"lon": lon, "lat": lat, "uncertainty_m": UNCERTAINTY_M, "source": "gnss"});
    record["clock"]["monotonic_us"] = json!(5_000_000);
    record["observation"] = json!({
        "kind": "throughput", "direction": "download", "protocol": {"name": "ndt7", "version": "0.10.0"},
        "outcome": {"status": "complete"}, "counted_by": {"end": "probe", "layer": "application"},
        "samples": [{"elapsed_us": 0, "bytes": 0}, {"elapsed_us": 50_000_000, "bytes": 62_500_000}],
        "connection": {"family": "ipv4", "bytes_charged": 62_500_000},
        "server": {"host": "localhost:1"}, "medium": {"type": "mobile"},
        "course": {"mobile": {
            "began_us": 5_000_000, "ended_us": 55_000_000,
            "radio": {"samples": (0..=SECONDS / 2).map(|n| sample(2 * n)).collect::<Vec<_>>()},
            "track": {"fixes": (0..=SECONDS).map(fix).collect::<Vec<_>>()}
        }}
    });
    record
}

/// The commune that is nearest to another one's middle.
fn neighbour(territory: &Territory, code: CommuneCode, of: LonLat) -> String {
    let near = territory.near(of, 20_000.0);
    near.iter().find(|candidate| candidate.commune.code != code).unwrap().commune.code.to_string()
}

#[test]
fn every_answer_on_the_way_is_in_its_own_commune_and_told_when_a_border_is_within_the_error() {
    let territory = synthetic::territory(1);
    let from = middle(&territory, "99018");
    let to = middle(&territory, &neighbour(&territory, "99018".parse().unwrap(), from));
    let running = start();
    let answer = post(running.address, &key(1), &body(&key(1), &[line(&ride(from, to))]));
    assert_eq!(answer.status, 200, "{}", answer.body);

    let store = Connection::open(running.dir.path().join("collector.sqlite")).unwrap();
    let mut rows = store
        .prepare(
            "SELECT cell - 1000, commune, border, h3, during, band, rsrp_dbm FROM radio ORDER BY after_us",
        )
        .unwrap();
    let rows: Vec<(u32, String, bool, String, bool, String, f64)> = rows
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows.len() as u64, SECONDS / 2 + 1);
    let (mut communes, mut cells, mut flagged) = (Vec::new(), Vec::new(), 0);
    for (second, commune, border, h3, during, band, rsrp) in rows {
        let second = u64::from(second);
        let (lon, lat) = at(second, from, to);
        let point = LonLat::new(lon, lat).unwrap();
        assert_eq!(commune, territory.locate(point).commune().unwrap().code.to_string(), "second {second}");
        let near = territory.near(point, UNCERTAINTY_M).len() > 1;
        // Between two positions the place is a little less sure than they are.
        let nearly = territory.near(point, UNCERTAINTY_M + 5.0).len() > 1;
        assert!(border >= near && border <= nearly, "second {second}: {border}");
        assert_eq!(h3, h3o::LatLng::new(lat, lon).unwrap().to_cell(h3o::Resolution::Eight).to_string());
        assert_eq!((during, band.as_str(), rsrp), ((5..=55).contains(&second), "20", -100.5));
        flagged += u64::from(border);
        communes.push(commune);
        cells.push(h3);
    }
    assert!(flagged > 0 && flagged < SECONDS / 4, "{flagged}");
    let (counted_cells, counted_communes): (i64, i64) = store
        .query_row("SELECT cells_crossed, communes_crossed FROM throughput", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    communes.dedup();
    assert!(counted_communes > 1 && counted_communes <= 3, "{counted_communes} of {communes:?}");
    cells.dedup();
    assert!(counted_cells > 1, "{counted_cells} of {cells:?}");
}

#[test]
fn a_record_with_more_readings_than_a_run_can_have_is_refused() {
    let territory = synthetic::territory(1);
    let from = middle(&territory, "99018");
    let mut record = ride(from, from);
    let sample = json!({"at_us": 1, "took_us": 1});
    record["observation"]["course"]["mobile"]["radio"]["samples"] = json!(vec![sample; 1_001]);
    let running = start();
    let answer = post(running.address, &key(1), &body(&key(1), &[line(&record)]));
    let refused = &answer.json()["receipt"]["refused"][0];
    assert_eq!(refused["reason"], "malformed", "{}", answer.body);
    assert!(refused["detail"].as_str().unwrap().contains("more than 1000 answers of the modem"), "{refused}");
}

#[test]
fn a_place_that_is_too_unsure_is_none() {
    let territory = synthetic::territory(1);
    let from = middle(&territory, "99018");
    let mut record = ride(from, from);
    for fix in record["observation"]["course"]["mobile"]["track"]["fixes"].as_array_mut().unwrap() {
        fix["uncertainty_m"] = json!(2_500.0);
    }
    let running = start();
    assert_eq!(post(running.address, &key(1), &body(&key(1), &[line(&record)])).status, 200);
    let store = Connection::open(running.dir.path().join("collector.sqlite")).unwrap();
    let count = |sql: &str| store.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM radio"), 0);
    assert_eq!(count("SELECT count(*) FROM passage WHERE role <> 'position'"), 0);
    assert_eq!(count("SELECT count(*) FROM throughput WHERE h3 IS NOT NULL AND cells_crossed IS NULL"), 1);
}
