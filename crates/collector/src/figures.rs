//! What may be said of a commune, from its rows: medians, outages, and when there is not enough to say anything.
//!
//! The rules are stated for readers in `docs/spec/http-api.md`, section "Figures".

mod cache;
mod commune;
mod compare;
mod happening;
mod outage;
mod period;
mod quantile;
mod rate;
mod readings;
mod round_trip;
mod uses;

pub(crate) use cache::{Figures, Kept};
pub(crate) use commune::{CommuneFigures, CommunePeriod, Day, LineFigures, of_commune, of_departement};
pub(crate) use compare::{Compared, Median, Reading, compare};
pub(crate) use happening::{CauseNumbers, Happenings, InterruptionFigure, ReachFigure};
pub(crate) use outage::{OutageFigure, OutageNumbers};
pub(crate) use period::{MAX_DAYS, Window};
pub(crate) use quantile::quantile;
pub(crate) use rate::RateFigure;
#[cfg(test)]
pub(crate) use rate::RateNumbers;
pub(crate) use readings::{readings_of_commune, readings_of_communes};
pub(crate) use round_trip::RttFigure;
pub(crate) use uses::{SiteUses, uses_of_commune};
