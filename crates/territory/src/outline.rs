//! The outline of a commune.

use desserte_model::LonLat;
use geo::{BoundingRect, InteriorPoint, MultiPolygon, Rect};

/// The parts of a commune on the ground: at least one polygon, each with its holes.
///
/// # Units
/// WGS 84 degrees, `x` longitude, `y` latitude. Every ring is closed, has at least four positions beside repeats, and only finite
/// coordinates on the globe. Rings are not checked for crossings here: the import repairs those (GEOS).
#[derive(Debug, Clone, PartialEq)]
pub struct Outline(MultiPolygon<f64>);

/// The refusal of rings that outline nothing.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum InvalidOutline {
    /// There is no polygon.
    #[error("the outline has no polygon")]
    Empty,
    /// A ring has fewer than four positions or does not end where it began.
    #[error("a ring of {positions} positions, repeats left out, is too short or not closed")]
    OpenRing {
        /// Positions in the ring, without those that repeat the one before.
        positions: usize,
    },
    /// A coordinate is not a longitude or latitude.
    #[error("longitude {lon}, latitude {lat} is not a position on the globe")]
    NotAPosition {
        /// Longitude as given.
        lon: f64,
        /// Latitude as given.
        lat: f64,
    },
}

impl Outline {
    /// An outline from polygons in degrees.
    ///
    /// # Errors
    /// When there is no polygon, a ring is open or short, or a coordinate is not on the globe.
    pub fn new(polygons: MultiPolygon<f64>) -> Result<Self, InvalidOutline> {
        if polygons.0.is_empty() {
            return Err(InvalidOutline::Empty);
        }
        for ring in polygons.iter().flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()))
        {
            // A position that repeats the one before bounds nothing.
            let repeats = ring.0.windows(2).filter(|pair| pair[0] == pair[1]).count();
            if ring.0.len() - repeats < 4 || !ring.is_closed() {
                return Err(InvalidOutline::OpenRing { positions: ring.0.len() - repeats });
            }
            let on_globe =
                |c: &&geo::Coord<f64>| !((-180.0..=180.0).contains(&c.x) && (-90.0..=90.0).contains(&c.y));
            if let Some(c) = ring.0.iter().find(on_globe) {
                return Err(InvalidOutline::NotAPosition { lon: c.x, lat: c.y });
            }
        }
        Ok(Self(polygons))
    }

    /// The polygons.
    #[must_use]
    pub const fn as_multi_polygon(&self) -> &MultiPolygon<f64> {
        &self.0
    }

    /// The smallest box of meridians and parallels around the outline.
    ///
    /// # Panics
    /// Never: an outline has at least one ring.
    #[must_use]
    pub fn bounds(&self) -> Rect<f64> {
        self.0.bounding_rect().expect("an outline has at least one ring")
    }

    /// A point inside, away from the border as far as is easily found; `None` if the outline has no surface.
    ///
    /// Deterministic, and good for labels and checks. It is no centre of population.
    #[must_use]
    pub fn point_inside(&self) -> Option<LonLat> {
        let point = self.0.interior_point()?;
        LonLat::new(point.x(), point.y()).ok()
    }

    /// The number of positions, the closing one of each ring included.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.0
            .iter()
            .flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()))
            .map(|ring| ring.0.len())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{LineString, Polygon};

    fn outline(ring: Vec<(f64, f64)>) -> Result<Outline, InvalidOutline> {
        // geo closes the rings of a polygon by itself, so an open ring can only be too short.
        Outline::new(MultiPolygon(vec![Polygon::new(LineString::from(ring), vec![])]))
    }

    #[test]
    fn rings_that_outline_nothing_are_refused() {
        assert_eq!(Outline::new(MultiPolygon(vec![])), Err(InvalidOutline::Empty));
        assert!(matches!(outline(vec![(0.0, 0.0), (1.0, 1.0)]), Err(InvalidOutline::OpenRing { .. })));
        let nan = outline(vec![(0.0, 0.0), (1.0, f64::NAN), (1.0, 0.0)]);
        assert!(matches!(nan, Err(InvalidOutline::NotAPosition { .. })));
        let metres =
            outline(vec![(652_000.0, 6_862_000.0), (653_000.0, 6_862_000.0), (653_000.0, 6_863_000.0)]);
        assert!(matches!(metres, Err(InvalidOutline::NotAPosition { .. })));
        assert_eq!(outline(vec![(0.0, 0.0), (1.0, 1.0), (1.0, 0.0)]).unwrap().positions(), 4);
    }
}
