//! An overlay in a file of its own.

use desserte_territory::{InvalidOverlay, OVERLAY_ROLE, Overlay};

use crate::input::{Input, Unreadable};
use crate::outlines::{AreasAsked, OutlinesError, read_areas};
use crate::{Finding, Manifest, NamedFile};

/// What to read an overlay from.
#[derive(Debug, Clone, Copy)]
pub struct OverlayAsked<'a> {
    /// The polygon layer and the name to give it.
    pub areas: &'a NamedFile,
    /// The layer, if the file has several.
    pub layer: Option<&'a str>,
    /// The reference system, if the file states none or a wrong one.
    pub crs: Option<&'a str>,
    /// Descriptions of known files.
    pub manifests: &'a [Manifest],
}

/// Why an overlay was refused.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    /// The file cannot be read.
    #[error(transparent)]
    Input(#[from] Unreadable),
    /// Its areas are of no use.
    #[error(transparent)]
    Areas(#[from] OutlinesError),
    /// They contradict each other.
    #[error(transparent)]
    Overlay(#[from] InvalidOverlay),
}

/// Reads, repairs and indexes the areas of a layer.
///
/// # Errors
/// When the file cannot be read as a layer of areas in France. Single areas that were repaired or left out are findings.
pub fn import_overlay(asked: OverlayAsked<'_>) -> Result<(Overlay, Vec<Finding>), OverlayError> {
    let NamedFile { name, path } = asked.areas;
    let (input, _) = Input::read(OVERLAY_ROLE, path)?;
    let mut findings = Vec::new();
    let areas = AreasAsked { name, path, layer: asked.layer, crs: asked.crs, encoding: None };
    let contents = read_areas(areas, input.source(asked.manifests), &mut findings)?;
    Ok((Overlay::new(&contents)?, findings))
}
