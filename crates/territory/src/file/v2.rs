//! The sections of version 2: what is in them, how they are written, and where they are found.

mod blocks;
mod check;
mod decode;
mod encode;
mod figures;
mod history;
mod locator;
mod overlay;
mod rights;
mod surfaces;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::FormatError;
use super::image::Image;
use super::sections::{Name, Sections, Writer};
use crate::grid::{Grid, Lattice};
use crate::topology::{Arc, Topology, Vertex};

use blocks::Blocks;
use figures::Figures;
use surfaces::Surfaces;

pub(crate) use decode::Lists;
pub(super) use encode::encode;
#[cfg(fuzzing)]
pub(crate) use history::read_back as history_read_back;
pub use locator::Locator;
pub(crate) use overlay::{MOST_OVERLAYS, OverlayBody};

/// A unit, population or value that is not known.
const UNKNOWN: u32 = u32::MAX;

const META: Name = *b"meta\0\0\0\0";
const CODES: Name = *b"codes\0\0\0";
const NAMES: Name = *b"names\0\0\0";
const TEXT: Name = *b"text\0\0\0\0";
const UNITS: Name = *b"units\0\0\0";
const ZONES: Name = *b"zones\0\0\0";
const NEIGHBOURS: Name = *b"adjacent";
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
    surfaces: Surfaces,
    figures: Figures,
    sections: Sections,
    codes: Range<usize>,
    names: Range<usize>,
    text: Range<usize>,
    units: Range<usize>,
    zones: Range<usize>,
    neighbours: Range<usize>,
    ranks: Range<usize>,
}

impl Body {
    /// Checks a file and finds its sections. What is returned with it are the small lists, decoded.
    pub(super) fn read(image: Image) -> Result<(Self, Lists), FormatError> {
        let sections = Sections::read(image.octets())?;
        if sections.find(META).is_none() && sections.find(overlay::HEAD).is_some() {
            return Err(FormatError::Malformed("it holds an overlay, not communes".to_owned()));
        }
        let find = |name: Name| sections.need(name);
        let meta = decode::meta(&image.octets()[find(META)?]).map_err(FormatError::Malformed)?;
        let communes = meta.communes as usize;
        let lattice = decode::lattice(meta.cells_per_degree).map_err(FormatError::Malformed)?;
        let body = Self {
            communes,
            surfaces: Surfaces::find(image.clone(), &sections, communes, lattice)?,
            figures: Figures::read(&image, &sections, communes, meta.sources.len())?,
            codes: find(CODES)?,
            names: find(NAMES)?,
            text: find(TEXT)?,
            units: find(UNITS)?,
            zones: find(ZONES)?,
            neighbours: find(NEIGHBOURS)?,
            ranks: find(RANKS)?,
            sections,
            image,
        };
        check::structure(&body, &meta).map_err(FormatError::Malformed)?;
        let history = body.sections.find(HISTORY).map(|range| &body.image.octets()[range]);
        let mut lists = Lists::of(meta, history).map_err(FormatError::Malformed)?;
        lists.overlays = OverlayBody::embedded(&body.image, &body.sections)?;
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

    /// Compares all blocks with their checksums, where the file has any; those of sections were compared at opening.
    pub(crate) fn check_blocks(&self) -> Result<(), FormatError> {
        Blocks::find(&self.image, &self.sections)?.map_or(Ok(()), |blocks| blocks.check(&self.image))
    }

    /// Names and lengths of the sections.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (String, usize)> {
        self.sections.sizes()
    }

    /// The index of points.
    #[inline]
    pub(crate) fn grid(&self) -> Grid<'_> {
        self.surfaces.grid()
    }

    /// The borders.
    pub(crate) fn topology(&self) -> Topology<'_> {
        self.surfaces.topology()
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
