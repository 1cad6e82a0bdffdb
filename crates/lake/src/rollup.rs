//! Sums and quantiles by hour and by day, so that a page does not read every row of a year.
//!
//! A rollup is derived from the history and can be made anew from it. It is kept day by day: a day is computed again, whole, when
//! rows for it came, however late. A query sees days that received rows since as computed at that moment ([`view`]), so that a
//! rollup gives what the rows themselves would. Days whose rows are erased after their time are closed before, and stay ([`closed`]). Columns are told in
//! docs/spec/lake.md.

mod closed;
mod columns;
mod keep;
mod sql;
pub(crate) mod view;

pub use keep::RollupReport;

use crate::schema::Column;

/// Version of what the columns of the rollups mean. Another version is another directory, made from the rows.
pub const ROLLUP_METHOD: &str = "desserte-rollup/1";

/// Tables of rows that rollups are made from.
pub(crate) const SOURCES: [desserte_store::HandoverTable; 4] = {
    use desserte_store::HandoverTable::{LatencyMinute, Outage, Reachability, Throughput};
    [Throughput, LatencyMinute, Outage, Reachability]
};

/// A rollup of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rollup {
    /// By probe and hour.
    SiteHour,
    /// By commune and day, in UTC.
    CommuneDay,
}

impl Rollup {
    /// Every rollup.
    pub const ALL: [Self; 2] = [Self::SiteHour, Self::CommuneDay];

    /// The name of its table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SiteHour => "site_hour",
            Self::CommuneDay => "commune_day",
        }
    }

    /// The columns in their order, without the day.
    pub(crate) fn columns(self) -> impl Iterator<Item = Column> {
        columns::columns(self)
    }

    /// The column of times.
    pub(crate) const fn time(self) -> &'static str {
        match self {
            Self::SiteHour => "hour_utc",
            Self::CommuneDay => "day_utc",
        }
    }

    /// The directory in a generation that rollups of this method lie in.
    pub(crate) const fn directory(self) -> &'static str {
        "rollup-1"
    }
}
