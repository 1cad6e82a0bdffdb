//! Maps as SVG paths: a département, or the whole territory with insets for what lies overseas.
//!
//! Borders are drawn by [`crate::sheet`] on a grid of half pixels, each once for both sides, so that neighbours fit. A
//! commune too small for the grid is a small square rather than nothing at all, drawn after the others.

mod conic;
mod grid;
mod national;
mod path;

use desserte_model::CommuneCode;

use crate::sheet::{GridRing, Sheet, Style};
use crate::{Commune, Outline, Territory};
use grid::Grid;

pub use national::{Detail, NationalMap, NationalShape, national_map};

/// How far a border may move, in grid steps: two pixels. The 255 communes of Creuse then take 32 KB at 800 pixels, and
/// no shape is lost to the eye.
const TOLERANCE: f64 = 4.0;

/// Twice the smallest surface, in square steps, that still shows: two square pixels.
const SMALLEST_DOUBLE_AREA: i64 = 16;

/// A département drawn for a given width.
#[derive(Debug, Clone, PartialEq)]
pub struct DepartementMap {
    /// Width of the view box, in its own units: two for each pixel of the width asked for.
    pub view_width: u32,
    /// Height of the view box, in its own units.
    pub view_height: u32,
    /// One path for each commune, in the order of their codes, squares in the place of small communes last.
    pub communes: Vec<CommunePath>,
}

/// The outline of a commune in the units of the view box.
#[derive(Debug, Clone, PartialEq)]
pub struct CommunePath {
    /// Which commune.
    pub code: CommuneCode,
    /// The `d` attribute of an SVG path; to be filled with `fill-rule="evenodd"` because of holes.
    pub d: String,
}

impl DepartementMap {
    /// The `viewBox` attribute.
    #[must_use]
    pub fn view_box(&self) -> String {
        format!("0 0 {} {}", self.view_width, self.view_height)
    }
}

/// Draws a département `width_px` pixels wide; `None` if the territory has no commune of it.
///
/// The projection is equirectangular, true to scale at the middle latitude. Good for one département; not for
/// measuring.
#[must_use]
pub fn departement_map(territory: &Territory, departement: &str, width_px: u32) -> Option<DepartementMap> {
    communes_map(territory, &|commune| commune.departement == departement, width_px)
}

/// Draws the communes that `within` takes, as [`departement_map`] does; `None` if it takes none.
#[must_use]
pub fn communes_map(
    territory: &Territory,
    within: &dyn Fn(&Commune) -> bool,
    width_px: u32,
) -> Option<DepartementMap> {
    let drawing = Drawing::of(territory, within, width_px)?;
    let path = |(row, code, outline): &(usize, CommuneCode, Outline)| {
        let middle = outline.bounds().center();
        let rings = drawing.sheet.rings(territory.borders(), *row);
        let (d, is_marker) = shape(rings, drawing.grid.place([middle.x, middle.y]), SMALLEST_DOUBLE_AREA);
        (is_marker, CommunePath { code: *code, d })
    };
    let mut paths: Vec<(bool, CommunePath)> = drawing.communes.iter().map(path).collect();
    paths.sort_by_key(|(is_marker, _)| *is_marker);
    let communes = paths.into_iter().map(|(_, path)| path).collect();
    let (view_width, view_height) = (drawing.grid.width(), drawing.grid.height());
    Some(DepartementMap { view_width, view_height, communes })
}

/// The outlines of zones on the map that [`communes_map`] draws of the same communes at the same width, line upon line.
///
/// # Shape
/// A `d` attribute for each of the zones 0 to `zones` - 1, empty where no commune is in it.
///
/// # Missing data
/// A commune for which `zone` gives `None`, or a number that is not below `zones`, is in none of them.
#[must_use]
pub fn zone_outlines(
    territory: &Territory,
    within: &dyn Fn(&Commune) -> bool,
    zones: u16,
    zone: &dyn Fn(&Commune) -> Option<u16>,
    width_px: u32,
) -> Option<Vec<String>> {
    let drawing = Drawing::of(territory, within, width_px)?;
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); usize::from(zones)];
    let mut areas = vec![0; territory.communes().len()];
    for (row, code, _) in &drawing.communes {
        let found = territory.commune(*code).and_then(zone).filter(|zone| *zone < zones);
        if let Some(found) = found {
            rows[usize::from(found)].push(*row);
            areas[*row] = u32::from(found) + 1;
        }
    }
    let outline = |rows: &Vec<usize>| {
        if rows.is_empty() {
            return String::new();
        }
        let rings = drawing.sheet.around(territory.borders(), rows, &areas).into_iter();
        let rings = rings.map(grid::without_spikes).filter(|ring| grid::double_area(ring) > 0);
        path::data(&rings.collect::<Vec<_>>())
    };
    Some(rows.iter().map(outline).collect())
}

/// Communes and the lines between them, each commune an area of its own.
struct Drawing {
    communes: Vec<(usize, CommuneCode, Outline)>,
    grid: Grid,
    sheet: Sheet,
}

impl Drawing {
    fn of(territory: &Territory, within: &dyn Fn(&Commune) -> bool, width_px: u32) -> Option<Self> {
        let communes: Vec<_> = territory
            .communes()
            .enumerate()
            .filter(|(_, commune)| within(commune))
            .filter_map(|(row, commune)| Some((row, commune.code, territory.outline(commune.code)?)))
            .collect();
        let grid = Grid::around(communes.iter().map(|(.., outline)| outline.bounds()), width_px)?;
        let mut areas = vec![0; territory.communes().len()];
        (1..).zip(&communes).for_each(|(area, (row, ..))| areas[*row] = area);
        let style = Style {
            areas: &areas,
            project: &|_, position| grid.place(position),
            degrees: &|_, _| grid.degrees(),
            tolerance: TOLERANCE,
            small_double_area: SMALLEST_DOUBLE_AREA,
            cuts: None,
        };
        let sheet = Sheet::new(territory.borders(), &style);
        Some(Self { communes, grid, sheet })
    }
}

/// The path of rings, or of a square around the middle where none has twice the smallest surface that is to be seen; and
/// whether it is a square.
fn shape(rings: impl Iterator<Item = GridRing>, middle: [f64; 2], smallest: i64) -> (String, bool) {
    let rings: Vec<GridRing> =
        rings.map(grid::without_spikes).filter(|ring| grid::double_area(ring) > 0).collect();
    let largest = rings.iter().map(grid::double_area).max().unwrap_or(0);
    if largest < smallest { (path::data(&[grid::marker(middle)]), true) } else { (path::data(&rings), false) }
}

#[cfg(test)]
mod tests;
