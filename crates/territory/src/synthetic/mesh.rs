//! Interlocking cells: a honeycomb whose corners are moved and whose edges are roughened, each edge once for both sides.

use std::collections::BTreeMap;

use geo::{Coord, LineString, Polygon};

/// Cells from west to east.
pub(super) const COLUMNS: usize = 7;

/// Cells from north to south.
const ROWS: usize = 6;

/// The south-west corner of the mesh: open sea, 150 km from the coast.
const WEST: f64 = -5.0;
const SOUTH: f64 = 45.0;

/// Half the width of a cell and a sixth of the height of two rows, in degrees: cells of about 13 by 13 km.
const HALF_WIDTH: f64 = 0.085;
const THIRD_HEIGHT: f64 = 0.04;

/// How far a corner moves, in parts of the lattice's steps.
const JITTER: f64 = 0.22;

/// How far the middle of an edge moves aside, in parts of the edge's length, at each of [`ROUGHENINGS`] levels.
/// The turn adds up to at most atan(2 × 0.09) × 3, about 31 degrees: two edges of one corner, at least 62 degrees
/// apart, cannot meet again. A test over many seeds checks it.
const ROUGHNESS: f64 = 0.09;

/// Halvings of each edge: 8 segments of about 1 km.
const ROUGHENINGS: u32 = 3;

/// Positions are rounded to this many parts of a degree, about 1 m, as published outlines are.
const PARTS_OF_DEGREE: f64 = 100_000.0;

/// A corner of the honeycomb: steps of half a cell's width eastwards, and corner levels northwards.
type Corner = (usize, usize);

/// A made-up partition of a piece of sea.
pub(super) struct Mesh {
    corners: BTreeMap<Corner, Coord<f64>>,
    seed: u64,
}

impl Mesh {
    pub(super) fn new(seed: u64) -> Self {
        let mut corners = BTreeMap::new();
        for row in 0..ROWS {
            for column in 0..COLUMNS {
                for corner in cell_corners(column, row) {
                    corners.entry(corner).or_insert_with(|| place(corner, seed));
                }
            }
        }
        Self { corners, seed }
    }

    /// The cells with their columns, row by row from the south.
    pub(super) fn cells(&self) -> impl Iterator<Item = (usize, Polygon<f64>)> {
        (0..ROWS).flat_map(move |row| (0..COLUMNS).map(move |column| (column, self.cell(column, row))))
    }

    fn cell(&self, column: usize, row: usize) -> Polygon<f64> {
        let around = cell_corners(column, row);
        let mut ring = Vec::new();
        for (position, from) in around.iter().enumerate() {
            let to = around[(position + 1) % around.len()];
            let mut edge = self.edge(*from, to);
            edge.pop();
            ring.append(&mut edge);
        }
        ring.push(ring[0]);
        Polygon::new(LineString(ring), vec![])
    }

    /// The rough line between two corners. It is always made from the lower corner to the higher one and then
    /// turned, so that both neighbours get the same positions to the last bit.
    fn edge(&self, from: Corner, to: Corner) -> Vec<Coord<f64>> {
        let (low, high) = if from < to { (from, to) } else { (to, from) };
        let mut random = Random::new(self.seed ^ corner_seed(low).rotate_left(17) ^ corner_seed(high));
        let mut line = vec![self.corners[&low], self.corners[&high]];
        for _ in 0..ROUGHENINGS {
            let mut finer = Vec::with_capacity(line.len() * 2);
            for pair in line.windows(2) {
                finer.push(pair[0]);
                finer.push(moved_middle(pair[0], pair[1], random.signed()));
            }
            finer.extend(line.last());
            line = finer;
        }
        for position in &mut line {
            *position = rounded(*position);
        }
        if from > to {
            line.reverse();
        }
        line
    }
}

/// The corners of a cell, counter-clockwise from the south. Odd rows are moved by half a cell.
fn cell_corners(column: usize, row: usize) -> [Corner; 6] {
    let east = 2 * column + 1 + row % 2;
    let level = 3 * row;
    [
        (east, level),
        (east + 1, level + 1),
        (east + 1, level + 3),
        (east, level + 4),
        (east - 1, level + 3),
        (east - 1, level + 1),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "lattice steps are small numbers")]
fn place((east, level): Corner, seed: u64) -> Coord<f64> {
    let mut random = Random::new(seed ^ corner_seed((east, level)));
    let x = WEST + HALF_WIDTH * (east as f64 + JITTER * random.signed());
    let y = SOUTH + THIRD_HEIGHT * (level as f64 + JITTER * random.signed());
    rounded(Coord { x, y })
}

fn moved_middle(a: Coord<f64>, b: Coord<f64>, aside: f64) -> Coord<f64> {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    Coord {
        x: f64::midpoint(a.x, b.x) - dy * ROUGHNESS * aside,
        y: f64::midpoint(a.y, b.y) + dx * ROUGHNESS * aside,
    }
}

fn rounded(position: Coord<f64>) -> Coord<f64> {
    let round = |degrees: f64| (degrees * PARTS_OF_DEGREE).round() / PARTS_OF_DEGREE;
    Coord { x: round(position.x), y: round(position.y) }
}

fn corner_seed((east, level): Corner) -> u64 {
    Random::new(((east as u64) << 32) | level as u64).next()
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same on every machine.
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound`, without the latter. The bias of a remainder does not matter for scenery.
    pub(super) fn uniform(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).unwrap_or(0)
    }

    /// A number from -1 to 1.
    fn signed(&mut self) -> f64 {
        f64::from(self.uniform(20_001)) / 10_000.0 - 1.0
    }
}
