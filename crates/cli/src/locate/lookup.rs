//! Where communes are looked up: in as much of the territory file as the questions need.

use std::num::NonZeroUsize;

use anyhow::Context as _;
use desserte_model::{CogVintage, CommuneCode};
use desserte_territory::{Locator, Place, Placed, Territory};

use crate::arguments::LocateArguments;
use crate::out::Failure;

/// A territory file, opened for the questions at hand.
pub(super) enum Lookup {
    /// Only communes are asked for: what the points need is checked when they come.
    OnDemand(Box<Locator>),
    /// Distances or overlays are asked for too.
    Whole(Box<Territory>),
}

impl Lookup {
    pub(super) fn open(arguments: &LocateArguments) -> Result<Self, Failure> {
        let path = &arguments.territory;
        let distances = arguments.nearest_within > 0.0 || arguments.error > 0.0;
        if distances || !arguments.overlay.is_empty() {
            Ok(Self::Whole(Box::new(Territory::open(path)?)))
        } else {
            Ok(Self::OnDemand(Box::new(Locator::open(path)?)))
        }
    }

    /// The territory, if distances and overlays can be asked for.
    pub(super) const fn territory(&self) -> Option<&Territory> {
        match self {
            Self::OnDemand(_) => None,
            Self::Whole(territory) => Some(territory),
        }
    }

    pub(super) fn locate_columns(
        &self,
        lon: &[f64],
        lat: &[f64],
        places: &mut [Place],
        threads: NonZeroUsize,
    ) -> anyhow::Result<Placed> {
        match self {
            Self::OnDemand(locator) => {
                locator.locate_columns(lon, lat, places, threads).context("the territory file")
            }
            Self::Whole(territory) => Ok(territory.locate_columns(lon, lat, places, threads)),
        }
    }

    pub(super) fn code_at(&self, row: usize) -> Option<CommuneCode> {
        match self {
            Self::OnDemand(locator) => locator.code_at(row),
            Self::Whole(territory) => territory.code_at(row),
        }
    }

    pub(super) fn vintage(&self) -> CogVintage {
        match self {
            Self::OnDemand(locator) => locator.vintage(),
            Self::Whole(territory) => territory.vintage(),
        }
    }

    pub(super) fn is_synthetic(&self) -> bool {
        match self {
            Self::OnDemand(locator) => locator.is_synthetic(),
            Self::Whole(territory) => territory.is_synthetic(),
        }
    }
}
