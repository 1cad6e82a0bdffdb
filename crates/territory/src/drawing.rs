//! Maps as SVG paths: a département, or the whole territory with insets for what lies overseas.
//!
//! Borders are drawn by [`crate::sheet`] on a grid of half pixels, each once for both sides, so that neighbours fit. A
//! commune too small for the grid is a small square rather than nothing at all, drawn after the others.

mod canvas;
mod conic;
mod grid;
mod lines;
mod national;
mod path;

use desserte_model::CommuneCode;

use crate::sheet::{GridPoint, GridRing, Sheet, Style};
use crate::{Commune, Outline, Territory};
use grid::Grid;

pub use canvas::Canvas;
pub use national::{Detail, NationalMap, NationalShape, national_map};

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
    /// Whether it is a square, because the shape itself could not be seen; to be drawn after those that are not.
    pub is_marker: bool,
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
    communes_map(territory, &|commune| commune.departement == departement, Canvas::wide(width_px))
}

/// Draws the communes that `within` takes on a canvas, as [`departement_map`] does; `None` if it takes none.
#[must_use]
pub fn communes_map(
    territory: &Territory,
    within: &dyn Fn(&Commune) -> bool,
    canvas: Canvas,
) -> Option<DepartementMap> {
    let drawing = Drawing::of(territory, within, canvas)?;
    let path = |(row, code, outline): &(usize, CommuneCode, Outline)| {
        let middle = outline.bounds().center();
        let rings = drawing.sheet.rings(territory.borders(), *row);
        let (d, is_marker) = shape(rings, drawing.grid.place([middle.x, middle.y]), SMALLEST_DOUBLE_AREA);
        CommunePath { code: *code, d, is_marker }
    };
    let mut communes: Vec<CommunePath> = drawing.communes.iter().map(path).collect();
    communes.sort_by_key(|path| path.is_marker);
    let (view_width, view_height) = (drawing.grid.width(), drawing.grid.height());
    Some(DepartementMap { view_width, view_height, communes })
}

/// The lines between zones on the map that [`communes_map`] draws of the same communes on the same canvas, line upon line.
///
/// # Shape
/// The `d` attribute of a path to be stroked and not filled; empty where no two neighbours lie in different zones. The map's own
/// edge is not in it.
///
/// # Missing data
/// Communes for which `zone` gives `None` are together in a zone of their own.
#[must_use]
pub fn zone_lines(
    territory: &Territory,
    within: &dyn Fn(&Commune) -> bool,
    zone: &dyn Fn(&Commune) -> Option<usize>,
    canvas: Canvas,
) -> Option<String> {
    let drawing = Drawing::of(territory, within, canvas)?;
    let mut zones: Vec<Option<Option<usize>>> = vec![None; territory.communes().len()];
    for (row, code, _) in &drawing.communes {
        zones[*row] = Some(territory.commune(*code).and_then(zone));
    }
    let borders = territory.borders();
    let between = |line: &usize| {
        let [left, right] = borders.sides(*line).map(|row| row.and_then(|row| zones[row]));
        left.zip(right).is_some_and(|(left, right)| left != right)
    };
    let lines: Vec<&[GridPoint]> =
        (0..borders.len()).filter(between).map(|line| drawing.sheet.line(line)).collect();
    Some(path::open(&lines::strung(&lines)))
}

/// Communes and the lines between them, each commune an area of its own.
struct Drawing {
    communes: Vec<(usize, CommuneCode, Outline)>,
    grid: Grid,
    sheet: Sheet,
}

impl Drawing {
    fn of(territory: &Territory, within: &dyn Fn(&Commune) -> bool, canvas: Canvas) -> Option<Self> {
        let communes: Vec<_> = territory
            .communes()
            .enumerate()
            .filter(|(_, commune)| within(commune))
            .filter_map(|(row, commune)| Some((row, commune.code, territory.outline(commune.code)?)))
            .collect();
        let grid = Grid::around(communes.iter().map(|(.., outline)| outline.bounds()), canvas.width_px)?;
        let mut areas = vec![0; territory.communes().len()];
        (1..).zip(&communes).for_each(|(area, (row, ..))| areas[*row] = area);
        let style = Style {
            areas: &areas,
            project: &|_, position| grid.place(position),
            degrees: &|_, _| grid.degrees(),
            tolerance: canvas.tolerance,
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
