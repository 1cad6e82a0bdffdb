//! The layouts that are known by their headers.

mod arcep;
mod connexion;
mod insee;
mod zones;

use super::layout::Layout;

/// All layouts, those with more marks before those that they would also fit.
pub(super) const ALL: &[&Layout] = &[
    &insee::ZONINGS,
    &insee::DENSITY,
    &zones::ZRR,
    &zones::ZRR_2019,
    &zones::FRR,
    &zones::ABC,
    &arcep::OBSERVATORY_2018,
    &arcep::OBSERVATORY_2018_ROLL_OUT,
    &arcep::COPPER,
    &arcep::COPPER_FREE_TEXT,
    &arcep::CARTEFIBRE,
    &insee::FILOSOFI,
    &connexion::BEST,
    &connexion::TECHNOLOGIES,
    &connexion::BIT_RATES,
    &connexion::PREMISES,
];
