//! Communes near a point: for points beside the coast, and for positions that are not exact.

use desserte_model::LonLat;
use geo::{Distance, Geodesic, Point};

use crate::grid::Grid;
use crate::topology::{Label, Vertex};
use crate::{Commune, Location, Territory};

/// The farthest that communes are looked for, in metres. What lies farther is not "near" in any sense that a figure
/// about a commune could rest on, and the plane used to compare distances is good to 0.3 % at this reach.
pub const FARTHEST_M: f64 = 20_000.0;

/// How much farther than asked candidates are gathered before the ellipsoid decides: the plane's error and some more.
const GATHER: f64 = 1.01;

/// WGS 84: the larger half axis in metres and the square of the eccentricity.
const HALF_AXIS_M: f64 = 6_378_137.0;
const ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_141_316;

/// Fewest metres in a degree of latitude, at the equator, rounded down.
const LEAST_METRES_NORTH: f64 = 110_500.0;

/// Fewest metres in a degree of longitude times the cosine of the latitude, rounded down.
const LEAST_METRES_EAST: f64 = 111_300.0;

/// A commune and how far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate<'a> {
    /// The commune.
    pub commune: &'a Commune,
    /// Metres to the nearest point of the commune; zero inside it and on its border.
    pub metres: f64,
}

/// What is asked about a point beside its commune.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Question {
    /// For a point in no commune, the nearest one is wanted if it is within so many metres; zero for never.
    pub nearest_within_m: f64,
    /// The position's error: the true position lies within so many metres; zero if it is taken as exact.
    pub error_m: f64,
}

/// Where a point is, as far as its position allows to say.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<'a> {
    /// In this commune, or on its border; and the position's error does not reach another one.
    Inside(&'a Commune),
    /// The position's error reaches several communes, or a commune and the outside: all candidates, nearest first, of
    /// equal ones the lowest code. The first one is the commune that holds the position as given, if any does.
    Border(Vec<Candidate<'a>>),
    /// In no commune; this one is the nearest and within the distance that was stated.
    Near(Candidate<'a>),
    /// In no commune, and none within the distance that was stated: sea, abroad, or a part of the country that the
    /// sources lack. Outlines of communes do not tell these apart.
    Outside,
}

impl Territory {
    /// Where a point is, with what is near it.
    ///
    /// # Units
    /// Distances are geodesics on the WGS 84 ellipsoid (Karney 2013), to the point of the border that is nearest in a
    /// plane true to scale at the position; never degrees. Both distances of the question end at [`FARTHEST_M`].
    #[must_use]
    pub fn answer(&self, point: LonLat, question: Question) -> Answer<'_> {
        let inside = self.locate(point).commune();
        if question.error_m > 0.0 {
            let candidates = self.near(point, question.error_m);
            // One commune alone is certain only if the error does not reach its border, with the outside beyond it.
            let certain = match (inside, candidates.as_slice()) {
                (Some(_), [only]) => !self.border_within(point, question.error_m, only.commune),
                (None, []) => true,
                _ => false,
            };
            if !certain {
                return Answer::Border(candidates);
            }
        }
        if let Some(commune) = inside {
            return Answer::Inside(commune);
        }
        let nearest = self.near(point, question.nearest_within_m).into_iter().next();
        nearest.map_or(Answer::Outside, Answer::Near)
    }

    /// All communes within so many metres of a point, nearest first, of equal ones the lowest code.
    #[must_use]
    pub fn near(&self, point: LonLat, metres: f64) -> Vec<Candidate<'_>> {
        let inside = match self.locate(point) {
            Location::Inside(commune) => Some(commune),
            Location::Outside => None,
        };
        let found = borders_near(&self.grid(), point, metres);
        let mut candidates: Vec<Candidate<'_>> = found
            .iter()
            .filter_map(|found| {
                let commune = self.commune_at(found.label as usize - 1)?;
                Some(Candidate { commune, metres: found.metres })
            })
            .filter(|candidate| inside.is_none_or(|inside| inside.code != candidate.commune.code))
            .chain(inside.map(|commune| Candidate { commune, metres: 0.0 }))
            .collect();
        candidates.sort_by(|a, b| a.metres.total_cmp(&b.metres).then(a.commune.code.cmp(&b.commune.code)));
        // The commune that holds the point comes first, even where a lower code touches it too.
        candidates.sort_by_key(|candidate| inside.is_none_or(|inside| inside.code != candidate.commune.code));
        candidates
    }

    fn border_within(&self, point: LonLat, metres: f64, commune: &Commune) -> bool {
        borders_near(&self.grid(), point, metres)
            .iter()
            .any(|found| self.code_at(found.label as usize - 1) == Some(commune.code))
    }
}

/// The border of a commune, as near as it comes.
struct Found {
    label: Label,
    metres: f64,
    at: Vertex,
}

/// The communes whose borders come within so many metres, each once with its distance.
fn borders_near(grid: &Grid<'_>, point: LonLat, metres: f64) -> Vec<Found> {
    let metres = metres.min(FARTHEST_M);
    let mut found: Vec<Found> = Vec::new();
    if !(metres > 0.0 && metres.is_finite()) {
        return found;
    }
    let plane = Plane::at(point);
    let reach = metres * GATHER;
    let north = reach / LEAST_METRES_NORTH;
    let farthest_lat = (point.lat().abs() + north).min(89.0).to_radians();
    let east = reach / (LEAST_METRES_EAST * farthest_lat.cos());
    let box_around = [point.lon() - east, point.lat() - north, point.lon() + east, point.lat() + north];
    grid.each_piece_near(box_around, |piece| {
        let vertices = grid.vertices_of(piece);
        for side in vertices.windows(2) {
            let (distance, at) = plane.nearest(side[0], side[1]);
            if distance > reach {
                continue;
            }
            for label in [piece.left, piece.right].into_iter().filter(|label| *label != 0) {
                match found.iter_mut().find(|known| known.label == label) {
                    Some(known) if known.metres <= distance => {}
                    Some(known) => (known.metres, known.at) = (distance, at),
                    None => found.push(Found { label, metres: distance, at }),
                }
            }
        }
    });
    for near in &mut found {
        let position = Point::new(point.lon(), point.lat());
        near.metres = Geodesic.distance(position, Point::new(near.at[0], near.at[1]));
    }
    found.retain(|near| near.metres <= metres);
    found
}

/// A plane that is true to scale at one point of the ellipsoid.
struct Plane {
    origin: Vertex,
    /// Metres for a degree eastwards and northwards.
    scale: [f64; 2],
}

impl Plane {
    fn at(point: LonLat) -> Self {
        let lat = point.lat().to_radians();
        let flat = 1.0 - ECCENTRICITY_SQUARED * lat.sin() * lat.sin();
        let across = HALF_AXIS_M / flat.sqrt();
        let along = HALF_AXIS_M * (1.0 - ECCENTRICITY_SQUARED) / (flat * flat.sqrt());
        Self {
            origin: [point.lon(), point.lat()],
            scale: [(across * lat.cos()).to_radians(), along.to_radians()],
        }
    }

    /// How far the nearest point of a side is, in metres, and where.
    fn nearest(&self, a: Vertex, b: Vertex) -> (f64, Vertex) {
        let on_plane =
            |v: Vertex| [(v[0] - self.origin[0]) * self.scale[0], (v[1] - self.origin[1]) * self.scale[1]];
        let (start, end) = (on_plane(a), on_plane(b));
        let (x, y) = (end[0] - start[0], end[1] - start[1]);
        let along = (-(start[0] * x + start[1] * y) / (x * x + y * y)).clamp(0.0, 1.0);
        // A side too short for the plane has no direction: its start is as good as any of its points.
        let along = if along.is_nan() { 0.0 } else { along };
        let distance = (start[0] + along * x).hypot(start[1] + along * y);
        (distance, [a[0] + along * (b[0] - a[0]), a[1] + along * (b[1] - a[1])])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn the_distance_to_a_border_is_that_of_the_ellipsoid() {
        let territory = synthetic::territory(1);
        // The westernmost position of the coast; the sea lies west of it.
        let coast = territory
            .contents()
            .communes
            .iter()
            .flat_map(|row| row.outline.as_multi_polygon().0[0].exterior().0.clone())
            .min_by(|a, b| a.x.total_cmp(&b.x))
            .unwrap();
        let point = LonLat::new(coast.x - 0.01, coast.y).unwrap();
        let question = Question { nearest_within_m: 2_000.0, error_m: 0.0 };
        let Answer::Near(near) = territory.answer(point, question) else { panic!("a commune is near") };
        // 0.01 degree of longitude at 45 to 46 degrees north is 775 to 789 m (WGS 84, Karney's GeodSolve); the nearest
        // point may be a little nearer than the one due east.
        assert!((700.0..=789.0).contains(&near.metres), "{}", near.metres);
        let within = |metres: f64| Question { nearest_within_m: metres, error_m: 0.0 };
        assert_eq!(territory.answer(point, within(near.metres * 0.99)), Answer::Outside);
        assert_eq!(territory.answer(point, Question::default()), Answer::Outside);
        assert_eq!(territory.answer(LonLat::new(2.3, 48.8).unwrap(), within(1e9)), Answer::Outside);
    }

    #[test]
    fn a_position_that_is_not_exact_has_all_its_candidates() {
        let territory = synthetic::territory(1);
        let code = "99018".parse().unwrap();
        let outline = territory.outline(code).unwrap();
        let corner = outline.as_multi_polygon().0[0].exterior().0[1];
        let beside = LonLat::new(corner.x + 1e-4, corner.y).unwrap();
        let error = |error_m: f64| Question { nearest_within_m: 0.0, error_m };
        let Answer::Border(candidates) = territory.answer(beside, error(30.0)) else { panic!("on a border") };
        assert!(candidates.len() >= 2, "{candidates:?}");
        assert_eq!(Some(candidates[0].commune), territory.locate(beside).commune());
        assert!(candidates.iter().all(|candidate| candidate.metres <= 30.0));
        let middle = outline.point_inside().unwrap();
        let Answer::Inside(commune) = territory.answer(middle, error(100.0)) else { panic!("far inside") };
        assert_eq!(commune.code, code);
        // An error larger than any commune reaches all that are near, and ends at the farthest reach.
        let Answer::Border(candidates) = territory.answer(middle, error(f64::MAX)) else { panic!("unsure") };
        assert!(candidates.len() > 6 && candidates.iter().all(|near| near.metres <= FARTHEST_M));
    }
}
