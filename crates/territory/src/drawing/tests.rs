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

#[test]
fn zones_are_outlined_along_the_lines_of_the_map() {
    let territory = synthetic::territory(7);
    let epcis = territory.epcis();
    let within = |commune: &Commune| commune.epci.as_deref() != Some(&epcis[2].siren);
    let zone = |commune: &Commune| Some(u16::from(commune.epci.as_deref() == Some(&epcis[1].siren)));
    let map = communes_map(&territory, &within, 800).unwrap();
    let zones = zone_outlines(&territory, &within, 3, &zone, 800).unwrap();
    assert_eq!((zones.len(), zones[2].as_str()), (3, ""));
    assert_eq!(map.communes.len(), territory.communes().filter(|commune| within(commune)).count());
    // One commune alone is outlined by its own path, and all of them by one ring.
    let first = map.communes[0].code;
    let alone = zone_outlines(&territory, &within, 1, &|commune| (commune.code == first).then_some(0), 800);
    let corners = |d: &str| d.matches([' ', '-']).count();
    assert_eq!(corners(&alone.unwrap()[0]), corners(&map.communes[0].d));
    let all = zone_outlines(&territory, &within, 1, &|_| Some(0), 800).unwrap();
    assert_eq!(all[0].matches('M').count(), 1);
    let both: usize = zones.iter().map(String::len).sum();
    assert!(both > all[0].len() && both < map.communes.iter().map(|path| path.d.len()).sum());
    assert_eq!(zone_outlines(&territory, &|_| false, 1, &|_| None, 800), None);
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
