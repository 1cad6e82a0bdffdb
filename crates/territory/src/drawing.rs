//! The map of a département as SVG paths.
//!
//! Outlines are projected, put on a grid of half pixels, and simplified border by border: a border is the line
//! between two places where three areas meet, and it is simplified once for both sides, so that no gap and no
//! overlap opens. A commune too small for the grid is drawn as a small square rather than not at all.

mod borders;
mod grid;
mod path;

use desserte_model::CommuneCode;

use crate::Territory;
use grid::Grid;

/// A département drawn for a given width.
#[derive(Debug, Clone, PartialEq)]
pub struct DepartementMap {
    /// Width of the view box, in its own units: two for each pixel of the width asked for.
    pub view_width: u32,
    /// Height of the view box, in its own units.
    pub view_height: u32,
    /// One path for each commune, in the order of their codes.
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
    let outlines: Vec<_> = territory
        .communes_of_departement(departement)
        .filter_map(|commune| territory.outline(commune.code).map(|outline| (commune.code, outline)))
        .collect();
    let grid = Grid::around(outlines.iter().map(|(_, outline)| outline.bounds()), width_px)?;
    let snapped: Vec<Vec<borders::Ring>> = outlines.iter().map(|(_, outline)| grid.rings(outline)).collect();
    let simplified = borders::simplify(&snapped);
    let communes = outlines
        .iter()
        .zip(snapped.iter().zip(simplified))
        .map(|((code, outline), (snapped, simplified))| {
            let rings = [simplified, snapped.clone()]
                .into_iter()
                .map(borders::without_collapsed)
                .find(|rings| !rings.is_empty())
                .unwrap_or_else(|| vec![grid.marker(outline)]);
            CommunePath { code: *code, d: path::data(&rings) }
        })
        .collect();
    Some(DepartementMap { view_width: grid.width(), view_height: grid.height(), communes })
}

#[cfg(test)]
mod tests;
