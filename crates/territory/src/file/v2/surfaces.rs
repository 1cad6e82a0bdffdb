//! Surfaces and their index: what communes and the areas of an overlay have in common.

use std::ops::Range;

use super::*;
use crate::Outline;
use crate::grid::Index;

const VERTICES: Name = *b"vertices";
const ARCS: Name = *b"arcs\0\0\0\0";
const PARTS: Name = *b"parts\0\0\0";
const RINGS: Name = *b"rings\0\0\0";
const RING_ARCS: Name = *b"ringarcs";
const REFERENCES: Name = *b"refs\0\0\0\0";
pub(super) const TILES: Name = *b"tiles\0\0\0";
const CELLS: Name = *b"cells\0\0\0";
const RECORDS: Name = *b"records\0";

/// Sections of borders and their index, checked by [`check::surfaces`], or part by part by a [`Locator`], before anything relies on
/// them.
#[derive(Debug)]
pub(crate) struct Surfaces {
    pub(super) image: Image,
    /// How many there are.
    pub(super) count: usize,
    lattice: Lattice,
    pub(super) vertices: Range<usize>,
    arcs: Range<usize>,
    parts: Range<usize>,
    rings: Range<usize>,
    ring_arcs: Range<usize>,
    references: Range<usize>,
    tiles: Range<usize>,
    pub(super) cells: Range<usize>,
    pub(super) records: Range<usize>,
}

impl Surfaces {
    pub(super) fn find(
        image: Image,
        sections: &Sections,
        count: usize,
        lattice: Lattice,
    ) -> Result<Self, FormatError> {
        let find = |name: Name| sections.need(name);
        Ok(Self {
            count,
            lattice,
            vertices: find(VERTICES)?,
            arcs: find(ARCS)?,
            parts: find(PARTS)?,
            rings: find(RINGS)?,
            ring_arcs: find(RING_ARCS)?,
            references: find(REFERENCES)?,
            tiles: find(TILES)?,
            cells: find(CELLS)?,
            records: find(RECORDS)?,
            image,
        })
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

    /// The outline of a surface.
    pub(crate) fn outline(&self, row: usize) -> Outline {
        Outline::new(self.topology().outline(row)).expect("rings were checked when the file was opened")
    }
}

pub(super) fn add_borders(file: &mut Writer, topology: Topology<'_>) {
    file.add(VERTICES, topology.vertices);
    file.add(ARCS, topology.arcs);
    file.add(PARTS, topology.parts);
    file.add(RINGS, topology.rings);
    file.add(RING_ARCS, topology.ring_arcs);
    file.add(REFERENCES, topology.references);
}

pub(super) fn add_index(file: &mut Writer, index: &Index) {
    file.add(TILES, &index.tiles);
    file.add(CELLS, &index.cells);
    file.add(RECORDS, &index.records);
}
