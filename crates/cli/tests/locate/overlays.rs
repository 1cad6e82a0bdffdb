//! Areas beside communes.

use crate::layered::add_layers;
use crate::place::{Place, said};

const TABLE: &str = "id,lat,lon\n1,45.40000,-4.40000\n2,45.40000,-4.38700\n3,45.40000,-4.30000\n4,,\n";

#[test]
fn an_overlay_is_a_column_of_its_own_beside_the_commune() {
    let place = Place::with(TABLE);
    add_layers(&place);
    let output = place.locate(&["--overlay", "qpv", "--lang", "en"]);
    assert!(output.status.success(), "{}", said(&output));
    let rows: Vec<String> = place.written().lines().map(str::to_owned).collect();
    assert_eq!(rows[0], "id,lat,lon,commune,status,distance_m,qpv");
    let areas: Vec<&str> = rows[1..].iter().map(|row| row.rsplit(',').next().unwrap()).collect();
    assert_eq!(areas, ["QP1", "QP2", "", ""], "the first of two areas answers");
    assert!(said(&output).contains("qpv: 2 rows in an area ; Quartiers fictifs"), "{}", said(&output));

    let output = place.locate_from("in.csv", "out.parquet", &["--overlay", "qpv", "--prefix", "x_"]);
    assert!(output.status.success(), "{}", said(&output));
    let read = super::columnar::read(&place.path("out.parquet"));
    let expected = ["QP1", "QP2"].map(|code| Some(code.to_owned()));
    assert_eq!(super::columnar::texts(&read, "x_qpv"), [&expected[..], &[None, None]].concat());
}

#[test]
fn an_overlay_that_must_not_be_passed_on_is_taken_for_own_use_alone() {
    let place = Place::with(TABLE);
    add_layers(&place);
    for asked in ["tied", "tied.dso", "areas=tied.dso"] {
        let refused = place.locate(&["--overlay", asked]);
        assert_eq!(refused.status.code(), Some(64), "{asked}");
        assert!(said(&refused).contains("forbids passing it on"), "{}", said(&refused));
        assert!(!place.path("out.csv").exists());
        let output = place.locate(&["--overlay", asked, "--own-use"]);
        assert!(output.status.success(), "{}", said(&output));
        assert!(said(&output).contains("NE PAS REDIFFUSER"), "{}", said(&output));
        let written = place.written();
        let name = asked.split(['=', '.']).next().unwrap();
        assert!(written.starts_with(&format!("id,lat,lon,commune,status,distance_m,{name}\n")), "{written}");
        assert!(written.contains(",T1\n"), "{written}");
        std::fs::remove_file(place.path("out.csv")).unwrap();
    }
}

#[test]
fn an_overlay_that_cannot_be_a_column_is_refused_with_what_to_do() {
    let place = Place::with(TABLE);
    add_layers(&place);
    let qpv = "--overlay=qpv";
    for (arguments, code, told) in [
        (vec!["--overlay=zus"], 64, "no overlay \"zus\"; it has qpv, tied"),
        (vec![qpv, qpv], 64, "ask for each overlay once"),
        (vec!["--overlay=status=tied.dso", "--own-use"], 64, "would be named \"status\""),
        (vec!["--overlay=lat=tied.dso", "--own-use"], 64, "--prefix"),
        (vec!["--overlay=x=t.dst"], 1, "desserte-geodata overlay"),
        (vec!["--overlay=x=none.dso"], 1, "none.dso"),
        (vec!["--overlay="], 64, "the name is empty"),
        (vec!["--own-use"], 64, "--overlay"),
    ] {
        let output = place.locate(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(told), "{arguments:?}: {}", said(&output));
        assert!(!place.path("out.csv").exists() && !place.path("out.csv.part").exists());
    }
}
