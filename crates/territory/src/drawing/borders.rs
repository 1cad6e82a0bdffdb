//! Simplifies outlines so that neighbours keep their common border.
//!
//! A corner is a point where the borders drawn so far fork: it has other than two distinct neighbours over all rings.
//! Corners stay. Each line between two corners is simplified (Douglas and Peucker 1973) from the same end for both
//! sides, so both get the same points.

/// A point of the grid.
pub(super) type Point = (i32, i32);

/// A closed ring without its closing point.
pub(super) type Ring = Vec<Point>;

/// How far a border may move, in grid steps: two pixels. The 255 communes of Creuse then take 32 KB at 800 pixels, and
/// no shape is lost to the eye.
const TOLERANCE: f64 = 4.0;

/// Twice the smallest area, in square steps, that still shows as a surface: two square pixels.
const SMALLEST_DOUBLE_AREA: i64 = 16;

/// Simplifies all rings of all communes together.
pub(super) fn simplify(communes: &[Vec<Ring>]) -> Vec<Vec<Ring>> {
    let forks = Forks::of(communes);
    communes.iter().map(|rings| rings.iter().map(|ring| simplify_ring(ring, &forks)).collect()).collect()
}

/// Leaves out rings without surface; none is left if what remains is too small to be seen.
pub(super) fn without_collapsed(rings: Vec<Ring>) -> Vec<Ring> {
    let kept: Vec<Ring> = rings.into_iter().filter(|ring| double_area(ring) > 0).collect();
    let largest = kept.iter().map(|ring| double_area(ring)).max().unwrap_or(0);
    if largest < SMALLEST_DOUBLE_AREA { Vec::new() } else { kept }
}

/// Twice the surface of a ring, whatever its direction.
fn double_area(ring: &[Point]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| cross((0, 0), *a, *b)).sum::<i64>().abs()
}

/// All steps of all rings in both directions, sorted, each once.
struct Forks(Vec<(Point, Point)>);

impl Forks {
    fn of(communes: &[Vec<Ring>]) -> Self {
        let mut steps = Vec::new();
        for ring in communes.iter().flatten() {
            for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                steps.push((*a, *b));
                steps.push((*b, *a));
            }
        }
        steps.sort_unstable();
        steps.dedup();
        Self(steps)
    }

    fn is_fork(&self, point: Point) -> bool {
        let start = self.0.partition_point(|(from, _)| *from < point);
        self.0[start..].iter().take_while(|(from, _)| *from == point).take(3).count() != 2
    }
}

fn simplify_ring(ring: &Ring, forks: &Forks) -> Ring {
    if ring.len() < 4 {
        return ring.clone();
    }
    let mut corners: Vec<usize> = (0..ring.len()).filter(|at| forks.is_fork(ring[*at])).collect();
    if corners.is_empty() {
        // An island or an enclave: any neighbour finds the same lowest point.
        corners.extend((0..ring.len()).min_by_key(|at| ring[*at]));
    }
    let mut simplified = Ring::new();
    for (position, from) in corners.iter().enumerate() {
        let to = corners.get(position + 1).copied().unwrap_or(corners[0] + ring.len());
        let line: Vec<Point> = (*from..=to).map(|at| ring[at % ring.len()]).collect();
        let mut line = simplify_line(line);
        line.pop();
        simplified.append(&mut line);
    }
    simplified
}

/// Simplifies a line between two corners, seen from either end alike.
fn simplify_line(mut line: Vec<Point>) -> Vec<Point> {
    let turned = line.iter().rev().lt(line.iter());
    if turned {
        line.reverse();
    }
    let mut keep = vec![false; line.len()];
    keep[0] = true;
    keep[line.len() - 1] = true;
    let mut spans = vec![(0, line.len() - 1)];
    while let Some((from, to)) = spans.pop() {
        // The first of the farthest points, so that equal distances are settled alike everywhere.
        let mut farthest = (TOLERANCE * TOLERANCE, None);
        for at in from + 1..to {
            let distance = squared_distance(line[at], line[from], line[to]);
            if distance > farthest.0 {
                farthest = (distance, Some(at));
            }
        }
        if let Some(at) = farthest.1 {
            keep[at] = true;
            spans.push((from, at));
            spans.push((at, to));
        }
    }
    let mut kept: Vec<Point> =
        line.iter().zip(keep).filter(|(_, keep)| *keep).map(|(point, _)| *point).collect();
    if turned {
        kept.reverse();
    }
    kept
}

/// The squared distance of a point from a segment.
#[expect(clippy::cast_precision_loss, reason = "grid products stay far below 2^53")]
fn squared_distance(point: Point, a: Point, b: Point) -> f64 {
    let square = |p: Point, q: Point| {
        let (dx, dy) = (i64::from(p.0 - q.0), i64::from(p.1 - q.1));
        dx * dx + dy * dy
    };
    let length = square(a, b);
    let along =
        i64::from(point.0 - a.0) * i64::from(b.0 - a.0) + i64::from(point.1 - a.1) * i64::from(b.1 - a.1);
    if along <= 0 {
        square(point, a) as f64
    } else if along >= length {
        square(point, b) as f64
    } else {
        let aside = cross(a, b, point) as f64;
        aside * aside / length as f64
    }
}

/// Twice the signed area of a triangle.
fn cross(a: Point, b: Point, c: Point) -> i64 {
    i64::from(b.0 - a.0) * i64::from(c.1 - a.1) - i64::from(b.1 - a.1) * i64::from(c.0 - a.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_a_border_keep_the_same_points() {
        // Two squares with a jagged common side, walked in opposite directions and from different starts.
        let border = [(50, 0), (49, 10), (47, 20), (58, 30), (50, 41), (51, 50)];
        let mut left = vec![(0, 0)];
        left.extend(border);
        left.push((0, 50));
        let mut right: Ring = border.iter().rev().copied().collect();
        right.extend([(100, 0), (100, 50)]);
        right.rotate_left(3);
        let simplified = simplify(&[vec![left], vec![right]]);
        let common = |ring: &Ring| {
            let mut points: Vec<Point> = ring.iter().copied().filter(|p| (40..60).contains(&p.0)).collect();
            points.sort_unstable();
            points
        };
        assert_eq!(common(&simplified[0][0]), common(&simplified[1][0]));
        assert!(common(&simplified[0][0]).contains(&(58, 30)));
        assert!(!common(&simplified[0][0]).contains(&(49, 10)));
    }

    #[test]
    fn an_enclave_fills_its_hole_after_simplification() {
        let hole: Ring = vec![(30, 30), (40, 29), (50, 30), (51, 40), (50, 50), (30, 50)];
        let mut enclave: Ring = hole.iter().rev().copied().collect();
        enclave.rotate_left(2);
        let outer: Ring = vec![(0, 0), (100, 0), (100, 100), (0, 100)];
        let simplified = simplify(&[vec![outer, hole], vec![enclave]]);
        let sorted = |ring: &Ring| {
            let mut ring = ring.clone();
            ring.sort_unstable();
            ring
        };
        assert_eq!(sorted(&simplified[0][1]), sorted(&simplified[1][0]));
        assert_eq!(simplified[1][0].len(), 4);
    }

    #[test]
    fn a_ring_without_surface_is_left_out_and_a_speck_is_told() {
        assert!(without_collapsed(vec![vec![(0, 0), (5, 0), (9, 0)]]).is_empty());
        assert!(without_collapsed(vec![vec![(0, 0), (1, 0), (1, 1)]]).is_empty());
        assert_eq!(without_collapsed(vec![vec![(0, 0), (9, 0), (9, 9)], vec![(1, 1), (2, 2)]]).len(), 1);
    }
}
