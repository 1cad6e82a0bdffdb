//! One real département: small enough to run at every change. Needs real data (`shared::geodata`).
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests fail the test")]

mod shared;

use desserte_geodata::{FindingKind, ImportPlan, built_in_manifests, import};
use desserte_model::LonLat;
use desserte_territory::{Territory, drawing};
use indicatif::ProgressBar;

fn creuse(file: &str) -> Option<Territory> {
    let dir = shared::geodata()?;
    let plan = ImportPlan {
        communes: vec![dir.join("creuse-23").join(file)],
        populations: vec![dir.join("cog/donnees_communes.csv.gz")],
        cog: Some(dir.join("cog/communes.csv.gz")),
        vintage: Some(2026),
        manifests: built_in_manifests(),
        ..ImportPlan::default()
    };
    let imported = import(&plan, &ProgressBar::hidden()).unwrap();
    assert!(imported.report.findings.is_empty(), "{:?}", imported.report.findings);
    Some(imported.territory)
}

#[test]
fn two_formats_of_one_layer_give_one_territory() {
    let (Some(geojson), Some(flatgeobuf)) = (creuse("communes-23.geojson"), creuse("communes-23.fgb")) else {
        return;
    };
    assert_eq!(geojson.contents().communes, flatgeobuf.contents().communes);
    assert_eq!(geojson.departements(), flatgeobuf.departements());
    let sum = geojson.population_of_departement("23");
    assert_eq!((sum.communes, sum.inhabitants, sum.communes_without_figure), (255, Some(115_527), 0));
}

#[test]
fn known_points_fall_into_their_communes() {
    let Some(territory) = creuse("communes-23.geojson") else { return };
    let dir = shared::geodata().unwrap();
    // Codes computed with GEOS when the tables were put together.
    let sites = shared::table(&dir.join("creuse-23/mobile-sites-2018-01.csv"), b',');
    assert_eq!(sites.len(), 272);
    let tests = shared::table(&dir.join("creuse-23/ookla-fixed-2023q2.csv"), b',');
    assert_eq!(tests.len(), 466);
    for row in sites.iter().chain(&tests) {
        let point = LonLat::new(row["lon"].parse().unwrap(), row["lat"].parse().unwrap()).unwrap();
        let found = territory.locate(point).commune().map(|commune| commune.code.to_string());
        assert_eq!(found.as_ref(), Some(&row["code_commune"]), "{point}");
    }
}

#[test]
fn the_map_of_a_departement_is_light_and_complete() {
    let Some(territory) = creuse("communes-23.geojson") else { return };
    let map = drawing::departement_map(&territory, "23", 800).unwrap();
    assert_eq!(map.communes.len(), 255);
    let octets: usize = map.communes.iter().map(|path| path.d.len()).sum();
    assert!(octets < 36_000, "{octets} octets of paths");
    assert!(map.communes.iter().all(|path| path.d.len() >= 12), "a commune has vanished");
}

#[test]
fn the_file_that_a_demonstration_downloads_imports_without_help() {
    let Some(dir) = shared::geodata() else { return };
    let plan = ImportPlan {
        communes: vec![dir.join("creuse-23/communes-23-2018.geojson")],
        manifests: built_in_manifests(),
        ..ImportPlan::default()
    };
    let imported = import(&plan, &ProgressBar::hidden()).unwrap();
    assert_eq!((imported.report.vintage, imported.territory.communes().len()), (2018, 258));
    assert_eq!(imported.report.codes(FindingKind::RepairedOutline).count(), 0);
    let source = &imported.territory.sources()[0];
    assert!(
        source.title.contains("Creuse")
            && source.licence.as_deref().is_some_and(|l| l.contains("Licence Ouverte"))
    );
}
