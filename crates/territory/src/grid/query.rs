//! From a point to its label.

use super::lattice::Lattice;
use super::{ENDS_WEST, NEGATIVE, PIECE_WORDS, RECORD_COUNT_BITS, REFERENCE, STARTS_WEST};
use crate::topology::{Label, Vertex};

/// The index, as slices of a territory file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid<'a> {
    pub(crate) lattice: Lattice,
    /// For each tile of a degree a label, or where its cells are, in multiples of the cells of a tile.
    pub(crate) tiles: &'a [u32],
    /// For each cell a label, or where its record is.
    pub(crate) cells: &'a [u32],
    /// Records.
    pub(crate) records: &'a [u32],
    pub(crate) vertices: &'a [Vertex],
}

/// What holds a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    /// The lowest label among the communes that hold or touch the point; zero if none does.
    pub(crate) label: Label,
    /// Whether the point lies on the border of some commune, to the last bit.
    pub(crate) on_border: bool,
}

/// How one commune lies to a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cover {
    Outside,
    Border,
    Inside,
}

/// What is listed for a cell that one label does not answer for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    labels: &'a [u32],
    pieces: &'a [u32],
}

/// A part of an arc that comes near a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    /// The first of its vertices.
    pub(crate) first: u32,
    /// Number of sides, and whether the ends lie west of the cell.
    pub(crate) sides_and_marks: u32,
    pub(crate) left: Label,
    pub(crate) right: Label,
}

impl<'a> Grid<'a> {
    /// What holds a point of the globe.
    pub(crate) fn held(&self, point: Vertex) -> Held {
        self.held_in(self.word(point), point)
    }

    /// Says the label of everything that holds or touches a point, in order.
    pub(crate) fn each_held(&self, point: Vertex, mut say: impl FnMut(Label)) {
        let word = self.word(point);
        if word & REFERENCE == 0 {
            (word != 0).then(|| say(word));
            return;
        }
        self.each_cover(self.record(word & !REFERENCE), point, |label, cover| {
            if cover != Cover::Outside {
                say(label);
            }
        });
    }

    /// The word of the cell that holds a point: a label, or [`REFERENCE`] and where the record is.
    #[inline]
    pub(crate) fn word(&self, [lon, lat]: Vertex) -> u32 {
        let cell = self.lattice.cell(lon, lat);
        let tile = self.tiles[cell.tile as usize];
        if tile & REFERENCE == 0 {
            return tile;
        }
        self.cells[((tile & !REFERENCE) * self.lattice.cells_in_tile() + cell.within) as usize]
    }

    /// What holds a point whose cell's word is known.
    #[inline]
    pub(crate) fn held_in(&self, word: u32, point: Vertex) -> Held {
        if word & REFERENCE == 0 {
            return Held { label: word, on_border: false };
        }
        let record = self.record(word & !REFERENCE);
        match self.sum(record, point) {
            Some(label) => Held { label, on_border: false },
            None => self.settle(record, point),
        }
    }

    /// All pieces of the cells that a box of west, south, east, north touches; some more than once.
    pub(crate) fn each_piece_near(&self, [west, south, east, north]: [f64; 4], mut found: impl FnMut(Piece)) {
        for row in self.lattice.row(south)..=self.lattice.row(north) {
            for column in self.lattice.column(west)..=self.lattice.column(east) {
                let tile = self.tiles[self.lattice.tile(column, row) as usize];
                if tile & REFERENCE == 0 {
                    continue;
                }
                let first = (tile & !REFERENCE) * self.lattice.cells_in_tile();
                let word = self.cells[(first + self.lattice.within(column, row)) as usize];
                if word & REFERENCE != 0 {
                    self.record(word & !REFERENCE).pieces().for_each(&mut found);
                }
            }
        }
    }

    /// The record at an offset.
    #[inline]
    pub(crate) fn record(&self, offset: u32) -> Record<'a> {
        let rest = &self.records[offset as usize..];
        let pieces = (rest[0] & ((1 << RECORD_COUNT_BITS) - 1)) as usize;
        let labels = (rest[0] >> RECORD_COUNT_BITS) as usize;
        let (labels, rest) = rest[1..].split_at(labels);
        Record { labels, pieces: &rest[..pieces * PIECE_WORDS] }
    }

    /// The vertices of a piece.
    #[inline]
    pub(crate) fn vertices_of(&self, piece: Piece) -> &'a [Vertex] {
        let first = piece.first as usize;
        &self.vertices[first..=first + piece.sides()]
    }

    /// The label by the sum; `None` where several communes hold the point or a vertex or side is at its height and
    /// the border may run through it.
    ///
    /// No sum of a file that was written from outlines comes near the ends of 64 bits; in one made up to harm, sums may
    /// wrap around, which gives a wrong answer about a wrong file and nothing worse.
    #[inline]
    fn sum(&self, record: Record<'a>, point: Vertex) -> Option<Label> {
        let (mut sum, mut squares) = (0_i64, 0_i64);
        for (label, sign) in record.labels() {
            sum += sign * label;
            squares = squares.wrapping_add(sign * label * label);
        }
        let mut level = false;
        for piece in record.pieces() {
            let crossings = crossings(self.vertices_of(piece), piece.sides_and_marks, point);
            let (left, right) = (i64::from(piece.left), i64::from(piece.right));
            sum = sum.wrapping_add(crossings.count.wrapping_mul(right - left));
            squares = squares.wrapping_add(crossings.count.wrapping_mul(right * right - left * left));
            level |= crossings.level;
        }
        if level || sum.wrapping_mul(sum) != squares { None } else { u32::try_from(sum).ok() }
    }

    /// The lowest label among the communes that hold or touch the point, commune by commune.
    #[cold]
    fn settle(&self, record: Record<'a>, point: Vertex) -> Held {
        let mut held = Held { label: 0, on_border: false };
        self.each_cover(record, point, |label, cover| {
            if cover != Cover::Outside && held.label == 0 {
                held.label = label;
            }
            held.on_border |= cover == Cover::Border;
        });
        held
    }

    /// Says for every commune of a record, in the order of labels, how it lies to the point. Allocates nothing.
    pub(crate) fn each_cover(&self, record: Record<'a>, point: Vertex, mut say: impl FnMut(Label, Cover)) {
        let mut last = 0;
        while let Some(label) = record.next_label(last) {
            say(label, self.cover(record, label, point));
            last = label;
        }
    }

    fn cover(&self, record: Record<'a>, label: Label, point: Vertex) -> Cover {
        let mut count: i64 =
            record.labels().filter(|(listed, _)| *listed == i64::from(label)).map(|(_, sign)| sign).sum();
        for piece in record.pieces().filter(|piece| piece.left == label || piece.right == label) {
            let vertices = self.vertices_of(piece);
            if vertices.windows(2).any(|side| on_side(side[0], side[1], point)) {
                return Cover::Border;
            }
            let crossed = crossings(vertices, piece.sides_and_marks, point).count;
            count += crossed * (i64::from(piece.right == label) - i64::from(piece.left == label));
        }
        if count == 0 { Cover::Outside } else { Cover::Inside }
    }
}

impl<'a> Record<'a> {
    pub(crate) fn labels(self) -> impl Iterator<Item = (i64, i64)> + 'a {
        self.labels.iter().map(|word| (i64::from(word >> 1), if word & NEGATIVE == 0 { 1 } else { -1 }))
    }

    #[inline]
    pub(crate) fn pieces(self) -> impl Iterator<Item = Piece> + 'a {
        self.pieces.chunks_exact(PIECE_WORDS).map(|words| Piece {
            first: words[0],
            sides_and_marks: words[1],
            left: words[2],
            right: words[3],
        })
    }

    /// The lowest label above `last` that the record speaks of.
    fn next_label(self, last: Label) -> Option<Label> {
        let listed = self.labels.iter().map(|word| word >> 1);
        let sides = self.pieces().flat_map(|piece| [piece.left, piece.right]);
        listed.chain(sides).filter(|label| *label > last).min()
    }
}

impl Piece {
    #[inline]
    pub(crate) const fn sides(self) -> usize {
        (self.sides_and_marks & !(STARTS_WEST | ENDS_WEST)) as usize
    }
}

/// How often a piece lies west of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crossings {
    /// Sides walked upwards with the point strictly east of them, less those walked downwards, with the corrections
    /// for ends west of the cell: so often the label changes from the left one to the right one.
    pub(crate) count: i64,
    /// A vertex has the point's latitude, or the point lies on a side: whether it is on the border must be looked at.
    pub(crate) level: bool,
}

#[inline]
pub(crate) fn crossings(vertices: &[Vertex], marks: u32, point: Vertex) -> Crossings {
    let mut count = 0_i64;
    let mut before = vertices[0];
    let mut above = before[1] > point[1];
    #[expect(clippy::float_cmp, reason = "the same latitude to the last bit is what is asked")]
    let same = |vertex: Vertex| vertex[1] == point[1];
    let mut level = same(before);
    // An end west of the cell counts from its latitude on.
    count -= i64::from(marks & STARTS_WEST != 0 && !above);
    for vertex in &vertices[1..] {
        let vertex = *vertex;
        let next_above = vertex[1] > point[1];
        level |= same(vertex);
        if next_above != above {
            let (low, high) = if next_above { (before, vertex) } else { (vertex, before) };
            match east_of(low, high, point) {
                East::Strictly => count += if next_above { 1 } else { -1 },
                East::On => level = true,
                East::No => {}
            }
        }
        above = next_above;
        before = vertex;
    }
    count += i64::from(marks & ENDS_WEST != 0 && !above);
    Crossings { count, level }
}

/// On which side of a side that spans its latitude a point lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum East {
    Strictly,
    On,
    No,
}

/// Relative error bound of the quick orientation (Shewchuk 1997, `ccwerrboundA`): (3 + 16 × 2^-53) × 2^-53.
const QUICK_BOUND: f64 = 3.330_669_073_875_471_6e-16;

/// Whether a point is east of a side walked upwards. Exact: where rounding could decide, adaptive predicates do.
#[inline]
pub(crate) fn east_of(low: Vertex, high: Vertex, point: Vertex) -> East {
    if point[0] < low[0].min(high[0]) {
        return East::No;
    }
    if point[0] > low[0].max(high[0]) {
        return East::Strictly;
    }
    let (one, other) = ((high[0] - low[0]) * (point[1] - low[1]), (high[1] - low[1]) * (point[0] - low[0]));
    let bound = QUICK_BOUND * (one.abs() + other.abs());
    let difference = other - one;
    if difference > bound {
        return East::Strictly;
    }
    if difference < -bound {
        return East::No;
    }
    exactly_east_of(low, high, point)
}

#[cold]
fn exactly_east_of(low: Vertex, high: Vertex, point: Vertex) -> East {
    let turn = orientation(low, high, point);
    if turn < 0.0 {
        East::Strictly
    } else if turn > 0.0 {
        East::No
    } else {
        East::On
    }
}

/// Positive if the three turn left, negative if they turn right, zero exactly if they are on one line.
pub(crate) fn orientation(a: Vertex, b: Vertex, c: Vertex) -> f64 {
    let coord = |[x, y]: Vertex| robust::Coord { x, y };
    robust::orient2d(coord(a), coord(b), coord(c))
}

/// Whether a point lies on a side, ends included.
pub(crate) fn on_side(a: Vertex, b: Vertex, point: Vertex) -> bool {
    let between = |a: f64, b: f64, value: f64| a.min(b) <= value && value <= a.max(b);
    between(a[0], b[0], point[0]) && between(a[1], b[1], point[1]) && orientation(a, b, point) == 0.0
}
