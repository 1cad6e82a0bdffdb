//! Makes the index from borders.

use std::collections::BTreeSet;

use super::lattice::{Lattice, TILE_COLUMNS, TILES};
use super::query::{Piece, crossings};
use super::reach::cells_near;
use super::sweep::{Rows, Tally};
use super::{ENDS_WEST, INFLATION, NEGATIVE, PIECE_WORDS, RECORD_COUNT_BITS, REFERENCE, STARTS_WEST};
use crate::topology::{LEFT, RIGHT, START, Topology, Vertex};

/// The index, owned.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) tiles: Vec<u32>,
    pub(crate) cells: Vec<u32>,
    pub(crate) records: Vec<u32>,
}

/// Makes the index.
///
/// # Panics
/// When a cell has more than 65,535 pieces, or records take more than 8 GiB: neither happens to outlines of communes.
pub(crate) fn build(topology: Topology<'_>, lattice: Lattice) -> Index {
    let arc_of = arc_of_side(topology);
    let near = Near::new(topology, lattice);
    let mut index = Index {
        tiles: vec![0; TILES],
        cells: vec![0; near.tiles.len() * lattice.cells_in_tile() as usize],
        records: Vec::new(),
    };
    for (slot, tile) in (0..).zip(&near.tiles) {
        index.tiles[*tile as usize] = REFERENCE | slot;
    }
    let rows = Rows::new(topology, lattice);
    let arc_at = |side: u32| arc_of[side as usize] as usize;
    let per_degree = lattice.per_degree();
    let mut pieces = Vec::new();
    for tiles in near.tiles.chunk_by(|a, b| a / TILE_COLUMNS == b / TILE_COLUMNS) {
        let tile_row = tiles[0] / TILE_COLUMNS;
        for row_within in 0..per_degree {
            let row = tile_row * per_degree + row_within;
            let columns = tiles.iter().flat_map(|tile| {
                let first = tile % TILE_COLUMNS * per_degree;
                first..first + per_degree
            });
            rows.walk(row, columns, arc_at, |column, middle, tally| {
                let tile = tile_row * TILE_COLUMNS + column / per_degree;
                let slot = index.tiles[tile as usize] & !REFERENCE;
                let cell = slot * lattice.cells_in_tile() + row_within * per_degree + column % per_degree;
                let west = lattice.west(column) - INFLATION;
                pieces.clear();
                near.pieces(cell, topology, &arc_of, west, &mut pieces);
                let word = record(topology, &pieces, middle, tally, &mut index.records);
                index.cells[cell as usize] = word;
            });
        }
        fill_whole_tiles(&rows, lattice, tile_row, arc_at, &mut index);
    }
    index.records = in_cell_order(&mut index.cells, &index.records);
    index
}

/// Puts records in the order of their cells: what lies close together is then read together, and a reader can check
/// cells and records in one walk.
fn in_cell_order(cells: &mut [u32], records: &[u32]) -> Vec<u32> {
    let mut ordered = Vec::with_capacity(records.len());
    for word in cells.iter_mut().filter(|word| **word & REFERENCE != 0) {
        let begin = (*word & !REFERENCE) as usize;
        let labels = records[begin] >> RECORD_COUNT_BITS;
        let pieces = records[begin] & ((1 << RECORD_COUNT_BITS) - 1);
        let len = 1 + labels as usize + pieces as usize * PIECE_WORDS;
        *word = REFERENCE | u32::try_from(ordered.len()).expect("as many records as before");
        ordered.extend_from_slice(&records[begin..begin + len]);
    }
    ordered
}

/// Tiles that no border comes near, beside others that one does: communes larger than a degree exist in Guyane.
fn fill_whole_tiles(
    rows: &Rows<'_>,
    lattice: Lattice,
    tile_row: u32,
    arc_at: impl Fn(u32) -> usize,
    index: &mut Index,
) {
    let first = (tile_row * TILE_COLUMNS) as usize;
    let per_degree = lattice.per_degree();
    let empty: Vec<u32> =
        (0..TILE_COLUMNS).filter(|column| index.tiles[first + *column as usize] & REFERENCE == 0).collect();
    let middles = empty.iter().map(|column| column * per_degree + per_degree / 2);
    rows.walk(tile_row * per_degree + per_degree / 2, middles, arc_at, |column, _, tally| {
        let tile = first + (column / per_degree) as usize;
        index.tiles[tile] = match tally.clone().sorted().as_slice() {
            [] => 0,
            [(label, 1)] => *label,
            // Several communes over a whole tile: cells of one record.
            counts => {
                let slot = index.cells.len() / lattice.cells_in_tile() as usize;
                for _ in 0..lattice.cells_in_tile() {
                    let word = push_record(counts, &[], &mut index.records);
                    index.cells.push(word);
                }
                REFERENCE | u32::try_from(slot).expect("fewer tiles than 2^31")
            }
        };
    });
}

/// The word of a cell: its label, or where its record was put.
fn record(
    topology: Topology<'_>,
    pieces: &[Piece],
    middle: Vertex,
    tally: &Tally,
    records: &mut Vec<u32>,
) -> u32 {
    let mut rest = tally.clone();
    for piece in pieces {
        let first = piece.first as usize;
        let vertices = &topology.vertices[first..=first + piece.sides()];
        let count = crossings(vertices, piece.sides_and_marks, middle).count;
        let count = i32::try_from(count).expect("fewer crossings than sides");
        rest.add(piece.left, count);
        rest.add(piece.right, -count);
    }
    match (rest.sorted().as_slice(), pieces) {
        ([], []) => 0,
        ([(label, 1)], []) => *label,
        (counts, pieces) => push_record(counts, pieces, records),
    }
}

fn push_record(counts: &[(u32, i32)], pieces: &[Piece], records: &mut Vec<u32>) -> u32 {
    let offset = u32::try_from(records.len()).ok().filter(|offset| offset & REFERENCE == 0);
    let offset = offset.expect("records of less than 8 GiB");
    records.push(0);
    for (label, count) in counts {
        let word = label << 1 | if *count < 0 { NEGATIVE } else { 0 };
        records.extend(std::iter::repeat_n(word, count.unsigned_abs() as usize));
    }
    let labels = records.len() - offset as usize - 1;
    for piece in pieces {
        records.extend([piece.first, piece.sides_and_marks, piece.left, piece.right]);
    }
    let half =
        |count: usize| u32::from(u16::try_from(count).expect("a cell of at most 65,535 pieces and labels"));
    records[offset as usize] = half(labels) << RECORD_COUNT_BITS | half(pieces.len());
    REFERENCE | offset
}

/// The arc of each side, by the number of the side's first vertex.
fn arc_of_side(topology: Topology<'_>) -> Vec<u32> {
    let mut arc_of = vec![0; topology.vertices.len()];
    for (number, arc) in (0..).zip(topology.arcs.windows(2)) {
        arc_of[arc[0][START] as usize..arc[1][START] as usize].fill(number);
    }
    arc_of
}

/// Which sides come near which cell.
struct Near {
    /// Tiles with such cells, in order; a tile's place here is where its cells are.
    tiles: Vec<u32>,
    /// Numbers of the first vertices of sides, cell by cell, in order.
    sides: Vec<u32>,
    /// Where each cell's sides begin in `sides`; one more at the end.
    begin: Vec<u32>,
}

impl Near {
    fn new(topology: Topology<'_>, lattice: Lattice) -> Self {
        let per_degree = lattice.per_degree();
        let each = |found: &mut dyn FnMut(u32, u32, u32)| {
            for arc in 0..topology.arc_count() {
                let first = topology.arcs[arc][START];
                for (side, ends) in (first..).zip(topology.arc(arc).windows(2)) {
                    cells_near(lattice, ends[0], ends[1], |column, row| {
                        let tile = row / per_degree * TILE_COLUMNS + column / per_degree;
                        found(tile, row % per_degree * per_degree + column % per_degree, side);
                    });
                }
            }
        };
        let mut slots = vec![u32::MAX; TILES];
        let mut tiles = BTreeSet::new();
        each(&mut |tile, _, _| {
            if slots[tile as usize] == u32::MAX {
                slots[tile as usize] = 0;
                tiles.insert(tile);
            }
        });
        for (slot, tile) in (0..).zip(&tiles) {
            slots[*tile as usize] = slot;
        }
        let cell_count = tiles.len() * lattice.cells_in_tile() as usize;
        assert!(u32::try_from(cell_count).is_ok(), "fewer than 2^32 cells");
        let cell = |tile: u32, within: u32| slots[tile as usize] * lattice.cells_in_tile() + within;
        // Counting first and filling then is a sort in linear time, and keeps the order of sides.
        let mut begin = vec![0_u32; cell_count + 1];
        each(&mut |tile, within, _| begin[cell(tile, within) as usize + 1] += 1);
        for at in 1..begin.len() {
            begin[at] += begin[at - 1];
        }
        let mut next = begin.clone();
        let mut sides = vec![0; begin[cell_count] as usize];
        each(&mut |tile, within, side| {
            let place = &mut next[cell(tile, within) as usize];
            sides[*place as usize] = side;
            *place += 1;
        });
        Self { tiles: tiles.into_iter().collect(), sides, begin }
    }

    /// Strings a cell's sides into pieces of arcs.
    fn pieces(&self, cell: u32, topology: Topology<'_>, arc_of: &[u32], west: f64, pieces: &mut Vec<Piece>) {
        let sides = &self.sides[self.begin[cell as usize] as usize..self.begin[cell as usize + 1] as usize];
        for run in sides.chunk_by(|a, b| a + 1 == *b && arc_of[*a as usize] == arc_of[*b as usize]) {
            let (first, last) = (run[0] as usize, run[run.len() - 1] as usize + 1);
            let arc = topology.arcs[arc_of[first] as usize];
            let beyond = |at: usize, mark: u32| if topology.vertices[at][0] < west { mark } else { 0 };
            let sides = u32::try_from(run.len()).expect("fewer sides than vertices");
            pieces.push(Piece {
                first: run[0],
                sides_and_marks: sides | beyond(first, STARTS_WEST) | beyond(last, ENDS_WEST),
                left: arc[LEFT],
                right: arc[RIGHT],
            });
        }
    }
}
