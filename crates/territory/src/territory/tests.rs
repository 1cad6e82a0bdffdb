use std::collections::BTreeMap;

use geo::{Area, LineString, MultiPolygon, Polygon, Validation};
use proptest::prelude::*;

use super::*;
use crate::contents::OutlinedCommune;
use crate::synthetic;

fn square(west: f64, south: f64, side: f64) -> LineString<f64> {
    let (east, north) = (west + side, south + side);
    LineString::from(vec![(west, south), (east, south), (east, north), (west, north), (west, south)])
}

fn commune(code: &str, parts: Vec<Polygon<f64>>) -> OutlinedCommune {
    let code: CommuneCode = code.parse().unwrap();
    let commune = Commune {
        code,
        name: format!("Commune {code}"),
        departement: code.departement().to_owned(),
        region: None,
        arrondissement: None,
        epci: None,
        population: None,
    };
    OutlinedCommune { commune, outline: Outline::new(MultiPolygon(parts)).unwrap() }
}

fn territory(mut communes: Vec<OutlinedCommune>) -> Territory {
    communes.sort_by_key(|row| row.commune.code);
    let departements: BTreeMap<String, Departement> = communes
        .iter()
        .map(|row| row.commune.departement.clone())
        .map(|code| (code.clone(), Departement { code, name: None, region: None }))
        .collect();
    let mut contents = synthetic::territory(1).contents();
    contents.departements = departements.into_values().collect();
    contents.communes = communes;
    Territory::new(&contents).unwrap()
}

fn found(territory: &Territory, lon: f64, lat: f64) -> Option<String> {
    let location = territory.locate(LonLat::new(lon, lat).unwrap());
    location.commune().map(|commune| commune.code.to_string())
}

/// A commune with a hole, an enclave in the hole that has an own hole, a commune of two parts that touch in one
/// point, and a commune overseas.
fn awkward() -> Territory {
    territory(vec![
        commune("23010", vec![Polygon::new(square(0.0, 45.0, 4.0), vec![square(1.0, 46.0, 2.0)])]),
        commune("23005", vec![Polygon::new(square(1.0, 46.0, 2.0), vec![square(1.5, 46.5, 0.5)])]),
        commune(
            "23020",
            vec![Polygon::new(square(4.0, 45.0, 1.0), vec![]), Polygon::new(square(5.0, 46.0, 1.0), vec![])],
        ),
        commune("97411", vec![Polygon::new(square(55.0, -21.5, 0.5), vec![])]),
    ])
}

#[test]
fn holes_enclaves_parts_and_overseas_are_told_apart() {
    let territory = awkward();
    let cases = [
        (0.5, 45.5, Some("23010"), "beside the hole"),
        (1.2, 46.2, Some("23005"), "in the enclave"),
        (1.7, 46.7, None, "in the hole of the enclave"),
        (4.5, 45.5, Some("23020"), "in the first part"),
        (5.5, 46.5, Some("23020"), "in the second part"),
        (5.5, 45.5, None, "between the parts"),
        (55.2, -21.2, Some("97411"), "overseas"),
        (2.0, 44.0, None, "south of everything"),
        (0.0, 0.0, None, "in the Gulf of Guinea"),
        (-180.0, 90.0, None, "at the end of the world"),
    ];
    for (lon, lat, expected, place) in cases {
        assert_eq!(found(&territory, lon, lat).as_deref(), expected, "{place}");
    }
}

#[test]
fn on_a_border_the_lowest_code_among_those_that_touch_decides() {
    let territory = awkward();
    let cases = [
        (1.0, 47.0, Some("23005"), "on the side of the hole"),
        (1.0, 46.0, Some("23005"), "on a corner of the hole"),
        (4.0, 45.5, Some("23010"), "on a common side"),
        (4.0, 46.0, Some("23010"), "where a common side ends"),
        (1.5, 46.7, Some("23005"), "on the inner hole"),
        // Two parts of one commune touch here: the OGC rule for boundaries would say "not on the boundary".
        (5.0, 46.0, Some("23020"), "where two parts touch"),
        (0.0, 45.0, Some("23010"), "on an outer corner"),
    ];
    for (lon, lat, expected, place) in cases {
        assert_eq!(found(&territory, lon, lat).as_deref(), expected, "{place}");
    }
}

#[test]
fn the_next_number_beside_a_border_is_not_on_it() {
    let territory = awkward();
    assert_eq!(found(&territory, 0.0_f64.next_down(), 45.5), None);
    assert_eq!(found(&territory, 4.0_f64.next_up(), 45.5).as_deref(), Some("23020"));
    assert_eq!(found(&territory, 1.0_f64.next_down(), 47.0).as_deref(), Some("23010"));
}

#[test]
fn an_unknown_commune_has_no_units_and_sums_say_what_they_lack() {
    let territory = synthetic::territory(3);
    let unknown = "23096".parse().unwrap();
    assert!(territory.commune(unknown).is_none() && territory.epci_of(unknown).is_none());
    assert!(territory.outline(unknown).is_none() && territory.departement("23").is_none());
    let first = territory.communes().next().unwrap().code;
    assert_eq!(territory.departement_of(first).unwrap().label(), "Exemple (département fictif)");
    assert_eq!(territory.region_of(first).unwrap().label(), "Région fictive");
    assert!(territory.epci_of(first).unwrap().label().contains("fictive"));
    let sum = territory.population();
    assert_eq!((sum.communes, sum.communes_without_figure), (42, 1));
    let by_epci: u64 = territory
        .epcis()
        .iter()
        .filter_map(|epci| territory.population_of_epci(&epci.siren).inhabitants)
        .sum();
    assert_eq!(sum.inhabitants, Some(by_epci));
    let nobody = territory.population_of_departement("23");
    assert_eq!((nobody.inhabitants, nobody.communes), (None, 0));
}

#[test]
fn the_point_inside_a_commune_lies_in_it() {
    for territory in [synthetic::territory(4), awkward()] {
        for row in &territory.contents().communes {
            let point = row.outline.point_inside().unwrap();
            assert_eq!(territory.locate(point).commune(), Some(&row.commune), "{point}");
        }
    }
}

#[test]
fn neighbours_know_each_other_and_drawings_keep_common_borders() {
    let territory = synthetic::territory(5);
    let code: CommuneCode = "99018".parse().unwrap();
    let neighbours: Vec<_> = territory.neighbours(code).map(|commune| commune.code).collect();
    assert_eq!(neighbours.len(), 6, "{neighbours:?}");
    for other in &neighbours {
        assert!(territory.neighbours(*other).any(|commune| commune.code == code));
    }
    let positions = |code: CommuneCode, degrees: f64| -> Vec<(u64, u64)> {
        let outline = territory.drawn_outline(code, degrees).unwrap();
        outline.0[0].exterior().0.iter().map(|c| (c.x.to_bits(), c.y.to_bits())).collect()
    };
    let exact = territory.outline(code).unwrap();
    assert_eq!(territory.drawn_outline(code, 0.0).as_ref(), Some(exact.as_multi_polygon()));
    let coarse = positions(code, 0.005);
    assert!(coarse.len() < exact.positions() / 2, "{} of {}", coarse.len(), exact.positions());
    // What is left of each common border is the same seen from both sides.
    for other in neighbours {
        let common = |code: CommuneCode, other: CommuneCode| -> Vec<(u64, u64)> {
            let theirs = positions(other, 0.0);
            let mut common: Vec<_> =
                positions(code, 0.005).into_iter().filter(|position| theirs.contains(position)).collect();
            common.sort_unstable();
            common.dedup();
            common
        };
        assert_eq!(common(code, other), common(other, code));
    }
    assert!(!positions("99001".parse().unwrap(), 50.0).is_empty(), "nothing vanishes");
}

#[test]
fn a_made_up_departement_says_so_and_uses_no_real_code() {
    let territory = synthetic::territory(0);
    assert!(territory.is_synthetic());
    assert!(territory.departements()[0].label().contains("fictif"));
    assert!(territory.sources()[0].title.contains("fictif"));
    for commune in territory.communes() {
        assert!(commune.code.as_str().starts_with("990"), "{}", commune.code);
        assert!(commune.name.ends_with("-en-Exemple"), "{}", commune.name);
    }
    let mut names: Vec<_> = territory.communes().map(|commune| &commune.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 42);
}

/// Whether the outlines are a partition, from their rings alone: all rings are simple and run counter-clockwise, and
/// once the sides that two rings share in opposite directions cancel, one simple ring is left. Its surface is then
/// the sum of theirs, covered once.
fn fits_together(territory: &Territory) -> Result<(), String> {
    let bits = |c: &geo::Coord<f64>| (c.x.to_bits(), c.y.to_bits());
    let mut sides = BTreeMap::new();
    for row in &territory.contents().communes {
        let polygon = &row.outline.as_multi_polygon().0[0];
        if !polygon.is_valid() || polygon.signed_area() <= 0.0 {
            return Err(format!("{} crosses itself or runs clockwise", row.commune.code));
        }
        for side in polygon.exterior().lines() {
            if sides.insert((bits(&side.start), bits(&side.end)), side).is_some() {
                return Err(format!("two communes lie on one side of {side:?}"));
            }
        }
    }
    let shared: Vec<_> =
        sides.keys().copied().filter(|(from, to)| sides.contains_key(&(*to, *from))).collect();
    sides.retain(|side, _| shared.binary_search(side).is_err());
    let next: BTreeMap<_, _> = sides.values().map(|side| (bits(&side.start), side.end)).collect();
    let start = sides.values().next().ok_or("no outer side")?.start;
    let mut ring = vec![start];
    while ring.len() == 1 || ring.last() != Some(&start) {
        let last = ring[ring.len() - 1];
        ring.push(
            *next
                .get(&bits(&last))
                .filter(|_| ring.len() <= sides.len())
                .ok_or("the outer sides are no ring")?,
        );
    }
    let around = Polygon::new(LineString(ring), vec![]);
    match around.exterior().0.len() == sides.len() + 1 && around.is_valid() && around.signed_area() > 0.0 {
        true => Ok(()),
        false => Err("what is left outside is not one simple ring".to_owned()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn made_up_communes_cover_their_departement_without_gap_or_overlap(seed: u64) {
        let fit = fits_together(&synthetic::territory(seed));
        prop_assert!(fit.is_ok(), "seed {seed}: {fit:?}");
    }

    #[test]
    fn a_vertex_belongs_to_the_lowest_of_the_communes_that_share_it(seed in 0_u64..1_000, pick in 0_usize..10_000) {
        let territory = synthetic::territory(seed);
        let contents = territory.contents();
        let vertices: Vec<_> = contents
            .communes
            .iter()
            .flat_map(|row| row.outline.as_multi_polygon().0[0].exterior().0.iter().map(|c| (*c, row.commune.code)))
            .collect();
        let (vertex, _) = vertices[pick % vertices.len()];
        let lowest = vertices.iter().filter(|(c, _)| *c == vertex).map(|(_, code)| *code).min();
        let location = territory.locate(LonLat::new(vertex.x, vertex.y).unwrap());
        prop_assert_eq!(location.commune().map(|commune| commune.code), lowest);
    }
}

/// What each commune's own polygons say of a point, one by one, with exact predicates and no index.
fn lowest_by_polygons(contents: &Contents, lon: f64, lat: f64) -> Option<CommuneCode> {
    let touches = |row: &&OutlinedCommune| {
        let mut parts = row.outline.as_multi_polygon().iter();
        parts.any(|part| geo::Intersects::intersects(part, &geo::Coord { x: lon, y: lat }))
    };
    contents.communes.iter().find(touches).map(|row| row.commune.code)
}

/// Points on and beside the borders of a territory, at the latitude of a vertex, on the lines of cells, and anywhere.
fn awkward_points(contents: &Contents, picks: &[(usize, usize, f64, f64)]) -> Vec<(f64, f64)> {
    let sides: Vec<_> = contents
        .communes
        .iter()
        .flat_map(|row| row.outline.as_multi_polygon().iter())
        .flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()))
        .flat_map(|ring| ring.lines())
        .collect();
    let points = picks.iter().map(|(pick, kind, a, b)| {
        let side = sides[pick % sides.len()];
        let (x, y) = (side.start.x, side.start.y);
        let along = (x + (side.end.x - x) * a.abs(), y + (side.end.y - y) * a.abs());
        match kind % 8 {
            0 => (x, y),
            1 => along,
            2 => (along.0 + a * 1e-9, along.1 + b * 1e-9),
            3 => (x + a * 1e-6, y + b * 1e-6),
            4 => (x + a * 0.1, y),
            5 => (x, y + b * 0.1),
            6 => ((along.0 * 200.0).round() / 200.0, (along.1 * 200.0).round() / 200.0),
            _ => (x + a, y + b),
        }
    });
    points.collect()
}

fn agrees(contents: &Contents, picks: &[(usize, usize, f64, f64)]) -> Result<(), TestCaseError> {
    let territory = Territory::new(contents).unwrap();
    for (lon, lat) in awkward_points(contents, picks) {
        let found = territory.locate(LonLat::new(lon, lat).unwrap()).commune().map(|commune| commune.code);
        prop_assert_eq!(found, lowest_by_polygons(contents, lon, lat), "{}, {}", lon, lat);
    }
    Ok(())
}

fn picks() -> impl Strategy<Value = Vec<(usize, usize, f64, f64)>> {
    proptest::collection::vec((any::<usize>(), any::<usize>(), -1.0..1.0, -1.0..1.0), 400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_index_says_what_the_polygons_say(seed: u64, picks in picks()) {
        agrees(&synthetic::territory(seed).contents(), &picks)?;
    }

    #[test]
    fn where_outlines_lie_over_each_other_the_lowest_code_answers(seed: u64, shift in -0.05..0.05, picks in picks()) {
        // Two departments over each other: every other commune is moved, so that gaps and overlaps open everywhere.
        let mut contents = synthetic::territory(seed).contents();
        for row in contents.communes.iter_mut().step_by(2) {
            let moved = geo::Translate::translate(row.outline.as_multi_polygon(), shift, shift / 3.0);
            row.outline = Outline::new(moved).unwrap();
        }
        agrees(&contents, &picks)?;
    }

    #[test]
    fn answers_do_not_depend_on_the_start_and_direction_of_rings(
        seed: u64, turns in proptest::collection::vec((any::<usize>(), any::<bool>()), 42), picks in picks(),
    ) {
        let contents = synthetic::territory(seed).contents();
        let mut turned = contents.clone();
        for (row, (start, reverse)) in turned.communes.iter_mut().zip(turns) {
            let mut ring = row.outline.as_multi_polygon().0[0].exterior().0.clone();
            ring.pop();
            let start = start % ring.len();
            ring.rotate_left(start);
            if reverse {
                ring.reverse();
            }
            row.outline = Outline::new(Polygon::new(LineString(ring), vec![]).into()).unwrap();
        }
        let (one, other) = (Territory::new(&contents).unwrap(), Territory::new(&turned).unwrap());
        for (lon, lat) in awkward_points(&contents, &picks) {
            prop_assert_eq!(found(&one, lon, lat), found(&other, lon, lat), "{}, {}", lon, lat);
        }
    }

    #[test]
    fn the_commune_of_a_point_does_not_depend_on_the_order_of_codes(seed: u64, picks in picks()) {
        // Codes in the opposite order: away from borders every point keeps its outline.
        let contents = synthetic::territory(seed).contents();
        let mut reversed = contents.clone();
        let outlines: Vec<Outline> = contents.communes.iter().rev().map(|row| row.outline.clone()).collect();
        for (row, outline) in reversed.communes.iter_mut().zip(outlines) {
            row.outline = outline;
        }
        agrees(&reversed, &picks)?;
    }
}

#[test]
fn columns_say_what_single_points_say_on_any_number_of_threads() {
    let territory = synthetic::territory(9);
    let count = 70_000_u32;
    let (mut lon, mut lat): (Vec<f64>, Vec<f64>) =
        (0..count).map(|n| (-5.1 + f64::from(n % 263) * 0.005, 44.9 + f64::from(n / 263) * 0.003)).unzip();
    (lon[5], lat[9], lon[64], lat[70]) = (f64::NAN, f64::INFINITY, 500.0, -90.1);
    let mut one = vec![Place::default(); lon.len()];
    let placed = territory.locate_columns(&lon, &lat, &mut one, NonZeroUsize::MIN);
    let mut four = one.clone();
    assert_eq!(territory.locate_columns(&lon, &lat, &mut four, NonZeroUsize::new(4).unwrap()), placed);
    assert_eq!(one, four);
    assert_eq!(placed.no_position, 4);
    assert_eq!(placed.inside + placed.outside + placed.no_position, lon.len());
    assert!(placed.inside > 10_000 && placed.outside > 10_000, "{placed:?}");
    for ((lon, lat), place) in lon.into_iter().zip(lat).zip(one) {
        match LonLat::new(lon, lat) {
            Ok(point) => {
                let row = territory.locate(point).commune().map(|commune| commune.code);
                assert_eq!(place.row().and_then(|row| territory.code_at(row)), row, "{point}");
            }
            Err(_) => assert!(!place.is_position() && place.row().is_none()),
        }
    }
}
