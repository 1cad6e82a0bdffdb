//! What may be said of a commune, from its rows: medians, outages, and when there is not enough to say anything.
//!
//! The rules are stated for readers in `docs/spec/http-api.md`, section "Figures".

mod cache;
mod commune;
mod happening;
mod outage;
mod period;
mod quantile;
mod rate;
mod round_trip;

pub(crate) use cache::{FigureCache, Figures};
pub(crate) use commune::{CommuneFigures, CommunePeriod, Day, LineFigures, of_commune, of_departement};
pub(crate) use happening::{CauseNumbers, Happenings, InterruptionFigure, ReachFigure};
pub(crate) use outage::{OutageFigure, OutageNumbers};
pub(crate) use period::{MAX_DAYS, Window};
pub(crate) use quantile::quantile;
pub(crate) use rate::RateFigure;
#[cfg(test)]
pub(crate) use rate::RateNumbers;
pub(crate) use round_trip::RttFigure;
