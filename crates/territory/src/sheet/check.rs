//! Whether a drawing on the grid is a partition, and which lines are to blame if not.
//!
//! Sides that lie on each other are one edge between what is left of the outermost and right of the other one. A drawing
//! is a partition, with the faces of the outlines or fewer, exactly if
//! - no two edges cross, and no edge has a vertex of another one between its ends,
//! - around every vertex, what lies left of an edge is what lies right of the next one, and
//! - what lies around every connected part is what the part says that lies around it.

use std::collections::HashMap;

use super::squares::{BITS, Square, along};
use super::{Faults, GridPoint};

/// A side of a line as it is drawn: its lower end first, and the areas left and right of it, with `y` pointing up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Side {
    ends: [GridPoint; 2],
    left: u32,
    right: u32,
    line: u32,
}

/// What separates two areas, drawn by one line or by several.
#[derive(Debug, Clone, Copy)]
struct Edge {
    ends: [GridPoint; 2],
    left: u32,
    right: u32,
    /// First of its sides, and how many there are.
    sides: (u32, u32),
}

/// An edge as it leaves one of its ends.
#[derive(Debug, Clone, Copy)]
struct Leaving {
    from: GridPoint,
    to: GridPoint,
    left: u32,
    right: u32,
    edge: u32,
}

struct Check {
    sides: Vec<Side>,
    edges: Vec<Edge>,
    faults: Faults,
    wanted: Vec<usize>,
}

/// What is wrong, and the lines that should have more detail, each once.
///
/// `areas` are those left and right of each line.
pub(super) fn check(
    lines: &[Vec<GridPoint>],
    areas: &[[u32; 2]],
    small_double_area: i64,
    tolerance: f64,
) -> (Faults, Vec<usize>) {
    let mut check = Check::new(lines, areas);
    check.crossings();
    let mut leaving = check.leaving();
    let parts = check.around_vertices(&mut leaving);
    check.nesting(parts, tolerance);
    check.small(small_double_area);
    let Check { mut faults, mut wanted, .. } = check;
    faults.places.sort_unstable();
    faults.areas.sort_unstable();
    faults.areas.dedup();
    wanted.sort_unstable();
    wanted.dedup();
    (faults, wanted)
}

impl Check {
    fn new(lines: &[Vec<GridPoint>], areas: &[[u32; 2]]) -> Self {
        let mut sides = Vec::with_capacity(lines.iter().map(Vec::len).sum());
        for (line, points) in lines.iter().enumerate() {
            let [left, right] = areas[line];
            for ends in points.windows(2).filter(|ends| ends[0] != ends[1]) {
                let line = short(line);
                sides.push(if ends[0] < ends[1] {
                    Side { ends: [ends[0], ends[1]], left, right, line }
                } else {
                    Side { ends: [ends[1], ends[0]], left: right, right: left, line }
                });
            }
        }
        sides.sort_unstable();
        let mut check =
            Self { sides: Vec::new(), edges: Vec::new(), faults: Faults::default(), wanted: Vec::new() };
        let mut begin = 0;
        for group in sides.chunk_by(|a, b| a.ends == b.ends) {
            let count = short(group.len());
            check.edge(group, (begin, count));
            begin += count;
        }
        check.sides = sides;
        check
    }

    /// The edge that sides on each other make; none where the same area is on both sides.
    fn edge(&mut self, group: &[Side], sides: (u32, u32)) {
        let ends = group[0].ends;
        let (mut left, mut right) = (group[0].left, group[0].right);
        if group.len() > 1 {
            let mut lefts: Vec<u32> = group.iter().map(|side| side.left).collect();
            let mut rights: Vec<u32> = group.iter().map(|side| side.right).collect();
            // What is left of one and right of another lies between the two and has no width.
            lefts.retain(|area| {
                let between = rights.iter().position(|other| other == area);
                between.map(|at| rights.swap_remove(at)).is_none()
            });
            if lefts.len() > 1 {
                self.faults.mismatches += 1;
                self.faults.places.push(ends[0]);
                self.faults.areas.extend(group.iter().flat_map(|side| [side.left, side.right]));
                self.wanted.extend(group.iter().map(|side| side.line as usize));
            }
            let (Some(one), Some(other)) = (lefts.first(), rights.first()) else { return };
            (left, right) = (*one, *other);
        }
        self.edges.push(Edge { ends, left, right, sides });
    }

    /// Edges that cross, or touch where one of them has no vertex.
    fn crossings(&mut self) {
        let mut squares: Vec<(Square, u32)> = Vec::with_capacity(self.edges.len() * 2);
        for (number, Edge { ends: [a, b], .. }) in self.edges.iter().enumerate() {
            along(a.map(i64::from), b.map(i64::from), BITS, 0, |square| {
                squares.push((square, short(number)))
            });
        }
        squares.sort_unstable();
        let mut pairs = Vec::new();
        for square in squares.chunk_by(|a, b| a.0 == b.0) {
            for (at, (_, one)) in square.iter().enumerate() {
                for (_, other) in &square[at + 1..] {
                    if cross(self.edges[*one as usize].ends, self.edges[*other as usize].ends) {
                        pairs.push((*one, *other));
                    }
                }
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        for (one, other) in pairs {
            self.faults.crossings += 1;
            self.faults.places.push(self.edges[one as usize].ends[0]);
            self.blame(one);
            self.blame(other);
        }
    }

    /// Every edge from both its ends, by the point it leaves from and then counter-clockwise, beginning after the west.
    fn leaving(&self) -> Vec<Leaving> {
        let mut leaving = Vec::with_capacity(self.edges.len() * 2);
        for (edge, Edge { ends: [a, b], left, right, .. }) in self.edges.iter().enumerate() {
            let edge = short(edge);
            leaving.push(Leaving { from: *a, to: *b, left: *left, right: *right, edge });
            leaving.push(Leaving { from: *b, to: *a, left: *right, right: *left, edge });
        }
        // Half of the turn, so that the product below tells which of two directions comes first.
        let half = |[x, y]: [i64; 2]| match (y.signum(), x.signum()) {
            (-1, _) => 0,
            (0, -1) => 2,
            _ => 1,
        };
        leaving.sort_unstable_by(|one, other| {
            one.from.cmp(&other.from).then_with(|| {
                let (a, b) = (direction(one.from, one.to), direction(other.from, other.to));
                half(a).cmp(&half(b)).then_with(|| (a[1] * b[0]).cmp(&(a[0] * b[1])))
            })
        });
        leaving
    }

    /// Compares neighbours around every vertex. Gives back connected parts: their westernmost vertex, what lies west of
    /// it, and one of their edges; and for each edge its part's edge.
    fn around_vertices(&mut self, leaving: &mut [Leaving]) -> Parts {
        let mut parts = Parts { of: (0..short(self.edges.len())).collect(), outermost: Vec::new() };
        let mut wrong = Vec::new();
        for around in leaving.chunk_by(|a, b| a.from == b.from) {
            for (at, one) in around.iter().enumerate() {
                let next = &around[(at + 1) % around.len()];
                if one.left != next.right {
                    wrong.push(around[0].from);
                    for edge in around {
                        self.blame(edge.edge);
                    }
                    break;
                }
            }
            for edge in around {
                parts.join(around[0].edge, edge.edge);
            }
        }
        self.faults.mismatches += wrong.len();
        self.faults.places.append(&mut wrong);
        let mut met = vec![false; self.edges.len()];
        for around in leaving.chunk_by(|a, b| a.from == b.from) {
            let part = parts.root(around[0].edge);
            if !std::mem::replace(&mut met[part as usize], true) {
                parts.outermost.push((around[0].from, around[0].right, part));
            }
        }
        parts
    }

    /// Compares what lies west of each connected part with the sum of what edges say on the way there from the west.
    fn nesting(&mut self, mut parts: Parts, tolerance: f64) {
        let mut outermost: Vec<(i32, GridPoint, i64, u32)> = parts
            .outermost
            .drain(..)
            .map(|(point, outside, part)| (point[1], point, -i64::from(outside), part))
            .collect();
        outermost.sort_unstable();
        for Edge { ends: [a, b], left, right, .. } in &self.edges {
            let ([north, south], [east, west]) =
                if a[1] < b[1] { ([a, b], [left, right]) } else { ([b, a], [right, left]) };
            let first = outermost.partition_point(|part| part.0 < north[1]);
            let within = outermost[first..].iter_mut().take_while(|part| part.0 < south[1]);
            for (_, point, sum, _) in within {
                // Seen southwards, what lies east is on the left; `y` points down.
                if turn(*north, *south, *point) < 0 {
                    *sum += i64::from(*east) - i64::from(*west);
                }
            }
        }
        for (_, point, sum, part) in outermost {
            if sum != 0 {
                self.faults.misplaced += 1;
                self.faults.places.push(point);
                self.blame_near(&mut parts, part, tolerance);
            }
        }
    }

    /// Asks for more detail of all lines near a part, its own among them.
    #[expect(clippy::cast_possible_truncation, reason = "a tolerance of a few units")]
    fn blame_near(&mut self, parts: &mut Parts, part: u32, tolerance: f64) {
        let reach = 2 * tolerance.ceil() as i32 + 2;
        let (mut least, mut most) = ([i32::MAX; 2], [i32::MIN; 2]);
        for edge in 0..short(self.edges.len()) {
            if parts.root(edge) == part {
                for point in self.edges[edge as usize].ends {
                    least = [least[0].min(point[0]), least[1].min(point[1])];
                    most = [most[0].max(point[0]), most[1].max(point[1])];
                }
            }
        }
        for edge in 0..short(self.edges.len()) {
            let [a, b] = self.edges[edge as usize].ends;
            let near = (0..2).all(|axis| {
                a[axis].min(b[axis]) <= most[axis].saturating_add(reach)
                    && a[axis].max(b[axis]) >= least[axis].saturating_sub(reach)
            });
            if near {
                self.blame(edge);
            }
        }
    }

    /// Asks for more detail of the lines around areas without much surface.
    fn small(&mut self, small_double_area: i64) {
        let mut surfaces: HashMap<u32, i64> = HashMap::new();
        for side in &self.sides {
            surfaces.entry(side.left).or_default();
            surfaces.entry(side.right).or_default();
        }
        for Edge { ends: [a, b], left, right, .. } in &self.edges {
            // Far from the grid's corner parts of a sum may pass 64 bits; the sum, small again, is right all the same.
            let doubled = (i64::from(a[0]) * i64::from(b[1])).wrapping_sub(i64::from(a[1]) * i64::from(b[0]));
            let mut add = |area: u32, doubled: i64| {
                let surface = surfaces.entry(area).or_default();
                *surface = surface.wrapping_add(doubled);
            };
            add(*left, doubled.wrapping_neg());
            add(*right, doubled);
        }
        let is_small = |area: u32| area != 0 && surfaces[&area] < small_double_area;
        let small = self.sides.iter().filter(|side| is_small(side.left) || is_small(side.right));
        self.wanted.extend(small.map(|side| side.line as usize));
    }

    fn blame(&mut self, edge: u32) {
        let (begin, count) = self.edges[edge as usize].sides;
        let sides = &self.sides[begin as usize..(begin + count) as usize];
        self.faults.areas.extend(sides.iter().flat_map(|side| [side.left, side.right]));
        self.wanted.extend(sides.iter().map(|side| side.line as usize));
    }
}

/// Which edges hang together.
struct Parts {
    of: Vec<u32>,
    outermost: Vec<(GridPoint, u32, u32)>,
}

impl Parts {
    fn root(&mut self, mut edge: u32) -> u32 {
        while self.of[edge as usize] != edge {
            let next = self.of[edge as usize];
            self.of[edge as usize] = self.of[next as usize];
            edge = next;
        }
        edge
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        self.of[one.max(other) as usize] = one.min(other);
    }
}

fn short(number: usize) -> u32 {
    u32::try_from(number).expect("a territory file counts with 32 bits")
}

/// From one point to another, with `y` pointing up.
fn direction(from: GridPoint, to: GridPoint) -> [i64; 2] {
    [i64::from(to[0]) - i64::from(from[0]), i64::from(from[1]) - i64::from(to[1])]
}

/// Twice the surface of a triangle, positive if it turns clockwise on paper.
fn turn(a: GridPoint, b: GridPoint, c: GridPoint) -> i64 {
    let ([ux, uy], [vx, vy]) = (direction(a, b), direction(a, c));
    uy * vx - ux * vy
}

/// Whether two edges have a point in common that is not an end of both.
fn cross([a, b]: [GridPoint; 2], [c, d]: [GridPoint; 2]) -> bool {
    let apart = |axis: usize| {
        a[axis].max(b[axis]) < c[axis].min(d[axis]) || c[axis].max(d[axis]) < a[axis].min(b[axis])
    };
    if apart(0) || apart(1) {
        return false;
    }
    let side = |a, b, c| turn(a, b, c).signum();
    let (of_c, of_d, of_a, of_b) = (side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b));
    let inner = |point: GridPoint, of: i64, [from, to]: [GridPoint; 2]| {
        of == 0 && point != from && point != to && {
            let (u, v) = (direction(point, from), direction(point, to));
            u[0] * v[0] + u[1] * v[1] < 0
        }
    };
    (of_c * of_d < 0 && of_a * of_b < 0)
        || inner(c, of_c, [a, b])
        || inner(d, of_d, [a, b])
        || inner(a, of_a, [c, d])
        || inner(b, of_b, [c, d])
}
