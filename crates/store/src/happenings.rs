//! Reading what happened beside runs and minutes' sums: interruptions, time of unknown state, attempts to reach services.

use std::time::Duration;

use desserte_measure::UnknownCause;
use desserte_model::{CommuneCode, InterruptionCause, ReachFailure};
use rusqlite::Row;

use crate::probes::text;
use crate::query::unsigned;
use crate::{Period, Scope, Store, StoreError};

/// An interruption that a probe's watch found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterruptionRow {
    /// Where.
    pub commune: CommuneCode,
    /// The nearest thing that failed.
    pub cause: InterruptionCause,
    /// The likeliest length; `None` when an edge of it was not seen.
    pub duration: Option<Duration>,
}

/// Recorded time in which the state of the line was not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTotal {
    /// Where.
    pub commune: CommuneCode,
    /// Why it was not known.
    pub cause: UnknownCause,
    /// How long, all probes together.
    pub time: Duration,
}

/// Attempts to reach one address that ended the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachTotal {
    /// Where.
    pub commune: CommuneCode,
    /// The address asked for, as the probe's configuration has it.
    pub url: String,
    /// How they ended.
    pub end: ReachEnd,
    /// How many.
    pub attempts: u64,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReachEnd {
    /// The page came.
    Reached,
    /// It did not, for this reason.
    Failed(ReachFailure),
    /// Nothing was tried: no failure of the service or the line.
    NotTried,
}

impl Store {
    /// Interruptions by commune, then time.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn interruptions(&self, scope: &Scope, period: Period) -> Result<Vec<InterruptionRow>, StoreError> {
        let sql = include_str!("../sql/interruptions.sql");
        self.rows("reading interruptions", sql, scope, period, |row| {
            Ok(InterruptionRow {
                commune: text(row, 0)?,
                cause: code(row, 1, &InterruptionCause::ALL, InterruptionCause::code)?,
                duration: row.get::<_, Option<i64>>(2)?.map(micros),
            })
        })
    }

    /// Recorded time of unknown state, by commune and cause. Time without any record is in none.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn unknown_totals(&self, scope: &Scope, period: Period) -> Result<Vec<UnknownTotal>, StoreError> {
        let sql = include_str!("../sql/unknown-totals.sql");
        self.rows("adding up unknown minutes", sql, scope, period, |row| {
            Ok(UnknownTotal {
                commune: text(row, 0)?,
                cause: code(row, 1, &UnknownCause::ALL, UnknownCause::code)?,
                time: micros(row.get(2)?),
            })
        })
    }

    /// Attempts to reach services, by commune, address and end.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn reach_totals(&self, scope: &Scope, period: Period) -> Result<Vec<ReachTotal>, StoreError> {
        let sql = include_str!("../sql/reach-totals.sql");
        self.rows("adding up attempts to reach services", sql, scope, period, |row| {
            let tried: bool = row.get(2)?;
            let end = match (tried, row.get_ref(3)?) {
                (false, _) => ReachEnd::NotTried,
                (true, rusqlite::types::ValueRef::Null) => ReachEnd::Reached,
                (true, _) => ReachEnd::Failed(code(row, 3, &ReachFailure::ALL, ReachFailure::code)?),
            };
            Ok(ReachTotal { commune: text(row, 0)?, url: row.get(1)?, end, attempts: unsigned(row, 4)? })
        })
    }
}

fn micros(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// Reads a code that this program wrote.
fn code<T: Copy>(row: &Row<'_>, index: usize, all: &[T], code: fn(T) -> &'static str) -> rusqlite::Result<T> {
    let said = row.get_ref(index)?.as_str()?;
    all.iter().copied().find(|one| code(*one) == said).ok_or_else(|| {
        let unknown = format!("{said:?} is no code of this program; `desserte rebuild` writes them again");
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, unknown.into())
    })
}
