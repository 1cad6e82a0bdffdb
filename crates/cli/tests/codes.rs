//! Tables by commune code: `desserte equity moran` and `desserte perequation` with a territory file.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use desserte_territory::{Lineage, Succession, Territory, synthetic};
use serde_json::Value;

const SCENARIO: &str = include_str!("../../equity/parameters/scenarios/exemple-complet.toml");

/// The made-up département; 99050 and 99051 merged into 99001 in 2020, 99002 was 99060 until 2022, 99003 was cut in two in 2024.
fn territory(dir: &Path) -> Territory {
    let mut contents = synthetic::territory(1).contents();
    let row = |from: &str, day: &str, to: &str| Succession {
        from: from.parse().unwrap(),
        effective: day.parse().unwrap(),
        to: to.parse().unwrap(),
    };
    contents.lineage = Lineage {
        successions: vec![
            row("99003", "2024-01-01", "99003"),
            row("99003", "2024-01-01", "99004"),
            row("99050", "2020-01-01", "99001"),
            row("99051", "2020-01-01", "99001"),
            row("99060", "2022-03-04", "99002"),
        ],
        ..Lineage::default()
    };
    let territory = Territory::new(&contents).unwrap();
    std::fs::write(dir.join("t.dst"), territory.to_bytes()).unwrap();
    territory
}

fn run(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_desserte")).args(arguments).current_dir(dir).output().unwrap()
}

fn json(dir: &Path, arguments: &[&str]) -> Value {
    let output = run(dir, &[arguments, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

const MORAN: [&str; 8] = ["equity", "moran", "v.csv", "--value", "y", "--territory", "t.dst", "--seed"];

#[test]
fn neighbours_come_from_the_territory_and_islands_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let territory = territory(dir.path());
    let codes: Vec<String> = territory.communes().map(|commune| commune.code.to_string()).collect();
    // What a commune has follows from where it lies: values rise with the latitude of its outline.
    let mut table = "code,y\n".to_owned();
    for commune in territory.communes() {
        let outline = territory.outline(commune.code).unwrap();
        let first = outline.as_multi_polygon().iter().next().unwrap().exterior().0[0].y;
        let code =
            if commune.code.to_string() == "99002" { "99060".to_owned() } else { commune.code.to_string() };
        let _ = writeln!(table, "{code},{first}");
    }
    std::fs::write(dir.path().join("v.csv"), &table).unwrap();
    let found = json(dir.path(), &[&MORAN[..], &["5"]].concat());
    if codes.len() >= 30 {
        assert_eq!(found["verdict"], "alike", "{found}");
        assert!(found["moran"].as_f64().unwrap() > 0.3 && found["p_value"].as_f64().unwrap() < 0.01);
    }
    assert_eq!(found["translated"][0]["from"], "99060");
    assert_eq!(found["translated"][0]["to"], "99002");
    // Of one value in two nothing is said, and no number printed.
    let half: String =
        table
            .lines()
            .enumerate()
            .map(|(at, row)| {
                if at % 2 == 1 {
                    format!("{},\n", row.split(',').next().unwrap())
                } else {
                    format!("{row}\n")
                }
            })
            .collect();
    std::fs::write(dir.path().join("v.csv"), half).unwrap();
    let found = json(dir.path(), &[&MORAN[..], &["5"]].concat());
    assert_eq!((&found["verdict"], &found["moran"]), (&"not_enough_data".into(), &Value::Null));
    let told = String::from_utf8(run(dir.path(), &[&MORAN[..], &["5"]].concat()).stdout).unwrap();
    assert!(told.contains("données insuffisantes") && !told.contains("Moran"), "{told}");
}

#[test]
fn codes_that_are_no_commune_are_named_with_their_lines() {
    let dir = tempfile::tempdir().unwrap();
    territory(dir.path());
    std::fs::write(dir.path().join("v.csv"), "code,y\n99050,1\n99051,2\n12345,3\nabc,4\n,5\n99003,6\n")
        .unwrap();
    let output = run(dir.path(), &[&MORAN[..], &["5", "--lang", "en", "--from", "2019"]].concat());
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    for expected in [
        "v.csv:3: 99051 → 99001 is on line 2 already",
        "v.csv:4: \"12345\" is no code of a commune",
        "v.csv:5: \"abc\" is no code of a commune",
        "v.csv:6: the key is empty",
        "v.csv:7: 99003 is several communes today: 99003, 99004",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

const TABLE: &str = "code;lines;cost;places;k;drops;d;commun\n\
    99060;10000;2,60;120;1300;50;583;0\n\
    99001;20000;1,65;80;1300;30;583;1\n\
    99003;100000;0,80;0;1300;10;nd;0\n";

const PEREQUATION: [&str; 16] = [
    "perequation",
    "s.toml",
    "d.csv",
    "--places",
    "places",
    "--place-cost",
    "k",
    "--drops",
    "drops",
    "--drop-cost",
    "d",
    "--pooled",
    "commun",
    "--territory",
    "t.dst",
    "--lang=en",
];

#[test]
fn an_amount_unfolds_to_its_formulas_its_sums_and_its_line() {
    let dir = tempfile::tempdir().unwrap();
    territory(dir.path());
    std::fs::write(dir.path().join("s.toml"), SCENARIO).unwrap();
    std::fs::write(dir.path().join("d.csv"), TABLE).unwrap();
    let found = json(dir.path(), &[&PEREQUATION[..], &["--explain", "99002"]].concat());
    assert_eq!((&found["line"], found["years"].as_array().unwrap().len()), (&2.into(), 3));
    assert_eq!(found["translated"][0]["from"], "99060");
    let first = &found["years"][0];
    let needs: f64 =
        first["needs"].as_array().unwrap().iter().map(|need| need["euros"].as_f64().unwrap()).sum();
    let amount: f64 = first["amount_euros"].as_str().unwrap().parse().unwrap();
    let number = |name: &str| first[name].as_f64().unwrap();
    assert!((needs - number("base_euros")).abs() < 1e-9);
    assert!((needs * number("factor") + number("rounding_euros") - amount).abs() < 1e-6);
    assert!((number("factor") - number("envelope_euros") / number("sum_of_bases_euros")).abs() < 1e-9);
    let told = run(dir.path(), &[&PEREQUATION[..], &["--explain", "99002"]].concat());
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("99002: d.csv:2") && told.contains("50 * max(0, 583 * 1 - 200)"), "{told}");
    let whole = json(dir.path(), &PEREQUATION);
    // A cost of a connection is not known: no amount, though its lines would need nothing.
    assert_eq!(whole["years"][2]["amounts_euros"]["99003"], Value::Null);
    assert_eq!(whole["years"][0]["total_euros"], "400000.00");
    assert_eq!(run(dir.path(), &[&PEREQUATION[..], &["--explain", "1"]].concat()).status.code(), Some(64));
}

#[test]
fn the_assumption_that_moves_most_is_told_first() {
    let dir = tempfile::tempdir().unwrap();
    territory(dir.path());
    std::fs::write(dir.path().join("s.toml"), SCENARIO).unwrap();
    std::fs::write(dir.path().join("d.csv"), TABLE).unwrap();
    let found = json(dir.path(), &[&PEREQUATION[..], &["--sensitivity"]].concat());
    let assumptions = found["assumptions"].as_array().unwrap();
    let moved: Vec<f64> =
        assumptions.iter().map(|of| of["moved_most_euros"].as_str().unwrap().parse().unwrap()).collect();
    assert!(moved.len() == 6 && moved.windows(2).all(|pair| pair[0] >= pair[1]), "{found}");
    let lacking = run(dir.path(), &["perequation", "s.toml", "d.csv", "--lang", "en"]);
    let told = String::from_utf8(lacking.stderr).unwrap();
    assert!(lacking.status.code() == Some(64) && told.contains("--places"), "{told}");
}
