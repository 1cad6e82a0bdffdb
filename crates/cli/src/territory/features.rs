//! What an export writes: rows of named columns, each with an outline.

use desserte_territory::geometry::{LineString, MultiPolygon, Polygon};
use desserte_territory::{Source, Territory};
use serde_json::{Value, json};

use super::told;

/// Communes or areas, in a form that every format can be written from.
pub(crate) trait Features {
    /// What the rows are: the name of a layer.
    fn name(&self) -> &str;

    /// The columns, in their order; no two have one name.
    fn columns(&self) -> &[Column];

    /// The number of rows.
    fn len(&self) -> usize;

    /// What a row says, a cell for each column; none where nothing is known, which is never zero.
    fn cells(&self, row: usize) -> Vec<Option<Cell<'_>>>;

    /// Where a row lies.
    fn outline(&self, row: usize) -> anyhow::Result<MultiPolygon<f64>>;

    /// What the file must say of the whole, whom to credit above all.
    fn about(&self) -> Vec<(&'static str, Value)>;
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Count,
    Number,
}

/// A cell of a column of the same kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    Text(&'a str),
    Count(u32),
    Number(f64),
}

/// Names of columns that a format takes for itself.
pub(super) const RESERVED: [&str; 2] = ["bbox", "geometry"];

impl Column {
    pub(crate) fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), kind }
    }
}

/// The vintage, whether all is made up, which territory it is, and whom to credit.
pub(crate) fn about<'a>(
    territory: &Territory,
    sources: impl Iterator<Item = &'a Source>,
) -> Vec<(&'static str, Value)> {
    vec![
        ("vintage", json!(territory.vintage().as_year())),
        ("synthetic", json!(territory.is_synthetic())),
        ("fingerprint", json!(territory.fingerprint())),
        ("sources", json!(sources.map(told).collect::<Vec<_>>())),
    ]
}

/// The rings of a polygon, the outer one first.
pub(super) fn rings(part: &Polygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    std::iter::once(part.exterior()).chain(part.interiors())
}
