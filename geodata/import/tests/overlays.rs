//! Areas of overlays: real ones with their defects (needs real data), and made-up ones for each trap.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests fail the test")]

#[allow(dead_code, reason = "shared by all tests, not used whole by each")]
mod shared;

use std::path::Path;

use desserte_geodata::{
    Finding, FindingKind, NamedFile, OutlinesError, OverlayAsked, OverlayError, built_in_manifests,
    import_overlay,
};
use desserte_model::LonLat;
use desserte_territory::Overlay;
use gdal::vector::{
    Feature, Geometry, LayerAccess as _, LayerOptions, OGRFieldType, OGRwkbGeometryType, ToGdal,
};

fn asked<'a>(
    areas: &'a NamedFile,
    manifests: &'a [desserte_geodata::Manifest],
    crs: Option<&'a str>,
) -> OverlayAsked<'a> {
    OverlayAsked { areas, layer: None, crs, manifests }
}

fn read(path: &Path, crs: Option<&str>) -> Result<(Overlay, Vec<Finding>), OverlayError> {
    let areas = NamedFile { name: "aires".to_owned(), path: path.to_owned() };
    import_overlay(asked(&areas, &built_in_manifests(), crs))
}

fn codes(findings: &[Finding], kind: FindingKind) -> Vec<&str> {
    findings.iter().filter(|finding| finding.kind == kind).map(|finding| finding.code.as_str()).collect()
}

fn located(overlay: &Overlay, lon: f64, lat: f64) -> Option<&str> {
    overlay.locate(LonLat::new(lon, lat).unwrap()).map(|area| area.code.as_str())
}

#[test]
fn all_priority_neighbourhoods_of_occitanie_are_there_32_of_them_repaired() {
    let Some(dir) = shared::geodata() else { return };
    let (overlay, findings) = read(&dir.join("typology/qpv-2014-occitanie.geojson.gz"), None).unwrap();
    assert_eq!(overlay.areas().len(), 105);
    assert_eq!(codes(&findings, FindingKind::RepairedOutline).len(), 32);
    assert!(findings.iter().all(|finding| finding.kind == FindingKind::RepairedOutline), "{findings:?}");
    let source = overlay.source().unwrap();
    assert!(source.title.contains("Occitanie") && source.may_be_exported());
    points_fall_where_geos_says(&overlay);
    let again = Overlay::new(&overlay.contents()).unwrap();
    assert_eq!(again.to_bytes(), overlay.to_bytes());
}

/// Corners, middles of sides and a raster over each area, against GEOS through GDAL.
fn points_fall_where_geos_says(overlay: &Overlay) {
    let contents = overlay.contents();
    let surfaces: Vec<Geometry> =
        contents.areas.iter().map(|row| row.outline.as_multi_polygon().to_gdal().unwrap()).collect();
    let mut points = Vec::new();
    for row in &contents.areas {
        let (min, max) = (row.outline.bounds().min(), row.outline.bounds().max());
        for step in 0..100 {
            let share = |steps: i32| (f64::from(steps) + 0.5) / 10.0;
            points.push((
                min.x + (max.x - min.x) * share(step % 10),
                min.y + (max.y - min.y) * share(step / 10),
            ));
        }
        for side in row.outline.as_multi_polygon().0[0].exterior().0.windows(2).take(20) {
            points.push((side[0].x, side[0].y));
            points.push((f64::midpoint(side[0].x, side[1].x), f64::midpoint(side[0].y, side[1].y)));
        }
    }
    let mut inside = 0;
    for (lon, lat) in &points {
        let mut point = Geometry::empty(OGRwkbGeometryType::wkbPoint).unwrap();
        point.set_point_2d(0, (*lon, *lat));
        let touching: Vec<&str> = (surfaces.iter().zip(overlay.areas()))
            .filter(|(surface, _)| surface.intersects(&point))
            .map(|(_, area)| area.code.as_str())
            .collect();
        assert_eq!(located(overlay, *lon, *lat), touching.first().copied(), "{lon:?} {lat:?}: {touching:?}");
        let all = overlay.all_at(LonLat::new(*lon, *lat).unwrap());
        assert_eq!(all.iter().map(|area| area.code.as_str()).collect::<Vec<_>>(), touching);
        inside += usize::from(!touching.is_empty());
    }
    eprintln!("{} points compared with GEOS, {inside} in an area", points.len());
    assert!(points.len() > 10_000 && inside > 4_000, "{inside} of {}", points.len());
}

#[test]
fn days_of_the_closure_of_copper_become_codes_that_sort() {
    let Some(dir) = shared::geodata() else { return };
    let (overlay, findings) =
        read(&dir.join("arcep/copper-closure-technical-2024.geojson.gz"), None).unwrap();
    let codes: Vec<&str> = overlay.areas().iter().map(|area| area.code.as_str()).collect();
    assert_eq!(codes.len(), 6);
    assert!(codes.iter().all(|code| code.len() == 10 && code.starts_with("20")), "{codes:?}");
    assert!(codes.is_sorted() && findings.is_empty(), "{findings:?}");
    assert!(overlay.areas()[0].name.as_deref().is_some_and(|name| name.contains("20")));
}

/// A layer of squares: code, name, west, south, side.
fn squares(
    driver: &str,
    path: &Path,
    epsg: Option<u32>,
    fields: [&str; 2],
    rows: &[(&str, &str, f64, f64, f64)],
) {
    let mut dataset =
        gdal::DriverManager::get_driver_by_name(driver).unwrap().create_vector_only(path).unwrap();
    let system = epsg.map(|code| gdal::spatial_ref::SpatialRef::from_epsg(code).unwrap());
    let latin: &[&str] = &["ENCODING=ISO-8859-1"];
    let layer = dataset
        .create_layer(LayerOptions {
            name: "aires",
            srs: system.as_ref(),
            ty: OGRwkbGeometryType::wkbPolygon,
            options: (driver == "ESRI Shapefile").then_some(latin),
        })
        .unwrap();
    layer.create_defn_fields(&fields.map(|field| (field, OGRFieldType::OFTString))).unwrap();
    for (code, name, west, south, side) in rows {
        let mut feature = Feature::new(layer.defn()).unwrap();
        let square = Geometry::from_wkt(&format!(
            "POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))",
            east = west + side,
            north = south + side
        ));
        feature.set_geometry(square.unwrap()).unwrap();
        feature.set_field_string(0, code).unwrap();
        feature.set_field_string(1, name).unwrap();
        feature.create(&layer).unwrap();
    }
    dataset.close().unwrap();
}

#[test]
fn declared_coverage_answers_with_the_best_level() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("orange_4g.gpkg");
    let levels = [
        ("CL", "limitée", 600_000.0, 6_550_000.0, 3_000.0),
        ("BC", "bonne", 600_500.0, 6_550_500.0, 2_000.0),
        ("TBC", "très bonne", 601_000.0, 6_551_000.0, 1_000.0),
        ("TBC", "très bonne", 610_000.0, 6_551_000.0, 1_000.0),
    ];
    squares("GPKG", &path, Some(2154), ["niveau", "nom"], &levels);
    let (overlay, findings) = read(&path, None).unwrap();
    let codes_found: Vec<&str> = overlay.areas().iter().map(|area| area.code.as_str()).collect();
    assert_eq!(codes_found, ["TBC", "BC", "CL"], "the best level answers first");
    assert_eq!(codes(&findings, FindingKind::JoinedParts), ["TBC"]);
    let mut x = [601_500.0, 600_700.0, 602_900.0, 610_500.0, 590_000.0];
    let mut y = [6_551_500.0, 6_550_700.0, 6_552_900.0, 6_551_500.0, 6_551_500.0];
    let system = |epsg| {
        let mut system = gdal::spatial_ref::SpatialRef::from_epsg(epsg).unwrap();
        system.set_axis_mapping_strategy(gdal::spatial_ref::AxisMappingStrategy::TraditionalGisOrder);
        system
    };
    gdal::spatial_ref::CoordTransform::new(&system(2154), &system(4326))
        .unwrap()
        .transform_coords(&mut x, &mut y, &mut [])
        .unwrap();
    let found: Vec<_> = x.iter().zip(&y).map(|(lon, lat)| located(&overlay, *lon, *lat)).collect();
    assert_eq!(found, [Some("TBC"), Some("BC"), Some("CL"), Some("TBC"), None]);
}

#[test]
fn exchanged_axes_are_put_right_where_no_doubt_is_left_and_refused_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let exchanged = dir.path().join("exchanged.geojson");
    let rows = [("QP023001", "Albatros", 46.1, 1.8, 0.01), ("QP974001", "Le Port", -21.0, 55.3, 0.01)];
    squares("GeoJSON", &exchanged, Some(4326), ["code_qp", "lib_qp"], &rows);
    let (overlay, findings) = read(&exchanged, None).unwrap();
    assert_eq!(codes(&findings, FindingKind::SwappedAxes), ["QP023001", "QP974001"]);
    assert_eq!(located(&overlay, 1.805, 46.105), Some("QP023001"));
    assert_eq!(overlay.areas()[1].name.as_deref(), Some("Le Port"));

    let guinea = dir.path().join("guinea.geojson");
    squares("GeoJSON", &guinea, Some(4326), ["code_qp", "lib_qp"], &[("QP1", "x", 0.5, 0.5, 0.01)]);
    let refusal = read(&guinea, None).unwrap_err();
    assert!(matches!(refusal, OverlayError::Areas(OutlinesError::NotInFrance { .. })), "{refusal}");
    assert!(
        refusal.to_string().contains("QP1") && refusal.to_string().contains("guinea.geojson"),
        "{refusal}"
    );
}

#[test]
fn areas_without_a_reference_system_are_refused_until_it_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("aires.shp");
    squares(
        "ESRI Shapefile",
        &path,
        None,
        ["code_qp", "nom_qp"],
        &[("QP1", "x", 600_000.0, 6_550_000.0, 900.0)],
    );
    let refusal = read(&path, None).unwrap_err();
    assert!(matches!(refusal, OverlayError::Areas(OutlinesError::NoCrs { .. })), "{refusal}");
    assert_eq!(read(&path, Some("EPSG:2154")).unwrap().0.areas().len(), 1);
}

#[test]
fn names_in_another_encoding_than_stated_come_out_right_and_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("aires.shp");
    squares(
        "ESRI Shapefile",
        &path,
        Some(4326),
        ["code_qp", "nom_qp"],
        &[("QP1", "Les Évêchés", 1.8, 46.1, 0.01)],
    );
    std::fs::write(dir.path().join("aires.cpg"), "UTF-8").unwrap();
    let (overlay, findings) = read(&path, None).unwrap();
    assert_eq!(overlay.areas()[0].name.as_deref(), Some("Les Évêchés"), "{findings:?}");
    assert_eq!(codes(&findings, FindingKind::ReencodedNames), ["aires"]);
}

#[test]
fn open_empty_and_repeated_areas_are_closed_left_out_and_told() {
    let (overlay, findings) =
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/traps/areas.geojson"), None).unwrap();
    let found: Vec<&str> = overlay.areas().iter().map(|area| area.code.as_str()).collect();
    assert_eq!(found, ["QP1", "QP2", "QP5"]);
    assert_eq!(codes(&findings, FindingKind::ClosedRing), ["QP2"]);
    assert_eq!(codes(&findings, FindingKind::EmptyOutline), ["QP3"]);
    assert_eq!(codes(&findings, FindingKind::DuplicateOutline), ["QP1"]);
    assert_eq!(codes(&findings, FindingKind::UnreadableCode), [""]);
    assert_eq!(codes(&findings, FindingKind::RepairedOutline), ["QP5"]);
}
