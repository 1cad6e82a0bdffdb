//! Reading what service indicators are made of: minutes with their echoes, runs with the rate that is sold, pages.

use std::time::Duration;

use desserte_measure::StatedMinute;
use desserte_model::{CommuneCode, Direction, Observation, ProbeId, Record};
use desserte_units::{BitRate, Timestamp};
use rusqlite::types::Type;
use rusqlite::{Row, named_params};

use crate::probes::text;
use crate::query::{minute_state, unsigned};
use crate::{Period, Scope, Store, StoreError};

/// A minute watched, with its echoes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceMinute {
    /// Where.
    pub commune: CommuneCode,
    /// Which probe.
    pub probe: ProbeId,
    /// When and in which state. The cause of an unknown one is not told apart.
    pub stated: StatedMinute,
    /// Echoes sent.
    pub sent: u32,
    /// Echoes without an answer.
    pub lost: u32,
    /// Median round trip, µs; `None` without an answer.
    pub rtt_median_us: Option<u32>,
    /// Round trips to each target in µs, in order of sending; `None` is an echo without an answer.
    pub echoes: Vec<Vec<Option<u32>>>,
}

/// A complete run that may enter a figure: not over Wi-Fi, octets counted at the application layer.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceRun {
    /// Where.
    pub commune: CommuneCode,
    /// Which probe.
    pub probe: ProbeId,
    /// When it began.
    pub event: Timestamp,
    /// The way of the payload.
    pub direction: Direction,
    /// Goodput after the ramp; `None` when the method gives none.
    pub steady: Option<BitRate>,
    /// What the line is declared to be sold as in this direction; `None` when nobody said.
    pub subscribed: Option<BitRate>,
}

/// An attempt to load a public service's page that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePage {
    /// Where.
    pub commune: CommuneCode,
    /// Which probe.
    pub probe: ProbeId,
    /// When it began.
    pub event: Timestamp,
    /// How long the page took; `None`: it did not come.
    pub took: Option<Duration>,
}

impl Store {
    /// Minutes of a period, one by one, by commune, then probe, then time: a month of a département is more than a million.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn service_minutes(
        &self,
        scope: &Scope,
        period: Period,
        mut each: impl FnMut(ServiceMinute),
    ) -> Result<(), StoreError> {
        let (first, last) = scope.bounds();
        self.read("reading minutes", |connection| {
            let mut statement = connection.prepare_cached(include_str!("../sql/service-minutes.sql"))?;
            let mut rows = statement.query(named_params! {
                ":first": first,
                ":last": last,
                ":from": period.start.as_unix_micros(),
                ":to": period.end.as_unix_micros(),
            })?;
            while let Some(row) = rows.next()? {
                each(minute_row(row)?);
            }
            Ok(())
        })
    }

    /// Runs of a period that may enter a figure, by commune, then time.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn service_runs(&self, scope: &Scope, period: Period) -> Result<Vec<ServiceRun>, StoreError> {
        let rate = |row: &Row<'_>, index| {
            row.get::<_, Option<f64>>(index).map(|rate| rate.and_then(BitRate::from_bits_per_second))
        };
        self.rows("reading runs", include_str!("../sql/service-runs.sql"), scope, period, |row| {
            let direction = [Direction::Download, Direction::Upload];
            let said = row.get_ref(3)?.as_str()?;
            Ok(ServiceRun {
                commune: text(row, 0)?,
                probe: text(row, 1)?,
                event: Timestamp::from_unix_micros(row.get(2)?),
                direction: direction.into_iter().find(|one| one.code() == said).unwrap_or(Direction::Upload),
                steady: rate(row, 4)?,
                subscribed: rate(row, 5)?,
            })
        })
    }

    /// Attempts of a period to load pages, by commune, then time.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn service_pages(&self, scope: &Scope, period: Period) -> Result<Vec<ServicePage>, StoreError> {
        self.rows("reading pages", include_str!("../sql/service-pages.sql"), scope, period, |row| {
            let failed = row.get::<_, Option<String>>(3)?.is_some();
            let took = row.get::<_, Option<i64>>(4)?.and_then(|us| u64::try_from(us).ok());
            Ok(ServicePage {
                commune: text(row, 0)?,
                probe: text(row, 1)?,
                event: Timestamp::from_unix_micros(row.get(2)?),
                took: took.filter(|_| !failed).map(Duration::from_micros),
            })
        })
    }
}

fn minute_row(row: &Row<'_>) -> rusqlite::Result<ServiceMinute> {
    let line = row.get_ref(8)?.as_blob()?;
    let record: Record = serde_json::from_slice(line)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(8, Type::Blob, error.into()))?;
    let echoes = match record.observation {
        Observation::Minute(seen) => seen.targets.into_iter().map(|target| target.rtt_us).collect(),
        _ => Vec::new(),
    };
    let count = |index| unsigned(row, index).map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    Ok(ServiceMinute {
        commune: text(row, 0)?,
        probe: text(row, 1)?,
        stated: StatedMinute {
            start: Timestamp::from_unix_micros(row.get(2)?),
            window: Duration::from_micros(unsigned(row, 3)?),
            state: minute_state(row, 4)?,
        },
        sent: count(5)?,
        lost: count(6)?,
        rtt_median_us: row.get(7)?,
        echoes,
    })
}
