//! The dashboards: every query gives data from a real Prometheus that scrapes a real collector.
//!
//! No Grafana is at hand; what can be proven without one is proven here (docs/spec/metrics.md, "Dashboards").

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use desserte_e2e::{Collector, Prometheus, can, has_program, program};
use serde_json::Value;

const DASHBOARDS: [&str; 2] = ["desserte-premiere-vue.json", "desserte-first-view.json"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboards")
}

fn dashboard(name: &str) -> Value {
    let text = std::fs::read_to_string(folder().join("grafana").join(name)).unwrap();
    for foreign in ["http://", "https://", "//cdn", "grafana.com"] {
        assert!(!text.contains(foreign), "{name} names a foreign host: {foreign}");
    }
    serde_json::from_str(&text).unwrap()
}

fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row")
}

fn queries(dashboard: &Value) -> Vec<String> {
    panels(dashboard)
        .flat_map(|panel| panel["targets"].as_array().unwrap())
        .map(|target| target["expr"].as_str().unwrap().to_owned())
        .collect()
}

/// What Grafana would put for its variables with every choice at "all".
fn substituted(query: &str) -> String {
    let values = [
        ("$departement", "99"),
        ("$commune", ".*"),
        ("$job", ".*"),
        ("$instance", ".*"),
        ("$__rate_interval", "10s"),
    ];
    let query = values.iter().fold(query.to_owned(), |query, (name, value)| query.replace(name, value));
    assert!(!query.contains('$'), "an unknown variable in {query}");
    query
}

#[test]
fn each_panel_says_what_it_shows_in_which_unit_and_from_which_source() {
    for name in DASHBOARDS {
        let dashboard = dashboard(name);
        assert_eq!(dashboard["editable"], false, "{name}");
        for panel in panels(&dashboard) {
            let title = panel["title"].as_str().unwrap();
            assert!(
                !title.is_empty() && panel["description"].as_str().is_some_and(|text| text.len() > 10),
                "{title}"
            );
            let unit = panel["fieldConfig"]["defaults"]["unit"].as_str().unwrap();
            assert!(!unit.is_empty(), "{title}");
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
            for target in panel["targets"].as_array().unwrap() {
                let query = target["expr"].as_str().unwrap();
                assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
                assert!(query.contains("job=~\"$job\", instance=~\"$instance\""), "{title}: {query}");
                let counter = query.contains("_total{") || query.contains("_bucket{");
                assert_eq!(counter, query.contains("[$__rate_interval]"), "{title}: {query}");
                let rate = query.contains("bytes_per_second") && !query.starts_with("count(");
                assert_eq!(rate, unit == "bps", "{title}: {query}");
                assert!(unit != "bps" || query.starts_with("8 * "), "{title}: bits are bytes times 8");
            }
        }
    }
}

#[test]
fn both_languages_ask_the_same() {
    let [french, english] = DASHBOARDS.map(dashboard);
    assert_eq!(queries(&french), queries(&english));
    assert!(
        panels(&french)
            .zip(panels(&english))
            .all(|(a, b)| a["gridPos"] == b["gridPos"] && a["type"] == b["type"])
    );
    assert_ne!(french["uid"], english["uid"]);
}

#[test]
fn rules_and_their_tests_pass_promtool() {
    if !can("promtool", has_program("promtool")) {
        return;
    }
    let prometheus = folder().join("prometheus");
    for words in [
        ["check", "rules", "rules/desserte.yml"],
        ["test", "rules", "tests/desserte.yml"],
        ["check", "config", "prometheus.yml"],
    ] {
        let output = Command::new("promtool").args(words).current_dir(&prometheus).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_gives_data_from_a_real_prometheus() {
    if !can("a Prometheus", has_program("prometheus")) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("collector");
    let made = Command::new(program("desserte")).args(["demo-data", "--out"]).arg(&data).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let collector = Collector::start(dir.path(), &data.join("territoire.dst"), &[]).await;
    let prometheus = Prometheus::start(dir.path(), collector.address, "99").await;

    let dashboard = dashboard(DASHBOARDS[0]);
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        let Some(definition) = variable["definition"].as_str() else { continue };
        let selector = definition.strip_prefix("label_values(").unwrap().rsplit_once(',').unwrap().0;
        series(&prometheus, &substituted(selector)).await;
    }
    for query in queries(&dashboard) {
        series(&prometheus, &substituted(&query)).await;
    }
}

/// Waits until a query has a result: rates need a few scrapes.
async fn series(prometheus: &Prometheus, query: &str) -> Value {
    let begun = Instant::now();
    loop {
        let result = prometheus.query(query).await.unwrap_or_else(|| panic!("refused: {query}"));
        if result.as_array().is_some_and(|series| !series.is_empty()) {
            return result;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "no data for {query}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
