//! Classes of a real département from the official tables. Needs real data (`shared::geodata`).
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests fail the test")]

mod shared;

use std::collections::BTreeMap;
use std::path::Path;

use desserte_geodata::{FindingKind, ImportPlan, NamedFile, add_classes_in, built_in_manifests, import};
use desserte_ledger::{Classes, Ledger, Rules};
use indicatif::ProgressBar;

#[test]
fn a_real_departement_has_the_classes_that_its_published_tables_say() {
    let Some(dir) = shared::geodata() else { return };
    let mut plan = ImportPlan {
        communes: vec![dir.join("creuse-23/communes-23.geojson")],
        populations: vec![dir.join("cog/donnees_communes.csv.gz")],
        cog: Some(dir.join("cog/communes.csv.gz")),
        movements: Some(dir.join("cog/mouvements-communes.csv.gz")),
        vintage: Some(2026),
        manifests: built_in_manifests(),
        ..ImportPlan::default()
    };
    add_classes_in(&dir, &mut plan);
    let imported = import(&plan, &ProgressBar::hidden()).unwrap();
    let territory = imported.territory;
    let classes = Classes::of(&territory, &Rules::built_in(), &BTreeMap::new()).unwrap();
    let counts = |class: &str| {
        let column = classes.column(class).unwrap();
        assert!(column.credit.licence.as_deref().unwrap().starts_with("Licence Ouverte"), "{class}");
        assert!(
            column.credit.vintage.is_some() && !column.credit.withheld && column.unread.is_empty(),
            "{class}"
        );
        let unknown = column.of.iter().filter(|value| value.is_none()).count();
        let values = column.values.iter().cloned().zip(column.counts());
        (values.collect::<BTreeMap<String, usize>>(), unknown)
    };
    // Every commune of 2026 is in Arcep's table of 2018, or all communes that held its ground are, in one zone.
    let published = shared::table(&dir.join("creuse-23/arcep-ftth-2018t1.csv"), b',');
    assert_eq!(published.len(), 258);
    let (initiative, unknown) = counts("initiative");
    assert_eq!((initiative.values().sum::<usize>(), unknown), (255, 0));
    assert!(classes.column("initiative").unwrap().stand_in);
    let (zrr, unknown) = counts("zrr");
    assert_eq!(zrr.values().sum::<usize>() + unknown, 255);
    assert_eq!(counts("outre_mer"), (BTreeMap::from([("non".to_owned(), 255)]), 0));
    // Incomes: 255 rows, some withheld; what is withheld has no class.
    let incomes = shared::table(&dir.join("creuse-23/filosofi-2021.csv"), b';');
    let told = incomes.iter().filter(|row| row["MED21"].parse::<f64>().is_ok()).count();
    let (fifths, unknown) = counts("revenu");
    assert_eq!((fifths.len(), unknown), (5, 255 - fifths.values().sum::<usize>()));
    assert!(fifths.values().sum::<usize>() <= told && unknown > 0);
    for absent in ["littoral", "frr"] {
        assert!(classes.absent.iter().any(|class| class == absent), "{absent}: no table is at hand");
    }
    // What was carried from the list of 2018 is told.
    let carried = imported.report.codes(FindingKind::CarriedOver).count();
    assert!(carried > 0, "{:?}", imported.report.findings_by_kind);
    // Premises passed by fibre in 2018: 1,773 in the département as published.
    let ledger = Ledger::of_figure(&territory, "ftth2018_raccordables_t1_2018", None).unwrap();
    let sum: f64 = territory.communes().filter_map(|commune| ledger.value(commune.code)).sum();
    assert!((sum - 1_773.0).abs() < 0.5, "{sum}");
    assert!(ledger.shareable().is_ok());
}

#[test]
fn made_up_tables_in_published_layouts_give_their_classes_and_name_their_faults() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let zoning = |name: &str, path| NamedFile { name: name.to_owned(), path };
    let plan = ImportPlan {
        communes: vec![
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/traps/france-geojson.geojson"),
        ],
        vintage: Some(2026),
        zonings: vec![
            zoning(
                "cartefibre",
                file(
                    "c.csv",
                    "insee_com;locaux;ftth;couv;zone;oi\n23096;9;8;88;zipu;FRTE\n23030;9;9;100;zipri;-\n",
                ),
            ),
            zoning(
                "littoral",
                file("l.csv", "insee_com;nom_commune;classement\n23096;X;Lac\n23096;X;Mer\n23030;Y;?\n"),
            ),
            zoning(
                "frr",
                file(
                    "f.csv",
                    "codgeo;libgeo;zonage_frr\n23096;X;FRR socle\n23030;Y;FRR plus\n23030;Y;FRR plus\n",
                ),
            ),
            zoning("montagne", file("m.csv", "code_insee;nom\n23096;X\n")),
        ],
        figures: vec![zoning(
            "mci",
            file(
                "d.csv",
                "code_insee;nbr;type;inel_hd;elig_thd30;elig_thd100;date\n23096;9;all;0;8;7;2026\n23096;5;maison;0;5;5;2026\n23030;4;all;0;5;1;2026\n",
            ),
        )],
        manifests: built_in_manifests(),
        ..ImportPlan::default()
    };
    let imported = import(&plan, &ProgressBar::hidden()).unwrap();
    let classes = Classes::of(&imported.territory, &Rules::built_in(), &BTreeMap::new()).unwrap();
    let row =
        |code: &str| imported.territory.communes().position(|commune| commune.code.as_str() == code).unwrap();
    let value = |class: &str, code: &str| classes.column(class).unwrap().value(row(code)).map(str::to_owned);
    let both = |class: &str| [value(class, "23096"), value(class, "23030")];
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(both("initiative"), [some("publique"), some("privee")]);
    assert!(!classes.column("initiative").unwrap().stand_in);
    assert_eq!(both("littoral"), [some("oui"), None]);
    assert_eq!(classes.column("littoral").unwrap().unread, BTreeMap::from([("?".to_owned(), 1)]));
    assert_eq!(both("frr"), [some("socle"), some("plus")]);
    // A list of members says nothing of who is not on it.
    assert_eq!(both("montagne"), [some("oui"), None]);
    let told = |kind| {
        let found = imported.report.findings.iter().filter(move |finding| finding.kind == kind);
        found.map(|finding| finding.detail.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told(FindingKind::LayerConflict), ["littoral: Lac kept, Mer found later, line 3, l.csv"]);
    assert_eq!(told(FindingKind::LayerRepeated), ["frr: plus again, line 4, f.csv"]);
    let contradictions = told(FindingKind::FigureContradiction);
    assert!(contradictions.len() == 1 && contradictions[0].ends_with("line 4, d.csv"), "{contradictions:?}");
    let share = Ledger::of_figure(&imported.territory, "mci_elig_thd30", Some("mci_locaux")).unwrap();
    let shown = share.value("23096".parse().unwrap()).unwrap();
    assert!((shown - 100.0 * 8.0 / 9.0).abs() < 1e-9, "rows of all premises alone are read: {shown}");
}
