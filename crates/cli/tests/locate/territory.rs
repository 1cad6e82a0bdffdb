//! Territory files, and their communes for other programs.

use std::fs::File;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, RecordBatch};
use desserte_territory::geometry::{Coord, MultiPolygon};
use desserte_territory::{Territory, synthetic};
use flatgeobuf::geozero::{GeomProcessor, GeozeroGeometry as _};
use flatgeobuf::{FallibleStreamingIterator as _, FeatureProperties as _, FgbReader};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::layered::add_layers;
use crate::place::{Place, said};

#[test]
fn a_territory_file_is_described_checked_exported_and_refused_when_damaged() {
    let place = Place::with("");
    let info = place.run(&["territory", "info", "t.dst"]);
    let text = String::from_utf8(info.stdout).unwrap();
    assert!(text.contains("communes 42 (COG 2026)") && text.contains("section cells"), "{text}");
    assert!(place.run(&["territory", "check", "t.dst"]).status.success());
    let mut octets = std::fs::read(place.path("t.dst")).unwrap();
    let middle = octets.len() / 2;
    octets[middle] ^= 1;
    std::fs::write(place.path("t.dst"), octets).unwrap();
    let output = place.run(&["territory", "check", "t.dst"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("damaged"), "{}", said(&output));
}

#[test]
fn layers_are_told_with_what_is_missing_and_what_must_not_be_passed_on() {
    let place = Place::with("");
    add_layers(&place);
    let info = |more: &[&str]| {
        let output = place.run(&[&["territory", "info", "t.dst"], more].concat());
        String::from_utf8(output.stdout).unwrap()
    };
    let text = info(&[]);
    for line in [
        "zonage zone ; communes 1 ; valeurs 1 ; Zones fictives\n",
        "chiffre revenu ; EUR par an ; 2021 ; communes 2 ; secret 1 ; non disponible 1 ; non dit 38 ; Revenus fictifs\n",
        "couche qpv ; aires 2 ; Quartiers fictifs\n",
        "couche tied ; aires 1 ; Couverture secrète ; ne pas rediffuser\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let english = info(&["--lang", "en"]);
    assert!(english.contains("not available 1 ; not said 38") && english.contains("not to be passed on"));
    let json: serde_json::Value = serde_json::from_str(&info(&["--json"])).unwrap();
    assert_eq!((&json["communes"], &json["zonings"][0]["values"]), (&42.into(), &1.into()));
    let revenu = &json["figures"][0];
    let counts = ["known", "secret", "unavailable", "not_said"].map(|key| revenu[key].as_u64().unwrap());
    assert_eq!(counts, [2, 1, 1, 38]);
    assert_eq!(json["overlays"][1]["source"]["may_be_exported"], false);
    assert_eq!(json["inhabitants"].as_u64(), synthetic::territory(1).population().inhabitants);
}

/// A folder with the communes of the made-up département in a format.
fn exported(name: &str, more: &[&str]) -> Place {
    let place = Place::with("");
    let output = place.run(&[&["territory", "export", "t.dst", "--out", name], more].concat());
    assert!(output.status.success(), "{}", said(&output));
    place
}

/// The positions of all rings of a commune.
fn rings(outline: &MultiPolygon<f64>) -> Vec<Vec<[f64; 2]>> {
    let positions = |ring: &[Coord<f64>]| ring.iter().map(|c| [c.x, c.y]).collect();
    outline
        .iter()
        .flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()))
        .map(|ring| positions(&ring.0))
        .collect()
}

fn outline(territory: &Territory, code: &str) -> Vec<Vec<[f64; 2]>> {
    rings(territory.outline(code.parse().unwrap()).unwrap().as_multi_polygon())
}

#[test]
fn geojson_has_every_attribute_and_null_where_nothing_is_known() {
    let place = exported("t.geojson", &[]);
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(place.path("t.geojson")).unwrap()).unwrap();
    assert_eq!(json["synthetic"], true);
    assert_eq!(json["features"].as_array().unwrap().len(), 42);
    assert_eq!(json["features"][17]["properties"]["code"], "99018");
    let unknown = json["features"][29]["properties"].as_object().unwrap();
    assert_eq!(unknown.get("population"), Some(&serde_json::Value::Null));
}

#[test]
fn geoparquet_has_every_attribute_and_the_outlines_to_the_last_bit() {
    let territory = synthetic::territory(1);
    let place = exported("t.bin", &["--format", "geoparquet"]);
    let file = File::open(place.path("t.bin")).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let said = builder.metadata().file_metadata().key_value_metadata().unwrap();
    let said =
        |key: &str| said.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone()).unwrap();
    let geo: serde_json::Value = serde_json::from_str(&said("geo")).unwrap();
    assert_eq!(geo["version"], "1.1.0");
    assert_eq!(geo["columns"]["geometry"]["covering"]["bbox"]["xmin"], serde_json::json!(["bbox", "xmin"]));
    assert_eq!(said("desserte:fingerprint"), territory.fingerprint());
    let batches: Vec<RecordBatch> = builder.build().unwrap().collect::<Result<_, _>>().unwrap();
    let [batch] = batches.as_slice() else { panic!("one row group") };
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let code = column("code").as_string::<i32>();
    let population = column("population").as_primitive::<arrow_array::types::UInt32Type>();
    for (row, commune) in territory.communes().enumerate() {
        assert_eq!(code.value(row), commune.code.as_str());
        let known = population.is_valid(row).then(|| population.value(row));
        assert_eq!(known, commune.population, "{}", commune.code);
        let read = rings_of_wkb(column("geometry").as_binary::<i32>().value(row));
        assert_eq!(read, outline(&territory, commune.code.as_str()));
        let west = column("bbox").as_struct().column_by_name("xmin").unwrap();
        let west = west.as_primitive::<arrow_array::types::Float64Type>().value(row);
        assert!(read.iter().flatten().all(|position| position[0] >= west));
    }
}

/// Reads WKB of a multipolygon, as OGC 06-103r4 has it.
fn rings_of_wkb(mut octets: &[u8]) -> Vec<Vec<[f64; 2]>> {
    fn take<const N: usize>(octets: &mut &[u8]) -> [u8; N] {
        let (taken, rest) = octets.split_at(N);
        *octets = rest;
        taken.try_into().unwrap()
    }
    fn number(octets: &mut &[u8]) -> u32 {
        u32::from_le_bytes(take(octets))
    }
    let mut rings = Vec::new();
    assert_eq!((take(&mut octets), number(&mut octets)), ([1], 6));
    for _ in 0..number(&mut octets) {
        assert_eq!((take(&mut octets), number(&mut octets)), ([1], 3));
        for _ in 0..number(&mut octets) {
            let count = number(&mut octets);
            let position = |octets: &mut &[u8]| [0, 1].map(|_| f64::from_le_bytes(take(octets)));
            rings.push((0..count).map(|_| position(&mut octets)).collect());
        }
    }
    assert!(octets.is_empty());
    rings
}

#[test]
fn flatgeobuf_has_every_commune_and_its_outline_to_the_last_bit() {
    let territory = synthetic::territory(1);
    let place = exported("t.fgb", &[]);
    let mut file = std::io::BufReader::new(File::open(place.path("t.fgb")).unwrap());
    let mut features = FgbReader::open(&mut file).unwrap().select_all().unwrap();
    let mut count = 0;
    while let Some(feature) = features.next().unwrap() {
        let properties = feature.properties().unwrap();
        let commune = territory.commune(properties["code"].parse().unwrap()).unwrap();
        let population = properties.get("population").map(|text| text.parse::<u32>().unwrap());
        assert_eq!(population, commune.population, "{}", commune.code);
        let mut read = Positions::default();
        feature.process_geom(&mut read).unwrap();
        assert_eq!(read.0, outline(&territory, commune.code.as_str()));
        count += 1;
    }
    assert_eq!(count, 42);
}

/// Collects the rings of a feature.
#[derive(Default)]
struct Positions(Vec<Vec<[f64; 2]>>);

impl GeomProcessor for Positions {
    fn linestring_begin(&mut self, _: bool, _: usize, _: usize) -> flatgeobuf::geozero::error::Result<()> {
        self.0.push(Vec::new());
        Ok(())
    }

    fn xy(&mut self, x: f64, y: f64, _: usize) -> flatgeobuf::geozero::error::Result<()> {
        self.0.last_mut().unwrap().push([x, y]);
        Ok(())
    }
}

#[test]
fn a_format_that_no_name_tells_must_be_named() {
    let place = Place::with("");
    let output = place.run(&["territory", "export", "t.dst", "--out", "t.shp"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(said(&output).contains("--format"), "{}", said(&output));
}

#[test]
fn tiles_are_one_archive_that_begins_as_its_format_says() {
    let place = Place::with("");
    let output = place.run(&["territory", "tiles", "t.dst", "--out", "t.pmtiles", "--zoom", "4-9"]);
    assert!(output.status.success(), "{}", said(&output));
    let octets = std::fs::read(place.path("t.pmtiles")).unwrap();
    assert_eq!(&octets[..8], b"PMTiles\x03");
    assert_eq!(octets[97..102], [2, 2, 1, 4, 9], "directories and tiles are gzip, tiles MVT, zooms 4 to 9");
    let again =
        place.run(&["territory", "tiles", "t.dst", "--out", "u.pmtiles", "--zoom", "4-9", "--threads", "1"]);
    assert!(again.status.success());
    assert_eq!(std::fs::read(place.path("u.pmtiles")).unwrap(), octets, "whatever the number of threads");
    let wrong = place.run(&["territory", "tiles", "t.dst", "--out", "v.pmtiles", "--zoom", "9-4"]);
    assert_eq!(wrong.status.code(), Some(64));
}

/// The names of the properties of a `GeoJSON` file's first feature, and what its features say under a name.
fn features(place: &Place, file: &str) -> Vec<serde_json::Map<String, serde_json::Value>> {
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(place.path(file)).unwrap()).unwrap();
    let features = json["features"].as_array().unwrap();
    features.iter().map(|feature| feature["properties"].as_object().unwrap().clone()).collect()
}

/// What a figure's two columns say of the first five communes of the territory of `add_layers`.
const NUMBERS: [Option<f64>; 5] = [Some(12.5), Some(0.0), None, None, None];
const ABSENCES: [Option<&str>; 5] = [None, None, Some("secret"), Some("indisponible"), Some("non_dit")];

#[test]
fn a_figure_is_a_number_or_the_reason_of_its_absence_in_every_format() {
    let place = Place::with("");
    add_layers(&place);
    for out in ["t.geojson", "t.parquet", "t.fgb"] {
        let output = place.run(&["territory", "export", "t.dst", "--out", out]);
        assert!(output.status.success(), "{}", said(&output));
    }
    let read = features(&place, "t.geojson");
    assert!(
        read.iter().all(|properties| properties.len() == read[0].len()),
        "every property in every feature"
    );
    for (row, properties) in read[..5].iter().enumerate() {
        assert_eq!(properties["revenu"].as_f64(), NUMBERS[row]);
        assert_eq!(properties["revenu_absence"].as_str(), ABSENCES[row]);
        assert_eq!(properties["zone"].as_str(), (row == 0).then_some("x"));
    }

    let file = File::open(place.path("t.parquet")).unwrap();
    let mut batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batch = batches.next().unwrap().unwrap();
    let number = batch.column_by_name("revenu").unwrap().as_primitive::<arrow_array::types::Float64Type>();
    let absence = batch.column_by_name("revenu_absence").unwrap().as_string::<i32>();
    assert_eq!(number.iter().take(5).collect::<Vec<_>>(), NUMBERS);
    assert_eq!(absence.iter().take(5).collect::<Vec<_>>(), ABSENCES);

    let mut file = std::io::BufReader::new(File::open(place.path("t.fgb")).unwrap());
    let mut read = FgbReader::open(&mut file).unwrap().select_all().unwrap();
    while let Some(feature) = read.next().unwrap() {
        let properties = feature.properties().unwrap();
        let row: usize = properties["code"][2..].parse::<usize>().unwrap() - 1;
        let expected = if row < 5 { (NUMBERS[row], ABSENCES[row]) } else { (None, Some("non_dit")) };
        let number = properties.get("revenu").map(|text| text.parse::<f64>().unwrap());
        assert_eq!((number, properties.get("revenu_absence").map(String::as_str)), expected);
    }
}

#[test]
fn an_overlay_is_a_file_of_its_own() {
    let place = Place::with("");
    add_layers(&place);
    for out in ["qpv.geojson", "qpv.parquet", "qpv.fgb"] {
        let output = place.run(&["territory", "export", "t.dst", "--overlay", "qpv", "--out", out]);
        assert!(output.status.success() && said(&output).contains("2 qpv"), "{}", said(&output));
    }
    let read = features(&place, "qpv.geojson");
    assert_eq!((&read[0]["code"], &read[0]["nom"]), (&"QP1".into(), &"Le Haut".into()));
    assert_eq!((&read[1]["code"], &read[1]["nom"]), (&"QP2".into(), &serde_json::Value::Null));
    let territory = Territory::open(place.path("t.dst")).unwrap();
    let outline = territory.overlay("qpv").unwrap().outline(0).unwrap();
    let file = File::open(place.path("qpv.parquet")).unwrap();
    let batch =
        ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().next().unwrap().unwrap();
    let wkb = batch.column_by_name("geometry").unwrap().as_binary::<i32>();
    assert_eq!(rings_of_wkb(wkb.value(0)), rings(outline.as_multi_polygon()));
    let mut file = std::io::BufReader::new(File::open(place.path("qpv.fgb")).unwrap());
    assert_eq!(FgbReader::open(&mut file).unwrap().header().name(), Some("qpv"));
}

#[test]
fn no_export_holds_anything_of_what_must_not_be_passed_on() {
    let place = Place::with("");
    add_layers(&place);
    for out in ["t.geojson", "t.parquet", "t.fgb"] {
        let output = place.run(&["territory", "export", "t.dst", "--out", out]);
        assert!(output.status.success(), "{}", said(&output));
        for title in ["Zones secrètes", "Revenus secrets", "Couverture secrète"] {
            assert!(said(&output).contains(title), "{title}: {}", said(&output));
        }
        assert!(said(&output).contains("--overlay qpv") && !said(&output).contains("--overlay tied"));
        let octets = std::fs::read(place.path(out)).unwrap();
        for word in ["tied", "secrètes", "secrets", "secrète"] {
            let found = octets.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{out} holds {word}");
        }
    }
    let output = place.run(&["territory", "export", "t.dst", "--overlay", "tied", "--out", "tied.fgb"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("Couverture secrète") && !place.path("tied.fgb").exists());
    let output = place.run(&["territory", "export", "t.dst", "--overlay", "zus", "--out", "zus.fgb"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(said(&output).contains("it has qpv, tied"), "{}", said(&output));
}

#[test]
fn layers_that_would_share_a_column_are_refused() {
    let place = Place::with("");
    add_layers(&place);
    let mut contents = Territory::open(place.path("t.dst")).unwrap().contents();
    contents.zonings[0].name = "revenu_absence".to_owned();
    std::fs::write(place.path("t.dst"), Territory::new(&contents).unwrap().to_bytes()).unwrap();
    let output = place.run(&["territory", "export", "t.dst", "--out", "t.fgb"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("\"revenu_absence\"") && !place.path("t.fgb").exists());
}

#[test]
fn outlines_are_one_drawing_of_all_communes_or_of_one_departement() {
    let place = Place::with("");
    for options in [&["--width", "300"][..], &["--departement", "99"], &["--detail", "departements"]] {
        let output = place.run(&[&["territory", "svg", "t.dst", "--out", "t.svg"], options].concat());
        assert!(output.status.success(), "{}", said(&output));
        let text = std::fs::read_to_string(place.path("t.svg")).unwrap();
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
        assert!(text.contains("MADE-UP"), "who draws made-up communes says so");
    }
    let unknown = place.run(&["territory", "svg", "t.dst", "--out", "u.svg", "--departement", "23"]);
    assert!(!unknown.status.success() && !place.path("u.svg").exists());
}
