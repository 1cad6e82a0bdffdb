//! What holds at the middle of every cell, row of cells by row of cells, from west to east.

use super::lattice::Lattice;
use super::query::{East, east_of};
use crate::topology::{LEFT, Label, RIGHT, START, Topology, Vertex};

/// How often each commune holds a place: once in a clean coverage, and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally(Vec<(Label, i32)>);

impl Tally {
    pub(super) fn add(&mut self, label: Label, count: i32) {
        if label == 0 || count == 0 {
            return;
        }
        match self.0.iter_mut().find(|(known, _)| *known == label) {
            Some((_, sum)) => *sum += count,
            None => self.0.push((label, count)),
        }
        self.0.retain(|(_, sum)| *sum != 0);
    }

    /// The labels with their counts, in order.
    pub(super) fn sorted(mut self) -> Vec<(Label, i32)> {
        self.0.sort_unstable();
        self.0
    }
}

/// A side that spans the middle of a row of cells.
struct Spanning {
    low: Vertex,
    high: Vertex,
    west: Label,
    east: Label,
    /// Bounds of the longitude where it crosses the middle.
    crossing: (f64, f64),
}

impl Spanning {
    fn cross(&self, tally: &mut Tally) {
        tally.add(self.west, -1);
        tally.add(self.east, 1);
    }
}

/// All sides by the row of cells whose middle they span.
pub(super) struct Rows<'a> {
    topology: Topology<'a>,
    lattice: Lattice,
    /// Row, then the number of the side's first vertex; sorted.
    sides: Vec<(u32, u32)>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(topology: Topology<'a>, lattice: Lattice) -> Self {
        let mut sides = Vec::new();
        for arc in 0..topology.arc_count() {
            let first = topology.arcs[arc][START];
            for (side, ends) in (first..).zip(topology.arc(arc).windows(2)) {
                let (low, high) = (ends[0][1].min(ends[1][1]), ends[0][1].max(ends[1][1]));
                // One row more on each side, so that rounding hides none.
                let (lowest, highest) = (lattice.row(low).saturating_sub(1), lattice.row(high) + 1);
                let spanned = (lowest..=highest).filter(|row| {
                    let lat = middle(lattice, *row);
                    low <= lat && lat < high
                });
                sides.extend(spanned.map(|row| (row, side)));
            }
        }
        sides.sort_unstable();
        Self { topology, lattice, sides }
    }

    /// Calls `found` with the tally at the middle of each of the columns, which must rise.
    ///
    /// `arc_of` says which arc a side belongs to.
    pub(super) fn walk(
        &self,
        row: u32,
        columns: impl Iterator<Item = u32>,
        arc_of: impl Fn(u32) -> usize,
        mut found: impl FnMut(u32, Vertex, &Tally),
    ) {
        let lat = middle(self.lattice, row);
        let begin = self.sides.partition_point(|(listed, _)| *listed < row);
        let mut sides: Vec<Spanning> = self.sides[begin..]
            .iter()
            .take_while(|(listed, _)| *listed == row)
            .map(|(_, side)| self.spanning(*side, arc_of(*side), lat))
            .collect();
        sides.sort_unstable_by(|a, b| a.crossing.1.total_cmp(&b.crossing.1));
        let widest = sides.iter().map(|side| side.crossing.1 - side.crossing.0).fold(0.0, f64::max);
        let (mut tally, mut passed) = (Tally::default(), 0);
        for column in columns {
            let point = [self.lattice.west(column) + self.lattice.half_cell(), lat];
            while let Some(side) = sides.get(passed).filter(|side| side.crossing.1 < point[0]) {
                side.cross(&mut tally);
                passed += 1;
            }
            // The few sides that run so close by that only an exact predicate can tell.
            let doubtful = sides[passed..].iter().take_while(|side| side.crossing.1 - widest <= point[0]);
            let mut here = None;
            for side in doubtful.filter(|side| side.crossing.0 <= point[0]) {
                if east_of(side.low, side.high, point) == East::Strictly {
                    side.cross(here.get_or_insert_with(|| tally.clone()));
                }
            }
            found(column, point, here.as_ref().unwrap_or(&tally));
        }
    }

    fn spanning(&self, side: u32, arc: usize, lat: f64) -> Spanning {
        let ends = &self.topology.vertices[side as usize..side as usize + 2];
        let labels = (self.topology.arcs[arc][LEFT], self.topology.arcs[arc][RIGHT]);
        let upwards = ends[0][1] < ends[1][1];
        let (low, high) = if upwards { (ends[0], ends[1]) } else { (ends[1], ends[0]) };
        let (west, east) = if upwards { labels } else { (labels.1, labels.0) };
        let (height, lean) = (high[1] - low[1], high[0] - low[0]);
        let at = low[0] + lean * ((lat - low[1]) / height);
        // As in `reach`: the more level, the less is known.
        let blur = 1e-12 + lean.abs() * 1e-13 / height;
        let crossing = ((at - blur).max(low[0].min(high[0])), (at + blur).min(low[0].max(high[0])));
        Spanning { low, high, west, east, crossing }
    }
}

/// The latitude in the middle of a row.
fn middle(lattice: Lattice, row: u32) -> f64 {
    lattice.south(row) + lattice.half_cell()
}
