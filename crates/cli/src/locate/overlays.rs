//! The overlays that are asked for, each a column of its own.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, anyhow};
use desserte_territory::{OVERLAY_EXTENSION, Overlay, Place, Source, Territory};

use super::block::Block;
use crate::out::Failure;

/// An overlay as `--overlay` asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AskedOverlay {
    /// One of the territory's, by its name.
    OfTerritory(String),
    /// One in a file of its own, and what to call it; by default what it calls itself.
    InFile { name: Option<String>, path: PathBuf },
}

impl FromStr for AskedOverlay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = match text.split_once('=') {
            Some((name, path)) => (Some(name.trim()), path),
            None if Path::new(text).extension().is_some_and(|ending| ending == OVERLAY_EXTENSION) => {
                (None, text)
            }
            None if text.trim().is_empty() => return Err("the name is empty".to_owned()),
            None => return Ok(Self::OfTerritory(text.trim().to_owned())),
        };
        if name == Some("") || path.is_empty() {
            return Err("give a name and a file, as in qpv=qpv.dso".to_owned());
        }
        Ok(Self::InFile { name: name.map(str::to_owned), path: path.into() })
    }
}

/// Opens the overlays that are asked for by file; none in the place of the others.
pub(super) fn open(asked: &[AskedOverlay]) -> Result<Vec<Option<Overlay>>, Failure> {
    let opened = asked.iter().map(|asked| match asked {
        AskedOverlay::OfTerritory(_) => Ok(None),
        AskedOverlay::InFile { path, .. } => Overlay::open(path)
            .with_context(|| {
                "--overlay takes files (.dso) that `desserte-geodata overlay NAME=FILE` makes of polygon layers"
            })
            .map(Some),
    });
    Ok(opened.collect::<anyhow::Result<_>>()?)
}

/// An overlay and what it says of the rows under way.
pub(super) struct Column<'a> {
    pub(super) name: String,
    overlay: &'a Overlay,
    places: Vec<Place>,
    /// Rows in an area, over the whole table.
    pub(super) inside: usize,
}

/// All overlays that are asked for, in their order; `files` are those that were opened for it.
///
/// One whose licence forbids passing it on is taken only into a table `for own use`.
pub(super) fn columns<'a>(
    asked: &[AskedOverlay],
    files: &'a [Option<Overlay>],
    territory: &'a Territory,
    own_use: bool,
) -> Result<Vec<Column<'a>>, Failure> {
    let mut columns: Vec<Column<'a>> = Vec::with_capacity(asked.len());
    for (asked, file) in asked.iter().zip(files) {
        let (name, overlay) = match (asked, file) {
            (AskedOverlay::InFile { name, .. }, Some(overlay)) => (name.as_deref(), Some(overlay)),
            (AskedOverlay::InFile { name, .. }, None) => (name.as_deref(), None),
            (AskedOverlay::OfTerritory(name), _) => (Some(name.as_str()), territory.overlay(name)),
        };
        let overlay = overlay.ok_or_else(|| unknown(name.unwrap_or_default(), territory))?;
        let name = name.unwrap_or(overlay.name()).to_owned();
        if let Some(source) = overlay.source().filter(|source| !source.may_be_exported() && !own_use) {
            let licence = source.licence.as_deref().unwrap_or("a licence of its own");
            let advice = "leave it out, or keep the table to yourself and say so with --own-use";
            return Err(Failure::usage(anyhow!(
                "--overlay {name}: {} is under {licence}, which forbids passing it on; {advice}",
                source.title
            )));
        }
        columns.push(Column { name, overlay, places: Vec::new(), inside: 0 });
    }
    Ok(columns)
}

/// The refusal of an overlay that a territory does not have.
pub(crate) fn unknown(name: &str, territory: &Territory) -> Failure {
    let known: Vec<&str> = territory.overlays().iter().map(Overlay::name).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Failure::usage(anyhow!("the territory has no overlay {name:?}; it has {known}"))
}

impl Column<'_> {
    pub(super) fn place(&mut self, block: &Block, threads: NonZeroUsize) {
        self.places.clear();
        self.places.resize(block.lon.len(), Place::default());
        let placed = self.overlay.locate_columns(&block.lon, &block.lat, &mut self.places, threads);
        self.inside += placed.inside;
    }

    /// The code of the area that holds the point of a row of the last block.
    pub(super) fn code(&self, number: usize) -> Option<&str> {
        let row = self.places[number].row()?;
        self.overlay.areas().get(row).map(|area| area.code.as_str())
    }

    /// Whom to credit.
    pub(super) const fn source(&self) -> Option<&Source> {
        self.overlay.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlay_is_asked_for_by_name_or_by_file() {
        let file = |name: Option<&str>, path: &str| AskedOverlay::InFile {
            name: name.map(str::to_owned),
            path: path.into(),
        };
        for (text, expected) in [
            ("qpv", AskedOverlay::OfTerritory("qpv".to_owned())),
            ("dir/qpv.dso", file(None, "dir/qpv.dso")),
            ("qpv=x.dso", file(Some("qpv"), "x.dso")),
            ("qpv=a=b", file(Some("qpv"), "a=b")),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for wrong in ["", " ", "=x.dso", "qpv="] {
            assert!(wrong.parse::<AskedOverlay>().is_err(), "{wrong}");
        }
    }
}
