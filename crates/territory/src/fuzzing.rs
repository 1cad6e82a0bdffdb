//! Doors for the fuzz targets in `fuzz/`, to what no one else reaches from outside. Only built with `--cfg fuzzing`.

use std::sync::OnceLock;

use desserte_model::{CommuneCode, LonLat};
use geo::{Coord, LineString, MultiPolygon, Polygon};

pub use crate::file::Change;
use crate::file::{OverlayBody, changed, history_read_back};
use crate::{Area, Day, History, Lineage, Outline, OutlinedArea, Overlay, OverlayContents};

/// Two squares that share a border, one of them with a hole, and a third that lies over both.
fn areas() -> Vec<OutlinedArea> {
    let ring = |lon: f64, lat: f64, half: f64| {
        let corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)];
        LineString(corners.iter().map(|(x, y)| Coord { x: lon + x, y: lat + y }).collect())
    };
    let area = |code: &str, rings: Vec<LineString<f64>>| {
        let mut rings = rings.into_iter();
        let outer = rings.next().expect("an outer ring");
        let surface = MultiPolygon(vec![Polygon::new(outer, rings.collect())]);
        OutlinedArea {
            area: Area { code: code.to_owned(), name: Some("é".to_owned()) },
            outline: Outline::new(surface).expect("closed rings in degrees"),
        }
    };
    vec![
        area("A", vec![ring(2.0, 47.0, 0.02), ring(2.0, 47.0, 0.01)]),
        area("B", vec![ring(2.04, 47.0, 0.02)]),
        area("C", vec![ring(2.02, 47.01, 0.015)]),
    ]
}

/// Reads an overlay file with changed sections; whatever is accepted answers without a crash, and what is refused says why.
pub fn overlay(changes: &[Change<'_>]) {
    static SOUND: OnceLock<Vec<u8>> = OnceLock::new();
    let sound = SOUND.get_or_init(|| {
        let contents = OverlayContents { name: "o".to_owned(), source: None, areas: areas() };
        Overlay::new(&contents).expect("areas with codes of their own").to_bytes()
    });
    match OverlayBody::from_octets(&changed(sound, changes)).map(Overlay) {
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
        Ok(overlay) => {
            for row in 0..=overlay.areas().len() {
                assert_eq!(overlay.outline(row).is_some(), row < overlay.areas().len());
            }
            for step in -10_i32..=30 {
                let (lon, lat) = (2.0 + f64::from(step) / 400.0, 47.0 + f64::from(step % 7) / 300.0);
                let point = LonLat::new(lon, lat).expect("a position in France");
                let (_, all) = (overlay.locate(point), overlay.all_at(point));
                assert!(all.len() <= overlay.areas().len());
            }
            let _ = overlay.contents();
        }
    }
}

/// Reads a `history` section beside successions; what is accepted is written back as it was, and codes are followed there and
/// back.
pub fn history(octets: &[u8], successions: &[([u8; 5], u32, [u8; 5])], days: [u32; 2]) {
    let Ok(lineage) = history_read_back(successions, octets) else { return };
    let Ok(history) = History::new(lineage) else { return };
    let [from, to] = days.map(|number| Day::from_number(number).unwrap_or(Day::first_of(2026)));
    let Lineage { successions, begun, ended, passed, parts, .. } = history.lineage();
    let both = successions.iter().chain(passed).flat_map(|row| [row.from, row.to]);
    let dated = begun.iter().chain(ended).map(|(code, _)| *code);
    let codes: Vec<CommuneCode> = both.chain(dated).chain(parts.iter().map(|part| part.code)).collect();
    for code in codes {
        let _ = (history.part(code), history.former_name(code, from));
        for asked in [Some(from), None] {
            let found = history.translate(code, asked, to, to, |_| true);
            assert!(found.communes.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
            assert!(found.steps.windows(2).all(|pair| pair[0].effective <= pair[1].effective), "{found:?}");
        }
        let same = history.translate(code, Some(from), from, from, |_| true);
        if history.in_force(code, from) == Some(true) {
            assert_eq!(same.communes, [code], "a day changes nothing");
        }
    }
}
