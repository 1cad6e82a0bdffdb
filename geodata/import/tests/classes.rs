//! Classes of a real département from the official tables. Needs real data (`shared::geodata`).
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests fail the test")]

mod shared;

use std::collections::BTreeMap;

use desserte_geodata::{FindingKind, ImportPlan, add_classes_in, built_in_manifests, import};
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
