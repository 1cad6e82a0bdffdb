//! Anyone asks a collector for a commune's dossier: what is public comes, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use desserte_e2e::{Collector, can, has_program, program};
use serde_json::Value;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/pages")
}

fn desserte(words: &[&str], folder: &Path) -> String {
    let output = Command::new(program("desserte")).args(words).current_dir(folder).output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Probes with their communes, in the order of the list.
fn probes(folder: &Path) -> Vec<(String, String)> {
    let list = desserte(&["probe", "list", "--data", "collector"], folder);
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        (words[0].to_owned(), words[3].to_owned())
    };
    list.lines().skip(1).map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_is_asked_for_followed_downloaded_and_holds_public_buildings_alone() {
    let tools =
        project().join("node_modules/axe-core").is_dir() && has_program("node") && has_program("chromium");
    if !can("node, chromium and what `cargo xtask test` installs beside them", tools) {
        return;
    }
    let scene = tempfile::tempdir().unwrap();
    let folder = scene.path();
    desserte(&["demo-data", "--out", "collector", "--probes", "4"], folder);
    let probes = probes(folder);
    // The first commune has three probes; one of them stands in a public building. The other commune has none that does.
    let (commune, others): (String, Vec<_>) = {
        let first = probes[0].1.clone();
        let others = probes.iter().filter(|(_, commune)| *commune != first).cloned().collect();
        (first, others)
    };
    for (number, (probe, place)) in probes.iter().enumerate() {
        let host = if *place == commune && number == 0 { "public" } else { "person" };
        desserte(&["probe", "host", "--data", "collector", probe, host], folder);
    }
    std::fs::write(folder.join("collector.toml"), "[dossiers]\noffer = true\n").unwrap();
    let config = folder.join("collector.toml");
    let territory = folder.join("collector/territoire.dst");
    let collector = Collector::start(folder, &territory, &["--config", config.to_str().unwrap()]).await;
    std::fs::create_dir(folder.join("got")).unwrap();
    let output = Command::new("node")
        .arg(project().join("dossier.mjs"))
        .args([&format!("http://{}/", collector.address), &commune, &others[0].1])
        .arg(folder.join("got"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));

    let told = desserte(&["dossier", "verify", "got", "--lang", "en"], folder);
    assert!(told.contains("The dossier holds"), "{told}");
    // What came over the network, read by another program than ours.
    let read = |part: &str| -> Value {
        let unzipped =
            Command::new("unzip").args(["-p", "got/dossier.zip", part]).current_dir(folder).output();
        serde_json::from_slice(&unzipped.unwrap().stdout).unwrap()
    };
    if can("unzip", has_program("unzip")) {
        let request = read("request.json");
        assert_eq!(request["public"], true);
        let told: Vec<&str> = request["probes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|probe| probe["probe"].as_str().unwrap())
            .collect();
        assert_eq!(told, [probes[0].0.as_str()]);
    }
}
