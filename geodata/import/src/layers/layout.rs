//! A layout: how a publisher's table is told from others, and what its columns hold.

use super::cells::Reading;
use super::layouts;
use crate::tables::Table;

/// Names of a column, any of which will do; `*` at the end stands for digits.
pub(super) type Names = &'static [&'static str];

/// Columns of the commune's code, under all names that publishers use.
pub(super) const CODE: Names = &[
    "codgeo",
    "code_insee",
    "insee_com",
    "depcom",
    "code_commune",
    "code_insee_commune",
    "code_insee_de_la_commune",
    "code_commune_insee",
    "codeinsee",
    "insee_commune",
    "code_com",
    "com",
    "insee",
    "code_geo",
    "code",
];

/// A table as one publisher lays it out.
#[derive(Debug)]
pub(super) struct Layout {
    /// Columns that all have to be there.
    pub(super) marks: &'static [Names],
    /// Rows to read, if not all: those with this text in this column.
    pub(super) only: Option<(&'static str, &'static str)>,
    pub(super) zonings: &'static [ZoneColumn],
    pub(super) figures: &'static [FigureColumn],
    /// What must hold of the numbers of a row.
    pub(super) rule: Option<Rule>,
}

/// One zoning of a layout.
#[derive(Debug)]
pub(super) struct ZoneColumn {
    /// What it is called beside the others of the file; `*` at the end takes the digits of the column's name.
    pub(super) key: &'static str,
    /// Rows to read, if not all.
    pub(super) when: Option<(&'static str, &'static str)>,
    /// The columns that it is read from.
    pub(super) cells: &'static [Names],
    pub(super) read: Reading,
}

/// One figure of a layout.
#[derive(Debug)]
pub(super) struct FigureColumn {
    /// As in [`ZoneColumn`].
    pub(super) key: &'static str,
    /// Rows to read, if not all.
    pub(super) when: Option<(&'static str, &'static str)>,
    pub(super) names: Names,
    /// In words, as `territory info` shows it.
    pub(super) unit: &'static str,
    /// Whether the figure of a city is the sum of those of its arrondissements.
    pub(super) additive: bool,
}

/// What must hold between columns of a row; a row that breaks it is kept as it is and reported.
#[derive(Debug)]
pub(super) enum Rule {
    /// The columns `parts` add up to `whole`.
    Sum { whole: &'static str, parts: &'static [&'static str] },
    /// No column of `parts`, which overlap and are never added, is more than `whole`.
    AtMost { whole: &'static str, parts: &'static [&'static str] },
}

/// The layout of a table; `None` for a table of codes and values that nobody's layout fits.
pub(super) fn layout_of(table: &Table) -> Option<&'static Layout> {
    layouts::ALL.iter().copied().find(|layout| layout.marks.iter().all(|names| table.column(names).is_some()))
}
