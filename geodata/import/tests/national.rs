//! All of France, against published figures and against GEOS. Needs real data (`shared::geodata`).
//!
//! One test does what needs the national territory, because each test may run in a process of its own and the import
//! takes some seconds.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests fail the test")]

mod shared;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use desserte_geodata::sites::read_sites;
use desserte_geodata::{FindingKind, ImportPlan, Imported, built_in_manifests, find_in, import};
use desserte_model::{CommuneCode, LonLat};
use desserte_territory::{PopulationSum, Territory};
use gdal::vector::{Geometry, ToGdal};
use indicatif::ProgressBar;

#[test]
fn all_of_france_agrees_with_published_figures_and_with_geos() {
    let Some(dir) = shared::geodata() else { return };
    let plan = ImportPlan { manifests: built_in_manifests(), ..find_in(&dir).unwrap() };
    let imported = import(&plan, &ProgressBar::hidden()).unwrap();
    counts_are_as_published(&imported);
    let territory = Territory::from_bytes(&imported.territory.to_bytes()).unwrap();
    assert_eq!(territory.contents(), imported.territory.contents());
    drop(imported);
    france_services_lie_in_their_communes(&territory, &dir);
    mobile_sites_lie_in_the_known_numbers(&territory, &dir);
    points_fall_where_geos_says(&territory);
}

fn counts_are_as_published(imported: &Imported) {
    let (territory, counts) = (&imported.territory, imported.report.counts);
    assert_eq!((counts.rows_read, counts.communes), (34_875, 34_875));
    assert_eq!((counts.departements, counts.regions), (101, 18));
    assert_eq!(imported.report.vintage, 2026);
    let found: Vec<_> =
        imported.report.findings_by_kind.iter().map(|(kind, count)| (*kind, *count)).collect();
    assert_eq!(found, [(FindingKind::ArrondissementsSummed, 3), (FindingKind::WithoutEpci, 4)]);
    let without_epci: Vec<_> = imported.report.codes(FindingKind::WithoutEpci).collect();
    assert_eq!(without_epci, ["22016", "29083", "29155", "85113"]);
    // INSEE, reference populations 2023: the sum of PMUN over the file, which lacks Mayotte; and Mayotte's file of 2017.
    let without_mayotte =
        PopulationSum::over(territory.communes().filter(|commune| commune.departement != "976"));
    assert_eq!((without_mayotte.inhabitants, without_mayotte.communes_without_figure), (Some(68_094_280), 0));
    assert_eq!(territory.population_of_departement("976").inhabitants, Some(256_518));
    roll_ups_are_sums_of_the_table(territory);
    let creuse = territory.population_of_departement("23");
    assert_eq!((creuse.communes, creuse.inhabitants), (255, Some(115_527)));
    // The villages destroyed in 1916 are the communes without inhabitants.
    let empty: Vec<_> =
        territory.communes().filter(|c| c.population == Some(0)).map(|c| c.code.to_string()).collect();
    assert_eq!(empty, ["55039", "55050", "55139", "55189", "55239", "55307"]);
    // INSEE, populations 2023: sums of the 20, 9 and 16 arrondissements.
    for (code, arrondissements) in [("75056", "75"), ("69123", "69"), ("13055", "13")] {
        let commune = territory.commune(code.parse().unwrap()).unwrap();
        assert!(commune.population.is_some_and(|count| count > 500_000), "{code}: {:?}", commune.population);
        assert_eq!(commune.departement, arrondissements);
    }
    assert!(territory.sources().iter().all(|source| source.licence.is_some()), "{:?}", territory.sources());
}

/// Every commune is in one département, region and arrondissement, and in one EPCI or in none: sums over units are the
/// sum over communes. INSEE's table has the region, département and arrondissement of each commune by itself.
fn roll_ups_are_sums_of_the_table(territory: &Territory) {
    let dir = shared::geodata().unwrap();
    let mut published: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for row in shared::table(&dir.join("cog/donnees_communes.csv.gz"), b';') {
        let count: u64 = row["PMUN"].parse().unwrap();
        let arrondissement = format!("{}{}", row["DEP"], row["CODARR"]);
        // Paris, Lyon and Marseille are there by arrondissement, with those of their département.
        for unit in [("REG", row["REG"].clone()), ("DEP", row["DEP"].clone()), ("ARR", arrondissement)] {
            *published.entry(unit).or_default() += count;
        }
    }
    assert_eq!(
        published.len(),
        17 + 100 + territory.arrondissements().len(),
        "Mayotte is not in it and has none"
    );
    for ((level, unit), count) in published {
        let sum = match level {
            "REG" => territory.population_of_region(&unit),
            "DEP" => territory.population_of_departement(&unit),
            _ => territory.population_of_arrondissement(&unit),
        };
        assert_eq!((sum.inhabitants, sum.communes_without_figure), (Some(count), 0), "{level} {unit}");
    }
    let in_epcis: u64 = territory
        .epcis()
        .iter()
        .filter_map(|epci| territory.population_of_epci(&epci.siren).inhabitants)
        .sum();
    let in_none = PopulationSum::over(territory.communes().filter(|commune| commune.epci.is_none()));
    assert_eq!(Some(in_epcis + in_none.inhabitants.unwrap()), territory.population().inhabitants);
    assert!(territory.arrondissements().iter().all(|unit| unit.name.is_some()));
}

fn france_services_lie_in_their_communes(territory: &Territory, dir: &Path) {
    let (mut own, mut none, mut other) = (0, 0, 0);
    for row in shared::table(&dir.join("public-services/france-services-2024-08.csv.gz"), b',') {
        let degrees = |column: &str| row[column].trim().parse::<f64>().unwrap();
        let point = LonLat::new(degrees("longitude"), degrees("latitude")).unwrap();
        match territory.locate(point).commune() {
            None => none += 1,
            Some(commune) if commune.code.as_str() == row["insee_com"] => own += 1,
            Some(_) => other += 1,
        }
    }
    assert_eq!((own, none, other), (2_807, 4, 34));
}

fn mobile_sites_lie_in_the_known_numbers(territory: &Territory, dir: &Path) {
    let table = dir.join("arcep/2018_01_Sites_mobiles_2G_3G_4G_France_metropolitaine_L93.csv.gz");
    let mut findings = vec![];
    let sites = read_sites(&table, std::fs::read(&table).unwrap(), &mut findings).unwrap();
    // One row has `#N/A` for both coordinates.
    let with_position = sites.iter().filter(|site| site.position.is_some()).count();
    let mut placed = 0;
    let mut creuse: BTreeMap<&str, usize> = BTreeMap::new();
    let mut creuse_4g = 0;
    for site in &sites {
        let Some(commune) = site.position.and_then(|place| territory.locate(place).commune()) else {
            continue;
        };
        placed += 1;
        if commune.departement == "23" {
            *creuse.entry(site.operator.as_str()).or_default() += 1;
            creuse_4g += usize::from(site.technologies[2] == Some(true));
        }
    }
    assert_eq!((sites.len(), with_position, placed), (77_148, 77_147, 77_053));
    assert_eq!(sites.iter().filter(|site| site.repeats).count(), 124);
    // Orange, SFR, Free, Bouygues: 272 in all.
    let by_operator: Vec<_> = creuse.into_iter().collect();
    assert_eq!(by_operator, [("20801", 70), ("20810", 80), ("20815", 44), ("20820", 78)]);
    assert_eq!(creuse_4g, 140);
}

/// Points compared with GEOS: on vertices, on middles of sides, close beside vertices, and anywhere in France.
const ON_VERTICES: usize = 30_000;
const ON_SIDES: usize = 30_000;
const BESIDE_VERTICES: usize = 50_000;
const ANYWHERE: usize = 30_000;

fn points_fall_where_geos_says(territory: &Territory) {
    let mut random = Random(20_261_121);
    let contents = territory.contents();
    let vertices: Vec<_> = contents
        .communes
        .iter()
        .flat_map(|row| row.outline.as_multi_polygon().iter())
        .flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()))
        .flat_map(|ring| ring.0.windows(2))
        .map(|side| (side[0], side[1]))
        .collect();
    let mut points = Vec::new();
    for _ in 0..ON_VERTICES {
        let (a, _) = vertices[random.below(vertices.len())];
        points.push((a.x, a.y));
    }
    for _ in 0..ON_SIDES {
        let (a, b) = vertices[random.below(vertices.len())];
        points.push((f64::midpoint(a.x, b.x), f64::midpoint(a.y, b.y)));
    }
    for _ in 0..BESIDE_VERTICES {
        let (a, _) = vertices[random.below(vertices.len())];
        let reach = [1e-14, 1e-9, 1e-5, 1e-2][random.below(4)];
        points.push((a.x + reach * random.signed(), a.y + reach * random.signed()));
    }
    for _ in 0..ANYWHERE {
        points.push((2.2 + 7.7 * random.signed(), 46.3 + 5.1 * random.signed()));
    }
    let oracle = Oracle::new(territory);
    let (mut inside, mut ties) = (0, 0);
    for (lon, lat) in points.iter().copied() {
        let touching = oracle.touching(lon, lat);
        let found = territory.locate(LonLat::new(lon, lat).unwrap()).commune().map(|commune| commune.code);
        assert_eq!(found, touching.first().copied(), "{lon:?}, {lat:?}: GEOS says {touching:?}");
        inside += usize::from(found.is_some());
        ties += usize::from(touching.len() > 1);
    }
    eprintln!(
        "{} points compared with GEOS: {inside} inside, {ties} on borders of several communes",
        points.len()
    );
    assert!(points.len() >= 100_000 && ties > 20_000 && inside > 100_000, "{inside} inside, {ties} ties");
}

/// GEOS through GDAL, with a list of candidates that owes nothing to the index under test.
struct Oracle {
    communes: Vec<(CommuneCode, Geometry, [f64; 4])>,
    tiles: HashMap<(i64, i64), Vec<usize>>,
}

impl Oracle {
    fn new(territory: &Territory) -> Self {
        let mut communes = Vec::new();
        let mut tiles: HashMap<(i64, i64), Vec<usize>> = HashMap::new();
        for (number, row) in territory.contents().communes.iter().enumerate() {
            let bounds = row.outline.bounds();
            let (min, max) = (bounds.min(), bounds.max());
            for x in tile(min.x)..=tile(max.x) {
                for y in tile(min.y)..=tile(max.y) {
                    tiles.entry((x, y)).or_default().push(number);
                }
            }
            let geometry = row.outline.as_multi_polygon().to_gdal().unwrap();
            communes.push((row.commune.code, geometry, [min.x, min.y, max.x, max.y]));
        }
        Self { communes, tiles }
    }

    /// The codes of all communes that GEOS finds to hold or touch the point, lowest first.
    fn touching(&self, lon: f64, lat: f64) -> Vec<CommuneCode> {
        let mut point = Geometry::empty(gdal::vector::OGRwkbGeometryType::wkbPoint).unwrap();
        point.set_point_2d(0, (lon, lat));
        let near = self.tiles.get(&(tile(lon), tile(lat)));
        near.into_iter()
            .flatten()
            .map(|number| &self.communes[*number])
            .filter(|(_, _, [west, south, east, north])| {
                (*west..=*east).contains(&lon) && (*south..=*north).contains(&lat)
            })
            .filter(|(_, geometry, _)| geometry.intersects(&point))
            .map(|(code, ..)| *code)
            .collect()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "tiles of a twentieth of a degree")]
fn tile(degrees: f64) -> i64 {
    (degrees * 20.0).floor() as i64
}

/// SplitMix64, so that the same points are compared everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    #[expect(clippy::cast_possible_truncation, reason = "smaller than a length in memory")]
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn signed(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

#[test]
fn the_outlines_of_2018_need_one_repair() {
    let Some(dir) = shared::geodata() else { return };
    let plan = ImportPlan {
        communes: vec![dir.join("boundaries/communes-2018.geojson.gz")],
        manifests: built_in_manifests(),
        ..ImportPlan::default()
    };
    let imported = import(&plan, &ProgressBar::hidden()).unwrap();
    assert_eq!(imported.report.vintage, 2018);
    assert_eq!(imported.report.counts.communes, 35_357);
    let findings: Vec<_> = imported.report.findings.iter().map(|f| (f.kind, f.code.as_str())).collect();
    assert_eq!(findings, [(FindingKind::RepairedOutline, "14174")]);
    assert!(
        imported.report.findings[0].detail.contains("Self-intersection"),
        "{:?}",
        imported.report.findings
    );
    assert_eq!(imported.territory.population().inhabitants, None, "no table was given, so nothing is known");
}
