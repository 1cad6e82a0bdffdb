//! Whether a position can be meant: a rough look, for advice only. The collector knows the communes.

use desserte_model::LonLat;

/// A box of longitudes and latitudes, degrees.
struct Territory {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

const fn territory((west, east): (f64, f64), (south, north): (f64, f64)) -> Territory {
    Territory { west, east, south, north }
}

/// Rough boxes of the French territories.
///
/// # Source
/// Rough boxes from general knowledge, not checked against a map (2026-11-21). Only advice hangs on them, so a box too large
/// costs nothing.
const FRENCH_TERRITORIES: [Territory; 11] = [
    // Mainland and Corsica.
    territory((-5.3, 9.7), (41.2, 51.2)),
    // Guadeloupe.
    territory((-61.9, -60.9), (15.7, 16.6)),
    // Martinique.
    territory((-61.4, -60.7), (14.3, 15.0)),
    // Guyane.
    territory((-54.7, -51.5), (2.0, 5.9)),
    // La Réunion.
    territory((55.1, 55.9), (-21.5, -20.8)),
    // Mayotte.
    territory((44.9, 45.4), (-13.1, -12.5)),
    // Saint-Pierre-et-Miquelon.
    territory((-56.6, -56.0), (46.6, 47.3)),
    // Saint-Martin and Saint-Barthélemy.
    territory((-63.3, -62.7), (17.8, 18.2)),
    // Nouvelle-Calédonie.
    territory((158.0, 173.0), (-23.5, -17.5)),
    // Polynésie française.
    territory((-155.0, -134.0), (-28.0, -7.5)),
    // Wallis-et-Futuna.
    territory((-178.6, -175.9), (-14.6, -12.9)),
];

/// What a rough look at a position says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// In one of the boxes.
    Inside,
    /// In none, but in one with longitude and latitude exchanged.
    Exchanged,
    /// In none.
    Outside,
}

/// Looks at a position.
pub(super) fn look(point: LonLat) -> Look {
    let inside = |lon: f64, lat: f64| {
        FRENCH_TERRITORIES
            .iter()
            .any(|it| (it.west..=it.east).contains(&lon) && (it.south..=it.north).contains(&lat))
    };
    match (point.lon(), point.lat()) {
        (lon, lat) if inside(lon, lat) => Look::Inside,
        (lon, lat) if inside(lat, lon) => Look::Exchanged,
        _ => Look::Outside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanged_figures_are_told_from_a_place_elsewhere() {
        let of = |lon, lat| look(LonLat::new(lon, lat).unwrap());
        assert_eq!(of(2.35, 48.86), Look::Inside);
        assert_eq!(of(55.45, -20.88), Look::Inside);
        assert_eq!(of(48.86, 2.35), Look::Exchanged);
        assert_eq!(of(-20.88, 55.45), Look::Exchanged);
        assert_eq!(of(-74.0, 40.7), Look::Outside);
    }
}
