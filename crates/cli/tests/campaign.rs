//! `desserte campaign`, as it is run.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::process::{Command, Output};

fn campaign(words: &[&str], table: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("t.csv"), table).unwrap();
    Command::new(env!("CARGO_BIN_EXE_desserte"))
        .arg("campaign")
        .args(words)
        .current_dir(dir.path())
        .output()
        .unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

const CHECK: [&str; 12] = [
    "check",
    "t.csv",
    "--time",
    "heure",
    "--rate",
    "mbit",
    "--wired",
    "cable",
    "--alone",
    "seul",
    "--maximum",
    "100",
];

/// The tests of a plan, as `desserte campaign plan` prints it, each with a rate.
fn kept(rate: &str) -> String {
    let plan = campaign(&["plan", "--from", "2026-11-23"], "");
    let mut table = "heure,mbit,cable,seul\n".to_owned();
    for line in text(&plan.stdout).lines().skip(1) {
        let (date, times) = line.split_once("  ").unwrap();
        for time in times.split("  ") {
            table += &format!("{date}T{time}:00,{rate},1,1\n");
        }
    }
    table
}

#[test]
fn a_plan_that_was_kept_is_judged_and_half_of_it_is_not() {
    let whole = campaign(&CHECK, &kept("42.5"));
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
    let told = text(&whole.stdout);
    assert!(told.contains("ne tient pas son contrat : 90,0 % du maximum non atteints"), "{told}");
    assert!(text(&campaign(&CHECK, &kept("97")).stdout).contains("tient ce qui a été demandé"));

    let half: String = kept("42.5").lines().take(16).map(|line| format!("{line}\n")).collect();
    let told = text(&campaign(&CHECK, &half).stdout);
    assert!(told.contains("2026-11-25 n’a que 5 essais") && told.contains("rien n’en est conclu"), "{told}");
}

#[test]
fn times_of_another_clock_and_unreadable_cells_are_named() {
    let table = "heure,mbit,cable,seul\n2026-11-23T09:00:00Z,1,1,1\n2026-11-23T09:00:00,x,1,1\n2026-11-23 09:00,1,2,1\n";
    let refused = campaign(&CHECK, table);
    let told = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{told}");
    for line in ["t.csv:2:", "t.csv:3:", "t.csv:4:"] {
        assert!(told.contains(line), "{told}");
    }
    let nothing = campaign(&CHECK[..10], &kept("1"));
    assert_eq!(nothing.status.code(), Some(64));
}
