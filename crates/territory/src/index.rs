//! Which parts of which communes may hold a point.

use desserte_model::LonLat;
use geo::{BoundingRect, Coord, Intersects};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::contents::OutlinedCommune;

/// The box of one polygon, with the positions of commune and polygon in their lists.
type PartBox = GeomWithData<Rectangle<[f64; 2]>, (usize, usize)>;

/// The boxes of all polygons.
#[derive(Debug)]
pub(crate) struct Index(RTree<PartBox>);

impl Index {
    pub(crate) fn new(communes: &[OutlinedCommune]) -> Self {
        let mut boxes = Vec::with_capacity(communes.len());
        for (row, commune) in communes.iter().enumerate() {
            for (part, polygon) in commune.outline.as_multi_polygon().iter().enumerate() {
                if let Some(bounds) = polygon.bounding_rect() {
                    let envelope = AABB::from_corners(bounds.min().into(), bounds.max().into());
                    boxes.push(GeomWithData::new(Rectangle::from_aabb(envelope), (row, part)));
                }
            }
        }
        Self(RTree::bulk_load(boxes))
    }

    /// The lowest row among the communes that hold or touch the point.
    ///
    /// Each polygon is asked by itself: over a whole multipolygon the OGC rule counts a point where two parts touch
    /// as not on the boundary. Orientation is decided by exact predicates (crate `robust`, through geo), so a point
    /// on a shared edge touches both sides and never falls between them.
    pub(crate) fn lowest_row_at(&self, communes: &[OutlinedCommune], point: LonLat) -> Option<usize> {
        let coordinate = Coord { x: point.lon(), y: point.lat() };
        let mut lowest: Option<usize> = None;
        for candidate in self.0.locate_all_at_point(&[coordinate.x, coordinate.y]) {
            let (row, part) = candidate.data;
            if lowest.is_none_or(|known| row < known)
                && communes[row].outline.as_multi_polygon().0[part].intersects(&coordinate)
            {
                lowest = Some(row);
            }
        }
        lowest
    }
}
