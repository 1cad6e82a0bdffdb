//! The areas of an overlay, as rows.

use anyhow::anyhow;
use desserte_territory::geometry::MultiPolygon;
use desserte_territory::{Exportable, Overlay, Territory};
use serde_json::{Value, json};

use super::features::{Cell, Column, Features, Kind, about};
use crate::locate::overlays::unknown;
use crate::out::Failure;

/// An overlay that may leave the territory.
pub(super) struct Areas<'a> {
    territory: &'a Territory,
    overlay: &'a Overlay,
    columns: [Column; 2],
}

impl<'a> Areas<'a> {
    /// The overlay of this name, if its licence lets it leave.
    pub(super) fn of(
        territory: &'a Territory,
        exportable: &Exportable<'a>,
        name: &str,
    ) -> Result<Self, Failure> {
        let overlay = territory.overlay(name).ok_or_else(|| unknown(name, territory))?;
        if !exportable.overlays.contains(&overlay.name()) {
            let source = overlay.source().map_or("its source", |source| source.title.as_str());
            return Err(
                anyhow!("{name} is not exported: the licence of {source} forbids passing it on").into()
            );
        }
        let columns = [Column::new("code", Kind::Text), Column::new("nom", Kind::Text)];
        Ok(Self { territory, overlay, columns })
    }
}

impl Features for Areas<'_> {
    fn name(&self) -> &str {
        self.overlay.name()
    }

    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn len(&self) -> usize {
        self.overlay.areas().len()
    }

    fn cells(&self, row: usize) -> Vec<Option<Cell<'_>>> {
        let area = &self.overlay.areas()[row];
        vec![Some(Cell::Text(&area.code)), area.name.as_deref().map(Cell::Text)]
    }

    fn outline(&self, row: usize) -> anyhow::Result<MultiPolygon<f64>> {
        let outline = self.overlay.outline(row).ok_or_else(|| anyhow!("no area {row}"))?;
        Ok(outline.as_multi_polygon().clone())
    }

    fn about(&self) -> Vec<(&'static str, Value)> {
        let mut about = about(self.territory, self.overlay.source().into_iter());
        about.push(("overlay", json!(self.overlay.name())));
        about
    }
}
