//! Questions in SQL, as an operator asks them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

fn desserte(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_desserte")).args(words).output().unwrap()
}

/// What a command that ends with `code` prints, and what it says beside it.
fn told(words: &[&str], code: i32) -> (String, String) {
    let output = desserte(words);
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let (out, beside) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{words:?}: {out}{beside}");
    (out, beside)
}

fn ask(data: &str, sql: &str, format: &str) -> (String, String) {
    told(&["query", sql, "--data", data, "--format", format], 0)
}

fn demonstration(dir: &Path) -> String {
    let data = dir.join("données").to_str().unwrap().to_owned();
    told(&["demo-data", "--out", &data], 0);
    data
}

#[test]
fn the_same_question_has_the_same_answer_before_and_after_a_flush() {
    let dir = tempfile::tempdir().unwrap();
    let data = demonstration(dir.path());
    let sql = "SELECT commune, direction, count(*) AS runs, \
               percentile_cont(0.5) WITHIN GROUP (ORDER BY steady_bits_per_second) AS p50 \
               FROM throughput WHERE outcome = 'complete' GROUP BY commune, direction ORDER BY commune, direction";
    let (waiting, named) = ask(&data, sql, "csv");
    assert!(waiting.starts_with("commune,direction,runs,p50\n"), "{waiting}");
    assert!(waiting.lines().count() > 2, "{waiting}");
    assert!(named.contains("generation 1, as of number"), "{named}");
    told(&["lake", "flush", "--data", &data], 0);
    assert_eq!(told(&["lake", "flush", "--data", &data], 0).0, "nothing waited\n");
    assert_eq!(ask(&data, sql, "csv").0, waiting);
    told(&["lake", "compact", "--data", &data], 0);
    assert_eq!(ask(&data, sql, "csv").0, waiting);
    let (checked, _) = told(&["lake", "check", "--data", &data], 0);
    assert!(checked.contains("custody"), "{checked}");

    let few = "SELECT commune, operator, rtt_median_us FROM (SELECT commune, NULL AS operator FROM throughput LIMIT 1) \
               CROSS JOIN (SELECT rtt_median_us FROM latency_minute WHERE rtt_median_us IS NULL LIMIT 1)";
    let (json, _) = ask(&data, few, "json");
    assert!(json.contains(r#""rtt_median_us":null"#), "missing is said, not left out: {json}");
    let (table, _) = ask(&data, "SELECT count(*) AS n FROM custody", "table");
    assert!(table.contains("| n "), "{table}");
    let out = dir.path().join("answer.parquet");
    let out = out.to_str().unwrap();
    told(&["query", "SELECT * FROM latency_minute", "--data", &data, "--format", "parquet", "--out", out], 0);
    assert_eq!(&std::fs::read(out).unwrap()[..4], b"PAR1");
    months_of_indicators(&data);
}

/// What is kept of a month is the same in the file that the interface tells and in the tables.
fn months_of_indicators(data: &str) {
    let count = |table: &str, such: &str| {
        let sql = format!("SELECT count(*) AS n FROM {table} WHERE {such}");
        ask(data, &sql, "csv").0.lines().nth(1).unwrap().to_owned()
    };
    assert_eq!(count("service_month", "true"), "0", "nothing is kept yet");
    assert!(told(&["indicators", "--data", data, "--month", "2026-11"], 64).1.contains("not over"));
    told(&["indicators", "--data", data], 0);
    let text = std::fs::read_to_string(Path::new(data).join("indicators/2026-10.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
    let length = |rows: &serde_json::Value| rows.as_array().map_or(0, Vec::len);
    let figures: usize =
        kept["places"].as_array().unwrap().iter().map(|place| length(&place["figures"])).sum();
    assert_eq!(count("service_month", "month = '2026-10' AND demonstration"), figures.to_string());
    assert_eq!(count("equity_month", "seed = 39"), length(&kept["measures"]).to_string());
    assert!(length(&kept["measures"]) > 0 && figures > 0);
    // Not enough has no number, and single homes have no place.
    for table in ["service_month", "equity_month"] {
        assert_eq!(count(table, "state = 'not_enough' AND value IS NOT NULL"), "0", "{table}");
    }
    assert_eq!(count("service_month", "level = 'commune'"), "0");
}

#[test]
fn a_question_that_cannot_be_answered_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    assert!(told(&["query", "SELECT 1", "--data", data], 64).1.contains("no store"));
    let key = "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=";
    told(&["probe", "add", "--data", data, "--public-key", key, "--name", "mairie", "--create"], 0);
    assert_eq!(told(&["lake", "check", "--data", data], 0).0, "nothing was handed over yet\n");
    let (_, beside) = told(&["query", "SELECT speed FROM throughput", "--data", data], 1);
    assert!(beside.contains("No field named speed"), "{beside}");
    let (_, beside) = told(&["query", "DROP TABLE throughput", "--data", data], 1);
    assert!(beside.contains("not supported"), "{beside}");
}
