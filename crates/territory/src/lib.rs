//! The territory: communes with outlines, what contains a point, and what a commune belongs to.
//!
//! A [`Territory`] comes from a territory file (`.dst`, docs/spec/territory-file.md) that `desserte-geodata import`
//! makes, or from [`synthetic`] data. It answers four questions: which commune holds this point
//! ([`Territory::locate`], [`Territory::locate_columns`] for many, [`Territory::answer`] with what is near), what is
//! known of this commune ([`Territory::commune`] and the roll-ups), what is a code of another year today
//! ([`Territory::translate`]), and how does a département look ([`drawing`]).
//!
//! Coordinates are WGS 84 longitude and latitude in degrees, in this order; nothing here projects but [`drawing`].
//! Everything is a function of its arguments, save [`Territory::open`], which maps one file (module `open`).
//!
//! Left out on purpose: search by name, and any territory the source files do not hold
//! (France's shared outlines have no 975, 977, 978, 986, 987, 988): such a point is [`Location::Outside`].

mod borders;
mod commune;
mod contents;
mod day;
pub mod drawing;
mod figure;
mod file;
#[cfg(fuzzing)]
pub mod fuzzing;
mod grid;
mod history;
mod near;
mod open;
mod outline;
mod overlay;
mod rights;
mod rollup;
pub mod sheet;
pub mod synthetic;
mod territory;
mod topology;

/// The types that outlines are given in.
pub mod geometry {
    pub use geo::{Coord, LineString, MultiPolygon, Polygon};
}

pub use borders::{Borders, Walk};
pub use commune::{Arrondissement, Commune, Departement, Epci, Region};
pub use contents::{Contents, InvalidContents, OutlinedCommune, Redistribution, Source, Zoning};
pub use day::{Day, NotADay};
pub use figure::{Figure, FigureInfo, FigureValue};
pub use file::{FILE_EXTENSION, FORMAT_VERSION, FormatError, Locator, OVERLAY_EXTENSION, encode};
pub use grid::{CELLS_PER_DEGREE, Place, Placed};
pub use history::{
    CommunePart, FormerName, History, Lineage, PartKind, Reading, Relation, Succession, Translation,
};
pub use near::{Answer, Candidate, FARTHEST_M, Question};
pub use open::OpenError;
pub use outline::{InvalidOutline, Outline};
pub use overlay::{Area, InvalidOverlay, OutlinedArea, Overlay, OverlayContents};
pub use rights::{Exportable, NotExportable, OVERLAY_ROLE};
pub use rollup::PopulationSum;
pub use territory::{Location, Territory};
