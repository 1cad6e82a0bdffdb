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
use crate::{Outline, Territory};
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
    let drawn: Vec<_> = territory
        .communes()
        .enumerate()
        .filter(|(_, commune)| commune.departement == departement)
        .filter_map(|(row, commune)| Some((row, commune.code, territory.outline(commune.code)?)))
        .collect();
    let grid = Grid::around(drawn.iter().map(|(.., outline)| outline.bounds()), width_px)?;
    let mut areas = vec![0; territory.communes().len()];
    (1..).zip(&drawn).for_each(|(area, (row, ..))| areas[*row] = area);
    let borders = territory.borders();
    let style = Style {
        areas: &areas,
        project: &|_, position| grid.place(position),
        degrees: &|_, _| grid.degrees(),
        tolerance: TOLERANCE,
        small_double_area: SMALLEST_DOUBLE_AREA,
        cuts: None,
    };
    let sheet = Sheet::new(borders, &style);
    let path = |(row, code, outline): &(usize, CommuneCode, Outline)| {
        let middle = outline.bounds().center();
        let (d, is_marker) =
            shape(sheet.rings(borders, *row), grid.place([middle.x, middle.y]), SMALLEST_DOUBLE_AREA);
        (is_marker, CommunePath { code: *code, d })
    };
    let mut paths: Vec<(bool, CommunePath)> = drawn.iter().map(path).collect();
    paths.sort_by_key(|(is_marker, _)| *is_marker);
    let communes = paths.into_iter().map(|(_, path)| path).collect();
    Some(DepartementMap { view_width: grid.width(), view_height: grid.height(), communes })
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
