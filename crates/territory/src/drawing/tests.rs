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
fn a_commune_too_small_for_the_grid_is_drawn_as_a_square() {
    let mut contents = synthetic::territory(7).contents();
    let row = &mut contents.communes[3];
    let corner = row.outline.bounds().center();
    let speck = geo::Rect::new(corner, (corner.x + 1e-5, corner.y + 1e-5).into()).to_polygon();
    row.outline = crate::Outline::new(speck.into()).unwrap();
    let territory = Territory::new(&contents).unwrap();
    let map = departement_map(&territory, synthetic::DEPARTEMENT, 800).unwrap();
    assert!(map.communes[3].d.ends_with("l4 0 0 4-4 0z"), "{}", map.communes[3].d);
}
