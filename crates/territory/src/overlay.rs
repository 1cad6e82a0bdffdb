//! Areas that are no communes: neighbourhoods, zones of a network, declared coverage.
//!
//! An overlay is indexed as communes are and answers by the same exact test: a point on a border is inside, and where
//! several areas hold a point the first in the overlay's order answers. Areas stand in the order of their codes, or of
//! precedence where they have one (the best level of coverage first).

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;

use desserte_model::LonLat;

use crate::file::OverlayBody;
use crate::grid::{Place, Placed};
use crate::{OpenError, Outline, Source, Territory};

/// What an overlay is made of, before it is indexed.
#[derive(Debug, Clone, PartialEq)]
pub struct OverlayContents {
    /// The name it is asked for by, such as `qpv`.
    pub name: String,
    /// Where it comes from.
    pub source: Option<Source>,
    /// The areas, in the order in which they answer.
    pub areas: Vec<OutlinedArea>,
}

/// An area and its outline.
#[derive(Debug, Clone, PartialEq)]
pub struct OutlinedArea {
    /// What is known of it.
    pub area: Area,
    /// Where it lies.
    pub outline: Outline,
}

/// An area of an overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// What it is called in answers: unique in its overlay, not empty.
    pub code: String,
    /// Its name, if the source gives one.
    pub name: Option<String>,
}

/// The refusal of an overlay that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOverlay {
    /// There is no area.
    #[error("overlay {0} has no area")]
    Empty(String),
    /// Two areas have one code, or one has none.
    #[error("overlay {overlay} has the code {code:?} twice, or it is empty")]
    Code {
        /// The overlay's name.
        overlay: String,
        /// The code.
        code: String,
    },
}

impl OverlayContents {
    pub(crate) fn check(&self) -> Result<(), InvalidOverlay> {
        if self.areas.is_empty() {
            return Err(InvalidOverlay::Empty(self.name.clone()));
        }
        let mut seen = BTreeSet::new();
        for OutlinedArea { area, .. } in &self.areas {
            if area.code.is_empty() || !seen.insert(area.code.as_str()) {
                return Err(InvalidOverlay::Code { overlay: self.name.clone(), code: area.code.clone() });
            }
        }
        Ok(())
    }
}

/// Areas, indexed; in a territory file or in a file of their own.
#[derive(Debug)]
pub struct Overlay(pub(crate) OverlayBody);

impl Overlay {
    /// Indexes areas.
    ///
    /// # Errors
    /// When there is none, or a code is empty or comes twice.
    pub fn new(contents: &OverlayContents) -> Result<Self, InvalidOverlay> {
        contents.check()?;
        Ok(Self(OverlayBody::of(contents)))
    }

    /// Maps and checks an overlay file, as [`Territory::open`] does a territory file.
    ///
    /// # Errors
    /// When the file cannot be read, is no overlay file, has another version, or is truncated or damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        crate::open::mapped(path.as_ref(), OverlayBody::from_file).map(Self)
    }

    /// The octets of an overlay file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.octets().to_vec()
    }

    /// The name it is asked for by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Where it comes from, if known.
    #[must_use]
    pub const fn source(&self) -> Option<&Source> {
        self.0.source.as_ref()
    }

    /// The areas, in the order in which they answer.
    #[must_use]
    pub fn areas(&self) -> &[Area] {
        &self.0.areas
    }

    /// The area that holds a point: the first one, where several do.
    #[must_use]
    pub fn locate(&self, point: LonLat) -> Option<&Area> {
        let held = self.0.surfaces.grid().held([point.lon(), point.lat()]);
        self.areas().get(Place::of(held).row()?)
    }

    /// All areas that hold or touch a point, in order.
    #[must_use]
    pub fn all_at(&self, point: LonLat) -> Vec<&Area> {
        let mut found = Vec::new();
        self.0.surfaces.grid().each_held([point.lon(), point.lat()], |label| {
            found.extend(self.areas().get(label as usize - 1));
        });
        found
    }

    /// Finds the area of every point of two columns, as [`Overlay::locate`] does, on up to `threads` threads.
    ///
    /// # Shape
    /// `places` gets an answer for every pair of `lon` and `lat`; their rows are places in [`Overlay::areas`].
    ///
    /// # Panics
    /// When the three columns differ in length.
    pub fn locate_columns(
        &self,
        lon: &[f64],
        lat: &[f64],
        places: &mut [Place],
        threads: NonZeroUsize,
    ) -> Placed {
        assert!(lon.len() == lat.len() && lon.len() == places.len(), "columns of one length");
        self.0.surfaces.grid().places(lon, lat, places, threads)
    }

    /// The outline of an area, by its place in the list.
    #[must_use]
    pub fn outline(&self, row: usize) -> Option<Outline> {
        (row < self.areas().len()).then(|| self.0.surfaces.outline(row))
    }

    /// Everything the overlay is made of, as an owned copy.
    #[must_use]
    pub fn contents(&self) -> OverlayContents {
        let areas = self.areas().iter().enumerate();
        OverlayContents {
            name: self.name().to_owned(),
            source: self.source().cloned(),
            areas: areas
                .map(|(row, area)| OutlinedArea { area: area.clone(), outline: self.0.surfaces.outline(row) })
                .collect(),
        }
    }
}

impl Territory {
    /// The overlay with this name.
    #[must_use]
    pub fn overlay(&self, name: &str) -> Option<&Overlay> {
        self.overlays().iter().find(|overlay| overlay.name() == name)
    }
}

#[cfg(test)]
mod tests;
