//! Valid polygons out of rings on the grid.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{IntOverlayOptions, Overlay, ShapeType};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::core::solver::Solver;
use i_overlay::i_float::int::point::IntPoint;

use crate::mercator::Point;

/// A closed ring without its closing point.
pub(crate) type Ring = Vec<Point>;

/// An outer ring, then its holes. Twice the surface is positive for the outer ring, negative for holes.
pub(crate) type Polygon = Vec<Ring>;

/// A box of the grid: its north-western and its south-eastern corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) least: Point,
    pub(crate) most: Point,
}

impl Window {
    /// The smallest box around points; `None` without any.
    pub(crate) fn around<'a>(points: impl Iterator<Item = &'a Point>) -> Option<Self> {
        points.fold(None, |around, point| {
            let Self { least, most } = around.unwrap_or(Self { least: *point, most: *point });
            Some(Self {
                least: [least[0].min(point[0]), least[1].min(point[1])],
                most: [most[0].max(point[0]), most[1].max(point[1])],
            })
        })
    }

    pub(crate) fn holds(&self, other: &Self) -> bool {
        (0..2).all(|axis| self.least[axis] <= other.least[axis] && other.most[axis] <= self.most[axis])
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        (0..2).all(|axis| self.least[axis] <= other.most[axis] && other.least[axis] <= self.most[axis])
    }

    fn corners(&self) -> [Point; 4] {
        let ([west, north], [east, south]) = (self.least, self.most);
        [[west, north], [east, north], [east, south], [west, south]]
    }

    /// On which sides of the box a point lies beyond it, a bit for each.
    fn beyond(&self, [x, y]: Point) -> u8 {
        u8::from(x < self.least[0])
            | u8::from(x > self.most[0]) << 1
            | u8::from(y < self.least[1]) << 2
            | u8::from(y > self.most[1]) << 3
    }
}

/// The surface that an odd number of rings surround, within a window if there is one, as valid polygons.
pub(crate) fn polygons(rings: &[Ring], window: Option<Window>) -> Vec<Polygon> {
    let count = rings.iter().map(Vec::len).sum();
    let mut overlay = Overlay::new_custom(count, IntOverlayOptions::ogc(), Solver::default());
    let ipoint = |point: &Point| IntPoint::new(point[0], point[1]);
    let rule = match window {
        None => {
            rings.iter().for_each(|ring| overlay.add_path_iter(ring.iter().map(ipoint), ShapeType::Subject));
            OverlayRule::Subject
        }
        Some(window) => {
            for ring in rings {
                let near = without_far(ring, &window);
                overlay.add_path_iter(near.iter().map(ipoint), ShapeType::Subject);
            }
            overlay.add_path_iter(window.corners().iter().map(ipoint), ShapeType::Clip);
            OverlayRule::Intersect
        }
    };
    let shapes = overlay.overlay(rule, FillRule::EvenOdd);
    shapes.into_iter().map(polygon).collect()
}

/// The surface that an odd number of rings surround, without that of others.
pub(crate) fn minus(rings: &[Ring], others: &[Ring]) -> Vec<Polygon> {
    let count = rings.iter().chain(others).map(Vec::len).sum();
    let mut overlay = Overlay::new_custom(count, IntOverlayOptions::ogc(), Solver::default());
    let ipoint = |point: &Point| IntPoint::new(point[0], point[1]);
    rings.iter().for_each(|ring| overlay.add_path_iter(ring.iter().map(ipoint), ShapeType::Subject));
    others.iter().for_each(|ring| overlay.add_path_iter(ring.iter().map(ipoint), ShapeType::Clip));
    overlay.overlay(OverlayRule::Difference, FillRule::EvenOdd).into_iter().map(polygon).collect()
}

fn polygon(shape: Vec<Vec<IntPoint>>) -> Polygon {
    shape.into_iter().map(|ring| ring.into_iter().map(|point| [point.x, point.y]).collect()).collect()
}

/// Leaves out points far from the window: where three in a row lie beyond the same side of it, the middle one only
/// shapes what is beyond that side.
fn without_far(ring: &Ring, window: &Window) -> Ring {
    let mut near = Ring::new();
    let mut last = [u8::MAX, 0];
    for point in ring {
        let beyond = window.beyond(*point);
        if near.len() >= 2 && last[0] & last[1] & beyond != 0 {
            near.pop();
            last[1] = last[0];
        }
        last = [last[1], beyond];
        near.push(*point);
    }
    near
}

#[cfg(test)]
/// Twice the surface of a ring; positive if it turns from east to south.
pub(crate) fn double_area(ring: &Ring) -> i64 {
    let Some(origin) = ring.first() else { return 0 };
    let from_origin =
        |p: &Point| [i64::from(p[0]) - i64::from(origin[0]), i64::from(p[1]) - i64::from(origin[1])];
    ring.windows(2)
        .map(|side| {
            let (a, b) = (from_origin(&side[0]), from_origin(&side[1]));
            a[0] * b[1] - a[1] * b[0]
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_that_crosses_itself_becomes_polygons_that_do_not() {
        let bow = vec![[0, 0], [10, 10], [10, 0], [0, 10]];
        let valid = polygons(&[bow], None);
        assert_eq!(valid.len(), 2);
        assert!(valid.iter().all(|polygon| polygon.len() == 1 && double_area(&polygon[0]) == 50));
    }

    #[test]
    fn outer_rings_and_holes_turn_as_tiles_want_them() {
        let outer = vec![[0, 0], [0, 9], [9, 9], [9, 0]];
        let hole = vec![[3, 3], [3, 6], [6, 6], [6, 3]];
        let [polygon] = polygons(&[hole, outer], None).try_into().unwrap();
        assert_eq!(polygon.iter().map(double_area).collect::<Vec<_>>(), [162, -18]);
    }

    #[test]
    fn what_is_taken_away_leaves_the_rest() {
        let square = |x: i32| vec![vec![[x, 0], [x, 10], [x + 10, 10], [x + 10, 0]]];
        let left = minus(&square(0), &square(7));
        assert_eq!(left.iter().flatten().map(double_area).sum::<i64>(), 2 * 70);
        assert!(minus(&square(0), &square(0)).is_empty());
    }

    #[test]
    fn points_far_from_the_window_do_not_change_what_is_in_it() {
        // A star whose centre is the middle of the window, and one beside it.
        let star = |middle: Point| -> Ring {
            (0..40)
                .map(|n| [(n * 37) % 97 * 9 - 430 + middle[0], (n * 53) % 89 * 9 - 390 + middle[1]])
                .collect()
        };
        let window = Window { least: [-60, -60], most: [60, 60] };
        for middle in [[0, 0], [300, 20], [-200, -250]] {
            let ring = star(middle);
            let near = without_far(&ring, &window);
            let within = |ring: &Ring| {
                let corners = window.corners().to_vec();
                let mut overlay = Overlay::new(100);
                let path = |ring: &Ring| ring.iter().map(|p| IntPoint::new(p[0], p[1])).collect::<Vec<_>>();
                overlay.add_contour(&path(ring), ShapeType::Subject);
                overlay.add_contour(&path(&corners), ShapeType::Clip);
                let shapes = overlay.overlay(OverlayRule::Intersect, FillRule::EvenOdd);
                shapes
                    .iter()
                    .flatten()
                    .map(|ring| {
                        double_area(
                            &ring
                                .iter()
                                .map(|point| [point.x, point.y])
                                .chain([[ring[0].x, ring[0].y]])
                                .collect(),
                        )
                    })
                    .sum::<i64>()
            };
            assert!(near.len() <= ring.len());
            assert!((within(&ring) - within(&near)).abs() <= 40, "crossings are rounded to the grid");
        }
    }
}
