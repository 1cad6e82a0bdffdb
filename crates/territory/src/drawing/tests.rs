use super::*;
use crate::synthetic;

#[test]
fn every_commune_of_a_departement_is_drawn_once_in_order() {
    let territory = synthetic::territory(7);
    let map = departement_map(&territory, synthetic::DEPARTEMENT, 800).unwrap();
    let codes: Vec<_> = map.communes.iter().map(|path| path.code).collect();
    let expected: Vec<_> = territory.communes().map(|commune| commune.code).collect();
    assert_eq!(codes, expected);
    assert_eq!(map.view_width, 1_600);
    assert!(map.view_box().starts_with("0 0 1600 "));
    for path in &map.communes {
        assert!(path.d.starts_with('M') && path.d.ends_with('z'), "{}", path.d);
        assert!(path.d.len() > 12, "{} is {:?}", path.code, path.d);
    }
}

#[test]
fn an_unknown_departement_has_no_map() {
    assert_eq!(departement_map(&synthetic::territory(7), "23", 800), None);
}

/// Corners of path data.
fn corners(d: &str) -> usize {
    d.matches([' ', '-']).count()
}

#[test]
fn lines_between_zones_are_lines_of_the_map_and_each_is_drawn_once() {
    let territory = synthetic::territory(7);
    let (all, canvas) = (|_: &Commune| true, Canvas::wide(800));
    let lines =
        |zone: &dyn Fn(&Commune) -> Option<usize>| zone_lines(&territory, &all, zone, canvas).unwrap();
    assert_eq!(lines(&|_| Some(0)), "", "one zone has no line within");
    assert_eq!(lines(&|_| None), "", "what is known of no commune has none either");
    // A commune inside the map is surrounded by its own outline.
    let map = communes_map(&territory, &all, canvas).unwrap();
    let inner = territory.communes().max_by_key(|commune| territory.neighbours(commune.code).count());
    let inner = inner.unwrap().code;
    let alone = lines(&|commune| (commune.code == inner).then_some(3));
    let own = map.communes.iter().find(|path| path.code == inner).unwrap();
    assert_eq!(alone.matches('M').count(), 1, "{alone}");
    assert!(
        corners(&alone) >= corners(&own.d) && corners(&alone) <= corners(&own.d) + 4,
        "{alone} {}",
        own.d
    );
    // Every commune a zone: all lines but the edge, each once, so that they are at most half of what the outlines have.
    let each = lines(&|commune| territory.communes().position(|other| other.code == commune.code));
    let outlines: usize = map.communes.iter().map(|path| path.d.len()).sum();
    assert!(
        each.len() * 3 > outlines && each.len() * 2 < outlines + outlines / 10,
        "{} {outlines}",
        each.len()
    );
    assert_eq!(zone_lines(&territory, &|_| false, &|_| None, canvas), None);
}

#[test]
fn a_light_map_has_one_surface_and_fewer_corners_the_more_communes_it_shows() {
    let territory = synthetic::territory(7);
    assert_eq!(Canvas::light(&territory, &|_| false), None);
    let whole = Canvas::light(&territory, &|_| true).unwrap();
    let map = communes_map(&territory, &|_| true, whole).unwrap();
    let surface = f64::from(map.view_width) * f64::from(map.view_height);
    assert!((surface / 1.6e6 - 1.0).abs() < 0.05, "{} x {}", map.view_width, map.view_height);
    assert!(
        (whole.tolerance - Canvas::wide(1).tolerance).abs() < 1e-9,
        "a few communes are drawn as finely as on any map"
    );
}

/// The made-up territory with a commune of a metre.
fn with_a_speck() -> Territory {
    let mut contents = synthetic::territory(7).contents();
    let row = &mut contents.communes[3];
    let corner = row.outline.bounds().center();
    let speck = geo::Rect::new(corner, (corner.x + 1e-5, corner.y + 1e-5).into()).to_polygon();
    row.outline = crate::Outline::new(speck.into()).unwrap();
    Territory::new(&contents).unwrap()
}

#[test]
fn a_commune_too_small_for_the_grid_is_a_square_over_the_others() {
    let territory = with_a_speck();
    let speck = territory.communes().nth(3).unwrap().code;
    let map = departement_map(&territory, synthetic::DEPARTEMENT, 800).unwrap();
    let last = map.communes.last().unwrap();
    assert_eq!(last.code, speck);
    assert!(last.d.ends_with("l4 0 0 4-4 0z"), "{}", last.d);
    let map = national_map(&territory, Detail::Communes, 800);
    let last = map.shapes.last().unwrap();
    assert_eq!((last.code.as_str(), last.is_marker), (speck.as_str(), true));
    assert_eq!(map.shapes.iter().filter(|shape| shape.is_marker).count(), 1);
}

#[test]
fn a_territory_is_drawn_without_faults_by_communes_and_by_departements() {
    let territory = synthetic::territory(5);
    let map = national_map(&territory, Detail::Communes, 600);
    assert_eq!((map.shapes.len(), map.view_width), (territory.communes().len(), 1_200));
    assert_eq!(map.faults.count(), 0);
    let map = national_map(&territory, Detail::Departements, 600);
    let [only] = map.shapes.as_slice() else { panic!("{} départements", map.shapes.len()) };
    assert_eq!(only.code, synthetic::DEPARTEMENT);
    assert!(only.name.is_some() && !only.is_marker);
}

#[test]
fn what_lies_overseas_is_an_inset_even_if_nothing_else_is_there() {
    let mut contents = synthetic::territory(5).contents();
    contents.departements[0].code = "974".to_owned();
    for row in &mut contents.communes {
        row.commune.departement = "974".to_owned();
    }
    let territory = Territory::new(&contents).unwrap();
    let map = national_map(&territory, Detail::Departements, 900);
    assert_eq!((map.shapes.len(), map.faults.count()), (1, 0));
    let numbers: Vec<f64> =
        map.shapes[0].d.split(['M', 'l', 'z', ' ']).filter_map(|n| n.parse().ok()).collect();
    // The column takes a ninth of 1800 steps.
    assert!(numbers[0] <= 200.0 && numbers[1] <= 200.0, "{numbers:?}");
}
