//! Tables as CSV.

use desserte_territory::synthetic;

use crate::place::{Place, said};

#[test]
fn every_row_comes_back_with_its_commune_or_the_reason_for_none() {
    let place = Place::with(
        "id,lat,lon\n1,45.40000,-4.40000\n\"a, b\",45.4,-4.4\n3,,\n4,NaN,-4.4\n5,48.85,2.35\n6,6862000,652000\n",
    );
    let output = place.locate(&["--lang", "en"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(
        place.written(),
        "id,lat,lon,commune,status,distance_m\n\
         1,45.40000,-4.40000,99018,inside,0\n\
         \"a, b\",45.4,-4.4,99018,inside,0\n\
         3,,,,no_position,\n\
         4,NaN,-4.4,,no_position,\n\
         5,48.85,2.35,,outside,\n\
         6,6862000,652000,,no_position,\n"
    );
    let said = said(&output);
    for part in [
        "6 rows",
        "points per second",
        "in a commune: 2",
        "without a position: 3",
        "MADE-UP",
        "fewer decimals",
        "4 (\"\", \"\")",
    ] {
        assert!(said.replace(" :", ":").contains(part), "{part}: {said}");
    }
    assert!(!place.path("out.csv.part").exists());
}

#[test]
fn semicolons_and_decimal_commas_are_read_as_french_tables_have_them() {
    let place = Place::with("nom;longitude;latitude\nx;-4,40000;45,40000\n");
    let output = place.locate(&["--lon", "longitude", "--lat", "latitude"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(place.written().lines().nth(1), Some("x;-4,40000;45,40000;99018;inside;0"));
}

#[test]
fn a_point_at_sea_gets_the_nearest_commune_only_when_that_is_asked_for() {
    let territory = synthetic::territory(1);
    let coast = territory.outline("99001".parse().unwrap()).unwrap();
    let corner = coast.as_multi_polygon().0[0]
        .exterior()
        .0
        .iter()
        .min_by(|a, b| a.y.total_cmp(&b.y))
        .copied()
        .unwrap();
    let place = Place::with(&format!("lon,lat\n{},{}\n", corner.x, corner.y - 0.001));
    assert!(place.locate(&[]).status.success());
    assert!(place.written().ends_with(",outside,\n"), "{}", place.written());
    assert!(place.locate(&["--nearest-within", "500"]).status.success());
    let row = place.written().lines().nth(1).unwrap().to_owned();
    let cells: Vec<&str> = row.split(',').collect();
    assert_eq!((cells[2], cells[3]), ("99001", "near"));
    // A thousandth of a degree of latitude is 111.1 m at 45 degrees; another point of the coast may be nearer.
    let metres: f64 = cells[4].parse().unwrap();
    assert!(metres > 30.0 && metres <= 111.2, "{metres}");
    assert!(place.locate(&["--error", "200"]).status.success());
    let written = place.written();
    assert!(written.starts_with("lon,lat,commune,status,distance_m,candidates\n"), "{written}");
    assert!(written.contains(",,border,") && written.trim_end().ends_with("99001"), "{written}");
}

#[test]
fn what_cannot_be_done_is_said_with_what_to_do() {
    let swapped: String = (0..20).map(|n| format!("45.4{n:02}0,-4.40000\n")).collect();
    let cases = [
        (format!("lon,lat\n{swapped}"), vec![], "look swapped", 64),
        ("x,y\n1,2\n".to_owned(), vec![], "name the right one with --lon", 64),
        ("lon,lat,commune\n1,2,3\n".to_owned(), vec![], "--prefix", 64),
        ("lon,lat\n1,2\n".to_owned(), vec!["--error", "99999"], "metres from 0", 64),
        ("lon,lat\n1,2\n1,2,3\n".to_owned(), vec![], "line: 3", 1),
    ];
    for (table, more, expected, code) in cases {
        let place = Place::with(&table);
        let output = place.locate(&more);
        let said = said(&output);
        assert!(said.contains(expected), "{expected}: {said}");
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(!place.path("out.csv").exists() && !place.path("out.csv.part").exists());
    }
}
