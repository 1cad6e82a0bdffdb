//! What pages of départements weigh on the wire with their real outlines, were every commune measured and every figure another.
//!
//! With a territory file of France in `DESSERTE_TERRITORY` the ignored test weighs all départements with each of its zonings and prints
//! a table (docs/measurements/pages.md).

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use desserte_boot::build::BuildInfo;
use desserte_model::{CogVintage, CommuneCode};
use desserte_store::{Store, StoreOptions};
use desserte_territory::{
    Commune, Contents, Departement, Figure, FigureValue, Lineage, Outline, OutlinedCommune, Redistribution,
    Source, Territory, Zoning,
};
use desserte_units::{BitRate, Timestamp};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use geo::{Coord, LineString, MultiPolygon, Polygon};
use serde_json::Value;

use super::part::NAMES_MAX;
use super::*;
use crate::config::Config;
use crate::figures::{
    CommuneFigures, Happenings, OutageFigure, OutageNumbers, RateFigure, RateNumbers, RttFigure, Window,
};
use crate::metrics::Metrics;

/// What everything that a first visit loads may weigh.
const BUDGET: usize = 60_000;

/// Heads of the three answers (page, style sheet, icon) as Chromium counts them, rounded up.
const HEADS: usize = 1_500;

/// The départements with the most communes, the most intricate outlines, and the reference département.
const WORST: [&str; 7] = ["02", "21", "23", "55", "60", "62", "80"];

/// Octets of everything that a first visit loads.
fn visit(
    shared: &Shared,
    area: &Area,
    zoning: Option<&str>,
    indicateur: Indicator,
    part: Part,
    measured: usize,
) -> usize {
    let now = Timestamp::from_unix_secs(1_793_000_000);
    let window = Window::ending(now, 90).unwrap();
    // What is unusual stands in every address.
    let links = Links { shared, window: &edition::fixed(&window), lang: Lang::Fr };
    let figures = area.communes(&shared.territory).take(measured);
    let figures: BTreeMap<CommuneCode, CommuneFigures> =
        figures.map(|commune| (commune.code, made_up(commune.code))).collect();
    let map = shared.map(area, Sketch::Page).unwrap();
    let told = Told { area, links, map, figures: Arc::new(figures) };
    let query = Query {
        lang: Lang::Fr,
        indicateur,
        zonage: zoning.map(str::to_owned),
        jours: None,
        au: None,
        departement: None,
        empreinte: None,
    };
    let view = told.view(&query, part).unwrap();
    assert_eq!(view.zoned.is_some(), zoning.is_some());
    let answer = framed(&view.frame, &view.render().unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let page = runtime.block_on(axum::body::to_bytes(answer.into_body(), usize::MAX)).unwrap();
    let assets = ["style.css", "icon.svg"].map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
        packed(&std::fs::read(path).unwrap())
    });
    packed(&page) + assets.iter().sum::<usize>() + HEADS
}

/// Octets as the server's compression leaves them.
fn packed(octets: &[u8]) -> usize {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(octets).unwrap();
    packed.finish().unwrap().len()
}

/// Numbers in no order that repeats, the same on every run.
fn random(code: CommuneCode, what: u64) -> f64 {
    let mut state = code
        .as_str()
        .bytes()
        .fold(what + 0x9e37_79b9, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    state ^= state >> 29;
    state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    #[expect(clippy::cast_precision_loss, reason = "32 of 64 bits")]
    let share = ((state >> 32) as f64) / 4_294_967_296.0;
    share
}

/// Figures of a commune such as no two communes have.
fn made_up(code: CommuneCode) -> CommuneFigures {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]
    let whole = |what: u64, most: f64| (random(code, what) * most) as u64;
    let rate = |what: u64, most: f64| {
        // From one Mbit/s on, as many of each order of magnitude.
        let median = BitRate::from_mbit_per_s(most.powf(random(code, what))).unwrap();
        RateFigure::Measured(RateNumbers { median, p20: None, runs: 6 + whole(what + 1, 400.0), probes: 1 })
    };
    let known_ratio = 0.5 + random(code, 5) / 2.0;
    let mean = Duration::from_secs(whole(6, 200_000.0));
    let known = Duration::from_secs(7_776_000).mul_f64(known_ratio);
    CommuneFigures {
        download: rate(1, 900.0),
        upload: rate(3, 700.0),
        rtt: RttFigure::NotMeasured,
        outage: OutageFigure::Measured(OutageNumbers {
            mean,
            count: 1,
            longest: Some(mean),
            known_ratio,
            availability_ratio: 1.0 - mean.as_secs_f64() / known.as_secs_f64(),
            lost_ratio: mean.as_secs_f64() / known.as_secs_f64(),
            known,
            probes: 1,
            probes_left_out: 0,
        }),
        happenings: Happenings::default(),
        echoes: (0, 0),
        runs_by_outcome: BTreeMap::new(),
        runs_left_out: 0,
        runs_too_short: 0,
        probes: 1 + whole(7, 30.0),
        lines: vec![],
        technologies: vec![],
    }
}

fn shared(territory: Territory) -> (tempfile::TempDir, Shared) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), StoreOptions::default()).unwrap();
    let build = BuildInfo { name: "desserte", version: "0.0.0" };
    let metrics = Metrics::new(prometheus::Registry::new(), build.version).unwrap();
    let shared = Shared::new(Config::default(), dir.path(), store, territory, None, metrics, build).unwrap();
    (dir, shared)
}

/// The folder of real data: `DESSERTE_SHARED`, else `../shared/geodata` beside the checkout. `None`, said loudly, where it is absent; in
/// continuous integration its absence is an error.
fn geodata() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/geodata");
    let given = std::env::var_os("DESSERTE_SHARED").map_or_else(beside, PathBuf::from);
    let dir = if given.join("geodata").is_dir() { given.join("geodata") } else { given };
    if dir.join("boundaries").is_dir() {
        return Some(dir);
    }
    assert!(std::env::var_os("CI").is_none(), "no real data at {}; set DESSERTE_SHARED", dir.display());
    eprintln!("SKIPPED: no real data at {}; set DESSERTE_SHARED", dir.display());
    None
}

/// The worst départements with their real outlines, their communes' incomes, the zoning with the longest lines, and where they lie in
/// areas of attraction.
fn real(geodata: &Path) -> Territory {
    let mut text = String::new();
    let unpack = |name: &str| GzDecoder::new(std::fs::File::open(geodata.join(name)).unwrap());
    unpack("boundaries/communes-2026-derived.geojson.gz").read_to_string(&mut text).unwrap();
    let within = |code: &str| WORST.iter().any(|worst| code.starts_with(worst));
    // A feature to a line; some of other départements hold what JSON has no word for.
    let lines = text.lines().map(|line| line.trim_end_matches(','));
    let own = lines.filter(|line| line.split("\"code\":\"").nth(1).is_some_and(within));
    let mut communes: Vec<OutlinedCommune> =
        own.map(|line| commune(&serde_json::from_str(line).unwrap())).collect();
    communes.sort_by_key(|row| row.commune.code);
    let column = |file: &str, separator: char, names: [&str; 2]| {
        let mut table = String::new();
        unpack(file).read_to_string(&mut table).unwrap();
        let mut lines = table.lines().map(|line| line.split(separator).collect::<Vec<_>>());
        let head = lines.next().unwrap();
        let [code, value] = names.map(|name| head.iter().position(|cell| *cell == name).unwrap());
        let own = lines.filter(|row| within(row[code]));
        let mut values: Vec<(CommuneCode, String)> =
            own.map(|row| (row[code].parse().unwrap(), row[value].to_owned())).collect();
        values.sort();
        values
    };
    let incomes = column("typology/filosofi-2021-communes.csv.gz", ';', ["CODGEO", "MED21"]);
    let incomes =
        incomes.into_iter().filter_map(|(code, text)| Some((code, FigureValue::Known(text.parse().ok()?))));
    Territory::new(&Contents {
        vintage: CogVintage::from_year(2026),
        synthetic: false,
        made_by: "a test".to_owned(),
        sources: vec![Source {
            role: "zoning".to_owned(),
            title: "Aires d'attraction des villes, revenus".to_owned(),
            publisher: Some("INSEE".to_owned()),
            licence: Some("Licence Ouverte".to_owned()),
            vintage: Some("2020".to_owned()),
            sha256: None,
            redistribution: Redistribution::Allowed,
        }],
        regions: vec![],
        departements: WORST
            .iter()
            .map(|code| Departement { code: (*code).to_owned(), name: None, region: None })
            .collect(),
        epcis: vec![],
        arrondissements: vec![],
        zonings: vec![Zoning {
            name: "cateaav2020".to_owned(),
            title: None,
            vintage: None,
            source: Some(0),
            values: column("typology/insee-zonages-2025.csv.gz", ',', ["DEPCOM", "CATEAAV2020"]),
        }],
        lineage: Lineage::default(),
        figures: vec![Figure {
            name: "filosofi_med".to_owned(),
            title: None,
            unit: "EUR".to_owned(),
            period: None,
            source: Some(0),
            values: incomes.collect(),
        }],
        overlays: vec![],
        communes,
    })
    .unwrap()
}

fn commune(feature: &Value) -> OutlinedCommune {
    let ring = |ring: &Value| -> LineString {
        let point = |point: &Value| Coord { x: point[0].as_f64().unwrap(), y: point[1].as_f64().unwrap() };
        LineString(ring.as_array().unwrap().iter().map(point).collect())
    };
    let polygon = |rings: &Value| {
        let mut rings = rings.as_array().unwrap().iter().map(ring);
        Polygon::new(rings.next().unwrap(), rings.collect())
    };
    let (geometry, own) = (&feature["geometry"], &feature["properties"]);
    let polygons = match geometry["type"].as_str().unwrap() {
        "Polygon" => vec![polygon(&geometry["coordinates"])],
        _ => geometry["coordinates"].as_array().unwrap().iter().map(polygon).collect(),
    };
    let text = |name: &str| own[name].as_str().unwrap().to_owned();
    OutlinedCommune {
        commune: Commune {
            code: text("code").parse().unwrap(),
            name: text("nom"),
            departement: text("departement"),
            region: None,
            arrondissement: None,
            epci: None,
            // Fifths of the population are then fifths of the communes.
            population: Some(1),
        },
        outline: Outline::new(MultiPolygon(polygons)).unwrap(),
    }
}

/// Every page of a département: its worst, and which that is.
fn weighed(shared: &Shared, area: &Area) -> BTreeMap<String, usize> {
    let offered: Vec<String> =
        zoning::offered(shared, area).iter().map(|zoned| zoned.column.rule.key.clone()).collect();
    let communes = area.communes(&shared.territory).count();
    let mut found = BTreeMap::new();
    for zoning in std::iter::once(None).chain(offered.iter().map(|key| Some(key.as_str()))) {
        for (part, part_name) in [(Part::Map, "map"), (Part::Tables, "tables")] {
            // The most that still stand in a table below the map are a case of their own.
            let names = communes * if zoning.is_some() { 2 } else { 1 };
            let beside = (NAMES_MAX.saturating_sub(names) / 2).min(communes);
            for (measured, words) in
                [(0, "none measured"), (beside, "some measured"), (communes, "all measured")]
            {
                for indicator in [Indicator::Debit, Indicator::Coupures] {
                    let octets = visit(shared, area, zoning, indicator, part, measured);
                    let key = format!("{part_name} {} {words}", zoning.unwrap_or("-"));
                    let most = found.entry(key).or_insert(0);
                    *most = octets.max(*most);
                }
            }
        }
    }
    found
}

#[test]
fn pages_of_the_heaviest_departements_are_within_the_budget_with_every_commune_measured() {
    let Some(geodata) = geodata() else { return };
    let (_dir, shared) = shared(real(&geodata));
    let zonings: Vec<&str> = shared.zonings().iter().map(|column| column.rule.key.as_str()).collect();
    assert_eq!(zonings, ["densite", "revenu"]);
    for code in WORST {
        let area = Area::departement(&shared.territory, code).unwrap();
        for (page, octets) in weighed(&shared, &area) {
            eprintln!("{code} {page}: {octets}");
            assert!(octets <= BUDGET, "{code} {page}: {octets} octets");
        }
    }
}

#[test]
#[ignore = "weighs every département of the territory file in DESSERTE_TERRITORY: a minute"]
fn pages_of_every_departement_are_within_the_budget() {
    let territory = Territory::open(std::env::var_os("DESSERTE_TERRITORY").unwrap()).unwrap();
    let (_dir, shared) = shared(territory);
    let mut worst: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut above = Vec::new();
    for departement in shared.territory.departements() {
        let area = Area::departement(&shared.territory, &departement.code).unwrap();
        for (page, octets) in weighed(&shared, &area) {
            if octets > BUDGET {
                above.push(format!("{} {page}: {octets}", departement.code));
            }
            let most = worst.entry(page).or_default();
            *most = (octets, departement.code.clone()).max(most.clone());
        }
    }
    for (page, (octets, code)) in worst {
        println!("| {page} | {code} | {octets} |");
    }
    assert!(above.is_empty(), "{above:#?}");
}
