//! The index of points: a grid whose cells know their commune, or the borders that cross them.
//!
//! A cell inside one commune holds its label and answers at once. Any other cell holds a *record*: the labels that
//! hold before any border is crossed, and the *pieces* of arcs that come near the cell. A point's label is the sum
//!
//! ```text
//! label(p) = sum of the record's labels + for each side of each piece spanning p's latitude with p strictly east of it:
//!            label on its east - label on its west
//! ```
//!
//! Labels telescope, so no commune is looked at by itself, and neighbours can never both or neither claim a point. The
//! sum of squares is carried along: it equals the square of the sum only if at most one commune holds the point, so
//! that outlines which lie over each other are noticed at the very point and settled commune by commune.
//!
//! A point on a border belongs to the commune with the lowest code among those that touch it (`query`).
//!
//! # Why corrections
//! A piece may reach beyond its cell. Where it ends west of the cell, at an end of the piece, sums for latitudes from
//! there on would miss what follows; the end is marked, and from its latitude on the piece counts once more with the
//! opposite sign. Horizontal sides span no latitude, but their ends are treated alike: without them labels beside the
//! cell would change unseen.

mod batch;
mod build;
mod lattice;
mod query;
mod reach;
mod sweep;

pub(crate) use batch::is_position;
pub use batch::{Place, Placed};
pub(crate) use build::{Index, build};
pub(crate) use lattice::{Cell, Lattice, TILES as TILE_COUNT};
pub(crate) use query::Grid;

/// Set in a tile's or cell's word that refers to something; else the word is a label itself.
pub(crate) const REFERENCE: u32 = 1 << 31;

/// Cells for each degree of longitude and latitude: 0.005 degree, about 550 m. Halving it would make the file twice as
/// large for 1.2 times the points per second; see docs/adr/0017.
pub const CELLS_PER_DEGREE: u32 = 200;

/// Cells are taken this much wider when pieces are listed, in degrees, so that rounding in the computation of a
/// point's cell, below 1e-13 degree, never misses a border.
pub(crate) const INFLATION: f64 = 1e-9;

/// Words of a piece: first vertex; sides, with the marks below; label on the left; label on the right.
pub(crate) const PIECE_WORDS: usize = 4;

/// A piece's second word: its start lies west of the cell.
pub(crate) const STARTS_WEST: u32 = 1 << 31;

/// A piece's second word: its end lies west of the cell.
pub(crate) const ENDS_WEST: u32 = 1 << 30;

/// A record's first word: the number of pieces in the lower half, of labels in the upper half.
pub(crate) const RECORD_COUNT_BITS: u32 = 16;

/// A label of a record is shifted by one; the lowest bit says that it counts negatively.
pub(crate) const NEGATIVE: u32 = 1;
