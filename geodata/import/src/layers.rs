//! What tables say of communes: zonings (a value of a list) and figures (a number with its unit).
//!
//! A file's layout is recognised by its header ([`layout`]); one file may hold several zonings and figures. What a file
//! does not say is absent, never "no" and never zero.

mod cells;
mod layout;
mod layouts;
mod place;
mod read;

use std::collections::BTreeMap;

use desserte_model::CommuneCode;

pub(crate) use place::{Here, place_zoning};
pub(crate) use read::read_zonings;

/// A zoning as a file has it, by the codes that the file uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawZoning {
    pub(crate) name: String,
    pub(crate) values: BTreeMap<CommuneCode, String>,
}
