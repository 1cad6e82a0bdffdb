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

const CELLS: [&str; 14] = [
    "cells",
    "t.csv",
    "--time",
    "heure",
    "--cell",
    "maille",
    "--part",
    "partie",
    "--reached",
    "ok",
    "--declared",
    "zone",
    "--on",
    "2026-11-20",
];

#[test]
fn a_mobile_cell_is_told_with_what_it_lacks() {
    let mut table = "heure,maille,partie,ok,zone\n".to_owned();
    for (cell, hours) in [("m1", [9, 13]), ("m2", [9, 10])] {
        for part in 0..4 {
            for hour in hours {
                table += &format!("2026-10-05T{hour:02}:00:00,{cell},{cell}-{part},0,4G\n");
            }
        }
    }
    table += "2026-10-05T23:00:00,m1,m1-0,0,4G\n2026-10-05T10:00:00,m1,m1-0,0,\n2024-10-05T10:00:00,m1,m1-0,0,4G\n";
    let output = campaign(&CELLS, &table);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told = text(&output.stdout);
    assert!(told.contains("m1 : 8 essais, 8 négatifs ; il ne manque rien"), "{told}");
    assert!(told.contains("m2 : 8 essais, 8 négatifs ; il manque deux négatifs à 4 h d’écart"), "{told}");
    assert!(told.contains("hors de la couverture déclarée 1 ;") && told.contains("la nuit 1 ;"), "{told}");
    assert!(
        told.contains("trop anciens, ou après le jour dit 1.") && told.contains("non un verdict"),
        "{told}"
    );
    let nothing = campaign(&CELLS, "heure,maille,partie,ok,zone\n2026-10-05T09:00:00,m,p,,4G\n");
    assert_eq!(nothing.status.code(), Some(2), "{nothing:?}");
    let bad = campaign(&CELLS, "heure,maille,partie,ok,zone\n2026-10-05T09:00:00,,p,1,4G\n");
    assert_eq!(bad.status.code(), Some(1), "{bad:?}");
}
