//! Lambert's conformal conic projection, for maps of metropolitan France.
//!
//! # Source
//! Snyder, "Map Projections: A Working Manual", USGS Professional Paper 1395 (1987), section 15, spherical form. Origin
//! and standard parallels are those of Lambert-93 (EPSG:2154), which uses the ellipsoid: on a page the difference is not
//! to be seen.

/// Standard parallels, the longitude that points up, and the latitude where the plane's `y` is zero, in degrees.
const PARALLELS: [f64; 2] = [44.0, 49.0];
const MERIDIAN: f64 = 3.0;
const ORIGIN: f64 = 46.5;

/// Latitudes beyond this, in degrees, are drawn as if they were there: the cone is endless at the other pole.
const FARTHEST: f64 = 89.0;

/// The plane, in degrees of a great circle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conic {
    cone: f64,
    scale: f64,
    origin: f64,
}

impl Conic {
    pub(super) fn new() -> Self {
        let [first, second] = PARALLELS.map(f64::to_radians);
        let cone = (first.cos() / second.cos()).ln() / (half_turned(second) / half_turned(first)).ln();
        let scale = first.cos() * half_turned(first).powf(cone) / cone;
        let origin = scale / half_turned(ORIGIN.to_radians()).powf(cone);
        Self { cone, scale, origin }
    }

    /// `x` eastwards and `y` southwards of the origin.
    pub(super) fn plane(self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        let radius = self.scale / half_turned(lat.clamp(-FARTHEST, FARTHEST).to_radians()).powf(self.cone);
        let angle = self.cone * (lon - MERIDIAN).to_radians();
        [(radius * angle.sin()).to_degrees(), (radius * angle.cos() - self.origin).to_degrees()]
    }
}

/// The tangent of half a latitude and an eighth of a turn.
fn half_turned(lat: f64) -> f64 {
    (std::f64::consts::FRAC_PI_4 + lat / 2.0).tan()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_the_origin_and_scale_is_true_on_the_standard_parallels() {
        let conic = Conic::new();
        let [x, y] = conic.plane([MERIDIAN, ORIGIN]);
        assert!(x.abs() < 1e-12 && y.abs() < 1e-12);
        for lat in PARALLELS {
            let [west, east] = [MERIDIAN, MERIDIAN + 1e-3].map(|lon| conic.plane([lon, lat])[0]);
            assert!(((east - west) / 1e-3 / lat.to_radians().cos() - 1.0).abs() < 1e-6, "{lat}");
        }
    }

    #[test]
    fn places_are_where_lambert_93_has_them_to_a_thousandth() {
        // IGN, "Projection cartographique conique conforme de Lambert": false origin 700,000 m, 6,600,000 m. The sphere
        // moves places by a few thousandths of their distance from the origin. Brest 48.39 N 4.49 W lies at 146 km,
        // 6,839 km in Lambert-93, Nice 43.70 N 7.27 E at 1,044 km, 6,298 km.
        let conic = Conic::new();
        let km_per_degree = 111.2;
        for (position, east, north) in [([-4.49, 48.39], -554.0, 239.0), ([7.27, 43.70], 344.0, -302.0)] {
            let [x, y] = conic.plane(position).map(|degrees| degrees * km_per_degree);
            assert!((x - east).abs() < 4.0 && (-y - north).abs() < 4.0, "{x} {y}");
        }
    }
}
