//! What measuring itself costs, as an operator asks for it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use serde_json::Value;

fn told(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_desserte")).args(words).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{words:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn count(of: &Value, key: &str) -> u64 {
    of[key].as_u64().unwrap_or_else(|| panic!("{key}: {of}"))
}

#[test]
fn what_is_known_adds_up_and_what_is_not_is_counted_apart() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("d").to_str().unwrap().to_owned();
    told(&["demo-data", "--out", &data]);
    let month =
        told(&["query", "SELECT max(month) AS m FROM probe_health", "--data", &data, "--format", "csv"]);
    let month = month.lines().nth(1).unwrap().trim_matches('"').to_owned();
    let ask = |more: &[&str]| {
        let words = ["footprint", "--data", &data, "--month", &month];
        told(&words.iter().chain(more).copied().collect::<Vec<_>>())
    };
    let answer: Value = serde_json::from_str(&ask(&["--json", "--by", "commune"])).unwrap();
    let all = &answer["all"];
    let probes = count(all, "probes");
    let places = answer["places"].as_object().unwrap();
    assert_eq!(places.values().map(|place| count(place, "probes")).sum::<u64>(), probes);

    let electricity = &all["electricity_kwh"];
    let (known, unknown) = (count(electricity, "known"), count(electricity, "unknown"));
    assert_eq!(known + unknown, probes);
    assert!(known > 0 && unknown > 0, "some devices are declared and some are not: {electricity}");
    let ends = [&electricity["low"], &electricity["high"]].map(|end| end.as_f64().unwrap());
    assert!(0.0 < ends[0] && ends[0] < ends[1], "{electricity}");
    for end in ["low", "high"] {
        let sum: f64 = places.values().filter_map(|place| place["electricity_kwh"][end].as_f64()).sum();
        assert!((sum - electricity[end].as_f64().unwrap()).abs() < 1e-9, "{end}: {sum} of {electricity}");
    }
    let nobody = places.values().find(|place| count(&place["electricity_kwh"], "known") == 0).unwrap();
    assert_eq!(nobody["electricity_kwh"]["low"], Value::Null, "what is known of nobody is not zero");
    assert!(count(all, "fixed_lines") > 0, "{all}");
    assert_eq!(all["mobile_traffic_marginal_kg"]["low"], 0.0);
    assert_eq!(all["mobile_traffic_marginal_kg"]["high"], all["mobile_traffic_allocated_kg"]["high"]);

    let french = ask(&["--by", "nation"]);
    assert!(
        french.contains("inconnu pour") && french.contains("Ces lignes ne s'additionnent pas"),
        "{french}"
    );
    assert!(french.contains("footprint-1"), "{french}");
    let english = ask(&["--by", "nation", "--lang", "en"]);
    assert!(english.contains("not known of"), "{english}");
    let empty = told(&["footprint", "--data", &data, "--month", "2021-01"]);
    assert_eq!(empty, "2021-01 : aucune sonde n'a donné signe de vie\n");
}
