//! Commune outlines, read through GDAL, checked and repaired through GEOS, in WGS 84.

mod areas;
mod arrondissements;
mod crs;
mod duplicates;
mod fields;
mod messages;
mod open;
mod place;
mod read;
mod surface;

use desserte_model::CommuneCode;
use geo::MultiPolygon;

pub(crate) use areas::{AreasAsked, read_areas};
pub(crate) use arrondissements::settle_arrondissements;
pub(crate) use duplicates::one_for_each_code;
pub use open::OutlinesError;
pub(crate) use place::{check_places, departement_of};
pub(crate) use read::{LayerRead, read_outlines};

/// One row of an outline layer, as far as it could be read.
#[derive(Debug, Clone)]
pub(crate) struct RawOutline {
    pub(crate) code: CommuneCode,
    pub(crate) name: Option<String>,
    pub(crate) departement: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) epci: Option<String>,
    pub(crate) population: Option<u32>,
    /// WGS 84 degrees, longitude first.
    pub(crate) surface: MultiPolygon<f64>,
}
