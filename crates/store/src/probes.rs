//! Registered probes and the latest that is known of each.

use desserte_custody::EventKind;
use desserte_model::{CogVintage, CommuneCode, Observation, ProbeId};
use desserte_units::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::audit::AuditEntry;
use crate::chain::ChainState;
use crate::custody::insert_note;
use crate::ingest::{IncomingBatch, IncomingRecord, own_event_time};
use crate::{NewNote, Store, StoreError, late};

/// A probe to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProbe {
    /// Its identifier, which follows from its key.
    pub id: ProbeId,
    /// Its public key as text.
    pub public_key: String,
    /// What its owner calls it; never published.
    pub name: String,
    /// The site it stands at; never published.
    pub site: Option<String>,
    /// Now.
    pub created: Timestamp,
}

/// A registered probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredProbe {
    /// Its identifier.
    pub id: ProbeId,
    /// Its public key as text.
    pub public_key: String,
    /// What its owner calls it; never published.
    pub name: String,
    /// The site it stands at; never published.
    pub site: Option<String>,
    /// When it was registered.
    pub created: Timestamp,
    /// Since when its batches are refused; `None` while it is in service.
    pub retired: Option<Timestamp>,
    /// Number of the collector that takes its batches; `None`: this one.
    pub home: Option<u8>,
    /// Whether a register that collectors share has it.
    pub in_register: bool,
    /// The latest that is known of it; `None` before its first record.
    pub seen: Option<ProbeSeen>,
    /// What is known of the chain of its records; `None` before the first that was checked.
    pub chain: Option<ChainState>,
}

/// The latest that is known of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeSeen {
    /// When its last batch with a record arrived.
    pub received: Timestamp,
    /// The commune of its latest record.
    pub commune: CommuneCode,
    /// The list the commune's code belongs to.
    pub vintage: CogVintage,
    /// Event time of its latest minute or throughput run; `None` while undated.
    pub measured: Option<Timestamp>,
    /// Retail operator as its latest run declares it; `None` when not known.
    pub operator: Option<String>,
    /// Technology code of the same.
    pub technology: Option<String>,
    /// Name of the program it runs.
    pub software_name: String,
    /// Version of the program it runs.
    pub software_version: String,
    /// What was added to its own clock, microseconds; `None` when unknown.
    pub clock_offset_us: Option<i64>,
    /// Its latest sign of life; `None` before the first.
    pub health: Option<LatestHealth>,
}

/// A probe's latest sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatestHealth {
    /// Records waiting on the probe.
    pub spool_records: u64,
    /// Octets waiting on the probe.
    pub spool_bytes: u64,
    /// Records dropped unsent.
    pub spool_dropped_records: u64,
    /// Octets charged to the month's budget.
    pub budget_used_bytes: u64,
    /// The month's limit; `None` when there is none.
    pub budget_limit_bytes: Option<u64>,
}

impl Store {
    /// Registers a probe's public key.
    ///
    /// # Errors
    /// When the key is already registered, or the database fails.
    pub fn register_probe(&self, probe: NewProbe) -> Result<(), StoreError> {
        self.writer().run(move |transaction| {
            let known: Option<String> = transaction
                .query_row("SELECT name FROM probe WHERE id = ?1", [probe.id.as_str()], |row| row.get(0))
                .optional()
                .map_err(StoreError::database("registering a probe"))?;
            if let Some(name) = known {
                return Err(StoreError::AlreadyRegistered(probe.id.to_string(), name));
            }
            insert_probe(transaction, &probe)?;
            AuditEntry::done(probe.created, "add", format!("probe {}", probe.id)).write(transaction)
        })
    }

    /// Refuses a probe's batches from now on; what it sent stays. Gives whether there was such a probe in service. A note
    /// tells of it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn retire_probe(&self, id: &ProbeId, now: Timestamp) -> Result<bool, StoreError> {
        let id = id.clone();
        self.writer().run(move |transaction| {
            if !retire(transaction, &id, now)? {
                return Ok(false);
            }
            let text = "taken out of service".to_owned();
            let kind = EventKind::Retirement;
            insert_note(
                transaction,
                &NewNote { kind, probe: Some(id.clone()), happened: now, noted: now, text },
            )?;
            AuditEntry::done(now, "retire", format!("probe {id}")).write(transaction)?;
            Ok(true)
        })
    }

    /// Names another site for a probe in service. Gives whether there is such a probe. A note tells from where to where.
    ///
    /// # Errors
    /// When the database fails.
    pub fn move_probe(&self, id: &ProbeId, site: String, now: Timestamp) -> Result<bool, StoreError> {
        let id = id.clone();
        self.writer().run(move |transaction| {
            let wrap = StoreError::database("moving a probe");
            let before: Option<Option<String>> = transaction
                .query_row(
                    "SELECT site FROM probe WHERE id = ?1 AND retired_us IS NULL",
                    [id.as_str()],
                    |row| row.get(0),
                )
                .optional()
                .map_err(&wrap)?;
            let Some(before) = before else { return Ok(false) };
            transaction
                .execute("UPDATE probe SET site = ?2 WHERE id = ?1", params![id.as_str(), site])
                .map_err(&wrap)?;
            let text = format!("from {} to {site}", before.as_deref().unwrap_or("a site that was not named"));
            let kind = EventKind::Move;
            insert_note(
                transaction,
                &NewNote { kind, probe: Some(id.clone()), happened: now, noted: now, text },
            )?;
            AuditEntry::done(now, "move", format!("probe {id}")).write(transaction)?;
            Ok(true)
        })
    }

    /// One probe.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn probe(&self, id: &ProbeId) -> Result<Option<RegisteredProbe>, StoreError> {
        let sql = format!("{} WHERE probe.id = ?1", include_str!("../sql/probes.sql"));
        self.read("reading a probe", |connection| {
            connection.prepare_cached(&sql)?.query_row([id.as_str()], probe_row).optional()
        })
    }

    /// Every probe of this collector, in the order of registration.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn probes(&self) -> Result<Vec<RegisteredProbe>, StoreError> {
        self.listed("WHERE probe.home IS NULL")
    }

    /// The same, and those of other collectors that share a register with this one.
    ///
    /// # Errors
    /// As [`Self::probes`].
    pub fn probes_of_all(&self) -> Result<Vec<RegisteredProbe>, StoreError> {
        self.listed("")
    }

    fn listed(&self, which: &str) -> Result<Vec<RegisteredProbe>, StoreError> {
        let sql = format!("{} {which} ORDER BY probe.no", include_str!("../sql/probes.sql"));
        self.read("listing the probes", |connection| {
            connection.prepare_cached(&sql)?.query_map([], probe_row)?.collect()
        })
    }
}

/// Registers a probe that is not known yet.
pub(crate) fn insert_probe(transaction: &Transaction<'_>, probe: &NewProbe) -> Result<(), StoreError> {
    transaction
        .execute(
            "INSERT INTO probe (id, public_key, name, site, created_us) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                probe.id.as_str(),
                probe.public_key,
                probe.name,
                probe.site,
                probe.created.as_unix_micros()
            ],
        )
        .map_err(StoreError::database("registering a probe"))?;
    Ok(())
}

/// Takes a probe out of service, and gives whether it was in service.
pub(crate) fn retire(
    transaction: &Transaction<'_>,
    id: &ProbeId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = transaction
        .execute(
            "UPDATE probe SET retired_us = ?2 WHERE id = ?1 AND retired_us IS NULL",
            params![id.as_str(), now.as_unix_micros()],
        )
        .map_err(StoreError::database("retiring a probe"))?;
    Ok(changed > 0)
}

fn probe_row(row: &Row<'_>) -> rusqlite::Result<RegisteredProbe> {
    let time = |index| row.get::<_, Option<i64>>(index).map(|us| us.map(Timestamp::from_unix_micros));
    let unsigned = |index| row.get::<_, Option<i64>>(index).map(|n| n.and_then(|n| u64::try_from(n).ok()));
    let seen = match time(6)? {
        None => None,
        Some(received) => Some(ProbeSeen {
            received,
            commune: text(row, 7)?,
            vintage: CogVintage::from_year(row.get(8)?),
            software_name: row.get(9)?,
            software_version: row.get(10)?,
            clock_offset_us: row.get(11)?,
            measured: time(12)?,
            operator: row.get(22)?,
            technology: row.get(23)?,
            health: match unsigned(13)? {
                None => None,
                Some(spool_records) => Some(LatestHealth {
                    spool_records,
                    spool_bytes: unsigned(14)?.unwrap_or(0),
                    spool_dropped_records: unsigned(15)?.unwrap_or(0),
                    budget_used_bytes: unsigned(16)?.unwrap_or(0),
                    budget_limit_bytes: unsigned(17)?,
                }),
            },
        }),
    };
    let chain = match unsigned(18)? {
        None => None,
        Some(linked) => Some(ChainState {
            linked,
            missing: unsigned(19)?.unwrap_or(0),
            forks: unsigned(20)?.unwrap_or(0),
            broken: unsigned(21)?.unwrap_or(0),
        }),
    };
    Ok(RegisteredProbe {
        id: text(row, 0)?,
        public_key: row.get(1)?,
        name: row.get(2)?,
        site: row.get(3)?,
        created: time(4)?.unwrap_or(Timestamp::from_unix_micros(0)),
        retired: time(5)?,
        home: row.get(24)?,
        in_register: row.get(25)?,
        seen,
        chain,
    })
}

/// Reads a column of text into a type that checks it.
pub(crate) fn text<T>(row: &Row<'_>, index: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get_ref(index)?.as_str()?.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// The probe's number inside the store.
pub(crate) fn number(connection: &Connection, id: &ProbeId) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached("SELECT no FROM probe WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id.as_str()], |row| row.get(0)).optional())
        .map_err(StoreError::database("looking for a probe"))
}

/// Notes what a batch says of its probe. `latest` is the record of the highest sequence newly kept.
pub(crate) fn note_seen(
    transaction: &Transaction<'_>,
    probe: i64,
    batch: &IncomingBatch,
    latest: Option<&IncomingRecord>,
) -> Result<(), StoreError> {
    let Some(latest) = latest else { return Ok(()) };
    let wrap = StoreError::database("noting a probe");
    let clock = &latest.record.clock;
    transaction
        .prepare_cached(include_str!("../sql/note-probe.sql"))
        .and_then(|mut statement| {
            statement.execute(params![
                probe,
                batch.received.as_unix_micros(),
                i64::try_from(latest.record.sequence).unwrap_or(i64::MAX),
                latest.commune.as_str(),
                latest.vintage.as_year(),
                batch.header.software.name,
                batch.header.software.version,
                format!("{:?}", clock.source).to_ascii_lowercase(),
                clock.offset_us,
                last_measured(transaction, probe, batch)?,
            ])
        })
        .map_err(&wrap)?;
    let health = batch.records.iter().rev().find_map(|record| match &record.record.observation {
        Observation::Health(health) => Some((record.record.sequence, health)),
        _ => None,
    });
    if let Some((sequence, health)) = health {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        transaction
            .prepare_cached(include_str!("../sql/note-health.sql"))
            .and_then(|mut statement| {
                statement.execute(params![
                    probe,
                    signed(sequence),
                    signed(health.spool_records),
                    signed(health.spool_bytes),
                    signed(health.spool_dropped_records),
                    signed(health.budget_used_bytes),
                    health.budget_limit_bytes.map(signed),
                ])
            })
            .map_err(&wrap)?;
    }
    Ok(())
}

/// Event time of the latest measurement in a batch.
fn last_measured(
    transaction: &Transaction<'_>,
    probe: i64,
    batch: &IncomingBatch,
) -> rusqlite::Result<Option<i64>> {
    let last = batch
        .records
        .iter()
        .filter(|record| !matches!(record.record.observation, Observation::Health(_)))
        .max_by_key(|record| record.record.sequence);
    let Some(last) = last else { return Ok(None) };
    let event = match own_event_time(&last.record) {
        Some(event) => Some(event),
        None => {
            let clock = &last.record.clock;
            let latest = late::latest_event(batch.received);
            late::anchored_time(transaction, probe, clock.boot, clock.monotonic_us, latest)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?
        }
    };
    Ok(event.map(Timestamp::as_unix_micros))
}
