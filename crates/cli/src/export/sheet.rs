//! A table that is written: its rows, with outlines if they have any.

use desserte_territory::Territory;
use desserte_territory::geometry::MultiPolygon;
use serde_json::Value as Json;

use super::columns::Table;
use super::figures::Value;
use crate::territory::{Cell, Column, Features};

/// A table and its rows.
pub(super) struct Sheet<'a> {
    pub(super) table: Table,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Option<Value>>>,
    /// For each row the commune that its outline is of; empty for a table without outlines.
    pub(super) communes: Vec<desserte_model::CommuneCode>,
    pub(super) territory: &'a Territory,
    /// What files must say of the whole.
    pub(super) about: Vec<(&'static str, Json)>,
}

impl Features for Sheet<'_> {
    fn name(&self) -> &str {
        self.table.name()
    }

    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn cells(&self, row: usize) -> Vec<Option<Cell<'_>>> {
        self.rows[row].iter().map(|value| value.as_ref().map(cell)).collect()
    }

    fn outline(&self, row: usize) -> anyhow::Result<MultiPolygon<f64>> {
        let code = self.communes[row];
        let outline = self.territory.outline(code);
        let outline = outline.ok_or_else(|| anyhow::anyhow!("{code} has no outline"))?;
        Ok(outline.as_multi_polygon().clone())
    }

    fn about(&self) -> Vec<(&'static str, Json)> {
        self.about.clone()
    }
}

fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::Text(text) => Cell::Text(text),
        Value::Count(count) => Cell::Count(*count),
        Value::Number(number) => Cell::Number(*number),
    }
}
