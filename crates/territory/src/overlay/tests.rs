use geo::{MultiPolygon, Rect};

use super::*;
use crate::{Redistribution, synthetic};

fn source(redistribution: Redistribution) -> Source {
    Source {
        role: crate::OVERLAY_ROLE.to_owned(),
        title: "made up".to_owned(),
        publisher: None,
        licence: None,
        vintage: Some("2026".to_owned()),
        sha256: None,
        redistribution,
    }
}

fn area(code: &str, boxes: &[[f64; 4]]) -> OutlinedArea {
    let polygons = boxes
        .iter()
        .map(|[west, south, east, north]| Rect::new((*west, *south), (*east, *north)).to_polygon());
    OutlinedArea {
        area: Area { code: code.to_owned(), name: Some(format!("area {code}")) },
        outline: Outline::new(MultiPolygon(polygons.collect())).unwrap(),
    }
}

/// Levels of coverage: the best first, the next one around it and elsewhere.
fn levels() -> OverlayContents {
    OverlayContents {
        name: "couverture".to_owned(),
        source: Some(source(Redistribution::Allowed)),
        areas: vec![
            area("TBC", &[[2.0, 46.0, 2.1, 46.1]]),
            area("BC", &[[1.9, 45.9, 2.2, 46.2], [55.4, -21.1, 55.5, -21.0]]),
        ],
    }
}

fn code(overlay: &Overlay, lon: f64, lat: f64) -> Option<&str> {
    overlay.locate(LonLat::new(lon, lat).unwrap()).map(|area| area.code.as_str())
}

#[test]
fn the_first_area_that_holds_a_point_answers_and_borders_are_inside() {
    let overlay = Overlay::new(&levels()).unwrap();
    for (lon, lat, expected) in [
        (2.05, 46.05, Some("TBC")),
        (2.1, 46.05, Some("TBC")),
        (2.100_000_000_000_001, 46.05, Some("BC")),
        (1.9, 46.0, Some("BC")),
        (1.899_999_999_999_999, 46.0, None),
        (55.45, -21.05, Some("BC")),
        (-60.0, 15.0, None),
    ] {
        assert_eq!(code(&overlay, lon, lat), expected, "{lon} {lat}");
    }
    let all = overlay.all_at(LonLat::new(2.05, 46.05).unwrap());
    assert_eq!(all.iter().map(|area| area.code.as_str()).collect::<Vec<_>>(), ["TBC", "BC"]);
    let mut places = vec![Place::default(); 3];
    overlay.locate_columns(&[2.05, 2.15, 3.0], &[46.05, 46.0, 46.0], &mut places, NonZeroUsize::MIN);
    assert_eq!(places.iter().map(|place| place.row()).collect::<Vec<_>>(), [Some(0), Some(1), None]);
}

#[test]
fn an_overlay_is_the_same_in_a_territory_and_in_a_file_of_its_own() {
    let mut contents = synthetic::territory(1).contents();
    contents.overlays = vec![levels()];
    contents.sources.push(source(Redistribution::Allowed));
    let territory = Territory::from_bytes(&Territory::new(&contents).unwrap().to_bytes()).unwrap();
    assert_eq!(territory.contents(), contents);
    let inside = territory.overlay("couverture").unwrap();
    let dir = std::env::temp_dir().join(format!("desserte-overlay-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("couverture.dso");
    std::fs::write(&path, inside.to_bytes()).unwrap();
    let alone = Overlay::open(&path).unwrap();
    assert_eq!(alone.contents(), levels());
    assert_eq!(code(&alone, 2.1, 46.1), Some("TBC"));
    assert!(Territory::open(&path).unwrap_err().to_string().contains("overlay"), "it is no territory");
    std::fs::remove_dir_all(&dir).unwrap();
    assert_eq!(territory.exportable().unwrap().overlays, ["couverture"]);
}

#[test]
fn a_restricted_overlay_stays_here() {
    let mut contents = synthetic::territory(1).contents();
    let tied = source(Redistribution::Forbidden);
    contents.overlays = vec![OverlayContents { source: Some(tied.clone()), ..levels() }];
    contents.sources.push(tied);
    let territory = Territory::new(&contents).unwrap();
    let exportable = territory.exportable().unwrap();
    assert_eq!((exportable.overlays.len(), exportable.withheld.len()), (0, 1));
}

#[test]
fn overlays_that_contradict_themselves_are_refused() {
    let none = OverlayContents { areas: vec![], ..levels() };
    assert!(matches!(Overlay::new(&none), Err(InvalidOverlay::Empty(_))));
    let twice = OverlayContents {
        areas: vec![area("a", &[[2.0, 46.0, 2.1, 46.1]]), area("a", &[[3.0, 46.0, 3.1, 46.1]])],
        ..levels()
    };
    assert!(matches!(Overlay::new(&twice), Err(InvalidOverlay::Code { .. })));
}

#[test]
fn damage_to_an_overlay_is_noticed() {
    let bytes = Overlay::new(&levels()).unwrap().to_bytes();
    let read = |bytes: &[u8]| OverlayBody::from_octets(bytes);
    assert!(read(&bytes).is_ok());
    for at in (0..bytes.len()).step_by(997) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(read(&damaged).is_err(), "octet {at}");
    }
    assert!(read(&bytes[..bytes.len() - 1]).is_err());
}
