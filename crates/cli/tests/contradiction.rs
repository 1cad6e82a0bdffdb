//! `desserte contradiction`, as it is run.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::process::{Command, Output};

use serde_json::Value;

/// Thirty independent tests in each of two cells, five and one of which failed; one test elsewhere; three that do not count.
fn table() -> String {
    let mut table = "commune,probe,ok,orange\n".to_owned();
    for (commune, failures) in [("23096", 5), ("23008", 1)] {
        for test in 0..30 {
            let ok = if test < failures { 0 } else { 1 };
            table += &format!("{commune},{commune}-{test},{ok},zone\n");
        }
    }
    table + "23030,a,0,zone\n23096,b,0,\n23096,c,NA,zone\n,d,0,zone\n"
}

fn contradiction(table: &str, more: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("t.csv"), table).unwrap();
    Command::new(env!("CARGO_BIN_EXE_desserte"))
        .args(["contradiction", "t.csv", "--success", "ok", "--cell", "commune", "--cluster", "probe"])
        .args(["--required", "0.95"])
        .args(more)
        .current_dir(dir.path())
        .output()
        .unwrap()
}

#[test]
fn cells_are_told_apart_and_what_does_not_count_is_counted() {
    let output = contradiction(&table(), &["--declared", "orange", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let left_out = &found["left_out"];
    assert_eq!(left_out["outside_declared_coverage"], 1);
    assert_eq!((&left_out["without_cell"], &left_out["without_outcome"]), (&1.into(), &1.into()));
    let said: Vec<_> = found["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| (cell["cell"].as_str().unwrap(), cell["judgement"].as_str().unwrap()))
        .collect();
    // With two cells the first one needs a probability of 0.025: exactly 0.0156 have five failures or more.
    assert_eq!(said, [("23008", "not_contradicted"), ("23030", "not_enough"), ("23096", "contradicted")]);
    assert!((found["cells"][2]["probability"].as_f64().unwrap() - 0.015_635_510_1).abs() < 1e-9);
    assert!(found["cells"][1].get("probability").is_none(), "not enough data gives no number");
}

#[test]
fn the_words_say_what_a_verdict_is_not() {
    let output = contradiction(&table(), &["--declared", "orange"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("CONTREDITE") && text.contains("données insuffisantes"), "{text}");
    assert!(text.contains("non la carte entière"), "{text}");
}

#[test]
fn bad_rows_are_named_and_a_table_without_tests_is_said() {
    let output = contradiction("commune,probe,ok\n23096,a,2\n23096,,1\n", &[]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("t.csv:2:") && text.contains("t.csv:3:"), "{text}");
    let output = contradiction("commune,probe,ok\n23096,a,\n", &[]);
    assert_eq!(output.status.code(), Some(2));
}
