//! Which server is named first.

use crate::config::MeasurementServer;

/// Mean radius of the Earth in kilometres (IUGG); an order by distance needs no better figure.
const EARTH_RADIUS_KM: f64 = 6_371.0;

/// A place on Earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Position {
    lon: f64,
    lat: f64,
}

impl Position {
    pub(super) fn new(lon: f64, lat: f64) -> Option<Self> {
        ((-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat)).then_some(Self { lon, lat })
    }

    /// Distance along the surface of a sphere, in kilometres (haversine formula).
    fn distance_km(self, other: Self) -> f64 {
        let (a, b) = (self.lat.to_radians(), other.lat.to_radians());
        let (north, east) = ((b - a) / 2.0, (other.lon - self.lon).to_radians() / 2.0);
        let chord = north.sin().powi(2) + a.cos() * b.cos() * east.sin().powi(2);
        2.0 * EARTH_RADIUS_KM * chord.sqrt().min(1.0).asin()
    }
}

/// The servers by distance, those without a position last, equals in the order of the configuration.
pub(super) fn by_distance(servers: &[MeasurementServer], from: Position) -> Vec<&MeasurementServer> {
    let distance = |server: &MeasurementServer| {
        let position = Position::new(server.lon?, server.lat?)?;
        Some(from.distance_km(position))
    };
    let mut ordered: Vec<(f64, &MeasurementServer)> =
        servers.iter().map(|server| (distance(server).unwrap_or(f64::INFINITY), server)).collect();
    ordered.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    ordered.into_iter().map(|(_, server)| server).collect()
}

/// The servers in an order drawn from `turn`, in which each is the first in proportion to its capacity.
///
/// # Source
/// Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006: the order of `ln(u) / weight`.
pub(super) fn in_turn(servers: &[MeasurementServer], turn: u64) -> Vec<&MeasurementServer> {
    let mut state = turn;
    let mut ordered: Vec<(f64, &MeasurementServer)> = servers
        .iter()
        .map(|server| (unit(&mut state).ln() / f64::from(server.capacity_mbit.max(1)), server))
        .collect();
    ordered.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    ordered.into_iter().map(|(_, server)| server).collect()
}

/// A number in (0, 1] (SplitMix64, Steele, Lea, Flood, 2014).
fn unit(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^= mixed >> 31;
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact in f64")]
    let unit = ((mixed >> 11) + 1) as f64 / (1_u64 << 53) as f64;
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(machine: &str, position: Option<(f64, f64)>, capacity_mbit: u32) -> MeasurementServer {
        MeasurementServer {
            machine: machine.to_owned(),
            lon: position.map(|(lon, _)| lon),
            lat: position.map(|(_, lat)| lat),
            capacity_mbit,
            ..MeasurementServer::default()
        }
    }

    fn names(servers: &[&MeasurementServer]) -> Vec<String> {
        servers.iter().map(|server| server.machine.clone()).collect()
    }

    #[test]
    fn distances_are_those_on_a_sphere() {
        let at = |lon, lat| Position::new(lon, lat).unwrap();
        // A degree of a great circle is pi / 180 of its radius; from a pole to the equator it is ninety of them.
        let degree = 6_371.0 * std::f64::consts::PI / 180.0;
        assert!((at(2.0, 48.0).distance_km(at(2.0, 49.0)) - degree).abs() < 1e-6);
        assert!((at(2.0, 90.0).distance_km(at(77.0, 0.0)) - 90.0 * degree).abs() < 1e-6);
        assert!((at(179.9, 0.0).distance_km(at(-179.9, 0.0)) - 0.2 * degree).abs() < 1e-6);
        assert_eq!(Position::new(48.8, 180.0), None);
        assert_eq!(Position::new(f64::NAN, 0.0), None);
    }

    #[test]
    fn the_nearest_is_first_and_one_of_unknown_place_last() {
        let servers = [
            server("nowhere", None, 1),
            server("marseille", Some((5.37, 43.30)), 1),
            server("paris", Some((2.35, 48.86)), 1),
        ];
        let gueret = Position::new(1.87, 46.17).unwrap();
        assert_eq!(names(&by_distance(&servers, gueret)), ["paris", "marseille", "nowhere"]);
    }

    #[test]
    fn every_server_has_its_turn_in_proportion_to_its_capacity() {
        let servers = [server("a", None, 100), server("b", None, 300), server("c", None, 600)];
        let mut first = std::collections::BTreeMap::new();
        for turn in 0..10_000 {
            *first.entry(in_turn(&servers, turn)[0].machine.clone()).or_insert(0_u32) += 1;
        }
        for (name, expected) in [("a", 1_000_u32), ("b", 3_000), ("c", 6_000)] {
            assert!(first[name].abs_diff(expected) < 200, "{name}: {first:?}");
        }
        assert_eq!(names(&in_turn(&servers, 7)), names(&in_turn(&servers, 7)));
    }
}
