//! Valid polygons out of rings on the grid.

use std::collections::BTreeMap;

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
    let mut overlay = Overlay::new_custom(count, options(), Solver::default());
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
    valid(shapes)
}

/// Sorts rings that touch in points at most: what an even number of others surround is an outer ring, the others are
/// holes of the smallest ring around them. The library tells the same but for small rings that touch others.
fn nested(rings: Vec<Ring>) -> Vec<Polygon> {
    let sizes: Vec<i64> = rings.iter().map(|ring| double_area(ring).abs()).collect();
    let boxes: Vec<Option<Window>> = rings.iter().map(|ring| Window::around(ring.iter())).collect();
    let within = |outer: usize, inner: usize| {
        let boxed = boxes[outer].zip(boxes[inner]).is_some_and(|(outer, inner)| outer.holds(&inner));
        boxed && sizes[outer] > sizes[inner] && surrounds(&rings[outer], &rings[inner])
    };
    let around: Vec<Vec<usize>> = (0..rings.len())
        .map(|inner| (0..rings.len()).filter(|outer| within(*outer, inner)).collect())
        .collect();
    let mut polygons: BTreeMap<usize, Polygon> = BTreeMap::new();
    let (outer, holes): (Vec<_>, Vec<_>) =
        rings.into_iter().enumerate().partition(|(number, _)| around[*number].len().is_multiple_of(2));
    for (number, ring) in outer {
        polygons.insert(number, vec![turned(ring, true)]);
    }
    for (number, ring) in holes {
        let parent = around[number].iter().min_by_key(|outer| sizes[**outer]);
        if let Some(polygon) = parent.and_then(|parent| polygons.get_mut(parent)) {
            polygon.push(turned(ring, false));
        }
    }
    polygons.into_values().collect()
}

/// A ring that turns as an outer ring does, or the other way round.
fn turned(mut ring: Ring, outer: bool) -> Ring {
    if (double_area(&ring) > 0) != outer {
        ring.reverse();
    }
    ring
}

/// Whether a ring runs around another. Both may touch in points, but have no side in common: the middle of one of the
/// inner one's sides is off the outer one, and tells.
fn surrounds(ring: &Ring, inner: &Ring) -> bool {
    sides(inner)
        .map(|[a, b]| [a[0] + b[0], a[1] + b[1]])
        .find_map(|middle| around(ring, middle))
        .unwrap_or(false)
}

/// Whether a ring runs around a point, which is given doubled; `None` on the ring.
fn around(ring: &Ring, [x, y]: [i64; 2]) -> Option<bool> {
    let mut inside = false;
    for [a, b] in sides(ring) {
        let (north, south) = if a[1] < b[1] { (a, b) } else { (b, a) };
        let ([x0, y0], [x1, y1]) = (north.map(|value| 2 * value), south.map(|value| 2 * value));
        let turn = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0);
        if turn == 0 && (y0..=y1).contains(&y) && (x0.min(x1)..=x0.max(x1)).contains(&x) {
            return None;
        }
        inside ^= (y0..y1).contains(&y) && turn < 0;
    }
    Some(inside)
}

fn sides(ring: &Ring) -> impl Iterator<Item = [[i64; 2]; 2]> {
    ring.iter().zip(ring.iter().cycle().skip(1)).map(|(a, b)| [a.map(i64::from), b.map(i64::from)])
}

/// The surface that an odd number of rings surround, without that of others.
pub(crate) fn minus(rings: &[Ring], others: &[Ring]) -> Vec<Polygon> {
    let count = rings.iter().chain(others).map(Vec::len).sum();
    let mut overlay = Overlay::new_custom(count, options(), Solver::default());
    let ipoint = |point: &Point| IntPoint::new(point[0], point[1]);
    rings.iter().for_each(|ring| overlay.add_path_iter(ring.iter().map(ipoint), ShapeType::Subject));
    others.iter().for_each(|ring| overlay.add_path_iter(ring.iter().map(ipoint), ShapeType::Clip));
    valid(overlay.overlay(OverlayRule::Difference, FillRule::EvenOdd))
}

/// Rings keep the points on their straight sides: where borders of neighbours meet there, both have to have it.
fn options() -> IntOverlayOptions {
    IntOverlayOptions {
        preserve_input_collinear: true,
        preserve_output_collinear: true,
        ..IntOverlayOptions::ogc()
    }
}

fn valid(shapes: Vec<Vec<Vec<IntPoint>>>) -> Vec<Polygon> {
    let ring = |ring: Vec<IntPoint>| ring.into_iter().map(|point| [point.x, point.y]).collect();
    nested(shapes.into_iter().flatten().map(ring).collect())
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
    fn rings_are_outer_ones_or_holes_by_what_lies_around_them() {
        let square = |x: i32, side: i32| vec![[x, x], [x + side, x], [x + side, x + side], [x, x + side]];
        let areas = |rings: Vec<Ring>| -> Vec<Vec<i64>> {
            nested(rings).iter().map(|polygon| polygon.iter().map(double_area).collect()).collect()
        };
        assert_eq!(areas(vec![square(3, 1), square(2, 3), square(0, 9)]), [vec![2], vec![162, -18]]);
        assert_eq!(areas(vec![square(20, 4), square(21, 1), square(0, 9)]), [vec![32, -2], vec![162]]);
        // A hole that touches the outer ring from inside, and an island that ends in the middle of a hole's side.
        let corner = vec![[0, 0], [2, 1], [1, 2]];
        assert_eq!(areas(vec![corner, square(0, 9)]), [[162, -3]]);
        let island = vec![[2, 4], [4, 3], [4, 5]];
        assert_eq!(areas(vec![island, square(2, 4), square(0, 9)]), [vec![4], vec![162, -32]]);
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
