//! Vector tiles of a territory: communes, départements and regions for maps on the web.
//!
//! A [`Level`] is a zoom: every border once, simplified and snapped to the grid of that zoom, so that neighbours share it to
//! the last unit and no lines cross (`desserte_territory::sheet`). [`Level::tile`] cuts one tile out of it (Mapbox Vector Tile 2.1), and an [`Archive`] keeps many in one
//! file (PMTiles 3). Everything is a function of its arguments: the same territory gives the same octets.
//!
//! # Shape of a tile
//! Web Mercator (EPSG:3857), numbered as XYZ, [`EXTENT`] units wide, [`BUFFER`] units more on each side. Layers
//! `regions` (code, nom), `departements` (code, nom, region) and, from zoom [`COMMUNES_FROM`] on, `communes` (code, nom,
//! departement). Polygons are valid; no commune is missing (`level`).

mod archive;
mod level;
mod mercator;
mod mvt;
mod shape;
mod units;

pub use archive::{About, Archive};
pub use level::{Level, TileAddress};
pub use mercator::FINEST_ZOOM;

/// Width of a tile in its own units, as most tiles have it.
pub const EXTENT: i32 = 4_096;

/// Units that polygons reach beyond their tile, so that outlines drawn along the edge stay out of sight: eight pixels
/// of a tile 512 pixels wide.
pub const BUFFER: i32 = 64;

/// The first zoom that shows communes: the largest tile of France there has 487 kB compressed (docs/measurements/tiles.md), and
/// one zoom before it would have well more than the 500 kB that maps take as the limit for a tile.
pub const COMMUNES_FROM: u8 = 6;
