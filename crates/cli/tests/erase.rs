//! `desserte probe erase`: what a host wants gone is gone everywhere, and what was sealed can still be checked.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use desserte_store::{Store, StoreOptions};

/// What a command that ends with `code` prints, and what it says beside it.
fn told(words: &[&str], code: i32) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_desserte")).args(words).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert_eq!(output.status.code(), Some(code), "{words:?}: {text}");
    text
}

fn count(data: &str, sql: &str) -> u64 {
    let text = told(&["query", sql, "--data", data, "--format", "csv"], 0);
    text.lines().find_map(|line| line.parse().ok()).unwrap()
}

/// Whether any file below a directory holds this text.
fn holds(directory: &Path, sought: &str) -> bool {
    std::fs::read_dir(directory).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holds(&path, sought)
        } else {
            String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains(sought)
        }
    })
}

#[test]
fn an_erased_probe_is_in_no_answer_and_in_no_file_and_every_seal_holds() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("données");
    let (path, data) = (data.as_path(), data.to_str().unwrap());
    told(&["demo-data", "--out", data], 0);
    told(&["custody", "seal", "--data", data], 0);
    told(&["lake", "flush", "--data", data], 0);
    told(&["lake", "rollup", "--data", data], 0);
    told(&["indicators", "--data", data], 0);

    let line = Store::open(path, StoreOptions::default()).unwrap().record_lines().unwrap().swap_remove(0);
    let record: serde_json::Value = serde_json::from_slice(&line).unwrap();
    let (probe, line) = (record["probe"].as_str().unwrap(), String::from_utf8(line).unwrap());
    assert!(holds(path, &line));
    let of_others = format!("SELECT count(*) FROM custody WHERE probe <> '{probe}'");
    let (all, others) = (count(data, "SELECT count(*) FROM custody"), count(data, &of_others));
    assert!(others > 0 && others < all);

    let erase = ["probe", "erase", probe, "--data", data, "--reason", "asked for by the host"];
    assert!(told(&erase, 2).contains("is in service"));
    told(&["probe", "retire", probe, "--data", data], 0);
    let erased = told(&erase, 0);
    assert!(erased.contains(&format!("with {} records", all - others)), "{erased}");
    assert!(erased.contains("desserte export"), "{erased}");

    assert!(!holds(path, &line), "a file still holds a record of it");
    assert_eq!(count(data, "SELECT count(*) FROM custody"), others);
    for table in ["throughput", "latency_minute", "probe_health", "site_hour"] {
        let sql = format!("SELECT count(*) FROM {table} WHERE probe = '{probe}'");
        assert_eq!(count(data, &sql), 0, "{table}");
    }
    let kept = "SELECT count(*) FROM latency_minute";
    assert_eq!(count(data, kept), count(data, "SELECT sum(minutes) FROM commune_day"), "rollups agree");
    told(&["custody", "check", "--data", data], 0);
    told(&["lake", "check", "--data", data], 0);
    assert!(
        !path
            .join("indicators")
            .read_dir()
            .unwrap()
            .any(|entry| { entry.unwrap().path().extension().is_some_and(|end| end == "json") })
    );
    assert!(told(&["audit", "--data", data], 0).contains("erase"));
    told(&erase, 0);
}
