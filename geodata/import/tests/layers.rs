//! Zonings, figures and sites of real tables on one real département, and the traps of spreadsheets.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests fail the test")]

#[allow(dead_code, reason = "shared by all tests, not used whole by each")]
mod shared;

use std::path::{Path, PathBuf};

use desserte_geodata::{FindingKind, ImportPlan, Imported, NamedFile, built_in_manifests, import};
use desserte_model::CommuneCode;
use desserte_territory::{FigureValue, Territory};
use indicatif::ProgressBar;

fn named(name: &str, path: PathBuf) -> NamedFile {
    NamedFile { name: name.to_owned(), path }
}

fn plan(dir: &Path) -> ImportPlan {
    ImportPlan {
        communes: vec![dir.join("creuse-23/communes-23.geojson")],
        cog: Some(dir.join("cog/communes.csv.gz")),
        movements: Some(dir.join("cog/mouvements-communes.csv.gz")),
        vintage: Some(2026),
        manifests: built_in_manifests(),
        ..ImportPlan::default()
    }
}

fn run(plan: &ImportPlan) -> Imported {
    import(plan, &ProgressBar::hidden()).unwrap_or_else(|error| panic!("{error}"))
}

fn code(text: &str) -> CommuneCode {
    text.parse().unwrap()
}

fn sum(territory: &Territory, figure: &str) -> f64 {
    let known = |code| territory.figure(figure, code).and_then(FigureValue::known);
    territory.communes().filter_map(|commune| known(commune.code)).sum()
}

#[test]
fn creuse_has_its_zones_and_the_published_totals() {
    let Some(dir) = shared::geodata() else { return };
    let plan = ImportPlan {
        zonings: vec![
            named("insee", dir.join("typology/insee-zonages-2025.csv.gz")),
            named("zrr", dir.join("typology/zrr-2019-communes.csv.gz")),
            named("abc", dir.join("typology/zonage-abc.csv.gz")),
            named("arcep", dir.join("arcep/ftth-2018t1/communes.csv.gz")),
            named("cuivre", dir.join("creuse-23/arcep-fixed-2026t2.csv")),
        ],
        figures: vec![
            named("filosofi", dir.join("typology/filosofi-2021-communes.csv.gz")),
            named("ftth", dir.join("arcep/ftth-2018t1/ftthCommunes.csv.gz")),
            named("acces", dir.join("creuse-23/arcep-fixed-2026t2.csv")),
        ],
        sites: vec![named(
            "sites",
            dir.join("arcep/2018_01_Sites_mobiles_2G_3G_4G_France_metropolitaine_L93.csv.gz"),
        )],
        overlays: vec![named("qpv", dir.join("typology/qpv-2014-occitanie.geojson.gz"))],
        ..plan(&dir)
    };
    let imported = run(&plan);
    let territory = Territory::from_bytes(&imported.territory.to_bytes()).unwrap();
    let zone = |zoning, commune| territory.zone(zoning, code(commune));
    assert_eq!(zone("insee_ze2020", "23096"), Some("7511"));
    let zoned =
        |zoning: &str| territory.communes().filter(|c| territory.zone(zoning, c.code).is_some()).count();
    assert_eq!((zoned("insee_uu2020"), zoned("abc"), zoned("cuivre_statut")), (255, 255, 255));
    assert_eq!(
        (zone("cuivre_statut", "23002"), zone("cuivre_fermeture", "23002")),
        (Some("prevu"), Some("2029-01-31"))
    );
    assert_eq!(zone("cuivre_fermeture", "23001"), None, "not planned has no day");
    assert_eq!(zone("arcep_zone", "23002"), Some("L33-13"));
    assert_eq!(zone("zrr", "23002"), Some("sortante"));
    // Published totals: FttH premises of T1 2018, and of T2 2026 with all premises; Ma connexion internet.
    for (figure, total) in [
        ("ftth_raccordables_t1_2018", 1_773.0),
        ("acces_ftth_raccordables", 109_088.0),
        ("acces_locaux_cartefibre", 110_488.0),
        ("acces_locaux", 111_563.0),
    ] {
        assert!((sum(&territory, figure) - total).abs() < 0.5, "{figure}: {}", sum(&territory, figure));
    }
    assert_eq!(codes(&imported, FindingKind::FigureContradiction), [""; 0], "best technologies add up");
    // 272 sites in January 2018: SFR 80, Bouygues 78, Orange 70, Free 44; 140 with 4G.
    let sites =
        ["orange", "sfr", "free", "bouygues"].map(|operator| sum(&territory, &format!("sites_{operator}")));
    let fourth: f64 =
        ["orange", "sfr", "free", "bouygues"].iter().map(|o| sum(&territory, &format!("sites_{o}_4g"))).sum();
    assert_eq!((sites.map(|count| count.round()), fourth.round()), ([70.0, 80.0, 44.0, 78.0], 140.0));
    let info = territory.figures().find(|figure| figure.name == "filosofi_med").unwrap();
    assert_eq!((info.period, info.unit), (Some("2021"), "EUR par an et par unité de consommation"));
    assert!(info.known > 200 && info.secret > 0, "{info:?}");
    assert!(territory.exportable().unwrap().withheld.is_empty());
    assert_eq!(territory.overlay("qpv").unwrap().areas().len(), 105);
}

fn codes(imported: &Imported, kind: FindingKind) -> Vec<&str> {
    imported.report.codes(kind).collect()
}

#[test]
fn what_must_not_be_passed_on_is_known_by_its_checksum_and_never_exported() {
    let Some(dir) = shared::geodata() else { return };
    let plan = ImportPlan {
        zonings: vec![
            named("tests", dir.join("creuse-23/ookla-fixed-2023q2.csv")),
            named("abc", dir.join("typology/zonage-abc.csv.gz")),
        ],
        ..plan(&dir)
    };
    let territory = run(&plan).territory;
    assert!(territory.communes().any(|commune| territory.zone("tests", commune.code).is_some()));
    let exportable = territory.exportable().unwrap();
    assert_eq!(exportable.zonings, ["abc"]);
    assert_eq!(exportable.withheld.len(), 1);
    assert_eq!(exportable.withheld[0].licence.as_deref(), Some("CC BY-NC-SA 4.0"));
}

/// A spreadsheet with title lines before its header, as INSEE publishes them.
fn spreadsheet(path: &Path, rows: &[[&str; 4]]) {
    use gdal::vector::{Feature, LayerAccess as _, LayerOptions, OGRFieldType, OGRwkbGeometryType};
    let mut dataset =
        gdal::DriverManager::get_driver_by_name("XLSX").unwrap().create_vector_only(path).unwrap();
    let options = LayerOptions { name: "Grille", ty: OGRwkbGeometryType::wkbNone, ..LayerOptions::default() };
    let layer = dataset.create_layer(options).unwrap();
    // The driver writes no header over fields of these names.
    for field in ["Field1", "Field2", "Field3", "Field4"] {
        layer.create_defn_fields(&[(field, OGRFieldType::OFTString)]).unwrap();
    }
    for row in rows {
        let mut feature = Feature::new(layer.defn()).unwrap();
        for (number, cell) in row.iter().enumerate() {
            feature.set_field_string(number, cell).unwrap();
        }
        feature.create(&layer).unwrap();
    }
    dataset.close().unwrap();
}

#[test]
fn the_density_grid_is_read_from_a_spreadsheet_with_title_lines() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("grille_densite_7_niveaux_2024.xlsx");
    spreadsheet(
        &path,
        &[
            ["Grille communale de densité", "", "", ""],
            ["Mise en ligne le 1er janvier", "", "", ""],
            ["Géographie au 01/01/2024", "", "", ""],
            ["Source : Insee", "", "", ""],
            ["CODGEO", "LIBGEO", "DENS", "DENS7"],
            ["23096", "Guéret", "2", "3"],
            ["23030", "La Brionne", "3", "6"],
            ["1004", "Ambérieu-en-Bugey", "2", "3"],
            ["23999", "Ailleurs", "9", "7"],
        ],
    );
    let outlines = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/traps/france-geojson.geojson");
    let plan = ImportPlan {
        communes: vec![outlines],
        vintage: Some(2026),
        zonings: vec![named("densite", path)],
        manifests: built_in_manifests(),
        ..ImportPlan::default()
    };
    let imported = run(&plan);
    let territory = &imported.territory;
    assert_eq!(territory.zonings().collect::<Vec<_>>(), ["densite_dens", "densite_dens7"]);
    assert_eq!(territory.zone("densite_dens", code("23096")), Some("2"));
    assert_eq!(territory.zone("densite_dens7", code("23030")), Some("6"));
    let source = territory.zoning_source("densite_dens").unwrap();
    assert!(source.publisher.as_deref() == Some("INSEE"), "known by its name: {source:?}");
    assert_eq!(codes(&imported, FindingKind::UnreadableValue), ["23999"]);
    assert_eq!(codes(&imported, FindingKind::LayerOrphan), ["23999"]);
}
