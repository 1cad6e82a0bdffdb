//! Tables of the statistical office and other publishers, as text.

mod codes;
mod cog;
mod counts;
mod encoding;
mod epci;
mod movements;
mod populations;
mod sheet;
mod table;
mod units;

pub(crate) use codes::{
    CodeReading, city_of_arrondissements, parent_of_arrondissement, read_code, read_departement,
};
pub(crate) use cog::{Cog, read_cog};
pub(crate) use counts::read_count;
pub(crate) use epci::{EpciTable, read_epci, siren};
pub(crate) use movements::read_movements;
pub(crate) use populations::{Populations, read_populations};
pub use table::TableError;
pub(crate) use table::{Row, Table, folded};
pub(crate) use units::{
    UnitRow, built_in_departement, built_in_region, read_arrondissements, read_departements, read_regions,
};
