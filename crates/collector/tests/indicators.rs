//! Indicators of months, and scenarios that were published: what is kept is told, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{get, start};
use desserte_indicators::figures::Figure;
use desserte_indicators::{FORMAT, Kept, Measure, Place, scenarios};
use serde_json::{Value, json};

fn kept(month: &str, hours: f64) -> Kept {
    let figure = |state: &str, value| Figure {
        indicator: "hours".to_owned(),
        of: Some("telework".to_owned()),
        unit: "h a week".to_owned(),
        state: state.to_owned(),
        lacks: Vec::new(),
        value,
        low: value,
        high: value,
    };
    let place = |level: &str, code: &str, figure| Place {
        level: level.to_owned(),
        code: code.to_owned(),
        name: String::new(),
        may_over_represent_centres: true,
        figures: vec![figure],
    };
    let measure = Measure {
        subject: "hours_possible".to_owned(),
        of: "telework".to_owned(),
        unit: "h a week".to_owned(),
        line: 47.5,
        top_coded_at: None,
        class: Some("initiative".to_owned()),
        group: Some("publique".to_owned()),
        versus: Some("privee".to_owned()),
        figure: "mean".to_owned(),
        state: "not_enough".to_owned(),
        lacks: vec!["observations".to_owned()],
        value: None,
        low: None,
        high: None,
        verdict: Some("not_enough_data".to_owned()),
    };
    Kept {
        format: FORMAT,
        month: month.parse().unwrap(),
        demonstration: true,
        method: "m/1".to_owned(),
        parameters: vec!["statistics-4".to_owned()],
        territory: "t".to_owned(),
        places: vec![
            place("all", "", figure("indicative", Some(hours))),
            place("departement", "99", figure("not_enough", None)),
        ],
        withheld: [0, 3],
        seed: 39,
        measures: vec![measure],
        stand_ins: vec!["initiative".to_owned()],
        absent: vec!["revenu".to_owned()],
    }
}

#[test]
fn a_month_is_told_as_it_was_kept_and_a_place_that_is_not_in_it_is_not_told() {
    let running = start();
    let ask = |path: &str| get(running.address, path);
    assert_eq!(ask("/api/v1/service").status, 404, "nothing is kept yet");
    kept("2026-09", 30.0).write(running.dir.path()).unwrap();
    kept("2026-10", 40.0).write(running.dir.path()).unwrap();

    let answer = ask("/api/v1/service").json();
    assert_eq!((&answer["month"], &answer["months"]), (&json!("2026-10"), &json!(["2026-10", "2026-09"])));
    assert_eq!(answer["whole"]["figures"][0]["value"], 40.0);
    assert_eq!((&answer["departements"], &answer["communes"]), (&json!(["99"]), &json!([])));
    assert_eq!(answer["communes_withheld"], 3);
    assert_eq!(ask("/api/v1/service?mois=2026-09").json()["whole"]["figures"][0]["value"], 30.0);

    let place = ask("/api/v1/service/departements/99").json();
    assert_eq!(place["place"]["figures"][0]["state"], "not_enough");
    assert_eq!(place["place"]["figures"][0]["value"], Value::Null);
    for path in
        ["/api/v1/service/communes/99001", "/api/v1/service/departements/98", "/api/v1/service?mois=2026-08"]
    {
        assert_eq!(ask(path).status, 404, "{path}");
    }
    for path in ["/api/v1/service?mois=hier", "/api/v1/equity?mois=..%2F..%2Fstore"] {
        assert_eq!(ask(path).status, 400, "{path}");
    }

    let equity = ask("/api/v1/equity").json();
    assert_eq!((&equity["ledger"], &equity["seed"]), (&json!("measured"), &json!(39)));
    assert_eq!(equity["parameters"], json!(["statistics-4"]));
    assert_eq!((&equity["stand_ins"], &equity["absent"]), (&json!(["initiative"]), &json!(["revenu"])));
    let measure = &equity["measures"][0];
    assert_eq!((&measure["value"], &measure["verdict"]), (&Value::Null, &json!("not_enough_data")));
}

#[test]
fn a_scenario_is_told_once_it_was_published_and_apart_from_what_was_measured() {
    let running = start();
    let ask = |path: &str| get(running.address, path);
    assert_eq!(
        ask("/api/v1/perequation").json(),
        json!({ "ledger": "declared_or_assumed", "scenarios": [] })
    );
    let answer = json!({ "status": "scénario", "total_euros": "300000.00" });
    scenarios::publish(running.dir.path(), "operation-2026", &answer).unwrap();
    assert_eq!(ask("/api/v1/perequation").json()["scenarios"], json!(["operation-2026"]));
    let told = ask("/api/v1/perequation/operation-2026").json();
    assert_eq!((&told["ledger"], &told["answer"]), (&json!("declared_or_assumed"), &answer));
    for path in ["/api/v1/perequation/other", "/api/v1/perequation/..%2Fcollector"] {
        assert_eq!(ask(path).status, 404, "{path}");
    }
}
