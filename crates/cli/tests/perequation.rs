//! `desserte perequation`, as it is run.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const EXAMPLE: &str = include_str!("../../equity/parameters/scenarios/exemple.toml");
const TABLE: &str =
    "code;lines;cost;dense\n09;10000;2,60;0\n23;20000;1,65;0\n48;5000;nd;0\n75;100000;0,80;1\n";

fn run(dir: &Path, scenario: &str, table: &str, more: &[&str]) -> Output {
    std::fs::write(dir.join("s.toml"), scenario).unwrap();
    std::fs::write(dir.join("t.csv"), table).unwrap();
    Command::new(env!("CARGO_BIN_EXE_desserte"))
        .args(["perequation", "s.toml", "t.csv"])
        .args(more)
        .current_dir(dir)
        .output()
        .unwrap()
}

fn amounts(scenario: &str, more: &[&str]) -> (Value, Vec<Value>) {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), scenario, TABLE, &[more, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let amounts = found["territories"].as_array().unwrap();
    let amounts = amounts.iter().map(|share| share["amount_euros"].clone()).collect();
    (found, amounts)
}

#[test]
fn the_vectors_of_the_domain_rules_are_told_with_their_formulas() {
    let (found, needs) = amounts(EXAMPLE, &[]);
    assert_eq!(needs, ["154285.71".into(), "145714.29".into(), Value::Null, Value::from("0.00")]);
    assert_eq!(found["territories"][0]["needs"][0]["formula"], "10000 * max(0, 2.6 - 0.8) * 12");
    assert_eq!((&found["total_euros"], &found["status"]), (&"300000.00".into(), &"scenario".into()));
    assert_eq!(found["operating_reference"]["mark"], "secondary");
    let balanced = EXAMPLE.replace("\"needs\"", "\"self_balancing\"");
    assert_eq!(
        amounts(&balanced, &[]).1,
        ["183692.31".into(), "139384.61".into(), Value::Null, Value::from("-323076.92")]
    );
    let levy =
        EXAMPLE.replace("\"needs\"", "\"levy\"\ndense_over_rural = 5.0").replace("300000.0", "420000.0");
    // The one without a cost has lines, on which a levy is raised.
    let (found, levied) = amounts(&levy, &["--dense", "dense"]);
    assert_eq!((&found["total_euros"], levied[2] == Value::Null), (&"420000.00".into(), false));
    let dir = tempfile::tempdir().unwrap();
    let told = String::from_utf8(run(dir.path(), EXAMPLE, TABLE, &[]).stdout).unwrap();
    assert!(told.contains("pas le droit en vigueur") && told.contains("pas de montant"), "{told}");
    assert!(told.contains("154285,71 €  = 10000 * max(0, 2.6 - 0.8) * 12 * 0.714"), "{told}");
}

#[test]
fn bad_rows_and_scenarios_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let table = "code,lines,cost,dense\n09,1,-2,0\n09,x,1,2\n,1,1,0\n";
    let output = run(dir.path(), EXAMPLE, table, &["--dense", "dense", "--lang", "en"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    for expected in [
        "t.csv:2: cost: -2 is negative",
        "t.csv:3: 09 is on line 2 already",
        "t.csv:3: lines: \"x\" is not a number",
        "t.csv:3: dense: \"2\" is neither 0 nor 1",
        "t.csv:4: the key is empty",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    for (wrong, expected) in [
        (EXAMPLE.replace("300000.0", "0.0"), "s.toml: line 9: envelope_euros"),
        (EXAMPLE.replace("300000.0", "-5.0"), "envelope_euros"),
        (EXAMPLE.replace("[envelope_euros]", "[envelope]"), "line 8"),
    ] {
        let output = run(dir.path(), &wrong, TABLE, &[]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(1) && told.contains("s.toml") && told.contains(expected),
            "{told}"
        );
    }
}
