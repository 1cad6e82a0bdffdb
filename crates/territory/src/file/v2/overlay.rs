//! An overlay: a frame of its own, in a file of its own or as a section of a territory file.

use std::fs::File;

use serde::{Deserialize, Serialize};

use super::surfaces::{Surfaces, add_borders, add_index};
use super::*;
use crate::file::check_start;
use crate::grid;
use crate::topology::Builder;
use crate::{Area, Contents, Overlay, OverlayContents, Redistribution, Source};

pub(super) const HEAD: Name = *b"overlay\0";

/// Overlays of a territory are sections of this name and a number of four hexadecimal digits.
const EMBEDDED: &[u8; 4] = b"over";

/// More overlays than this belong into files of their own: a file has at most 64 sections.
pub(crate) const MOST_OVERLAYS: usize = 32;

/// Cells for each degree, about 2 km. Most points lie in no area, and cells without a border answer at once whatever
/// their size; each degree that an area touches takes 10 kB.
const CELLS_PER_DEGREE: u32 = 50;

/// As postcard writes it: field order is the format.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    name: String,
    cells_per_degree: u32,
    source: Option<SourceMeta>,
    restricted: bool,
    /// Code and name of each area.
    areas: Vec<(String, Option<String>)>,
}

/// An overlay whose checksums and structure are right.
#[derive(Debug)]
pub(crate) struct OverlayBody {
    pub(crate) name: String,
    pub(crate) source: Option<Source>,
    pub(crate) areas: Vec<Area>,
    pub(crate) surfaces: Surfaces,
}

impl OverlayBody {
    /// Writes and reads contents that were checked.
    pub(crate) fn of(contents: &OverlayContents) -> Self {
        Self::read(Image::owned(&encode(contents))).expect("what was written from checked contents is read")
    }

    /// Maps an overlay file that is open.
    pub(crate) fn from_file(file: &File) -> std::io::Result<Result<Self, FormatError>> {
        Ok(Self::read(Image::map(file)?))
    }

    /// Reads an overlay file from memory.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn from_octets(octets: &[u8]) -> Result<Self, FormatError> {
        Self::read(Image::owned(octets))
    }

    pub(crate) fn octets(&self) -> &[u8] {
        self.surfaces.image.octets()
    }

    fn read(image: Image) -> Result<Self, FormatError> {
        check_start(image.octets())?;
        let sections = Sections::read(image.octets())?;
        let Head { name, cells_per_degree, source, restricted, areas } =
            rights::whole(&image.octets()[sections.need(HEAD)?]).map_err(FormatError::Malformed)?;
        let lattice = decode::lattice(cells_per_degree).map_err(FormatError::Malformed)?;
        let surfaces = Surfaces::find(image, &sections, areas.len(), lattice)?;
        check::surfaces(&surfaces).map_err(FormatError::Malformed)?;
        let redistribution = if restricted { Redistribution::Forbidden } else { Redistribution::Allowed };
        let source = source.map(|source| Source { redistribution, ..source.into() });
        let areas = areas.into_iter().map(|(code, name)| Area { code, name }).collect();
        Ok(Self { name, source, areas, surfaces })
    }

    /// Reads the overlays of a territory file.
    pub(super) fn embedded(image: &Image, sections: &Sections) -> Result<Vec<Overlay>, FormatError> {
        let each = sections.all().filter(|(name, _)| name.starts_with(EMBEDDED));
        each.map(|(_, range)| Self::read(image.part(range)).map(Overlay)).collect()
    }
}

fn encode(contents: &OverlayContents) -> Vec<u8> {
    let built = Builder::new(contents.areas.iter().map(|row| &row.outline));
    let topology = built.topology();
    let index = grid::build(topology, Lattice::new(CELLS_PER_DEGREE));
    let head = Head {
        name: contents.name.clone(),
        cells_per_degree: CELLS_PER_DEGREE,
        source: contents.source.as_ref().map(SourceMeta::from),
        restricted: contents.source.as_ref().is_some_and(|source| !source.may_be_exported()),
        areas: contents.areas.iter().map(|row| (row.area.code.clone(), row.area.name.clone())).collect(),
    };
    let mut file = Writer::default();
    file.add(HEAD, &postcard::to_stdvec(&head).expect("lists in memory always encode"));
    add_borders(&mut file, topology);
    add_index(&mut file, &index);
    file.finish()
}

pub(super) fn add(file: &mut Writer, contents: &Contents) {
    for (number, overlay) in contents.overlays.iter().enumerate() {
        let mut name = Name::default();
        name[..4].copy_from_slice(EMBEDDED);
        name[4..].copy_from_slice(format!("{number:04x}").as_bytes());
        file.add(name, &encode(overlay));
    }
}
