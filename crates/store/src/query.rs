//! Reading: what happened where, by event time.
//!
//! These functions give rows and sums; what may be published of them is decided above, in the collector.

use std::time::Duration;

use desserte_measure::{MinuteState, StatedMinute, UnknownCause};
use desserte_model::{CogVintage, CommuneCode, Direction, ProbeId};
use desserte_units::{BitRate, Timestamp};
use rusqlite::{Row, named_params};

pub use desserte_measure::Period;

use crate::probes::text;
use crate::{Store, StoreError};

/// The communes a query is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// One commune.
    Commune(CommuneCode),
    /// Every commune of a département, by the code its communes' codes begin with.
    Departement(String),
    /// All of them.
    All,
}

impl Scope {
    /// First and last text between which the scope's codes lie; `~` sorts after every character of a code.
    pub(crate) fn bounds(&self) -> (String, String) {
        match self {
            Self::Commune(code) => (code.to_string(), code.to_string()),
            Self::Departement(code) => (code.clone(), format!("{code}~")),
            Self::All => (String::new(), "~".to_owned()),
        }
    }
}

/// A throughput run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// Where it was made.
    pub commune: CommuneCode,
    /// The probe that made it.
    pub probe: ProbeId,
    /// When it began.
    pub event: Timestamp,
    /// The way of the payload.
    pub direction: Direction,
    /// How it ended, as a code of `RunOutcome`.
    pub outcome: String,
    /// How the probe was attached: `wired`, `wifi`, `mobile` or `unknown`.
    pub medium: String,
    /// Retail operator as declared; `None` when not known.
    pub operator: Option<String>,
    /// Technology code; `None` when not known.
    pub technology: Option<String>,
    /// Where octets were counted, `application` or `kernel`; `None` when none were.
    pub layer: Option<String>,
    /// Measurement server; `None` when it did not say.
    pub server: Option<String>,
    /// Goodput from the origin; `None` when the method gives none.
    pub mean: Option<BitRate>,
    /// Goodput after the ramp; `None` when the method gives none.
    pub steady: Option<BitRate>,
}

/// Time that one probe spent in each state, and its echoes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinuteTotals {
    /// Where.
    pub commune: CommuneCode,
    /// Which probe.
    pub probe: ProbeId,
    /// Time up.
    pub up: Duration,
    /// Time degraded.
    pub degraded: Duration,
    /// Time down, single minutes included.
    pub down: Duration,
    /// Recorded time of unknown state. Time without any record is in none of these.
    pub unknown: Duration,
    /// Echoes sent.
    pub sent: u64,
    /// Echoes without answer.
    pub lost: u64,
}

impl MinuteTotals {
    /// Time of known state.
    #[must_use]
    pub fn known(&self) -> Duration {
        self.up + self.degraded + self.down
    }
}

/// A minute that matters to outages: a down one, or one that follows within two minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownMinute {
    /// Where.
    pub commune: CommuneCode,
    /// Which probe.
    pub probe: ProbeId,
    /// When, how long and in which state.
    pub minute: StatedMinute,
}

/// The idle round trips of one commune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommuneRtts {
    /// Where.
    pub commune: CommuneCode,
    /// One value in microseconds for each minute that had an answer: the median over the answered echoes of all
    /// targets. In no particular order.
    pub minute_medians_us: Vec<u32>,
}

/// A commune where something was recorded, whatever the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommuneSeen {
    /// The commune.
    pub commune: CommuneCode,
    /// The list its code belongs to.
    pub vintage: CogVintage,
    /// Event time of the first dated record; `None` while none is dated.
    pub first: Option<Timestamp>,
    /// Event time of the last dated record; `None` while none is dated.
    pub last: Option<Timestamp>,
}

impl Store {
    /// Throughput runs of a period, by commune, then time.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn runs(&self, scope: &Scope, period: Period) -> Result<Vec<RunRow>, StoreError> {
        self.rows("reading throughput runs", include_str!("../sql/runs.sql"), scope, period, run_row)
    }

    /// Time in each state by commune and probe. The period's ends are taken as whole hours, rounded to the past.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn minute_totals(&self, scope: &Scope, period: Period) -> Result<Vec<MinuteTotals>, StoreError> {
        let sql = include_str!("../sql/minute-totals.sql");
        self.rows("adding up minutes", sql, scope, period, totals_row)
    }

    /// The minutes from which outages are found, by commune and probe, then time.
    ///
    /// Feeding each probe's to `desserte_measure::outages` finds the same outages as all its minutes would: between two
    /// down minutes near enough to be one outage, every minute recorded is included.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn down_minutes(&self, scope: &Scope, period: Period) -> Result<Vec<DownMinute>, StoreError> {
        self.rows("reading down minutes", include_str!("../sql/down-minutes.sql"), scope, period, down_row)
    }

    /// Idle round-trip times, by commune.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn rtts(&self, scope: &Scope, period: Period) -> Result<Vec<CommuneRtts>, StoreError> {
        let (first, last) = scope.bounds();
        self.read("reading round-trip times", |connection| {
            let mut statement = connection.prepare_cached(include_str!("../sql/rtts.sql"))?;
            let mut rows = statement.query(named_params! {
                ":first": first,
                ":last": last,
                ":from": period.start.as_unix_micros(),
                ":to": period.end.as_unix_micros(),
            })?;
            let mut communes: Vec<CommuneRtts> = Vec::new();
            // A month of a département is more than a million rows; the code is read once for each commune.
            while let Some(row) = rows.next()? {
                let code = row.get_ref(0)?.as_str()?;
                let rtt = row.get(1)?;
                match communes.last_mut() {
                    Some(last) if last.commune.as_str() == code => last.minute_medians_us.push(rtt),
                    _ => communes.push(CommuneRtts { commune: text(row, 0)?, minute_medians_us: vec![rtt] }),
                }
            }
            Ok(communes)
        })
    }

    /// The days, in whole days since the Unix epoch, in whose hours minutes were recorded; in order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn minute_days(&self, scope: &Scope, period: Period) -> Result<Vec<i64>, StoreError> {
        let sql = include_str!("../sql/minute-days.sql");
        self.rows("listing days", sql, scope, period, |row| row.get(0))
    }

    /// Communes where anything was ever recorded, by code.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn communes_seen(&self, scope: &Scope) -> Result<Vec<CommuneSeen>, StoreError> {
        let (first, last) = scope.bounds();
        self.read("listing communes", |connection| {
            connection
                .prepare_cached(
                    "SELECT commune, vintage, first_us, last_us FROM commune_seen \
                     WHERE commune BETWEEN ?1 AND ?2 ORDER BY commune",
                )?
                .query_map([first, last], |row| {
                    Ok(CommuneSeen {
                        commune: text(row, 0)?,
                        vintage: CogVintage::from_year(row.get(1)?),
                        first: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_unix_micros),
                        last: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_unix_micros),
                    })
                })?
                .collect()
        })
    }

    /// Number of records kept, and of those whose event time is not known.
    ///
    /// # Errors
    /// When the database fails.
    pub fn record_counts(&self) -> Result<(u64, u64), StoreError> {
        self.read("counting records", |connection| {
            connection
                .prepare_cached(
                    "SELECT (SELECT ifnull (max (no), 0) FROM record), \
                            (SELECT count (*) FROM record WHERE event_us IS NULL)",
                )?
                .query_row([], |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?)))
        })
    }

    /// The octets of every record that was not erased, in the order they were kept.
    ///
    /// # Errors
    /// When the database fails.
    pub fn record_lines(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read("reading records", |connection| {
            connection
                .prepare("SELECT line FROM record WHERE line <> x'' ORDER BY no")?
                .query_map([], |row| row.get(0))?
                .collect()
        })
    }

    pub(crate) fn rows<T>(
        &self,
        doing: &'static str,
        sql: &str,
        scope: &Scope,
        period: Period,
        row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let (first, last) = scope.bounds();
        self.read(doing, |connection| {
            connection
                .prepare_cached(sql)?
                .query_map(
                    named_params! {
                        ":first": first,
                        ":last": last,
                        ":from": period.start.as_unix_micros(),
                        ":to": period.end.as_unix_micros(),
                    },
                    row,
                )?
                .collect()
        })
    }
}

fn run_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let rate =
        |index| row.get::<_, Option<f64>>(index).map(|rate| rate.and_then(BitRate::from_bits_per_second));
    Ok(RunRow {
        commune: text(row, 0)?,
        probe: text(row, 1)?,
        event: Timestamp::from_unix_micros(row.get(2)?),
        direction: if row.get_ref(3)?.as_str()? == Direction::Download.code() {
            Direction::Download
        } else {
            Direction::Upload
        },
        outcome: row.get(4)?,
        medium: row.get(5)?,
        operator: row.get(6)?,
        technology: row.get(7)?,
        layer: row.get(8)?,
        server: row.get(9)?,
        mean: rate(10)?,
        steady: rate(11)?,
    })
}

fn totals_row(row: &Row<'_>) -> rusqlite::Result<MinuteTotals> {
    let time = |index| unsigned(row, index).map(Duration::from_micros);
    Ok(MinuteTotals {
        commune: text(row, 0)?,
        probe: text(row, 1)?,
        up: time(2)?,
        degraded: time(3)?,
        down: time(4)?,
        unknown: time(5)?,
        sent: unsigned(row, 6)?,
        lost: unsigned(row, 7)?,
    })
}

fn down_row(row: &Row<'_>) -> rusqlite::Result<DownMinute> {
    let state = minute_state(row, 4)?;
    let start = Timestamp::from_unix_micros(row.get(2)?);
    let window = Duration::from_micros(unsigned(row, 3)?);
    Ok(DownMinute {
        commune: text(row, 0)?,
        probe: text(row, 1)?,
        minute: StatedMinute { start, window, state },
    })
}

/// The state of a minute, of which the cause of an unknown one is not wanted.
pub(crate) fn minute_state(row: &Row<'_>, index: usize) -> rusqlite::Result<MinuteState> {
    Ok(match row.get_ref(index)?.as_str()? {
        "up" => MinuteState::Up,
        "degraded" => MinuteState::Degraded,
        "down" => MinuteState::Down,
        // Any unknown minute ends an outage, whatever its cause.
        _ => MinuteState::Unknown(UnknownCause::Probe),
    })
}

pub(crate) fn unsigned(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index).map(|n| u64::try_from(n).unwrap_or(0))
}
