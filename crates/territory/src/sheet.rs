//! Borders drawn on a grid of whole numbers, fitting to the last unit.
//!
//! A sheet holds every border once, simplified and put on the grid, for tiles and for maps alike. What it draws is a
//! partition: areas meet along the same lines, nothing lies in two of them, and no gap is between them that is not in
//! the outlines. This is not hoped for but looked at (`check`) on the finished drawing:
//!
//! 1. Lines are simplified by the ranks of the territory file, the same for both sides.
//! 2. They are put on the grid by snap rounding (`snap`): a line bends through the middle of every unit that it passes
//!    and in which some line has a vertex, so that no vertex comes to lie on the other side of a line.
//! 3. The drawing is checked. Where lines cross, or an island lies in the wrong area, the lines there are simplified less,
//!    and once more, until nothing is wrong or they have all their vertices.

mod check;
mod snap;
mod squares;

use std::collections::HashMap;

use crate::borders::{Borders, Walk};
use snap::Fine;

/// A point of the grid: `x` rightwards, `y` downwards.
pub type GridPoint = [i32; 2];

/// A closed ring without its closing point.
pub type GridRing = Vec<GridPoint>;

/// Shares of the tolerance that lines are tried with, one after the other; with the last one they have all vertices.
const SHARES: [f64; 4] = [1.0, 0.25, 0.0625, 0.0];

/// Lines that have more detail may meet others that have not. Each round gives detail to a line at least; France
/// takes four rounds at most, and this is to end in any case.
const ROUNDS: usize = 24;

/// How to draw.
#[derive(Clone, Copy)]
pub struct Style<'s> {
    /// For each commune, in the order of their codes, the area that it belongs to, counted from one; zero for a commune
    /// that is not drawn. Lines between communes of one area are not drawn.
    pub areas: &'s [u32],
    /// Where on the grid a position is, in units; told the row of a commune beside it, for maps with insets. Below 2^31.
    pub project: &'s dyn Fn(usize, [f64; 2]) -> [f64; 2],
    /// How many degrees of latitude a unit spans at a position.
    pub degrees: &'s dyn Fn(usize, [f64; 2]) -> f64,
    /// How far a simplified line may be from the border, in units; zero to simplify nothing.
    pub tolerance: f64,
    /// Areas smaller than this, in half square units, keep all their vertices.
    pub small_double_area: i64,
    /// Where the drawing will be cut.
    pub cuts: Option<Cuts>,
}

/// Straight cuts along both axes, `margin` before and after every multiple of `every`. Lines have a vertex wherever they
/// cross one, so that cutting moves nothing.
#[derive(Debug, Clone, Copy)]
pub struct Cuts {
    /// Units from tile to tile.
    pub every: i32,
    /// Units that tiles reach beyond their edge.
    pub margin: i32,
}

/// What is wrong with a drawing: nothing, unless the outlines themselves lie over each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Sides that cross at a point that is an end of neither.
    pub crossings: usize,
    /// Points around which, or sides along which, what lies left of one line is not what lies right of the next: an
    /// overlap or a gap begins or ends there.
    pub mismatches: usize,
    /// Islands and enclaves that lie in another area than in the outlines.
    pub misplaced: usize,
    /// Where, in order.
    pub places: Vec<GridPoint>,
    /// The areas that meet there, in order and each once; zero is none.
    pub areas: Vec<u32>,
}

impl Faults {
    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.crossings + self.mismatches + self.misplaced
    }
}

/// All lines of a drawing.
pub struct Sheet {
    lines: Vec<Vec<GridPoint>>,
    faults: Faults,
    rounds: usize,
}

impl Sheet {
    /// Draws the borders of a territory.
    ///
    /// # Panics
    /// If `style` has areas for fewer communes than the territory.
    #[must_use]
    pub fn new(borders: Borders<'_>, style: &Style<'_>) -> Self {
        let sides: Vec<[u32; 2]> = (0..borders.len())
            .map(|line| borders.sides(line).map(|row| row.map_or(0, |row| style.areas[row])))
            .collect();
        let shown = |line: usize| sides[line][0] != sides[line][1];
        let mut steps = vec![if style.tolerance > 0.0 { 0 } else { SHARES.len() - 1 }; borders.len()];
        let fine = |line: usize, step: usize| {
            if shown(line) { fine(borders, style, line, step) } else { Vec::new() }
        };
        let mut exact: Vec<Vec<Fine>> = (0..borders.len()).map(|line| fine(line, steps[line])).collect();
        let mut rounds = 0;
        loop {
            rounds += 1;
            let lines = snap::snapped(&exact, style.cuts);
            let (faults, wanted) = check::check(&lines, &sides, style.small_double_area, style.tolerance);
            let mut more = false;
            for line in wanted {
                if steps[line] + 1 < SHARES.len() {
                    steps[line] += 1;
                    exact[line] = fine(line, steps[line]);
                    more = true;
                }
            }
            if !more || rounds == ROUNDS {
                return Self { lines, faults, rounds };
            }
        }
    }

    /// What is wrong with the drawing.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// How often lines were given more detail, and the first time.
    #[must_use]
    pub const fn rounds(&self) -> usize {
        self.rounds
    }

    /// A line of the drawing; empty where it is not drawn.
    ///
    /// # Panics
    /// When there is no line of that number.
    #[must_use]
    pub fn line(&self, line: usize) -> &[GridPoint] {
        &self.lines[line]
    }

    /// The rings of a commune whose lines are all drawn. A ring may have collapsed to a line or a point, or touch itself.
    pub fn rings<'a>(&'a self, borders: Borders<'a>, row: usize) -> impl Iterator<Item = GridRing> + 'a {
        borders.rings(row).map(|walks| self.ring(walks))
    }

    /// The rings around several communes of one area together, by the areas of all communes: the lines that have another
    /// area on their other side, strung together again.
    ///
    /// # Panics
    /// Without a commune, or where a line around the area is not drawn.
    #[must_use]
    pub fn around(&self, borders: Borders<'_>, rows: &[usize], areas: &[u32]) -> Vec<GridRing> {
        let area = |row: Option<usize>| row.map_or(0, |row| areas[row]);
        let own = areas[rows[0]];
        let ends = |walk: &Walk| {
            let points = &self.lines[walk.line];
            let (first, last) = (points[0], points[points.len() - 1]);
            if walk.backwards { (last, first) } else { (first, last) }
        };
        let mut order = Vec::new();
        let mut leaving: HashMap<GridPoint, Vec<Walk>> = HashMap::new();
        for Walk { line, .. } in rows.iter().flat_map(|row| borders.rings(*row)).flatten() {
            let [left, right] = borders.sides(line).map(area);
            if left != right {
                // Rings may run either way; here all lines have the area on their left.
                let walk = Walk { line, backwards: left != own };
                order.push(walk);
                leaving.entry(ends(&walk).0).or_default().push(walk);
            }
        }
        let mut rings = Vec::new();
        for first in order {
            let begin = ends(&first).0;
            // As many lines lead to a point as away from it, so that every walk comes back to where it began.
            while let Some(walk) = leaving.get_mut(&begin).and_then(Vec::pop) {
                let mut ring = vec![walk];
                let mut at = ends(&walk).1;
                while at != begin {
                    let Some(next) = leaving.get_mut(&at).and_then(Vec::pop) else { break };
                    at = ends(&next).1;
                    ring.push(next);
                }
                rings.push(self.ring(ring.into_iter()));
            }
        }
        rings
    }

    /// Strings lines together that begin where the one before ends, and the first where the last one ends.
    fn ring(&self, walks: impl Iterator<Item = Walk>) -> GridRing {
        let mut ring = GridRing::new();
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
}

/// The vertices of a line with one of the [`SHARES`] of the tolerance, projected.
fn fine(borders: Borders<'_>, style: &Style<'_>, line: usize, step: usize) -> Vec<Fine> {
    let row = borders.sides(line).into_iter().flatten().next().unwrap_or_default();
    // The tolerance of a line is that at its start, so that it is one for all of the line.
    let start = borders.positions(line, 0.0).next().unwrap_or_default();
    let degrees = SHARES[step] * style.tolerance * (style.degrees)(row, start);
    borders.positions(line, degrees).map(|position| snap::fine((style.project)(row, position))).collect()
}

#[cfg(test)]
mod tests;
