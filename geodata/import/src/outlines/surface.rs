//! The surface of one row: polygons with closed rings that GEOS finds valid.

use gdal::cpl::CslStringList;
use gdal::vector::{Geometry, OGRwkbGeometryType, ToGdal, geometry_type_flatten};
use geo::{Coord, LineString, MultiPolygon, Polygon};

use super::messages;

/// A surface and what had to be done to it.
#[derive(Debug, Default)]
pub(super) struct Surface {
    pub(super) polygons: Vec<Polygon<f64>>,
    /// Rings that did not end where they began.
    pub(super) closed_rings: usize,
    /// Parts or holes of fewer than three distinct corners, left out.
    pub(super) dropped_rings: usize,
    /// Why the surface was invalid, if it was.
    pub(super) repaired: Option<String>,
}

/// Reads the polygons of a geometry and repairs them where GEOS finds them invalid.
///
/// Lines and points are not part of a surface; the repair can leave some where a ring folded onto itself.
pub(super) fn surface_of(geometry: &Geometry) -> Surface {
    let mut surface = Surface::default();
    surface.read(geometry);
    // GEOS refuses open and short rings outright, so it gets what is left of them.
    let rebuilt = (surface.closed_rings + surface.dropped_rings > 0)
        .then(|| MultiPolygon(surface.polygons.clone()).to_gdal().ok())
        .flatten();
    let sound = rebuilt.as_ref().unwrap_or(geometry);
    if surface.polygons.is_empty() || sound.is_valid() {
        return surface;
    }
    let reasons: Vec<String> = messages::take().into_iter().map(|message| message.text).collect();
    let reason = reasons.join("; ");
    let reason = if reason.is_empty() { "invalid polygon".to_owned() } else { reason };
    let before = surface.polygons.len();
    surface.polygons.clear();
    if let Some(valid) = made_valid(sound) {
        surface.read(&valid);
    }
    surface.repaired =
        Some(format!("{reason}; {before} polygon(s) before, {} after", surface.polygons.len()));
    surface
}

/// Repairs a geometry. The structured way of GEOS 3.10 and later joins overlapping parts; the older way, kept where it
/// is the only one, makes a hole of what two parts have in common. A hole that lies outside becomes a part in both.
fn made_valid(geometry: &Geometry) -> Option<Geometry> {
    let structured = CslStringList::from_iter(["METHOD=STRUCTURE"]);
    let repaired = geometry.make_valid(&structured);
    repaired.or_else(|_| geometry.make_valid(&CslStringList::new())).ok()
}

impl Surface {
    fn read(&mut self, geometry: &Geometry) {
        match geometry_type_flatten(geometry.geometry_type()) {
            OGRwkbGeometryType::wkbPolygon => self.read_polygon(geometry),
            OGRwkbGeometryType::wkbMultiPolygon | OGRwkbGeometryType::wkbGeometryCollection => {
                for part in 0..geometry.geometry_count() {
                    self.read(&geometry.get_geometry(part));
                }
            }
            _ => {}
        }
    }

    fn read_polygon(&mut self, polygon: &Geometry) {
        let mut rings = Vec::new();
        for number in 0..polygon.geometry_count() {
            match self.ring(&polygon.get_geometry(number)) {
                Some(ring) => rings.push(ring),
                // Without its outer ring a polygon is nothing; a lost hole only is a lost hole.
                None if number == 0 => return,
                None => {}
            }
        }
        let mut rings = rings.into_iter();
        if let Some(exterior) = rings.next() {
            self.polygons.push(Polygon::new(exterior, rings.collect()));
        }
    }

    fn ring(&mut self, ring: &Geometry) -> Option<LineString<f64>> {
        let mut points = Vec::new();
        ring.get_points(&mut points);
        let mut ring: Vec<Coord<f64>> = points.into_iter().map(|(x, y, _)| Coord { x, y }).collect();
        if ring.first() != ring.last() {
            self.closed_rings += 1;
            ring.extend(ring.first().copied());
        }
        if ring.len() < 4 {
            self.dropped_rings += 1;
            return None;
        }
        Some(LineString(ring))
    }
}
