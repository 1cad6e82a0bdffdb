//! Each trap of official layouts, on a small file of its own (`geodata/fixtures/traps`).
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests fail the test")]

use std::path::{Path, PathBuf};

use desserte_geodata::{FindingKind, ImportError, ImportPlan, Imported, OutlinesError, TableError, import};
use desserte_model::{CommuneCode, LonLat};
use desserte_territory::Territory;
use indicatif::ProgressBar;

fn trap(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/traps").join(name)
}

fn plan(outlines: &str) -> ImportPlan {
    ImportPlan { communes: vec![trap(outlines)], vintage: Some(2026), ..ImportPlan::default() }
}

fn run(plan: &ImportPlan) -> Imported {
    import(plan, &ProgressBar::hidden()).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(plan: &ImportPlan) -> ImportError {
    import(plan, &ProgressBar::hidden()).expect_err("a refusal")
}

fn code(text: &str) -> CommuneCode {
    text.parse().unwrap()
}

fn located(territory: &Territory, lon: f64, lat: f64) -> Option<&str> {
    territory.locate(LonLat::new(lon, lat).unwrap()).commune().map(|commune| commune.code.as_str())
}

fn codes(imported: &Imported, kind: FindingKind) -> Vec<&str> {
    imported.report.codes(kind).collect()
}

#[test]
fn municipal_arrondissements_do_not_lie_over_their_commune() {
    let imported = run(&plan("etalab.geojson"));
    let names: Vec<_> = imported.territory.communes().map(|commune| commune.code.to_string()).collect();
    assert_eq!(names, ["2A004", "75056", "97411"]);
    assert_eq!(codes(&imported, FindingKind::ArrondissementDropped), ["75101", "75102"]);
    assert_eq!(codes(&imported, FindingKind::ArrondissementWithoutCommune), ["69381"]);
    assert_eq!(located(&imported.territory, 2.35, 48.85), Some("75056"));
    let saint_denis = imported.territory.commune(code("97411")).unwrap();
    assert_eq!((saint_denis.departement.as_str(), saint_denis.region.as_deref()), ("974", Some("04")));
    assert_eq!(imported.territory.departement("974").unwrap().label(), "La Réunion");
}

#[test]
fn a_commune_is_made_of_its_arrondissements_if_all_are_there() {
    let imported = run(&plan("arrondissements-only.geojson"));
    let names: Vec<_> =
        imported.territory.communes().map(|c| (c.code.to_string(), c.name.as_str())).collect();
    assert_eq!(names, [("69123".to_owned(), "Lyon")]);
    assert_eq!(codes(&imported, FindingKind::ArrondissementsUnited), ["69123"]);
    assert_eq!(codes(&imported, FindingKind::ArrondissementWithoutCommune), ["13201", "13202", "13203"]);
    assert_eq!(imported.territory.commune(code("69123")).unwrap().population, Some(45_000));
    assert_eq!(imported.territory.outline(code("69123")).unwrap().as_multi_polygon().0.len(), 1);
}

#[test]
fn both_generations_of_admin_express_are_read_by_name() {
    for file in ["admin-express-v3.geojson", "admin-express-new.geojson"] {
        let imported = run(&plan(file));
        let gueret = imported.territory.commune(code("23096")).unwrap();
        assert_eq!(gueret.name, "Guéret", "{file}");
        assert_eq!(gueret.population, Some(12_734), "{file}");
        assert_eq!(gueret.epci.as_deref(), Some("200034825"), "{file}");
        assert_eq!(gueret.region.as_deref(), Some("75"), "{file}");
    }
    let imported = run(&plan("admin-express-v3.geojson"));
    let of = |text| imported.territory.commune(code(text)).unwrap();
    assert_eq!(of("93048").epci.as_deref(), Some("200054781"), "the metropolis, not the part of it");
    assert_eq!((of("22016").epci.as_deref(), of("22016").population), (None, None));
    assert_eq!(codes(&imported, FindingKind::WithoutPopulation), ["22016"]);
    assert_eq!(codes(&imported, FindingKind::WithoutEpci), ["22016"]);
}

#[test]
fn outlines_with_code_and_name_only_have_names_of_departement_and_region_and_nothing_invented() {
    let imported = run(&plan("france-geojson.geojson"));
    let territory = &imported.territory;
    assert_eq!(territory.departement_of(code("23030")).unwrap().label(), "Creuse");
    assert_eq!(territory.region_of(code("23030")).unwrap().label(), "Nouvelle-Aquitaine");
    assert_eq!(territory.population().inhabitants, None);
    assert!(territory.epcis().is_empty() && imported.report.findings.is_empty());
}

#[test]
fn projected_outlines_of_several_territories_become_degrees() {
    let mut plan = plan("lambert93.geojson");
    plan.communes.push(trap("reunion-2975.geojson"));
    let territory = run(&plan).territory;
    // Middles and a corner of the squares as cs2cs of PROJ 9.1.1 gives them, from EPSG:2154 and EPSG:2975.
    assert_eq!(located(&territory, 1.91743, 46.18418), Some("23096"));
    assert_eq!(located(&territory, 55.46593, -20.95111), Some("97411"));
    let outline = territory.outline(code("23096")).unwrap();
    let ring = &outline.as_multi_polygon().0[0];
    let corner = ring.exterior().0[0];
    // A millionth of a degree is 0.1 m.
    assert!((corner.x - 1.885_482_7).abs() < 1e-6 && (corner.y - 46.161_360_6).abs() < 1e-6, "{corner:?}");
}

#[test]
fn coordinates_that_cannot_be_right_are_refused_with_their_cause() {
    let metres = refusal(&plan("metres-said-to-be-degrees.geojson"));
    assert!(matches!(metres, ImportError::Outlines(OutlinesError::NotDegrees { .. })), "{metres}");
    assert!(metres.to_string().contains("--crs EPSG:2154"), "{metres}");
    for (file, cause) in [("swapped-axes.geojson", "swapped"), ("gulf-of-guinea.geojson", "Gulf of Guinea")] {
        let error = refusal(&plan(file));
        assert!(error.to_string().contains(cause), "{file}: {error}");
    }
    let given = ImportPlan { crs: Some("EPSG:2154".into()), ..plan("metres-said-to-be-degrees.geojson") };
    assert_eq!(located(&run(&given).territory, 1.91743, 46.18418), Some("23096"));
}

#[test]
fn a_missing_reference_system_is_asked_for_and_can_be_given() {
    let error = refusal(&plan("no-crs.csv"));
    assert!(matches!(error, ImportError::Outlines(OutlinesError::NoCrs { .. })), "{error}");
    let given = ImportPlan { crs: Some("EPSG:2154".into()), ..plan("no-crs.csv") };
    assert_eq!(located(&run(&given).territory, 1.91743, 46.18418), Some("23096"));
    let nonsense = ImportPlan { crs: Some("EPSG:99999999".into()), ..plan("no-crs.csv") };
    assert!(matches!(refusal(&nonsense), ImportError::Outlines(OutlinesError::Crs { .. })));
}

#[test]
fn one_commune_in_the_wrong_part_of_the_world_does_not_stop_the_others() {
    let imported = run(&plan("one-stray.geojson"));
    assert_eq!(codes(&imported, FindingKind::Misplaced), ["97601"]);
    assert_eq!(imported.territory.communes().len(), 2);
}

#[test]
fn broken_rings_are_repaired_to_surfaces_and_reported() {
    let imported = run(&plan("broken-rings.geojson"));
    let territory = &imported.territory;
    assert_eq!(codes(&imported, FindingKind::RepairedOutline), ["23001", "23002", "23005", "23008"]);
    assert_eq!(codes(&imported, FindingKind::ClosedRing), ["23003"]);
    assert_eq!(codes(&imported, FindingKind::DroppedPart), ["23004"]);
    assert_eq!(codes(&imported, FindingKind::EmptyOutline), ["23006", "23007"]);
    let reason = imported.report.findings.iter().find(|finding| finding.code == "23001").unwrap();
    assert!(reason.detail.contains("Self-intersection"), "{}", reason.detail);
    let cases = [
        (1.85, 46.11, None, "below the knot of the bow tie, between its wings"),
        (1.81, 46.15, Some("23001"), "in a wing of the bow tie"),
        (1.55, 46.16, None, "in the hole that the ring cuts off by touching itself"),
        (1.51, 46.15, Some("23002"), "beside it"),
        (1.35, 46.15, Some("23003"), "in the ring that was open"),
        (1.15, 46.15, Some("23004"), "in the part with a surface"),
        (0.97, 46.11, Some("23005"), "in the hole outside, which becomes a part"),
        (0.92, 46.12, Some("23005"), "in the part that should have had it"),
        (0.35, 46.15, Some("23008"), "beside the spike"),
    ];
    for (lon, lat, expected, place) in cases {
        assert_eq!(located(territory, lon, lat), expected, "{place}");
    }
}

#[test]
fn lost_zeros_come_back_where_certain() {
    let imported = run(&plan("lost-zeros.geojson"));
    let found: Vec<_> =
        imported.territory.communes().map(|c| (c.code.to_string(), c.departement.clone())).collect();
    assert_eq!(found, [("01004".into(), "01".into()), ("23096".to_owned(), "23".to_owned())]);
    assert_eq!(codes(&imported, FindingKind::RestoredCode), ["01004"]);
    assert_eq!(codes(&imported, FindingKind::UnreadableCode), ["104"]);
}

#[test]
fn rows_of_one_commune_are_parts_or_versions() {
    let imported = run(&plan("twice.geojson"));
    assert_eq!(codes(&imported, FindingKind::JoinedParts), ["23001"]);
    assert_eq!(codes(&imported, FindingKind::DuplicateOutline), ["23002", "23003"]);
    assert_eq!(located(&imported.territory, 1.96, 46.11), Some("23001"));
    assert_eq!(located(&imported.territory, 1.62, 46.18), None, "only the first version counts");
}

#[test]
fn a_commune_over_another_is_reported() {
    let imported = run(&plan("delegated-over-commune.geojson"));
    assert_eq!(codes(&imported, FindingKind::Overlap), ["23011"]);
    assert_eq!(located(&imported.territory, 1.87, 46.17), Some("23010"), "the lower code answers");
}

#[test]
fn a_layer_without_codes_says_what_was_looked_for() {
    let error = refusal(&plan("no-code.geojson"));
    assert!(matches!(error, ImportError::Outlines(OutlinesError::NoField { .. })));
    let text = error.to_string();
    assert!(text.contains("insee_com") && text.contains("numero"), "{text}");
}

#[test]
fn populations_are_joined_and_absence_stays_absence() {
    let mut plan = plan("france-geojson.geojson");
    plan.populations = vec![trap("populations-reference.csv")];
    let imported = run(&plan);
    let population = |text| imported.territory.commune(code(text)).unwrap().population;
    assert_eq!((population("23096"), population("23030")), (Some(12_734), None));
    assert_eq!(
        codes(&imported, FindingKind::PopulationOrphan),
        ["23999"],
        "other départements are no orphans here"
    );
    assert_eq!(codes(&imported, FindingKind::WithoutPopulation), ["23030"]);
    let creuse = imported.territory.population_of_departement("23");
    assert_eq!((creuse.inhabitants, creuse.communes_without_figure), (Some(12_734), 1));
}

#[test]
fn a_table_in_an_old_encoding_with_title_lines_is_read() {
    let mut plan = plan("france-geojson.geojson");
    plan.populations = vec![trap("populations-windows-1252.csv")];
    let imported = run(&plan);
    assert_eq!(imported.territory.commune(code("23096")).unwrap().population, Some(12_734));
    assert_eq!(
        imported.territory.commune(code("23030")).unwrap().population,
        None,
        "statistical secret is not zero"
    );
}

#[test]
fn the_population_of_paris_is_the_sum_of_its_arrondissements() {
    let mut plan = plan("etalab.geojson");
    plan.populations = vec![trap("populations-reference.csv")];
    let imported = run(&plan);
    assert_eq!(imported.territory.commune(code("75056")).unwrap().population, Some(35_547));
    assert_eq!(
        codes(&imported, FindingKind::ArrondissementsSummed),
        ["75056"],
        "Rhône is not in this territory"
    );
}

#[test]
fn official_lists_name_communes_and_tell_what_is_missing() {
    let mut plan = plan("france-geojson.geojson");
    plan.cog = Some(trap("cog.csv"));
    plan.epci = vec![trap("epci.csv")];
    let imported = run(&plan);
    assert_eq!(imported.territory.commune(code("23096")).unwrap().name, "Guéret");
    assert_eq!(codes(&imported, FindingKind::WithoutOutline), ["23001"], "Ain is not in this territory");
    assert_eq!(codes(&imported, FindingKind::EpciOrphan), ["23999"]);
    assert_eq!(codes(&imported, FindingKind::WithoutEpci), ["23030"]);
    assert_eq!(imported.territory.epci_of(code("23096")).unwrap().label(), "CA du Grand Guéret");
}

#[test]
fn outlines_and_official_list_of_different_years_are_refused() {
    let mut plan = plan("admin-express-v3.geojson");
    plan.cog = Some(trap("cog.csv"));
    let error = refusal(&plan);
    assert!(matches!(error, ImportError::MixedVintages { unknown: 2, communes: 3, .. }), "{error}");
}

#[test]
fn the_year_of_the_codes_is_never_guessed() {
    let plan = ImportPlan { vintage: None, ..plan("france-geojson.geojson") };
    let error = refusal(&plan);
    assert!(matches!(error, ImportError::NoVintage) && error.to_string().contains("--vintage"), "{error}");
}

#[test]
fn packed_outlines_are_read_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let outlines = std::fs::read(trap("france-geojson.geojson")).unwrap();
    let packed = dir.path().join("communes-2026.geojson.gz");
    let mut gzip =
        flate2::write::GzEncoder::new(std::fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &outlines).unwrap();
    gzip.finish().unwrap();
    let plan = ImportPlan { communes: vec![packed], ..ImportPlan::default() };
    let imported = run(&plan);
    assert_eq!(imported.territory.communes().len(), 2);
    assert_eq!(imported.report.vintage, 2026);

    let archive = dir.path().join("communes.7z");
    std::fs::write(&archive, "7z").unwrap();
    let error =
        refusal(&ImportPlan { communes: vec![archive], vintage: Some(2026), ..ImportPlan::default() });
    assert!(matches!(error, ImportError::Outlines(OutlinesError::Archive { .. })), "{error}");
}

/// Writes squares of Creuse as a layer of some format.
fn write_layers(driver: &str, path: &Path, layers: &[&str], communes: u16) {
    use gdal::vector::{LayerAccess as _, LayerOptions, OGRFieldType, OGRwkbGeometryType};
    let mut dataset =
        gdal::DriverManager::get_driver_by_name(driver).unwrap().create_vector_only(path).unwrap();
    let wgs84 = gdal::spatial_ref::SpatialRef::from_epsg(4326).unwrap();
    for name in layers {
        let options = LayerOptions {
            name,
            srs: Some(&wgs84),
            ty: OGRwkbGeometryType::wkbPolygon,
            ..LayerOptions::default()
        };
        let layer = dataset.create_layer(options).unwrap();
        layer.create_defn_fields(&[("code", OGRFieldType::OFTString)]).unwrap();
        for number in 0..communes {
            let mut feature = gdal::vector::Feature::new(layer.defn()).unwrap();
            let west = 1.5 + f64::from(number) * 0.01;
            feature
                .set_geometry(gdal::vector::Geometry::bbox(west, 46.0, west + 0.01, 46.1).unwrap())
                .unwrap();
            feature.set_field_string(0, &format!("23{:03}", number + 1)).unwrap();
            feature.create(&layer).unwrap();
        }
    }
    dataset.close().unwrap();
}

#[test]
fn a_layer_that_breaks_off_is_not_taken_for_a_whole_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("communes-2026.fgb");
    write_layers("FlatGeobuf", &path, &["communes"], 40);
    let plan = ImportPlan { communes: vec![path.clone()], ..ImportPlan::default() };
    assert_eq!(run(&plan).territory.communes().len(), 40);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() * 3 / 4]).unwrap();
    let error = refusal(&plan);
    assert!(matches!(error, ImportError::Outlines(OutlinesError::Broken { announced: 40, .. })), "{error}");
    assert!(error.to_string().contains("cut short"), "{error}");
}

#[test]
fn the_layer_of_communes_is_found_by_name_or_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let (known, unknown) = (dir.path().join("a.gpkg"), dir.path().join("b.gpkg"));
    write_layers("GPKG", &known, &["DEPARTEMENT", "COMMUNE"], 2);
    write_layers("GPKG", &unknown, &["alpha", "beta"], 3);
    let plan = |path: &Path| ImportPlan {
        communes: vec![path.to_owned()],
        vintage: Some(2026),
        ..ImportPlan::default()
    };
    assert_eq!(run(&plan(&known)).territory.communes().len(), 2);
    let error = refusal(&plan(&unknown));
    assert!(error.to_string().contains("alpha, beta") && error.to_string().contains("--layer"), "{error}");
    let named = ImportPlan { layer: Some("beta".to_owned()), ..plan(&unknown) };
    assert_eq!(run(&named).territory.communes().len(), 3);
}

#[test]
fn files_that_are_no_outlines_or_tables_are_refused_by_name() {
    let not_vector = refusal(&plan("cog.csv"));
    assert!(not_vector.to_string().contains("cog.csv"), "{not_vector}");
    let absent = refusal(&plan("absent.geojson"));
    assert!(matches!(absent, ImportError::Input(_)) && absent.to_string().contains("absent.geojson"));
    let mut no_population = plan("france-geojson.geojson");
    no_population.populations = vec![trap("cog.csv")];
    let error = refusal(&no_population);
    assert!(matches!(error, ImportError::Table(TableError::NoColumn { .. })), "{error}");
}

#[test]
fn the_order_of_features_does_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    for file in ["etalab.geojson", "twice.geojson", "admin-express-v3.geojson"] {
        let mut layer: serde_json::Value =
            serde_json::from_slice(&std::fs::read(trap(file)).unwrap()).unwrap();
        let first = run(&plan(file)).territory.contents();
        layer["features"].as_array_mut().unwrap().reverse();
        let turned = dir.path().join(file);
        std::fs::write(&turned, layer.to_string()).unwrap();
        let plan = ImportPlan { communes: vec![turned], ..plan(file) };
        let second = run(&plan).territory.contents();
        let codes = |contents: &desserte_territory::Contents| -> Vec<CommuneCode> {
            contents.communes.iter().map(|row| row.commune.code).collect()
        };
        assert_eq!(codes(&first), codes(&second), "{file}");
        // Of a commune that comes twice the first outline is kept, so only there the order decides.
        if file != "twice.geojson" {
            assert_eq!(first.communes, second.communes, "{file}");
        }
    }
}

#[test]
fn a_table_of_another_year_and_with_lost_zeros_is_carried_over_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    // Made up: 23100 and 23101 merged into 23030 in 2020, 23200 became 23096; Ain is not in this territory.
    let movements = "MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP\n\
        32,2020-01-01,COM,23100,A,COM,23030,Bourganeuf\n32,2020-01-01,COM,23101,B,COM,23030,Bourganeuf\n\
        32,2020-01-01,COM,23030,C,COM,23030,Bourganeuf\n50,2021-01-01,COM,23200,D,COM,23096,D\n\
        50,2021-01-01,COM,1200,E,COM,1201,E\n";
    let populations = b"COM;NOM;PMUN\n23100;\xc9vaux;1 000\n23101;B;20\n23030;C;3,0\n23200;D;400\n1200;E;7\n";
    let plan = ImportPlan {
        movements: Some(write("v_mvt_commune_2026.csv", movements.as_bytes())),
        populations: vec![write("p.csv", populations)],
        ..plan("france-geojson.geojson")
    };
    let imported = run(&plan);
    let population = |text| imported.territory.commune(code(text)).unwrap().population;
    assert_eq!((population("23030"), population("23096")), (Some(1_023), Some(400)));
    assert_eq!(codes(&imported, FindingKind::CarriedOver), ["23030", "23096"]);
    let detail =
        &imported.report.findings.iter().find(|f| f.kind == FindingKind::CarriedOver).unwrap().detail;
    assert!(detail.contains("23030 + 23100 + 23101"), "{detail}");
    let translated = imported.territory.translate(code("23100"), Some("2019".parse().unwrap()), None);
    assert_eq!(translated.only(), Some(code("23030")));
    assert_eq!(imported.territory.name_on(code("23100"), "2019".parse().unwrap()), Some("A"));
}

#[test]
fn outlines_of_a_year_that_the_movements_contradict_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.csv");
    let movements = "MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP\n\
        31,2020-01-01,COM,23030,A,COM,23096,B\n31,2020-01-01,COM,23096,B,COM,23096,B\n";
    std::fs::write(&path, movements).unwrap();
    let contradicted = ImportPlan { movements: Some(path), ..plan("france-geojson.geojson") };
    let error = refusal(&contradicted);
    assert!(matches!(error, ImportError::NotOfThatYear { strangers: 1, vintage: 2026, .. }), "{error}");
    assert!(error.to_string().contains("23030") && error.to_string().contains("--vintage"), "{error}");
    assert_eq!(run(&ImportPlan { vintage: Some(2019), ..contradicted }).report.vintage, 2019);
}

#[test]
fn the_same_inputs_make_the_same_octets_and_the_file_reads_back() {
    let mut plan = plan("etalab.geojson");
    plan.populations = vec![trap("populations-reference.csv")];
    let first = run(&plan).territory;
    assert_eq!(first.to_bytes(), run(&plan).territory.to_bytes());
    let read = Territory::from_bytes(&first.to_bytes()).unwrap();
    assert_eq!(read.contents(), first.contents());
    assert!(!read.is_synthetic());
    assert_eq!(read.sources().len(), 2);
    assert!(read.sources().iter().all(|source| source.sha256.as_ref().is_some_and(|sum| sum.len() == 64)));
}
