//! What tables say of communes: zonings (a value of a list) and figures (a number with its unit).
//!
//! A file's layout is recognised by its header ([`layout`]); one file may hold several zonings and figures. What a file
//! does not say is absent, never "no" and never zero.

mod cells;
mod figures;
mod layout;
mod layouts;
mod place;
mod read;
mod sites;

use std::collections::BTreeMap;

use desserte_model::CommuneCode;
use desserte_territory::FigureValue;

pub(crate) use cells::day_in;
pub(crate) use figures::read_figures;
pub(crate) use place::{Here, place_figure, place_zoning};
pub(crate) use read::read_zonings;
pub(crate) use sites::site_figures;

/// A zoning as a file has it, by the codes that the file uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawZoning {
    pub(crate) name: String,
    pub(crate) values: BTreeMap<CommuneCode, String>,
}

/// A figure as a file has it, by the codes that the file uses.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RawFigure {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) period: Option<String>,
    /// Whether the figure of a city is the sum of those of its arrondissements.
    pub(crate) additive: bool,
    pub(crate) values: BTreeMap<CommuneCode, FigureValue>,
}
