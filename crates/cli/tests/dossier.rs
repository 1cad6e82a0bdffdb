//! `desserte dossier build`, before anything is made.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::path::Path;
use std::process::{Command, Output};

use desserte_territory::{Lineage, Succession, Territory, synthetic};

fn run(dir: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_desserte")).args(arguments.split(' ')).current_dir(dir).output().unwrap()
}

/// The made-up département, in which 99050 merged into 99001 in 2020, and 99003 was cut in two in 2024.
fn territory() -> Territory {
    let mut contents = synthetic::territory(1).contents();
    let row = |from: &str, day: &str, to: &str| Succession {
        from: from.parse().unwrap(),
        effective: day.parse().unwrap(),
        to: to.parse().unwrap(),
    };
    let successions = vec![
        row("99050", "2020-01-01", "99001"),
        row("99060", "2024-01-01", "99003"),
        row("99060", "2024-01-01", "99004"),
    ];
    contents.lineage = Lineage { successions, ..Lineage::default() };
    Territory::new(&contents).unwrap()
}

#[test]
fn a_commune_that_is_gone_names_its_successor() {
    let dir = tempfile::tempdir().unwrap();
    assert!(run(dir.path(), "demo-data --out data --probes 1").status.success());
    let territory = territory();
    std::fs::write(dir.path().join("t.dst"), territory.to_bytes()).unwrap();
    let name = |code: &str| territory.commune(code.parse().unwrap()).unwrap().name.clone();
    let refused = |commune: &str, lang: &str| {
        let words = format!(
            "dossier build --data data --territory t.dst --from 2026-10-01 --to 2026-11-01 --out out --commune {commune} --lang {lang}"
        );
        let output = run(dir.path(), &words);
        assert_eq!(output.status.code(), Some(64), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let told = refused("99050", "fr");
    assert!(told.contains("n’existe plus") && told.contains(&format!("{} (99001)", name("99001"))), "{told}");
    assert!(told.contains("demandez --commune 99001"), "{told}");
    assert!(refused("99050", "en").contains("ask for --commune 99001"));
    let told = refused("99060", "fr");
    assert!(told.contains("(99003)") && told.contains("(99004)"), "{told}");
    assert!(refused("99999", "fr").contains("n’est pas une commune de ce territoire"));
    assert!(!dir.path().join("out").exists(), "nothing is left of a dossier that was not made");
}
