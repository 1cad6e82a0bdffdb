//! The program as its operator meets it: words, exit codes, files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

fn desserte(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_desserte")).args(words).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn check(words: &[&str], code: i32, hint: &str) {
    let output = desserte(words);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {}", said(&output));
    assert!(said(&output).contains(hint), "{words:?}: {}", said(&output));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

const KEY: &str = "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=";

#[test]
fn what_is_asked_wrongly_ends_with_64_and_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let empty = text(dir.path());
    check(&[], 64, "Usage: desserte");
    check(&["colector"], 64, "collector");
    check(&["collector"], 64, "--data");
    check(&["collector", "--data", empty], 64, "desserte-geodata import");
    check(
        &["probe", "add", "--data", empty, "--public-key", "AAAA", "--name", "x"],
        64,
        "desserte-probe key",
    );
    check(&["probe", "list", "--data", empty], 64, "no store");
    let typo = dir.path().join("typo");
    let words = ["probe", "add", "--data", text(&typo), "--public-key", KEY, "--name", "x"];
    check(&words, 64, "--create");
    assert!(!typo.exists(), "a mistyped directory is not created");
    let config = dir.path().join("collector.toml");
    std::fs::write(&config, "[publication]\nminimum_run = 3\n").unwrap();
    let words = ["collector", "--data", empty, "--config", text(&config)];
    check(&words, 64, "unknown key `publication.minimum_run`, did you mean `publication.minimum_runs`?");
}

#[test]
fn help_version_and_default_configuration_are_answers_not_errors() {
    check(&["help"], 0, "Exit codes:");
    check(&["--version"], 0, "desserte 0.");
    check(&["version"], 0, "desserte 0.");
    check(&["collector", "--print-config"], 0, "minimum_runs = 6");
}

#[test]
fn a_probe_is_registered_listed_and_retired() {
    let dir = tempfile::tempdir().unwrap();
    let data = text(dir.path());
    let mut words =
        vec!["probe", "add", "--data", data, "--public-key", KEY, "--name", "mairie", "--site", "bourg"];
    words.push("--create");
    let added = desserte(&words);
    let told = String::from_utf8_lossy(&added.stderr);
    assert!(told.contains(data) && told.contains("collector.sqlite"), "says where: {told}");
    assert!(added.status.success(), "{}", said(&added));
    let id = String::from_utf8(added.stdout).unwrap().trim().to_owned();
    assert_eq!(id.len(), 32);
    check(&words, 1, "already registered");
    check(&["probe", "list", "--data", data], 0, "mairie, bourg");
    check(&["probe", "retire", "--data", data, &id], 0, "out of service");
    check(&["probe", "retire", "--data", data, &id], 2, "in service");
    check(&["probe", "list", "--data", data], 0, "  retired  ");
}

#[test]
fn a_territory_that_cannot_be_used_is_refused_in_clear_text() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("territoire.dst");
    std::fs::write(&file, b"not a territory").unwrap();
    check(&["collector", "--data", text(dir.path())], 1, "territoire.dst");
}

#[test]
fn demonstration_data_is_the_same_to_the_octet_for_the_same_seed() {
    let dir = tempfile::tempdir().unwrap();
    let outs = ["a", "b"].map(|name| dir.path().join(name));
    std::thread::scope(|scope| {
        for out in &outs {
            scope.spawn(move || check(&["demo-data", "--out", text(out)], 0, "made-up records"));
        }
    });
    for file in ["collector.sqlite", "territoire.dst"] {
        let [first, second] = outs.each_ref().map(|out| std::fs::read(out.join(file)).unwrap());
        assert!(first == second, "{file} differs");
    }
    let left: Vec<_> = std::fs::read_dir(&outs[0]).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "nothing else is left: {left:?}");
    check(&["demo-data", "--out", text(&outs[0])], 64, "exists already");
    // What is derived can be made again.
    check(&["rebuild", "--data", text(&outs[0])], 0, "records read, 0 of them without a known event time");
}
