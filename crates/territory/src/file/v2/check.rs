//! What must hold of the arrays of a file before anything relies on it.
//!
//! Checksums exclude damage; these checks exclude a writer at fault and octets made up to harm. Each is a pass over an
//! array, so that opening stays a matter of milliseconds; afterwards no look-up can leave an array.

use super::*;
use crate::grid::{ENDS_WEST, PIECE_WORDS, RECORD_COUNT_BITS, REFERENCE, STARTS_WEST, TILE_COUNT};
use crate::topology::{LEFT, REVERSED, RIGHT, START, same};

type Checked = Result<(), String>;

pub(super) fn structure(body: &Body, meta: &Meta) -> Checked {
    communes(body, meta)?;
    lists(body, meta)?;
    neighbours(body)?;
    surfaces(&body.surfaces)
}

/// Checks borders and their index.
pub(super) fn surfaces(surfaces: &Surfaces) -> Checked {
    must(surfaces.count > 0, "it has no surface")?;
    borders(surfaces)?;
    index(surfaces)
}

fn must(holds: bool, otherwise: &str) -> Checked {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

fn communes(body: &Body, meta: &Meta) -> Checked {
    let count = body.communes;
    codes(&body.image, &body.codes, count)?;
    let begin: &[u32] = body.image.array(&body.names);
    must(
        begin.len() == count + 1 && body.names.len().is_multiple_of(4),
        "names and communes differ in number",
    )?;
    let text = std::str::from_utf8(&body.image.octets()[body.text.clone()])
        .map_err(|error| format!("its names are no text: {error}"))?;
    must(
        begin.windows(2).all(|pair| pair[0] <= pair[1])
            && begin.iter().all(|at| text.is_char_boundary(*at as usize))
            && begin[0] == 0
            && begin[count] as usize == text.len(),
        "names do not follow each other",
    )?;
    must(body.units.len() == count * UNIT_COLUMNS * 4, "units and communes differ in number")?;
    let sizes = [meta.departements.len(), meta.regions.len(), meta.epcis.len(), meta.arrondissements.len()];
    for row in 0..count {
        let units = body.units_at(row).ok_or("units are missing")?;
        must((units[0] as usize) < sizes[0], "a commune has no département")?;
        let known =
            units[..4].iter().zip(sizes).all(|(unit, size)| *unit == UNKNOWN || (*unit as usize) < size);
        must(known, "a commune names a unit that is not listed")?;
    }
    Ok(())
}

/// Checks that there are as many codes as communes, and that they rise.
pub(super) fn codes(image: &Image, codes: &Range<usize>, count: usize) -> Checked {
    must(count > 0, "it has no commune")?;
    must(codes.len() == count * size_of::<history::Letters>(), "codes and communes differ in number")?;
    let mut last = None;
    for letters in image.array::<history::Letters>(codes) {
        let code = history::code(*letters)?;
        must(last.is_none_or(|last| last < code), "commune codes do not rise")?;
        last = Some(code);
    }
    Ok(())
}

fn lists(body: &Body, meta: &Meta) -> Checked {
    let rising = |codes: &mut dyn Iterator<Item = &String>| {
        let codes: Vec<&String> = codes.collect();
        must(codes.windows(2).all(|pair| pair[0] < pair[1]), "a list is not in the order of its codes")
    };
    rising(&mut meta.departements.iter().map(|unit| &unit.0))?;
    rising(&mut meta.regions.iter().map(|unit| &unit.0))?;
    rising(&mut meta.epcis.iter().map(|unit| &unit.0))?;
    rising(&mut meta.arrondissements.iter().map(|unit| &unit.0))?;
    rising(&mut meta.zonings.iter().map(|zoning| &zoning.name))?;
    let zones: &[u32] = body.image.array(&body.zones);
    must(
        body.zones.len() == meta.zonings.len() * body.communes * 4,
        "zonings and communes differ in number",
    )?;
    for (zoning, column) in meta.zonings.iter().zip(zones.chunks_exact(body.communes)) {
        let known = |value: u32| (value as usize) < zoning.values.len();
        must(column.iter().all(|value| *value == UNKNOWN || known(*value)), "a zone is not listed")?;
        must(zoning.elsewhere.iter().all(|(_, value)| known(*value)), "a zone is not listed")?;
    }
    Ok(())
}

/// Whether offsets begin at zero, rise, and end at `end`; strictly where nothing may be empty.
fn offsets(offsets: &[u32], count: usize, end: usize, what: &str) -> Checked {
    let holds = offsets.len() == count + 1
        && offsets[0] == 0
        && offsets[count] as usize == end
        && offsets.windows(2).all(|pair| pair[0] < pair[1]);
    must(holds, what)
}

/// Checks that vertices are positions.
pub(super) fn on_globe(vertices: &[Vertex]) -> Checked {
    let is_position = |[lon, lat]: &Vertex| (-180.0..=180.0).contains(lon) & (-90.0..=90.0).contains(lat);
    // Folded without leaving early, so that several vertices are looked at together.
    must(vertices.iter().fold(true, |all, vertex| all & is_position(vertex)), "a vertex is not on the globe")
}

fn borders(surfaces: &Surfaces) -> Checked {
    let topology = surfaces.topology();
    on_globe(topology.vertices)?;
    let arcs = topology.arcs;
    must(
        arcs.first().is_some_and(|arc| arc[START] == 0)
            && arcs.last().is_some_and(|arc| arc[START] as usize == topology.vertices.len())
            && arcs.windows(2).all(|pair| pair[0][START].saturating_add(1) < pair[1][START])
            && arcs.iter().all(|arc| (arc[LEFT].max(arc[RIGHT]) as usize) <= surfaces.count),
        "arcs do not follow each other",
    )?;
    must(
        (0..topology.arc_count()).all(|arc| topology.arc(arc).windows(2).all(|side| !same(side[0], side[1]))),
        "a side has no length",
    )?;
    let ring_count = topology.ring_arcs.len().saturating_sub(1);
    let part_count = topology.rings.len().saturating_sub(1);
    offsets(topology.parts, surfaces.count, part_count, "a commune has no polygon")?;
    offsets(topology.rings, part_count, ring_count, "a polygon has no ring")?;
    offsets(topology.ring_arcs, ring_count, topology.references.len(), "a ring has no arc")?;
    must(
        topology.references.iter().all(|reference| ((reference / 2) as usize) < topology.arc_count()),
        "a ring names an arc that is not there",
    )?;
    (0..ring_count).try_for_each(|ring| must(is_ring(topology, ring), "a ring is not closed or too short"))
}

/// Whether the arcs of a ring follow each other, end where they begin, and have at least three sides.
fn is_ring(topology: Topology<'_>, ring: usize) -> bool {
    let ends = |reference: u32| {
        let arc = topology.arc((reference / 2) as usize);
        let (first, last) = (arc[0], arc[arc.len() - 1]);
        if reference & REVERSED == 0 { (first, last, arc.len() - 1) } else { (last, first, arc.len() - 1) }
    };
    let references = topology.references_of(ring);
    let Some((&first, rest)) = references.split_first() else { return false };
    let (begin, mut end, mut sides) = ends(first);
    for reference in rest {
        let next = ends(*reference);
        if !same(next.0, end) {
            return false;
        }
        (end, sides) = (next.1, sides + next.2);
    }
    same(end, begin) && sides >= 3
}

fn neighbours(body: &Body) -> Checked {
    let all: &[u32] = body.image.array(&body.neighbours);
    let what = "neighbours do not follow each other";
    must(all.len() > body.communes, what)?;
    let (begin, rows) = all.split_at(body.communes + 1);
    must(
        begin[0] == 0
            && begin[body.communes] as usize == rows.len()
            && begin.windows(2).all(|pair| pair[0] <= pair[1])
            && rows.iter().all(|row| (*row as usize) < body.communes),
        what,
    )?;
    must(body.ranks().len() == body.topology().vertices.len(), "ranks and vertices differ in number")
}

fn index(surfaces: &Surfaces) -> Checked {
    tiles(surfaces)?;
    let grid = surfaces.grid();
    let next = cells(surfaces.count, &grid, grid.cells, 0)?;
    must(next == grid.records.len(), "something follows the last record")
}

/// Checks that every tile is there and refers to something.
pub(super) fn tiles(surfaces: &Surfaces) -> Checked {
    let grid = surfaces.grid();
    must(grid.tiles.len() == TILE_COUNT, "it does not have all tiles")?;
    let in_tile = grid.lattice.cells_in_tile() as usize;
    let slots = grid.cells.len() / in_tile;
    must(slots * in_tile == grid.cells.len(), "its tiles are not whole")?;
    must(u32::try_from(grid.cells.len()).is_ok(), "it has more cells than 32 bits count")?;
    let tile = |word: &u32| match word & REFERENCE {
        0 => *word as usize <= surfaces.count,
        _ => ((word & !REFERENCE) as usize) < slots,
    };
    must(grid.tiles.iter().all(tile), "a tile refers to nothing")
}

/// Checks cells that follow each other, whose records begin at an offset, and says where the next record begins.
///
/// Records stand in the order of their cells, so that one walk over both checks both.
fn cells(count: usize, grid: &Grid<'_>, cells: &[u32], first: usize) -> Result<usize, String> {
    let mut next = first;
    for word in cells {
        if word & REFERENCE == 0 {
            label(count, *word)?;
        } else {
            must((word & !REFERENCE) as usize == next, "a cell refers to no record")?;
            next = record(count, grid, next)?;
        }
    }
    Ok(next)
}

/// Checks a cell that is a label.
pub(super) fn label(count: usize, word: u32) -> Checked {
    must(word as usize <= count, "a cell has an unknown label")
}

/// Where the record at an offset ends, as its first word says.
pub(super) fn record_end(grid: &Grid<'_>, offset: usize) -> Result<usize, String> {
    let head = *grid.records.get(offset).ok_or("a cell refers to no record")?;
    let labels = (head >> RECORD_COUNT_BITS) as usize;
    let pieces = (head & ((1 << RECORD_COUNT_BITS) - 1)) as usize;
    let end = offset + 1 + labels + pieces * PIECE_WORDS;
    must(end <= grid.records.len(), "a record is cut short")?;
    Ok(end)
}

/// Checks the record at an offset and says where the next one begins.
pub(super) fn record(count: usize, grid: &Grid<'_>, offset: usize) -> Result<usize, String> {
    let end = record_end(grid, offset)?;
    let labels = (grid.records[offset] >> RECORD_COUNT_BITS) as usize;
    let (labels, pieces) = grid.records[offset + 1..end].split_at(labels);
    let known = |label: u32| label as usize <= count;
    let sound = labels.iter().all(|word| known(word >> 1))
        && pieces.chunks_exact(PIECE_WORDS).all(|piece| {
            let sides = piece[1] & !(STARTS_WEST | ENDS_WEST);
            (piece[0] as usize + sides as usize) < grid.vertices.len() && known(piece[2]) && known(piece[3])
        });
    must(sound, "a record refers to nothing")?;
    Ok(end)
}
