//! `desserte equity index`, as it is run.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// The vector of the project's domain rules.
const RATES: &str =
    "code,rate,people,zone\n01001,8,400,a\n01002,30,300,a\n01003,100,200,b\n01004,300,100,b\n";

fn index(dir: &Path, table: &str, more: &[&str]) -> Output {
    let file = dir.join("t.csv");
    std::fs::write(&file, table).unwrap();
    Command::new(env!("CARGO_BIN_EXE_desserte"))
        .args(["equity", "index", "t.csv", "--value", "rate", "--weight", "people"])
        .args(more)
        .current_dir(dir)
        .output()
        .unwrap()
}

fn answer(table: &str, more: &[&str]) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let output = index(dir.path(), table, &[more, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Refused, with what is said of it.
fn refusal(table: &str, more: &[&str]) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let output = index(dir.path(), table, more);
    assert!(output.stdout.is_empty(), "{output:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn printed(found: &Value, expected: &str) {
    let decimals = expected.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    assert_eq!(format!("{:.decimals$}", found.as_f64().unwrap()), expected);
}

#[test]
fn the_vector_of_the_domain_rules_is_told() {
    let found =
        answer(RATES, &["--group", "zone", "--poverty-line", "30", "--top-code", "100", "--key", "code"]);
    for (name, expected) in [
        ("mean", "62.2"),
        ("gini", "0.610611"),
        ("theil_t", "0.700543"),
        ("theil_l", "0.786807"),
        ("atkinson_0.5", "0.319362"),
        ("atkinson_1", "0.544704"),
        ("atkinson_2", "0.742077"),
        ("palma", "9.375"),
        ("fgt0", "0.4"),
        ("fgt1", "0.293333"),
        ("fgt2", "0.215111"),
        ("effective_count", "3.33"),
    ] {
        printed(&found[name], expected);
    }
    printed(&found["top_coded"]["gini"], "0.473460");
    let split = &found["split"];
    printed(&split["theil_t"]["between"], "0.542776");
    printed(&split["theil_t"]["within"], "0.157767");
    printed(&split["theil_l"]["between"], "0.594879");
    printed(&split["theil_l"]["within"], "0.191928");
    assert_eq!(found["parameters"], "statistics-4");
}

#[test]
fn what_is_missing_is_counted_and_what_is_not_defined_is_null() {
    let table = "rate;people;zone\n0;1;a\n4,5;1;\n;7;b\nnd;2;b\n9;0;a\n";
    let found = answer(table, &["--group", "zone"]);
    assert_eq!(found["missing"], serde_json::json!({ "rows": 2, "weight": 9.0 }));
    assert_eq!(
        (&found["rows"], &found["rows_used"], &found["rows_of_weight_zero"]),
        (&5.into(), &2.into(), &1.into())
    );
    assert_eq!((found["mean"].as_f64(), &found["theil_l"]), (Some(2.25), &Value::Null));
    let groups = found["split"]["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 3);
    assert_eq!((&groups[0]["group"], groups[0]["mean"].as_f64()), (&Value::Null, Some(4.5)));
    assert_eq!((&groups[2]["group"], &groups[2]["mean"]), (&"b".into(), &Value::Null));
    assert!(found.get("fgt0").is_none(), "no line was asked for");
}

#[test]
fn every_bad_row_is_named_with_file_and_line() {
    let table = "code,rate,people\n01001,8,400\n01001,30,-3\n01003,x,\n01004,-1,many\n";
    let (code, told) = refusal(table, &["--key", "code"]);
    assert_eq!(code, Some(1));
    for expected in [
        "t.csv:3: 01001 est déjà à la ligne 2",
        "t.csv:3: people : -3 est négatif",
        "t.csv:4: people : poids manquant",
        "t.csv:4: rate : \"x\" n'est pas un nombre",
        "t.csv:5: people : \"many\" n'est pas un nombre",
        "t.csv:5: rate : -1 est négatif",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let (_, told) = refusal(table, &["--key", "code", "--lang", "en"]);
    assert!(told.contains("t.csv:4: people: the weight is missing"), "{told}");
    let many = format!("rate,people\n{}", "1,-1\n".repeat(50));
    let (_, told) = refusal(&many, &["--lang", "en"]);
    assert!(told.contains("t.csv:21:") && !told.contains("t.csv:22:") && told.contains("30 more"), "{told}");
}

#[test]
fn a_table_that_weighs_nothing_and_wrong_options_are_refused() {
    let (code, told) = refusal("rate,people\n8,0\n9,0\n", &["--lang", "en"]);
    assert!(code == Some(1) && told.contains("t.csv:3:") && told.contains("total weight"), "{told}");
    let (code, told) = refusal("rate,people\n", &[]);
    assert!(code == Some(1) && told.contains("t.csv:1:"), "{told}");
    let (code, told) = refusal(RATES, &["--group", "zones"]);
    assert!(
        code == Some(64) && told.contains("zones") && told.contains("code, rate, people, zone"),
        "{told}"
    );
    for wrong in [
        &["--poverty-line", "0"][..],
        &["--top-code", "NaN"],
        &["--bootstrap", "10", "--seed", "1"],
        &["--bootstrap", "2000"],
        &["--seed", "1"],
    ] {
        assert_eq!(refusal(RATES, wrong).0, Some(64), "{wrong:?}");
    }
}

/// Probes on five days each; those of zone b are far better, those of a and c alike.
fn probes(count: u32) -> String {
    let mut table = "probe,day,rate,people,zone\n".to_owned();
    for probe in 0..count {
        for day in 0..5_u32 {
            let zone = ["a", "b", "c"][probe as usize % 3];
            let rate = if zone == "b" { 400 } else { 20 } + (probe / 3 * 7 + day * 3) % 11;
            table += &format!("{probe},{day},{rate},10,{zone}\n");
        }
    }
    table
}

const DRAWN: [&str; 8] = ["--bootstrap", "2000", "--seed", "7", "--cluster", "probe", "--day", "day"];

#[test]
fn intervals_follow_from_the_seed_whatever_the_threads() {
    let more = |threads: &'static str| [&DRAWN[..], &["--group", "zone", "--threads", threads]].concat();
    let one = answer(&probes(60), &more("1"));
    assert_eq!(one, answer(&probes(60), &more("3")));
    let bootstrap = &one["bootstrap"];
    assert_eq!((&bootstrap["clusters"], &bootstrap["seed"]), (&60.into(), &7.into()));
    let gini = one["gini"].as_f64().unwrap();
    let ends = &bootstrap["intervals"]["gini"];
    assert!(ends[0].as_f64().unwrap() < gini && gini < ends[1].as_f64().unwrap(), "{ends} {gini}");
    let other =
        answer(&probes(60), &["--bootstrap", "2000", "--seed", "8", "--cluster", "probe", "--day", "day"]);
    assert_ne!(other["bootstrap"]["intervals"]["gini"], *ends);
}

#[test]
fn groups_alike_are_ex_aequo_and_the_better_one_is_named_whichever_it_is() {
    let more = [&DRAWN[..], &["--group", "zone"]].concat();
    let verdicts = |probes: u32| -> Vec<String> {
        let found = answer(&self::probes(probes), &more);
        let compared = found["split"]["compared"].as_array().unwrap();
        compared.iter().map(|pair| pair["verdict"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(verdicts(60), ["second_higher", "ex_aequo", "first_higher"]);
    // Of four probes some draws hold none.
    assert_eq!(verdicts(12), ["not_enough_data"; 3]);
    let dir = tempfile::tempdir().unwrap();
    let told = String::from_utf8(index(dir.path(), &probes(60), &more).stdout).unwrap();
    assert!(told.contains("a, c : ex æquo") && told.contains("plus élevée pour b que pour a"), "{told}");
}

#[test]
fn too_few_clusters_give_no_interval() {
    let found = answer(RATES, &["--bootstrap", "2000", "--seed", "1"]);
    assert_eq!(
        (&found["bootstrap"]["intervals"], &found["bootstrap"]["clusters_min"]),
        (&Value::Null, &12.0.into())
    );
    let dir = tempfile::tempdir().unwrap();
    let output = index(dir.path(), RATES, &["--bootstrap", "2000", "--seed", "1", "--poverty-line", "30"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("données insuffisantes") && told.contains("0,610611"), "{told}");
}

#[test]
fn drawings_come_with_their_tables() {
    let dir = tempfile::tempdir().unwrap();
    let more = ["--group", "zone", "--poverty-line", "30", "--top-code", "100", "--plot", "p"];
    let drawn = ["--bootstrap", "2000", "--seed", "1"];
    let output = index(dir.path(), RATES, &[&more[..], &drawn].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let read = |name: &str| std::fs::read_to_string(dir.path().join("p").join(name)).unwrap();
    assert!(read("lorenz.csv").ends_with("Gini;0,611;0,473\n"), "{}", read("lorenz.csv"));
    assert!(
        read("theil-parts.csv").contains("Theil T, zone;0,5428;0,1578;77,5 %\n"),
        "{}",
        read("theil-parts.csv")
    );
    assert!(read("quantiles.svg").contains("role=\"img\""));
    assert!(read("index.html").contains("<summary>Les mêmes nombres en tableau</summary>"));
}

#[test]
fn strata_count_as_their_population_and_the_weights_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let table = "rate,people,habitat\n8,1,rural\n30,1,urbain\n40,1,urbain\n50,1,urbain\n";
    std::fs::write(dir.path().join("p.csv"), "strate;population\nrural;600\nurbain;300\nmontagne;100\n")
        .unwrap();
    let more = ["--stratum", "habitat", "--population", "p.csv"];
    let output = index(dir.path(), table, &[&more[..], &["--json"]].concat());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Two thirds of those who are seen live in the country.
    printed(&found["mean"], "18.66667");
    let weighting = &found["post_stratification"];
    printed(&weighting["unseen_share"], "0.1");
    printed(&weighting["strata"][0]["factor"], "2.666667");
    let told = String::from_utf8(index(dir.path(), table, &more).stdout).unwrap();
    assert!(
        told.contains("10,0 % de la population, dont rien n'est dit") && told.contains("2,667"),
        "{told}"
    );
    std::fs::write(dir.path().join("p.csv"), "strate;population\nrural;600\n").unwrap();
    let refused = index(dir.path(), table, &more);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("p.csv: \"urbain\""));
}
