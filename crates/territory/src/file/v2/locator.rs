//! Answers from a file of which only what they rely on was read.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, Ordering};

use desserte_model::{CogVintage, CommuneCode, LonLat};

use super::super::sections::SUMS;
use super::*;
use crate::Territory;
use crate::grid::{Cell, Place, Placed, REFERENCE, is_position};

/// Cells of a tile that are checked one by one, as points fall into them, before the whole tile is: about as much work.
const CELLS_BEFORE_TILE: u32 = 2_048;

/// Instead of a number of cells that were checked: the whole tile was.
const WHOLE: u32 = u32::MAX;

/// Finds the commune of points without reading more of a territory file than their answers rely on.
///
/// Opening checks the header and the small sections. The cell of a point, with the borders that cross it, is compared
/// with its checksums and checked before the point is answered. Answers are those of [`Territory::locate`]; damage that is
/// met is an error, never an answer. For a program that answers for long, [`Territory::open`] finds all damage before it
/// starts.
#[derive(Debug)]
pub struct Locator {
    surfaces: Surfaces,
    codes: Range<usize>,
    vintage: CogVintage,
    is_synthetic: bool,
    /// `None` if the whole file was checked.
    demand: Option<Demand>,
}

/// What is checked when it is needed, and what was.
#[derive(Debug)]
struct Demand {
    blocks: Blocks,
    /// For each tile that has cells how many of them were checked, some perhaps more than once, or [`WHOLE`].
    checked: Vec<AtomicU32>,
}

/// What the section of small lists begins with; the rest of it is not needed here.
#[derive(Deserialize)]
struct Head {
    vintage: u16,
    synthetic: bool,
    #[expect(dead_code, reason = "it stands before what is needed")]
    made_by: String,
    communes: u32,
    cells_per_degree: u32,
}

impl Locator {
    pub(in crate::file) fn read(image: Image) -> Result<Self, FormatError> {
        let sections = Sections::table(image.octets())?;
        for name in [SUMS, META, CODES, surfaces::TILES] {
            sections.find(name).iter().for_each(|range| image.expect(range));
        }
        let Some(blocks) = Blocks::find(&image, &sections)? else {
            let (body, lists) = Body::read(image)?;
            return Ok(Self::checked(body, lists.vintage, lists.synthetic));
        };
        for name in [META, CODES, surfaces::TILES] {
            sections.checked(image.octets(), name)?;
        }
        let (head, _) = postcard::take_from_bytes::<Head>(&image.octets()[sections.need(META)?])
            .map_err(|error| FormatError::Malformed(error.to_string()))?;
        let lattice = decode::lattice(head.cells_per_degree).map_err(FormatError::Malformed)?;
        let codes = sections.need(CODES)?;
        let count = head.communes as usize;
        check::codes(&image, &codes, count).map_err(FormatError::Malformed)?;
        let surfaces = Surfaces::find(image, &sections, count, lattice)?;
        check::tiles(&surfaces).map_err(FormatError::Malformed)?;
        let tiles = surfaces.grid().cells.len() / lattice.cells_in_tile() as usize;
        let checked = (0..tiles).map(|_| AtomicU32::new(0)).collect();
        Ok(Self {
            surfaces,
            codes,
            vintage: CogVintage::from_year(head.vintage),
            is_synthetic: head.synthetic,
            demand: Some(Demand { blocks, checked }),
        })
    }

    /// A file that was checked as a whole.
    fn checked(body: Body, vintage: CogVintage, is_synthetic: bool) -> Self {
        Self { surfaces: body.surfaces, codes: body.codes, vintage, is_synthetic, demand: None }
    }

    pub(in crate::file) fn of(territory: Territory) -> Self {
        let (vintage, is_synthetic) = (territory.vintage(), territory.is_synthetic());
        Self::checked(territory.into_body(), vintage, is_synthetic)
    }

    /// The place of a point, as [`Territory::locate`] finds it.
    ///
    /// # Errors
    /// When what the answer relies on is damaged, or makes no sense.
    pub fn locate(&self, point: LonLat) -> Result<Place, FormatError> {
        let vertex = [point.lon(), point.lat()];
        let grid = self.surfaces.grid();
        self.prepare(&grid, grid.lattice.cell(vertex[0], vertex[1]))?;
        Ok(Place::of(grid.held(vertex)))
    }

    /// The places of the points of two columns, as [`Territory::locate_columns`] finds them.
    ///
    /// # Errors
    /// When something that the answers rely on is damaged, or makes no sense; then no answer was given.
    ///
    /// # Panics
    /// When the three columns differ in length.
    pub fn locate_columns(
        &self,
        lon: &[f64],
        lat: &[f64],
        places: &mut [Place],
        threads: NonZeroUsize,
    ) -> Result<Placed, FormatError> {
        assert!(lon.len() == lat.len() && lon.len() == places.len(), "columns of one length");
        let grid = self.surfaces.grid();
        // Before the points are answered and not while, so that the loop over them asks nothing.
        for (lon, lat) in lon.iter().zip(lat).filter(|(lon, lat)| is_position(**lon, **lat)) {
            self.prepare(&grid, grid.lattice.cell(*lon, *lat))?;
        }
        Ok(grid.places(lon, lat, places, threads))
    }

    /// The code of the commune in this row of the list.
    #[must_use]
    pub fn code_at(&self, row: usize) -> Option<CommuneCode> {
        let letters = self.surfaces.image.array::<history::Letters>(&self.codes).get(row)?;
        Some(history::code(*letters).expect("codes were checked when the file was opened"))
    }

    /// The year of the list of communes.
    #[must_use]
    pub const fn vintage(&self) -> CogVintage {
        self.vintage
    }

    /// Whether the territory is made up. Whoever shows answers must then say so.
    #[must_use]
    pub const fn is_synthetic(&self) -> bool {
        self.is_synthetic
    }

    /// Checks what answers for points of a cell rely on, if that was not done before.
    #[inline]
    fn prepare(&self, grid: &Grid<'_>, cell: Cell) -> Result<(), FormatError> {
        let Some(demand) = &self.demand else { return Ok(()) };
        let tile = grid.tiles[cell.tile as usize];
        if tile & REFERENCE == 0 {
            return Ok(());
        }
        let tile = (tile & !REFERENCE) as usize;
        if demand.checked[tile].load(Ordering::Acquire) == WHOLE {
            return Ok(());
        }
        demand.prepare(&self.surfaces, grid, tile, cell.within as usize)
    }
}

impl Demand {
    #[cold]
    fn prepare(
        &self,
        surfaces: &Surfaces,
        grid: &Grid<'_>,
        tile: usize,
        within: usize,
    ) -> Result<(), FormatError> {
        let in_tile = grid.lattice.cells_in_tile() as usize;
        let first = tile * in_tile;
        let Some(before) = self.checked.get(tile).map(|checked| checked.load(Ordering::Acquire)) else {
            return Err(FormatError::Malformed("a tile refers to nothing".to_owned()));
        };
        if before < CELLS_BEFORE_TILE {
            self.check_cell(surfaces, grid, first + within)?;
            // Two threads that count at once may lose one: the tile is then checked a cell later.
            let _ =
                self.checked[tile].compare_exchange(before, before + 1, Ordering::AcqRel, Ordering::Relaxed);
            return Ok(());
        }
        (first..first + in_tile).try_for_each(|cell| self.check_cell(surfaces, grid, cell))?;
        self.checked[tile].store(WHOLE, Ordering::Release);
        Ok(())
    }

    /// Checks a cell with its record and the borders that this names.
    fn check_cell(&self, surfaces: &Surfaces, grid: &Grid<'_>, cell: usize) -> Result<(), FormatError> {
        let rely_on =
            |octets| self.blocks.rely_on(&surfaces.image, octets, |block| vertices(surfaces, &block));
        rely_on(items::<u32>(&surfaces.cells, cell, 1))?;
        let word = grid.cells[cell];
        if word & REFERENCE == 0 {
            return check::label(surfaces.count, word).map_err(FormatError::Malformed);
        }
        let offset = (word & !REFERENCE) as usize;
        if offset >= grid.records.len() {
            return Err(FormatError::Malformed("a cell refers to no record".to_owned()));
        }
        // The first word says how long the record is, so it has to be right before the others are found.
        rely_on(items::<u32>(&surfaces.records, offset, 1))?;
        let end = check::record_end(grid, offset).map_err(FormatError::Malformed)?;
        rely_on(items::<u32>(&surfaces.records, offset, end - offset))?;
        check::record(surfaces.count, grid, offset).map_err(FormatError::Malformed)?;
        for piece in grid.record(word & !REFERENCE).pieces() {
            rely_on(items::<Vertex>(&surfaces.vertices, piece.first as usize, piece.sides() + 1))?;
        }
        Ok(())
    }
}

/// Checks the vertices in a block; sections and blocks begin at multiples of 64, so that none lies in two blocks.
fn vertices(surfaces: &Surfaces, block: &Range<usize>) -> Result<(), FormatError> {
    let within = block.start.max(surfaces.vertices.start)..block.end.min(surfaces.vertices.end);
    check::on_globe(surfaces.image.array(&within)).map_err(FormatError::Malformed)
}

/// The octets of some items of a section.
const fn items<T>(section: &Range<usize>, first: usize, count: usize) -> Range<usize> {
    let start = section.start + first * size_of::<T>();
    start..start + count * size_of::<T>()
}
