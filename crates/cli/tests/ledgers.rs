//! Classes of communes, external ledgers and what is told of them over a territory, as they are run.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use desserte_territory::{Figure, FigureValue, Redistribution, Source, Territory, Zoning, synthetic};
use parquet::arrow::ArrowWriter;
use serde_json::Value;

struct Place(tempfile::TempDir);

impl Place {
    /// The made-up département: the first half of its communes is in the public zone, the other in the private one; every third is
    /// rural. Every commune has 1,000 inhabitants and an EPCI of its own in turn, so that there are clusters to draw. A figure of its own has
    /// declared premises, and a zoning that must not be passed on stands beside.
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let mut contents = synthetic::territory(1).contents();
        let source = |title: &str, redistribution| Source {
            role: "zoning".to_owned(),
            title: title.to_owned(),
            publisher: Some("inventé".to_owned()),
            licence: Some("Licence Ouverte 2.0".to_owned()),
            vintage: Some("2018".to_owned()),
            sha256: None,
            redistribution,
        };
        let first = u32::try_from(contents.sources.len()).unwrap();
        contents.sources.push(source("Zones inventées", Redistribution::Allowed));
        contents.sources.push(source("Littoral secret", Redistribution::Forbidden));
        let codes: Vec<_> = contents.communes.iter().map(|row| row.commune.code).collect();
        let zoning = |name: &str, source: u32, value: &dyn Fn(usize) -> &'static str| Zoning {
            name: name.to_owned(),
            title: None,
            vintage: None,
            source: Some(source),
            values: codes.iter().enumerate().map(|(at, code)| (*code, value(at).to_owned())).collect(),
        };
        contents.zonings = vec![
            zoning("arcep2018_rurale", first, &|at| if at % 3 == 0 { "oui" } else { "non" }),
            zoning("arcep2018_zone", first, &|at| if at < 21 { "sans-engagement-prive" } else { "ZTD" }),
            zoning("littoral", first + 1, &|_| "oui"),
        ];
        contents.figures = vec![Figure {
            name: "ftth".to_owned(),
            title: None,
            unit: "locaux".to_owned(),
            period: None,
            source: Some(first),
            values: codes.iter().map(|code| (*code, FigureValue::Known(10.0))).collect(),
        }];
        for row in &mut contents.communes {
            row.commune.population = Some(1_000);
        }
        std::fs::write(place.path("t.dst"), Territory::new(&contents).unwrap().to_bytes()).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_desserte"));
        command.args(arguments).current_dir(self.0.path()).output().unwrap()
    }

    fn written(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Six cells in each commune, none in the last one; `rate` gives the kbit/s of a cell by the commune's place and its own number.
    fn cells(&self, rate: impl Fn(usize, u32) -> u32) {
        let territory = Territory::open(self.path("t.dst")).unwrap();
        let mut text = "lon,lat,avg_d_kbps,avg_u_kbps,avg_lat_ms,tests,devices\n".to_owned();
        for (at, commune) in territory.communes().enumerate().take(41) {
            let point = territory.outline(commune.code).unwrap().point_inside().unwrap();
            for cell in 0..6 {
                let tests = 1 + cell;
                writeln!(text, "{},{},{},1000,20,{tests},1", point.lon(), point.lat(), rate(at, cell))
                    .unwrap();
            }
        }
        std::fs::write(self.path("cells-2023q2.csv"), text).unwrap();
    }

    fn national(&self, more: &[&str]) -> Output {
        let fixed = [
            "equity",
            "national",
            "--territory",
            "t.dst",
            "--by",
            "initiative",
            "--by",
            "rural",
            "--seed",
            "7",
            "--poverty-line",
            "30",
            "--top-code",
            "100",
        ];
        let cluster: &[&str] = if more.contains(&"--cluster") { &[] } else { &["--cluster", "commune"] };
        self.run(&[&fixed, cluster, more].concat())
    }

    fn answer(&self, more: &[&str]) -> Value {
        let output = self.national(&[more, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn printed(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A number that looks drawn, the same every time.
fn noise(at: usize, cell: u32) -> u32 {
    let mixed = (u64::try_from(at).unwrap() * 6 + u64::from(cell) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u32::try_from((mixed >> 33) % 40_000).unwrap()
}

fn verdicts(found: &Value, class: usize) -> Vec<(&str, &str)> {
    let differences = found["classes"][class]["differences"].as_array().unwrap();
    differences
        .iter()
        .map(|one| (one["measure"].as_str().unwrap(), one["verdict"].as_str().unwrap()))
        .collect()
}

#[test]
fn classes_are_a_table_that_names_its_sources_and_holds_nothing_that_must_not_be_passed_on() {
    let place = Place::new();
    let text = printed(&place.run(&["territory", "classes", "t.dst", "--out", "c.csv"]));
    assert!(text.contains("publique 21 ; privee 21 ; sans valeur 0"), "{text}");
    assert!(text.contains("(à défaut)") && text.contains("aucune couche n'en parle"), "{text}");
    let table = place.written("c.csv");
    assert!(
        table.starts_with("code,nom,departement,epci,population,initiative,zone,rural,outre_mer\n"),
        "{table}"
    );
    assert!(!table.contains("littoral"));
    let sources = place.written("c.csv.sources.csv");
    assert!(sources.contains("Zones inventées,inventé,2018,Licence Ouverte 2.0"), "{sources}");
    assert!(!sources.contains("secret"), "{sources}");
    let json = printed(&place.run(&["territory", "classes", "t.dst", "--json"]));
    let found: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["set"], "classes-1");
    assert_eq!(found["classes"][3]["credit"]["withheld"], true, "it may be looked at: {found}");
    let wrong = place.run(&["territory", "classes", "t.dst", "--take", "zone=nowhere"]);
    assert_eq!((wrong.status.code(), said(&wrong).contains("nowhere")), (Some(64), true));
}

#[test]
fn cells_are_shown_beside_others_and_are_in_no_table_that_is_written() {
    let place = Place::new();
    place.cells(|at, _| 1_000 * u32::try_from(at).unwrap());
    std::fs::write(place.path("ours.csv"), "commune;p50\n99001;12,5\n99002;\n").unwrap();
    let fixed = ["ledger", "compare", "--territory", "t.dst", "--cells", "cells-2023q2.csv"];
    let with = ["--figure", "ftth", "--ours", "ours.csv", "--value", "p50"];
    let shown = place.run(&[&fixed[..], &with].concat());
    let text = printed(&shown);
    let second = text.lines().find(|line| line.starts_with("99002")).unwrap();
    assert_eq!(second.split_whitespace().rev().take(3).collect::<Vec<_>>(), ["1,0", "10,0", "-"], "{text}");
    assert!(said(&shown).contains("2023-T2 ; CC BY-NC-SA 4.0 ; ne pas rediffuser"), "{}", said(&shown));
    let written = place.run(&[&fixed[..], &with, &["--out", "o.csv"]].concat());
    assert_eq!(written.status.code(), Some(0), "{}", said(&written));
    assert!(said(&written).contains("ookla_download must not be passed on"), "{}", said(&written));
    let table = place.written("o.csv");
    assert!(
        table.starts_with("code,nom,measured:p50,declared:ftth\n") && !table.contains("ookla"),
        "{table}"
    );
    let refused = place.run(&[&fixed[..], &["--out", "only.csv"]].concat());
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(!place.path("only.csv").exists());
}

#[test]
fn a_public_zone_that_is_better_is_reported_as_such_and_two_that_are_alike_are_a_tie() {
    let place = Place::new();
    let cells = ["--cells", "cells-2023q2.csv", "--also-cluster", "departement"];
    place.cells(|at, cell| noise(at, cell) + if at < 21 { 60_000 } else { 10_000 });
    let found = place.answer(&cells);
    let expected = [
        ("mean", "first_higher"),
        ("mean_top_coded", "first_higher"),
        ("median", "first_higher"),
        ("below_30", "second_higher"),
    ];
    assert_eq!(verdicts(&found, 0), expected);
    assert_eq!(found["classes"][0]["differences"][0]["first"], "publique");
    assert!(verdicts(&found, 1).iter().all(|(_, verdict)| *verdict == "ex_aequo"), "{found}");
    // One département is no sample of départements.
    assert!(found["classes"][0]["differences"][0]["intervals"]["departement"].is_null());
    let (between, within) =
        (&found["classes"][0]["theil_t_between"]["value"], &found["classes"][0]["theil_t_within"]);
    let whole = found["indices"]["theil_t"]["raw"]["value"].as_f64().unwrap();
    assert!((between.as_f64().unwrap() + within.as_f64().unwrap() - whole).abs() < 1e-12);
    // The commune without a cell is counted, not taken for zero.
    assert_eq!(
        (&found["communes_with_a_number"], &found["inhabitants_without_a_number"]),
        (&41.into(), &1_000.0.into())
    );
    assert_eq!(found["credit"]["withheld"], true);
    let rural = place.answer(&[&cells[..], &["--only", "rural=non", "--even-cells"]].concat());
    assert_eq!(
        (&rural["communes"], &rural["only"], &rural["even_cells"]),
        (&28.into(), &"rural=non".into(), &true.into())
    );
    assert_eq!(verdicts(&rural, 0)[0], ("mean", "first_higher"));
    // Three EPCI are too few to draw: nothing is told at all.
    let few = place.national(&[&cells[..], &["--cluster", "epci"]].concat());
    assert_eq!((few.status.code(), said(&few).contains("données insuffisantes")), (Some(2), true));
    place.cells(|at, cell| noise(at, cell) + 10_000);
    let alike = place.answer(&cells);
    assert!(verdicts(&alike, 0).iter().all(|(_, verdict)| *verdict == "ex_aequo"), "{alike}");
}

#[test]
fn an_answer_and_its_drawings_are_the_same_on_any_number_of_threads_and_name_no_commune() {
    let place = Place::new();
    place.cells(noise);
    let with = |more: &[&str]| printed(&place.national(&[&["--cells", "cells-2023q2.csv"], more].concat()));
    let text = with(&["--threads", "1", "--plot", "one"]);
    assert_eq!(text, with(&["--threads", "3", "--plot", "three"]));
    assert!(text.contains("CC BY-NC-SA 4.0") && text.contains("mesuré par d'autres"), "{text}");
    let names = [
        "lorenz",
        "quantiles-initiative",
        "quantiles-rural",
        "theil-parts",
        "ecarts-initiative",
        "ecarts-parts-rural",
    ];
    let mut told = with(&["--json"]) + &text;
    for file in names
        .iter()
        .flat_map(|name| [format!("{name}.svg"), format!("{name}.csv")])
        .chain(["index.html".to_owned()])
    {
        let drawn = place.written(&format!("one/{file}"));
        assert_eq!(drawn, place.written(&format!("three/{file}")), "{file}");
        told.push_str(&drawn);
    }
    let territory = Territory::open(place.path("t.dst")).unwrap();
    for commune in territory.communes() {
        assert!(!told.contains(commune.code.as_str()), "{}", commune.code);
    }
}

#[test]
fn a_declared_figure_is_a_ledger_too_and_bad_rows_are_named_by_line() {
    let place = Place::new();
    let found = place.answer(&["--figure", "ftth/ftth"]);
    assert_eq!((found["nature"].as_str(), found["unit"].as_str()), (Some("declared"), Some("%")));
    assert_eq!(found["all"]["measures"]["mean"]["value"], 100.0);
    let unknown = place.national(&["--figure", "nothing"]);
    assert_eq!((unknown.status.code(), said(&unknown).contains("it has ftth")), (Some(64), true));
    std::fs::write(
        place.path("bad.csv"),
        "lon,lat,avg_d_kbps,tests\n2,46,-5,1\n2,146,7,1\n2,46,,x\n2,46,5,3\n",
    )
    .unwrap();
    let bad = place.national(&["--cells", "bad.csv"]);
    let text = said(&bad);
    for line in ["bad.csv:2: avg_d_kbps", "bad.csv:3: lon, lat", "bad.csv:4: avg_d_kbps", "bad.csv:4: tests"]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("bad.csv:5"), "{text}");
    std::fs::write(place.path("other.csv"), "a,b\n1,2\n").unwrap();
    assert_eq!(place.national(&["--cells", "other.csv"]).status.code(), Some(64));
}

#[test]
fn real_percentiles_of_measurement_lab_are_told_as_ours_are() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("DESSERTE_SHARED").map_or_else(beside, PathBuf::from);
    let dir = shared.join("geodata/mlab");
    if !dir.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "no real data at {}", dir.display());
        #[allow(clippy::print_stderr, reason = "a test that does not run says so")]
        {
            eprintln!("SKIPPED: no real data at {}", dir.display());
        }
        return;
    }
    let place = Place(tempfile::tempdir().unwrap());
    let file = |name: &str| dir.join(name).display().to_string();
    let (fr, re) = (file("fr_2025_10.json"), file("re_2025_10.json"));
    let text = printed(&place.run(&["ledger", "mlab", &fr, &re, "--json", "--out", "m.csv"]));
    let found: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(found[1]["downloads"], 10_954);
    // Medians that the data's notes give: 101.4 in metropolitan France, 46.3 in La Réunion.
    let table = place.written("m.csv");
    let median = |country: &str| {
        let line = table
            .lines()
            .find(|line| line.starts_with(&format!("{country},2025-10,download_throughput_mbps,50,p50,")));
        line.unwrap().split(',').nth(5).unwrap().parse::<f64>().unwrap()
    };
    assert!((median("FR") - 101.4).abs() < 0.05 && (median("RE") - 46.3).abs() < 0.05);
    // The lowest latencies are below few others here; the file calls them p99.
    assert!(table.contains("RE,2025-10,latency_ms,1,p99,44.78,"), "{table}");
}

/// The key of the tile at zoom 16 that holds a point, by the other way round: from degrees to digits.
fn quadkey(lon: f64, lat: f64) -> String {
    let sine = lat.to_radians().sin();
    let (x, y) = (0.5 + lon / 360.0, 0.5 - ((1.0 + sine) / (1.0 - sine)).ln() / (4.0 * std::f64::consts::PI));
    let bit = |share: f64, level: i32| (share * 2_f64.powi(level)).rem_euclid(2.0) >= 1.0;
    (1..=16).map(|level| char::from(b'0' + u8::from(bit(x, level)) + 2 * u8::from(bit(y, level)))).collect()
}

#[test]
fn tiles_as_they_are_published_are_read_from_parquet_by_their_keys() {
    let place = Place::new();
    let territory = Territory::open(place.path("t.dst")).unwrap();
    let points: Vec<_> = territory
        .communes()
        .map(|commune| territory.outline(commune.code).unwrap().point_inside().unwrap())
        .collect();
    let keys = points.iter().map(|point| Some(quadkey(point.lon(), point.lat())));
    let down: Vec<Option<i64>> = (0..42).map(|at| (at != 3).then_some(1_000 * (at + 1))).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("quadkey", Arc::new(keys.collect::<StringArray>())),
        ("avg_d_kbps", Arc::new(Int64Array::from(down))),
        ("tests", Arc::new(Int64Array::from(vec![2; 42]))),
    ];
    let write = |name: &str, batch: &RecordBatch| {
        let file = File::create(place.path(name)).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(batch).unwrap();
        writer.close().unwrap();
    };
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    write("2024-07-01_performance_fixed_tiles.parquet", &batch.slice(4, 38));
    let compare = |file: &str| place.run(&["ledger", "compare", "--territory", "t.dst", "--cells", file]);
    let shown = compare("2024-07-01_performance_fixed_tiles.parquet");
    let text = printed(&shown);
    assert!(said(&shown).contains("2024-T3 ; CC BY-NC-SA 4.0"), "{}", said(&shown));
    let rate = |row: usize| text.lines().nth(row + 1).unwrap().split_whitespace().last().unwrap().to_owned();
    assert_eq!((rate(0), rate(4), rate(41)), ("-".to_owned(), "5,0".to_owned(), "42,0".to_owned()));
    // A row without a download refuses the file, by its number.
    write("bad.parquet", &batch);
    let refused = compare("bad.parquet");
    assert!(
        refused.status.code() == Some(1) && said(&refused).contains("bad.parquet:4: avg_d_kbps"),
        "{}",
        said(&refused)
    );
}

#[test]
fn what_moves_a_scenario_most_is_drawn_with_its_table() {
    let place = Place(tempfile::tempdir().unwrap());
    let scenario = include_str!("../../equity/parameters/scenarios/exemple-complet.toml");
    std::fs::write(place.path("s.toml"), scenario).unwrap();
    let table = "code;lines;cost;places;place_cost;drops;drop_cost;pooled\n09;10000;2,60;1500;900;400;700;1\n\
                 23;20000;1,65;2500;700;600;583;0\n75;100000;0,80;0;0;0;0;0\n";
    std::fs::write(place.path("t.csv"), table).unwrap();
    let columns =
        ["--places", "places", "--place-cost", "place_cost", "--drops", "drops", "--drop-cost", "drop_cost"];
    let asked = ["perequation", "s.toml", "t.csv", "--pooled", "pooled", "--sensitivity", "--plot", "p"];
    printed(&place.run(&[&asked[..], &columns].concat()));
    let table = place.written("p/sensibilite.csv");
    let widest = table.lines().nth(1).unwrap();
    assert!(table.starts_with("hypothèse;") && widest.starts_with("cost_factor;"), "{table}");
    assert!(place.written("p/sensibilite.svg").contains("pas le droit en vigueur"));
}
