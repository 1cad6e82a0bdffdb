//! The made-up département with layers, some of which must not be passed on.

use desserte_territory::geometry::{Coord, LineString, MultiPolygon, Polygon};
use desserte_territory::{
    Area, Figure, FigureValue, OVERLAY_ROLE, Outline, OutlinedArea, Overlay, OverlayContents, Redistribution,
    Source, Territory, Zoning, synthetic,
};

use crate::place::Place;

/// A square of a fiftieth of a degree around a point.
fn square(code: &str, name: Option<&str>, lon: f64, lat: f64) -> OutlinedArea {
    let corners = [(-0.01, -0.01), (0.01, -0.01), (0.01, 0.01), (-0.01, 0.01), (-0.01, -0.01)];
    let ring = LineString(corners.iter().map(|(x, y)| Coord { x: lon + x, y: lat + y }).collect());
    OutlinedArea {
        area: Area { code: code.to_owned(), name: name.map(str::to_owned) },
        outline: Outline::new(MultiPolygon(vec![Polygon::new(ring, vec![])])).unwrap(),
    }
}

fn source(role: &str, title: &str, redistribution: Redistribution) -> Source {
    Source {
        role: role.to_owned(),
        title: title.to_owned(),
        publisher: None,
        licence: Some("CC BY-NC-SA 4.0".to_owned()),
        vintage: None,
        sha256: None,
        redistribution,
    }
}

fn overlay(name: &str, source: Source, areas: Vec<OutlinedArea>) -> OverlayContents {
    OverlayContents { name: name.to_owned(), source: Some(source), areas }
}

/// 99001 to 99004 have a number, zero, a secret and no number; of all others nothing is said.
fn figure(name: &str, source: u32) -> Figure {
    let values =
        [FigureValue::Known(12.5), FigureValue::Known(0.0), FigureValue::Secret, FigureValue::Unavailable];
    let codes = ["99001", "99002", "99003", "99004"].map(|code| code.parse().unwrap());
    Figure {
        name: name.to_owned(),
        title: None,
        unit: "EUR par an".to_owned(),
        period: Some("2021".to_owned()),
        source: Some(source),
        values: codes.into_iter().zip(values).collect(),
    }
}

fn zoning(name: &str, source: u32) -> Zoning {
    let values = vec![("99001".parse().unwrap(), "x".to_owned())];
    Zoning { name: name.to_owned(), title: None, vintage: None, source: Some(source), values }
}

/// Gives the folder's territory a zoning, a figure and an overlay that may be passed on (`zone`, `revenu`, `qpv`, two squares
/// that lie over each other) and of each one that must not (`zone_tied`, `revenu_tied`, `tied`). `tied.dso` is a
/// file of the overlay alone.
pub(crate) fn add_layers(place: &Place) {
    use Redistribution::{Allowed, Forbidden};
    let free = source(OVERLAY_ROLE, "Quartiers fictifs", Allowed);
    let tied = source(OVERLAY_ROLE, "Couverture secrète", Forbidden);
    let areas = vec![square("QP1", Some("Le Haut"), -4.4, 45.4), square("QP2", None, -4.395, 45.4)];
    let tied = overlay("tied", tied, vec![square("T1", None, -4.4, 45.4)]);
    std::fs::write(place.path("tied.dso"), Overlay::new(&tied).unwrap().to_bytes()).unwrap();
    let mut contents = synthetic::territory(1).contents();
    contents.overlays = vec![overlay("qpv", free, areas), tied];
    contents.sources.extend([
        source("zoning", "Zones fictives", Allowed),
        source("zoning", "Zones secrètes", Forbidden),
        source("figures", "Revenus fictifs", Allowed),
        source("figures", "Revenus secrets", Forbidden),
    ]);
    contents.sources.extend(contents.overlays.iter().filter_map(|overlay| overlay.source.clone()));
    contents.zonings = vec![zoning("zone", 1), zoning("zone_tied", 2)];
    contents.figures = vec![figure("revenu", 3), figure("revenu_tied", 4)];
    std::fs::write(place.path("t.dst"), Territory::new(&contents).unwrap().to_bytes()).unwrap();
}
