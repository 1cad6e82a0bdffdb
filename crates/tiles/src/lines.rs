//! Borders on the grid of a zoom, each once.
//!
//! A line is simplified by the ranks that the territory file holds for its vertices, the same for both communes beside
//! it. Where that would make a commune vanish, or lines cross, the lines concerned keep their detail.

use std::ops::Range;

use desserte_territory::{Borders, Walk};

use crate::mercator::{Mercator, Point};
use crate::shape::{Ring, double_area};

/// How far a simplified line may be from the border, in units: half a pixel of a tile 512 pixels wide.
const TOLERANCE: f64 = 4.0;

/// The same for lines that keep their detail: what the grid itself moves a position by.
const DETAIL: f64 = 0.5;

/// Communes smaller than this keep their detail: the surface of half a pixel of a tile 512 pixels wide.
const SMALL_DOUBLE_AREA: i64 = 64;

/// Giving lines back their detail may make them cross others; after so many rounds what is left comes from the grid.
const ROUNDS: usize = 4;

/// Side of the squares, in units as a power of two, that sides are sorted into to find those that cross.
const SQUARE_BITS: u32 = 5;

/// All lines of a zoom.
pub(crate) struct Lines {
    lines: Vec<Vec<Point>>,
    /// Pairs of sides of different lines that cross although their lines have all detail that the grid can hold.
    pub(crate) crossings: usize,
}

impl Lines {
    /// Simplifies all borders for a zoom, or only puts them on its grid.
    ///
    /// `shown` says of each line whether it is drawn, `communes` are the rows of those that are.
    pub(crate) fn of(
        borders: Borders<'_>,
        mercator: Mercator,
        shown: &[bool],
        communes: Range<usize>,
        whole: bool,
    ) -> Self {
        let mut detailed = vec![whole; borders.len()];
        let put = |line: usize, detailed: bool| {
            if shown[line] { on_grid(borders, mercator, line, detailed) } else { Vec::new() }
        };
        let mut lines =
            Self { lines: (0..borders.len()).map(|line| put(line, whole)).collect(), crossings: 0 };
        for _ in 0..ROUNDS {
            let mut wanted = lines.crossing();
            lines.crossings = wanted.len() / 2;
            for row in communes.clone() {
                let area: i64 = lines.contours(borders, row).map(|ring| double_area(&ring).abs()).sum();
                if area < SMALL_DOUBLE_AREA {
                    wanted.extend(borders.rings(row).flatten().map(|walk| walk.line));
                }
            }
            wanted.retain(|line| !detailed[*line]);
            if wanted.is_empty() {
                break;
            }
            for line in wanted {
                if !std::mem::replace(&mut detailed[line], true) {
                    lines.lines[line] = put(line, true);
                }
            }
        }
        lines
    }

    /// The rings of a commune, without their closing points.
    pub(crate) fn contours<'a>(
        &'a self,
        borders: Borders<'a>,
        row: usize,
    ) -> impl Iterator<Item = Ring> + 'a {
        borders.rings(row).map(|walks| self.ring(walks))
    }

    /// Strings lines together that begin where the one before ends, and the first where the last one ends.
    pub(crate) fn ring(&self, walks: impl Iterator<Item = Walk>) -> Ring {
        let mut ring = Ring::new();
        for walk in walks {
            let line = self.lines[walk.line].as_slice();
            ring.pop();
            if walk.backwards {
                ring.extend(line.iter().rev());
            } else {
                ring.extend(line);
            }
        }
        ring.pop();
        ring
    }

    /// First and last point of a line that is shown.
    pub(crate) fn ends(&self, line: usize) -> (Point, Point) {
        let points = &self.lines[line];
        (points[0], points[points.len() - 1])
    }

    /// Lines with sides that cross sides of other lines, or of their own, in pairs.
    fn crossing(&self) -> Vec<usize> {
        let mut sides: Vec<(u64, u32, u32)> = Vec::new();
        for (line, points) in self.lines.iter().enumerate() {
            for (at, side) in points.windows(2).enumerate() {
                let square = |point: Point| point.map(|value| value >> SQUARE_BITS);
                let (a, b) = (square(side[0]), square(side[1]));
                for x in a[0].min(b[0])..=a[0].max(b[0]) {
                    for y in a[1].min(b[1])..=a[1].max(b[1]) {
                        let key = u64::from(x.cast_unsigned()) << 32 | u64::from(y.cast_unsigned());
                        sides.push((key, short(line), short(at)));
                    }
                }
            }
        }
        sides.sort_unstable();
        let mut found = Vec::new();
        for square in sides.chunk_by(|a, b| a.0 == b.0) {
            for (number, (_, line, at)) in square.iter().enumerate() {
                let one = self.side(*line, *at);
                for (_, other_line, other_at) in &square[number + 1..] {
                    if cross(one, self.side(*other_line, *other_at)) {
                        found.extend([*line as usize, *other_line as usize]);
                    }
                }
            }
        }
        found
    }

    fn side(&self, line: u32, at: u32) -> [Point; 2] {
        let points = &self.lines[line as usize];
        [points[at as usize], points[at as usize + 1]]
    }
}

fn short(number: usize) -> u32 {
    u32::try_from(number).expect("a territory file counts with 32 bits")
}

fn on_grid(borders: Borders<'_>, mercator: Mercator, line: usize, detailed: bool) -> Vec<Point> {
    // The tolerance of a line is that at its start, so that it is one for all of the line.
    let start = borders.positions(line, 0.0).next().unwrap_or_default();
    let units = if detailed { DETAIL } else { TOLERANCE };
    let positions = borders.positions(line, units * mercator.degrees(start[1]));
    let mut points: Vec<Point> = positions.map(|position| mercator.point(position)).collect();
    let (first, last) = (points[0], points[points.len() - 1]);
    points.dedup();
    if points.len() == 1 {
        // Both ends fell together: the line is still there, without length.
        points = vec![first, last];
    }
    points
}

/// Whether two sides cross at a point that is an end of neither.
fn cross([a, b]: [Point; 2], [c, d]: [Point; 2]) -> bool {
    let turn = |a: Point, b: Point, c: Point| {
        let side = |p: Point| [i64::from(p[0]) - i64::from(a[0]), i64::from(p[1]) - i64::from(a[1])];
        let (one, other) = (side(b), side(c));
        (one[0] * other[1] - one[1] * other[0]).signum()
    };
    turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_that_only_touch_do_not_cross() {
        let side = [[0, 0], [10, 10]];
        assert!(cross(side, [[0, 10], [10, 0]]));
        assert!(!cross(side, [[10, 10], [20, 0]]));
        assert!(!cross(side, [[5, 5], [9, 0]]));
        assert!(!cross(side, [[2, 2], [8, 8]]));
        assert!(!cross(side, [[0, 1], [9, 10]]));
    }
}
