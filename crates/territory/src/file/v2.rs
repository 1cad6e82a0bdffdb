//! The sections of version 2: what is in them, how they are written, and where they are found.

mod check;
mod decode;
mod encode;
mod history;
mod rights;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::FormatError;
use super::image::Image;
use super::sections::{Name, Sections, Writer};
use crate::grid::{Grid, Lattice};
use crate::topology::{Arc, Topology, Vertex};

pub(crate) use decode::Lists;
pub(super) use encode::encode;

/// A unit, population or value that is not known.
const UNKNOWN: u32 = u32::MAX;

const META: Name = *b"meta\0\0\0\0";
const CODES: Name = *b"codes\0\0\0";
const NAMES: Name = *b"names\0\0\0";
const TEXT: Name = *b"text\0\0\0\0";
const UNITS: Name = *b"units\0\0\0";
const ZONES: Name = *b"zones\0\0\0";
const VERTICES: Name = *b"vertices";
const ARCS: Name = *b"arcs\0\0\0\0";
const PARTS: Name = *b"parts\0\0\0";
const RINGS: Name = *b"rings\0\0\0";
const RING_ARCS: Name = *b"ringarcs";
const REFERENCES: Name = *b"refs\0\0\0\0";
const NEIGHBOURS: Name = *b"adjacent";
const TILES: Name = *b"tiles\0\0\0";
const CELLS: Name = *b"cells\0\0\0";
const RECORDS: Name = *b"records\0";
const RANKS: Name = *b"ranks\0\0\0";
/// Absent where nothing but successions is known.
const HISTORY: Name = *b"history\0";

/// Columns of the section of units, each of one item for every commune: département, region, EPCI and arrondissement
/// as places in their lists, and the population.
const UNIT_COLUMNS: usize = 5;

/// The small lists, as postcard writes them: field order is the format.
#[derive(Debug, Serialize, Deserialize)]
struct Meta {
    vintage: u16,
    synthetic: bool,
    made_by: String,
    communes: u32,
    cells_per_degree: u32,
    sources: Vec<SourceMeta>,
    regions: Vec<(String, Option<String>)>,
    departements: Vec<(String, Option<String>, Option<String>)>,
    epcis: Vec<(String, Option<String>)>,
    arrondissements: Vec<(String, Option<String>)>,
    zonings: Vec<ZoningMeta>,
    successions: Vec<([u8; 5], u32, [u8; 5])>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SourceMeta {
    role: String,
    title: String,
    publisher: Option<String>,
    licence: Option<String>,
    vintage: Option<String>,
    sha256: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ZoningMeta {
    name: String,
    title: Option<String>,
    vintage: Option<String>,
    /// Distinct values; a commune's item in the section of zones is the place in this list.
    values: Vec<String>,
    /// Values of communes that are not in the territory.
    elsewhere: Vec<([u8; 5], u32)>,
}

/// A file of version 2 whose checksums and structure are right.
#[derive(Debug)]
pub(crate) struct Body {
    image: Image,
    communes: usize,
    lattice: Lattice,
    sections: Sections,
    codes: Range<usize>,
    names: Range<usize>,
    text: Range<usize>,
    units: Range<usize>,
    zones: Range<usize>,
    vertices: Range<usize>,
    arcs: Range<usize>,
    parts: Range<usize>,
    rings: Range<usize>,
    ring_arcs: Range<usize>,
    references: Range<usize>,
    neighbours: Range<usize>,
    tiles: Range<usize>,
    cells: Range<usize>,
    records: Range<usize>,
    ranks: Range<usize>,
}

impl Body {
    /// Checks a file and finds its sections. What is returned with it are the small lists, decoded.
    pub(super) fn read(image: Image) -> Result<(Self, Lists), FormatError> {
        let sections = Sections::read(image.octets())?;
        let find = |name: Name| {
            let text = String::from_utf8_lossy(&name).trim_end_matches('\0').to_owned();
            sections.find(name).ok_or_else(|| FormatError::Malformed(format!("it has no section {text}")))
        };
        let meta = decode::meta(&image.octets()[find(META)?]).map_err(FormatError::Malformed)?;
        let body = Self {
            communes: meta.communes as usize,
            lattice: Lattice::new(meta.cells_per_degree),
            codes: find(CODES)?,
            names: find(NAMES)?,
            text: find(TEXT)?,
            units: find(UNITS)?,
            zones: find(ZONES)?,
            vertices: find(VERTICES)?,
            arcs: find(ARCS)?,
            parts: find(PARTS)?,
            rings: find(RINGS)?,
            ring_arcs: find(RING_ARCS)?,
            references: find(REFERENCES)?,
            neighbours: find(NEIGHBOURS)?,
            tiles: find(TILES)?,
            cells: find(CELLS)?,
            records: find(RECORDS)?,
            ranks: find(RANKS)?,
            sections,
            image,
        };
        check::structure(&body, &meta).map_err(FormatError::Malformed)?;
        let history = body.sections.find(HISTORY).map(|range| &body.image.octets()[range]);
        let mut lists = Lists::of(meta, history).map_err(FormatError::Malformed)?;
        rights::read(&body.image, &body.sections, &mut lists).map_err(FormatError::Malformed)?;
        Ok((body, lists))
    }

    pub(crate) fn octets(&self) -> &[u8] {
        self.image.octets()
    }

    /// The number of communes.
    pub(crate) const fn communes(&self) -> usize {
        self.communes
    }

    /// Names and lengths of the sections.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (String, usize)> {
        self.sections.sizes()
    }

    /// The index of points.
    #[inline]
    pub(crate) fn grid(&self) -> Grid<'_> {
        Grid {
            lattice: self.lattice,
            tiles: self.image.array(&self.tiles),
            cells: self.image.array(&self.cells),
            records: self.image.array(&self.records),
            vertices: self.vertices(),
        }
    }

    fn vertices(&self) -> &[Vertex] {
        self.image.array(&self.vertices)
    }

    /// The borders.
    pub(crate) fn topology(&self) -> Topology<'_> {
        Topology {
            vertices: self.vertices(),
            arcs: self.image.array::<Arc>(&self.arcs),
            parts: self.image.array(&self.parts),
            rings: self.image.array(&self.rings),
            ring_arcs: self.image.array(&self.ring_arcs),
            references: self.image.array(&self.references),
        }
    }

    /// For each vertex of an arc, how coarse a drawing still shows it (docs/spec/territory-file.md).
    pub(crate) fn ranks(&self) -> &[u8] {
        self.image.array(&self.ranks)
    }

    /// The rows of the communes that share a border of some length with a commune, in order.
    pub(crate) fn neighbours(&self, row: usize) -> &[u32] {
        let all: &[u32] = self.image.array(&self.neighbours);
        let (begin, rows) = all.split_at(self.communes + 1);
        &rows[begin[row] as usize..begin[row + 1] as usize]
    }
}
