//! From degrees to the grid of a zoom.

use crate::EXTENT;

/// The finest zoom: its grid, 2^31 units around the globe, is the last that 32 bits hold.
pub const FINEST_ZOOM: u8 = 18;

/// A point of a zoom's grid: `x` east from the antimeridian, `y` south from the northern edge.
pub(crate) type Point = desserte_territory::sheet::GridPoint;

/// The grid of a zoom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mercator {
    units: f64,
}

impl Mercator {
    pub(crate) fn new(zoom: u8) -> Self {
        Self { units: f64::from(EXTENT) * f64::from(1_u32 << zoom.min(FINEST_ZOOM)) }
    }

    /// The unit that holds a position.
    #[expect(clippy::cast_possible_truncation, reason = "within the grid, or saturated at its edge")]
    pub(crate) fn point(self, position: [f64; 2]) -> Point {
        self.units(position).map(|value| value.round() as i32)
    }

    /// Where a position is on the grid. Beyond the projection's edge at 85.05 degrees it is the edge.
    pub(crate) fn units(self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        let x = lon / 360.0 + 0.5;
        let sine = lat.to_radians().sin();
        let y = 0.5 - ((1.0 + sine) / (1.0 - sine)).ln() / (4.0 * std::f64::consts::PI);
        [x, y.clamp(0.0, 1.0)].map(|share| share * self.units)
    }

    /// Degrees of latitude that a unit spans at a latitude.
    pub(crate) fn degrees(self, lat: f64) -> f64 {
        360.0 / self.units * lat.to_radians().cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_positions_come_to_known_tiles() {
        let mercator = Mercator::new(0);
        assert_eq!(mercator.point([0.0, 0.0]), [2_048, 2_048]);
        assert_eq!(mercator.point([-180.0, 85.051_128_779_806_6]), [0, 0]);
        assert_eq!(mercator.point([180.0, -90.0]), [4_096, 4_096]);
        // Paris, 48.8566 N 2.3522 E, is in tile 12/2074/1409 (OpenStreetMap wiki, "Slippy map tilenames").
        assert_eq!(Mercator::new(12).point([2.3522, 48.8566]).map(|value| value / EXTENT), [2_074, 1_409]);
    }
}
