//! Editions: what a page told when somebody made a permanent link of it, until a probe behind it is erased.

use std::collections::BTreeSet;

use desserte_model::{CommuneCode, ProbeId};
use desserte_units::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, named_params, params};

use crate::audit::AuditEntry;
use crate::connection::overwriting;
use crate::{Period, Store, StoreError};

/// An edition to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEdition {
    /// Address of the page with its period.
    pub page: String,
    /// Fingerprint of its figures.
    pub fingerprint: String,
    /// The communes whose figures it tells.
    pub communes: Vec<CommuneCode>,
    /// The period of the figures.
    pub period: Period,
    /// Now.
    pub now: Timestamp,
    /// What is kept, in a form that the store does not look into.
    pub body: Vec<u8>,
}

/// What became of a wish to keep an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// It is there, from now on or since before.
    Kept,
    /// There is no room for it, and no other edition is dropped for it.
    NoRoom,
}

/// An edition as it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edition {
    /// It is there.
    Kept {
        /// Since when.
        since: Timestamp,
        /// What was kept.
        body: Vec<u8>,
    },
    /// It rested on a probe whose records were erased, or was withdrawn.
    Erased {
        /// When it was kept.
        since: Timestamp,
        /// When it was erased.
        at: Timestamp,
        /// Whether the operator withdrew it.
        withdrawn: bool,
    },
}

/// An edition among the others, without what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionEntry {
    /// Address of the page with its period.
    pub page: String,
    /// Fingerprint of its figures.
    pub fingerprint: String,
    /// When it was kept.
    pub since: Timestamp,
    /// Octets that it takes.
    pub octets: u64,
}

/// What the audit log calls the withdrawal of editions.
const WITHDRAWAL: &str = "withdraw-edition";

impl Store {
    /// Keeps editions, all of them or none, if all editions together then have `room` octets at the most. One that is kept already is
    /// left as it is.
    ///
    /// # Errors
    /// When the database fails or is full.
    pub fn keep_editions(&self, new: Vec<NewEdition>, room: u64) -> Result<Keeping, StoreError> {
        // Read after the figures were made: whoever is in them is found, as rows go by an erasure alone, which wants the collector
        // stopped. One probe more does no harm.
        let probes = self.read("reading who measured", |connection| {
            new.iter().map(|new| probes_of(connection, new)).collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let new: Vec<_> = new.into_iter().zip(probes).collect();
        self.writer().run(move |transaction| {
            keep_all(transaction, new, room).map_err(StoreError::database("keeping an edition"))
        })
    }

    /// The edition of a page with a fingerprint; `None` if none was ever kept.
    ///
    /// # Errors
    /// When the database fails.
    pub fn edition(&self, page: &str, fingerprint: &str) -> Result<Option<Edition>, StoreError> {
        self.read("reading an edition", |connection| {
            find(connection, "edition.page = ?1 AND edition.fingerprint = ?2", params![page, fingerprint])
        })
    }

    /// An edition of any page with a fingerprint: pages that show the same figures in another way have the same. One that is kept goes
    /// before one that was erased.
    ///
    /// # Errors
    /// When the database fails.
    pub fn edition_of_figures(&self, fingerprint: &str) -> Result<Option<Edition>, StoreError> {
        self.read("reading an edition", |connection| {
            find(connection, "edition.fingerprint = ?1", params![fingerprint])
        })
    }
}

impl Store {
    /// The editions that are there, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn editions(&self) -> Result<Vec<EditionEntry>, StoreError> {
        self.read("listing editions", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT page, fingerprint, kept_us, octets FROM edition WHERE erased_us IS NULL ORDER BY no",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(EditionEntry {
                    page: row.get(0)?,
                    fingerprint: row.get(1)?,
                    since: Timestamp::from_unix_micros(row.get(2)?),
                    octets: row.get::<_, i64>(3)?.unsigned_abs(),
                })
            })?;
            rows.collect()
        })
    }

    /// Octets that all editions take.
    ///
    /// # Errors
    /// When the database fails.
    pub fn editions_octets(&self) -> Result<u64, StoreError> {
        self.read("measuring editions", taken)
    }

    /// Erases the editions of these figures, overwrites what they held, and notes it in the audit log. Gives back the addresses of their
    /// pages; none if there is no such edition, or no more.
    ///
    /// # Errors
    /// When the database fails.
    pub fn withdraw_editions(&self, fingerprint: &str, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let fingerprint = fingerprint.to_owned();
        self.writer().run(move |transaction| {
            let failed = StoreError::database("withdrawing an edition");
            let pages = overwriting(transaction, |transaction| withdraw(transaction, &fingerprint, now))
                .map_err(failed)?;
            if !pages.is_empty() {
                AuditEntry::done(now, WITHDRAWAL, fingerprint).write(transaction)?;
            }
            Ok(pages)
        })
    }
}

fn withdraw(
    transaction: &Transaction<'_>,
    fingerprint: &str,
    now: Timestamp,
) -> rusqlite::Result<Vec<String>> {
    let mut statement = transaction.prepare_cached(
        "SELECT no, page FROM edition WHERE fingerprint = ?1 AND erased_us IS NULL ORDER BY no",
    )?;
    let found: Vec<(i64, String)> = statement
        .query_map([fingerprint], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (edition, _) in &found {
        erase_one(transaction, *edition, now)?;
    }
    Ok(found.into_iter().map(|(_, page)| page).collect())
}

fn probes_of(connection: &Connection, new: &NewEdition) -> rusqlite::Result<BTreeSet<i64>> {
    let mut statement = connection.prepare_cached(include_str!("../sql/probes-of-place.sql"))?;
    let (from, to) = (new.period.start.as_unix_micros(), new.period.end.as_unix_micros());
    let mut probes = BTreeSet::new();
    for commune in &new.communes {
        let values = named_params! {":commune": commune.as_str(), ":from": from, ":to": to};
        for probe in statement.query_map(values, |row| row.get(0))? {
            probes.insert(probe?);
        }
    }
    Ok(probes)
}

/// Keeps those that are not there, each with the probes that it rests on.
fn keep_all(
    transaction: &Transaction<'_>,
    mut new: Vec<(NewEdition, BTreeSet<i64>)>,
    room: u64,
) -> rusqlite::Result<Keeping> {
    let mut known = transaction
        .prepare_cached("SELECT 1 FROM edition WHERE page = ?1 AND fingerprint = ?2 AND erased_us IS NULL")?;
    let mut missing = Vec::new();
    for (new, probes) in new.drain(..) {
        if !known.exists([&new.page, &new.fingerprint])? {
            missing.push((new, probes));
        }
    }
    let octets: usize = missing.iter().map(|(new, _)| new.body.len()).sum();
    if taken(transaction)?.saturating_add(u64::try_from(octets).unwrap_or(u64::MAX)) > room {
        return Ok(if missing.is_empty() { Keeping::Kept } else { Keeping::NoRoom });
    }
    for (new, probes) in &missing {
        keep(transaction, new, probes)?;
    }
    Ok(Keeping::Kept)
}

/// Octets of all editions.
fn taken(connection: &Connection) -> rusqlite::Result<u64> {
    let octets: i64 =
        connection.query_row("SELECT coalesce (sum (octets), 0) FROM edition", [], |row| row.get(0))?;
    Ok(octets.unsigned_abs())
}

fn keep(transaction: &Transaction<'_>, new: &NewEdition, probes: &BTreeSet<i64>) -> rusqlite::Result<()> {
    let octets = i64::try_from(new.body.len()).unwrap_or(i64::MAX);
    // The same figures may come again after an erasure, from what is left.
    let number: i64 = transaction
        .prepare_cached(
            "INSERT INTO edition (page, fingerprint, kept_us, octets) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (page, fingerprint) DO UPDATE SET kept_us = excluded.kept_us, octets = excluded.octets, \
             erased_us = NULL RETURNING no",
        )?
        .query_row(params![new.page, new.fingerprint, new.now.as_unix_micros(), octets], |row| row.get(0))?;
    transaction
        .prepare_cached("INSERT INTO edition_body (edition, body) VALUES (?1, ?2)")?
        .execute(params![number, new.body])?;
    let mut insert =
        transaction.prepare_cached("INSERT INTO edition_probe (probe, edition) VALUES (?1, ?2)")?;
    for probe in probes {
        insert.execute([*probe, number])?;
    }
    Ok(())
}

fn find(
    connection: &Connection,
    which: &str,
    values: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<Option<Edition>> {
    // Why it is there no more is known from the audit log, which is kept for ever.
    let sql = format!(
        "SELECT kept_us, erased_us, body, body IS NULL AND EXISTS (SELECT 1 FROM audit WHERE action = '{WITHDRAWAL}' \
         AND subject = edition.fingerprint AND at_us = erased_us) FROM edition LEFT JOIN edition_body ON edition_body.edition = edition.no \
         WHERE {which} ORDER BY body IS NULL, no LIMIT 1"
    );
    connection
        .prepare_cached(&sql)?
        .query_row(values, |row| {
            let moment = |us: i64| Timestamp::from_unix_micros(us);
            let since = moment(row.get(0)?);
            Ok(match row.get::<_, Option<Vec<u8>>>(2)? {
                Some(body) => Edition::Kept { since, body },
                None => Edition::Erased { since, at: moment(row.get(1)?), withdrawn: row.get(3)? },
            })
        })
        .optional()
}

/// Erases every edition that rests on a probe, and overwrites what it held.
pub(crate) fn erase(transaction: &Transaction<'_>, probe: &ProbeId, now: Timestamp) -> rusqlite::Result<()> {
    overwriting(transaction, |transaction| {
        let editions: Vec<i64> = transaction
            .prepare_cached(
                "SELECT edition FROM edition_probe JOIN probe ON probe.no = edition_probe.probe WHERE probe.id = ?1",
            )?
            .query_map([probe.as_str()], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        editions.into_iter().try_for_each(|edition| erase_one(transaction, edition, now))
    })
}

/// Leaves of an edition that it was there.
fn erase_one(transaction: &Transaction<'_>, edition: i64, now: Timestamp) -> rusqlite::Result<()> {
    for table in ["edition_body", "edition_probe"] {
        let sql = format!("DELETE FROM {table} WHERE edition = ?1");
        transaction.prepare_cached(&sql)?.execute([edition])?;
    }
    transaction
        .prepare_cached("UPDATE edition SET octets = 0, erased_us = ?2 WHERE no = ?1")?
        .execute([edition, now.as_unix_micros()])?;
    Ok(())
}
