//! Campaigns over a declared mobile map: planned, then held against their rule sets, with what does not count and what is missing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::process::Command;

use desserte_e2e::program;

/// Runs `desserte campaign` with words of which none has a space, in a folder, and gives all that it said.
fn campaign(folder: &tempfile::TempDir, words: &str, code: i32) -> String {
    let mut command = Command::new(program("desserte"));
    command.arg("campaign").args(words.split(' ')).current_dir(folder.path());
    let output = command.output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words}: {said}");
    said
}

const AREAS: &str =
    "--area zone --surface km2 --declared declaree --reached reussite --technology conforme --lang en";

#[test]
fn areas_are_told_beside_what_is_asked_of_them_with_all_that_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = "zone;km2;declaree;reussite;conforme\n".to_owned();
    let mut rows = |zone: &str, row: &str, count: usize| {
        for _ in 0..count {
            let _ = writeln!(table, "{zone};{row}");
        }
    };
    rows("nord", "61,5;1;1;1", 57);
    rows("nord", "61,5;1;0;", 3);
    rows("nord", "61,5;0;0;", 2);
    rows("nord", "61,5;1;1;0", 1);
    rows("sud", "61,5;1;1;1", 40);
    rows("sud", "61,5;1;0;", 20);
    rows("bourg", "4,2;1;0;", 80);
    rows("hameaux", ";1;;", 1);
    std::fs::write(folder.path().join("mesures.csv"), &table).unwrap();
    let told = campaign(&folder, &format!("areas mesures.csv {AREAS}"), 0);
    for wanted in [
        "nord: 60 measurements that count, 57 succeeded; 95.0 % of successes, 95.0 % are asked: reached",
        "  outside declared coverage: 2",
        "  succeeded over another technology, or not known: 1",
        "sud: 60 measurements that count, 40 succeeded; 66.7 % of successes, 95.0 % are asked: below",
        "bourg: 80 measurements that count, 0 succeeded; lacks a surface of 50.0 km² or more",
        "hameaux: 0 measurements that count",
        "  without a known outcome: 1",
        "no verdict",
    ] {
        assert!(told.contains(wanted), "{wanted}: {told}");
    }

    std::fs::write(folder.path().join("deux.csv"), format!("{table}nord;70;1;1;1\n")).unwrap();
    let told = campaign(&folder, &format!("areas deux.csv {AREAS}"), 64);
    assert!(told.contains("line 206") && told.contains("two surfaces"), "{told}");
    std::fs::write(folder.path().join("faux.csv"), format!("{table}nord;61,5;peut-être;1;1\n")).unwrap();
    assert!(campaign(&folder, &format!("areas faux.csv {AREAS}"), 1).contains("peut-être"));
    std::fs::write(folder.path().join("rien.csv"), "zone;km2;declaree;reussite;conforme\nnord;60;0;1;1\n")
        .unwrap();
    assert!(campaign(&folder, &format!("areas rien.csv {AREAS}"), 2).contains("no measurement counts"));
}

#[test]
fn a_plan_says_how_many_measurements_an_area_takes_and_refuses_one_that_is_too_small() {
    let folder = tempfile::tempdir().unwrap();
    let told = campaign(&folder, "plan --surface 5565", 0);
    assert!(
        told.contains("6549 mesures au moins") && told.contains("98,0 % à partir de 1000,0 km²"),
        "{told}"
    );
    let told = campaign(&folder, "plan --surface 30 --lang en", 2);
    assert!(told.contains("asks nothing of an area of less than 50.0 km²"), "{told}");
    campaign(&folder, "plan --surface 30 --from 2026-10-01", 64);
    campaign(&folder, "plan", 64);
}
