//! The dashboards: every query gives data from a real Prometheus that scrapes a real collector.
//!
//! No Grafana is at hand; what can be proven without one is proven here (docs/spec/metrics.md, "Dashboards").

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use desserte_e2e::{Collector, Prometheus, can, has_program, program};
use serde_json::Value;

const SOURCES: [(&str, &str); 2] =
    [("prometheus", "${datasource}"), ("grafana-postgresql-datasource", "${history}")];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboards")
}

/// Every dashboard with its file's name.
fn dashboards() -> Vec<(String, Value)> {
    let files = std::fs::read_dir(folder().join("grafana")).unwrap();
    let mut names: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
    names.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for foreign in ["http://", "https://", "//cdn", "grafana.com"] {
            assert!(!text.contains(foreign), "{name} names a foreign host: {foreign}");
        }
        (name, serde_json::from_str(&text).unwrap())
    };
    names.into_iter().map(read).collect()
}

/// The dashboards in one language.
fn in_language(tag: &str) -> Vec<(String, Value)> {
    let mut own = dashboards();
    own.retain(|(_, dashboard)| dashboard["tags"].as_array().unwrap().contains(&tag.into()));
    own
}

/// Panels that show data.
fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    let all = dashboard["panels"].as_array().unwrap().iter();
    all.filter(|panel| panel["type"] != "row" && panel["type"] != "text")
}

/// Queries of panels under a key, each with its panel's title.
fn queries(dashboard: &Value, key: &str) -> Vec<(String, String)> {
    let of = |panel: &Value| -> Vec<(String, String)> {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().unwrap().iter();
        targets.filter_map(|target| Some((title.clone(), target[key].as_str()?.to_owned()))).collect()
    };
    panels(dashboard).flat_map(of).collect()
}

/// What Grafana would put for its variables with every choice at "all", over the month of the demonstration's data.
fn substituted(query: &str) -> String {
    let month = "event_utc BETWEEN '2026-10-02T00:00:00Z' AND '2026-11-01T00:00:00Z'";
    let values = [
        ("$__timeFilter(event_utc)", month),
        ("${commune:pipe}", ".*"),
        ("${operator:pipe}", ".*"),
        ("${technology:pipe}", ".*"),
        ("$departement", "99"),
        ("$commune", ".*"),
        ("$epci", ".*"),
        ("$job", ".*"),
        ("$instance", ".*"),
        ("$__rate_interval", "10s"),
    ];
    let query = values.iter().fold(query.to_owned(), |query, (name, value)| query.replace(name, value));
    assert!(!query.replace("$'", "").contains('$'), "an unknown variable in {query}");
    query
}

#[test]
fn each_panel_says_what_it_shows_in_which_unit_and_from_which_source() {
    let all = dashboards();
    assert_eq!(all.len(), 12, "six in two languages");
    for (name, dashboard) in &all {
        assert_eq!(dashboard["editable"], false, "{name}");
        for panel in panels(dashboard) {
            let title = panel["title"].as_str().unwrap();
            assert!(
                !title.is_empty() && panel["description"].as_str().is_some_and(|text| text.len() > 10),
                "{name}: {title}"
            );
            let empty = panel["fieldConfig"]["defaults"]["noValue"].as_str();
            assert!(empty.is_some_and(|text| !text.is_empty()), "{name}: {title} says nothing when empty");
            let unit = panel["fieldConfig"]["defaults"]["unit"].as_str().unwrap();
            assert!(!unit.is_empty(), "{name}: {title}");
            let targets = panel["targets"].as_array().unwrap();
            assert!(!targets.is_empty(), "{name}: {title}");
            for target in targets {
                assert_eq!(target["datasource"], panel["datasource"], "{name}: {title}");
                let (kind, uid) = (&target["datasource"]["type"], &target["datasource"]["uid"]);
                assert!(SOURCES.iter().any(|(a, b)| kind == a && uid == b), "{name}: {title}");
                let Some(query) = target["expr"].as_str() else { continue };
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
    let (french, english) = (in_language("français"), in_language("English"));
    assert_eq!(french.len(), english.len());
    let asked = |dashboard: &Value| -> Vec<String> {
        let all = ["expr", "rawSql"].into_iter().flat_map(|key| queries(dashboard, key));
        all.map(|(_, query)| query).collect()
    };
    for (name, own) in &french {
        let twins = english.iter().filter(|(_, other)| asked(other) == asked(own));
        let twins: Vec<&(String, Value)> = twins.collect();
        assert_eq!(twins.len(), 1, "{name} has one twin");
        let twin = &twins[0].1;
        let same = |a: &Value, b: &Value| a["gridPos"] == b["gridPos"] && a["type"] == b["type"];
        assert!(panels(own).zip(panels(twin)).all(|(a, b)| same(a, b)), "{name}");
        let untranslated = panels(own).zip(panels(twin)).find(|(a, b)| a["description"] == b["description"]);
        assert_eq!(untranslated, None, "{name}");
        assert_ne!(own["uid"], twin["uid"]);
    }
}

#[test]
fn dashboards_and_their_panels_are_as_grafana_publishes_them() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/grafana");
    let tools = project.join("node_modules/ajv").is_dir() && has_program("node");
    if !can("node and what `cargo xtask test` installs beside it", tools) {
        return;
    }
    let mut validate = Command::new("node");
    let output = validate.arg(project.join("validate.mjs")).arg(folder().join("grafana")).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(report["dashboards"].as_u64(), u64::try_from(dashboards().len()).ok());
    let drawn = |dashboard: &Value| {
        dashboard["panels"].as_array().unwrap().iter().filter(|p| p["type"] != "row").count()
    };
    let panels: usize = dashboards().iter().map(|(_, dashboard)| drawn(dashboard)).sum();
    assert!(report["panels"].as_u64().unwrap() >= u64::try_from(panels).unwrap(), "{told}");
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

/// A collector's data on which every panel has something to show.
fn demonstration(folder: &Path) -> PathBuf {
    let data = folder.join("collector");
    let made = Command::new(program("desserte")).args(["demo-data", "--out"]).arg(&data).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    data
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_about_now_gives_data_from_a_real_prometheus() {
    if !can("a Prometheus", has_program("prometheus")) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let data = demonstration(dir.path());
    let collector = Collector::start(dir.path(), &data.join("territoire.dst"), &[]).await;
    let prometheus = Prometheus::start(dir.path(), collector.address).await;
    for (_, dashboard) in in_language("français") {
        for variable in dashboard["templating"]["list"].as_array().unwrap() {
            let Some(definition) = variable["definition"].as_str() else { continue };
            let Some(values) = definition.strip_prefix("label_values(") else { continue };
            series(&prometheus, &substituted(values.rsplit_once(',').unwrap().0)).await;
        }
        for (_, query) in queries(&dashboard, "expr") {
            series(&prometheus, &substituted(&query)).await;
        }
    }
    every_rule_can_be_computed(&prometheus).await;
}

/// Every alert names families that there are: an expression over a family that nobody gives never fires.
async fn every_rule_can_be_computed(prometheus: &Prometheus) {
    let text = std::fs::read_to_string(folder().join("prometheus/rules/desserte.yml")).unwrap();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let names = text.split(|c: char| !is_name(c)).filter(|word| word.starts_with("desserte_"));
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        // A family by label value has no series before the first refusal of its kind.
        if name != "desserte_ingest_batches_rejected_total" {
            series(prometheus, name).await;
        }
    }
}

/// One statement of all questions, so that the history is opened once.
#[test]
fn every_query_about_then_gives_rows_from_the_history() {
    let dir = tempfile::tempdir().unwrap();
    let data = demonstration(dir.path());
    let mut parts = Vec::new();
    for (name, dashboard) in in_language("français") {
        let panels = queries(&dashboard, "rawSql");
        let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
        let variables = variables.filter_map(|variable| variable["definition"].as_str());
        let variables = variables
            .filter(|text| text.starts_with("SELECT"))
            .map(|text| ("choice".to_owned(), text.to_owned()));
        for (title, query) in panels.into_iter().chain(variables) {
            let title = format!("{name}: {title}").replace('\'', " ");
            parts.push(format!(
                "SELECT '{title}' AS panel, count(*) AS n FROM ({}) AS q",
                substituted(&query)
            ));
        }
    }
    assert!(parts.len() > 20, "{}", parts.len());
    let output = Command::new(program("desserte"))
        .args(["query", "--format", "json", "--data"])
        .args([data.to_str().unwrap(), &parts.join(" UNION ALL ")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    for row in rows.as_array().unwrap() {
        assert!(row["n"].as_u64().is_some_and(|rows| rows > 0), "a panel without data: {row}");
    }
    assert_eq!(rows.as_array().unwrap().len(), parts.len());
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
