//! Open data and backups, as an operator makes them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use sha2::{Digest as _, Sha256};

/// What a command that ends with `code` prints, and what it says beside it.
fn told(words: &[&str], code: i32) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_desserte")).args(words).output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let (out, beside) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{words:?}: {out}{beside}");
    (out, beside)
}

/// Every file below a directory.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn visit(root: &Path, path: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(root, &path, found);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    visit(root, root, &mut found);
    found
}

/// A CSV file as rows by the names of columns.
fn rows(octets: &[u8]) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(octets).deserialize().map(Result::unwrap).collect()
}

#[test]
fn an_export_is_a_function_of_the_state_and_holds_what_may_be_released() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (data, first, second) = (at("data"), at("first"), at("second"));
    told(&["demo-data", "--out", &data], 0);
    told(&["lake", "flush", "--data", &data], 0);
    told(&["lake", "rollup", "--data", &data], 0);
    let (_, beside) = told(&["export", "--data", &data, "--out", &first], 0);
    let number = beside.split("--as-of ").nth(1).unwrap().split(' ').next().unwrap().to_owned();

    // Asked for again after upkeep: the same octets. That rollups need not be kept for it is tested with the history.
    told(&["lake", "compact", "--data", &data], 0);
    told(&["export", "--data", &data, "--out", &second, "--as-of", &number], 0);
    let (one, two) = (files(Path::new(&first)), files(Path::new(&second)));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for (name, octets) in &one {
        assert_eq!(Some(octets), two.get(name), "{name}");
    }

    // Every file is in the list of sums, and is what that says.
    let sums = String::from_utf8(one["SHA256SUMS"].clone()).unwrap();
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        assert_eq!(hex::encode(Sha256::digest(&one[name])), sum, "{name}");
    }
    assert_eq!(sums.lines().count() + 1, one.len());

    let manifest: serde_json::Value = serde_json::from_slice(&one["manifest.json"]).unwrap();
    assert_eq!(manifest["state"]["number"].to_string(), number);
    assert_eq!(manifest["demonstration"], true);
    let communes =
        one.iter().filter(|(name, _)| name.ends_with("communes.csv")).flat_map(|(_, octets)| rows(octets));
    let communes: Vec<_> = communes.collect();
    let told_of = |row: &BTreeMap<String, String>| !row["probes"].is_empty();
    for row in &communes {
        assert_eq!(told_of(row), row["release"] != "withheld", "{row:?}");
    }
    assert!(communes.iter().any(told_of) && !communes.iter().all(told_of), "both kinds are tried here");

    // Minutes of public buildings are the history's own.
    let sql = "SELECT sum(minutes) AS n FROM site_hour";
    let (all, _) = told(&["query", sql, "--data", &data, "--format", "csv"], 0);
    let all: u64 = all.lines().nth(1).unwrap().parse().unwrap();
    let released: u64 = communes.iter().filter_map(|row| row["minutes"].parse::<u64>().ok()).sum();
    assert!(0 < released && released < all, "{released} of {all}");

    // Another export takes the place of the first; nothing takes the place of anything else.
    told(&["export", "--data", &data, "--out", &first, "--format", "csv"], 0);
    assert!(files(Path::new(&first)).keys().all(|name| !name.ends_with(".parquet")));
    let (_, beside) = told(&["export", "--data", &data, "--out", &data], 64);
    assert!(beside.contains("holds other things"), "{beside}");
    let (_, beside) = told(&["export", "--data", &data, "--out", &first, "--month", "2001-01"], 2);
    assert!(beside.contains("nothing was measured"), "{beside}");
}

#[test]
fn a_backup_becomes_a_store_that_answers_the_same_and_a_damaged_one_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (data, backup, restored) = (at("data"), at("backup"), at("restored"));
    told(&["demo-data", "--out", &data], 0);
    told(&["lake", "flush", "--data", &data], 0);
    let sql = "SELECT count(handover) AS n, sum(sequence) AS s FROM custody";
    let ask = |data: &str| told(&["query", sql, "--data", data, "--format", "csv"], 0);
    told(&["backup", "--data", &data, "--out", &backup], 0);
    told(&["restore", "--from", &backup, "--data", &restored], 0);
    assert_eq!(ask(&restored), ask(&data));
    assert!(told(&["lake", "check", "--data", &restored], 0).0.contains("custody"));
    assert_eq!(told(&["lake", "flush", "--data", &restored], 0).0, "nothing waited\n");

    let (_, beside) = told(&["restore", "--from", &backup, "--data", &restored], 64);
    assert!(beside.contains("holds other things"), "{beside}");
    assert!(told(&["restore", "--from", &data, "--data", &at("other")], 64).1.contains("no backup"));
    let store = Path::new(&backup).join("collector.sqlite");
    let mut octets = std::fs::read(&store).unwrap();
    octets[5_000] ^= 1;
    std::fs::write(&store, octets).unwrap();
    let (_, beside) = told(&["restore", "--from", &backup, "--data", &at("other")], 1);
    assert!(beside.contains("collector.sqlite is not as it was"), "{beside}");
    assert!(!Path::new(&at("other")).exists());
}
