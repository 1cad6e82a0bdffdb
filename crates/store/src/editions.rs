//! Editions: what a page told when somebody made a permanent link of it, until a probe behind it is erased.

use std::collections::BTreeSet;

use desserte_model::{CommuneCode, ProbeId};
use desserte_units::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, named_params, params};

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
    /// It rested on a probe whose records were erased.
    Erased {
        /// When it was kept.
        since: Timestamp,
        /// When it was erased.
        at: Timestamp,
    },
}

impl Store {
    /// Keeps an edition if all editions together then have `room` octets at the most. One that is kept already is left as it is.
    ///
    /// # Errors
    /// When the database fails or is full.
    pub fn keep_edition(&self, new: NewEdition, room: u64) -> Result<Keeping, StoreError> {
        // Read after the figures were made: whoever is in them is found, as rows go by an erasure alone, which wants the collector
        // stopped. One probe more does no harm.
        let probes = self.read("reading who measured", |connection| probes_of(connection, &new))?;
        self.writer().run(move |transaction| {
            keep(transaction, &new, &probes, room).map_err(StoreError::database("keeping an edition"))
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

fn keep(
    transaction: &Transaction<'_>,
    new: &NewEdition,
    probes: &BTreeSet<i64>,
    room: u64,
) -> rusqlite::Result<Keeping> {
    let kept = transaction
        .prepare_cached("SELECT 1 FROM edition WHERE page = ?1 AND fingerprint = ?2 AND erased_us IS NULL")?
        .exists([&new.page, &new.fingerprint])?;
    if kept {
        return Ok(Keeping::Kept);
    }
    let taken: i64 =
        transaction.query_row("SELECT coalesce (sum (octets), 0) FROM edition", [], |row| row.get(0))?;
    let octets = i64::try_from(new.body.len()).unwrap_or(i64::MAX);
    if taken.saturating_add(octets) > i64::try_from(room).unwrap_or(i64::MAX) {
        return Ok(Keeping::NoRoom);
    }
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
    Ok(Keeping::Kept)
}

fn find(
    connection: &Connection,
    which: &str,
    values: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<Option<Edition>> {
    let sql = format!(
        "SELECT kept_us, erased_us, body FROM edition LEFT JOIN edition_body ON edition_body.edition = edition.no \
         WHERE {which} ORDER BY body IS NULL, no LIMIT 1"
    );
    connection
        .prepare_cached(&sql)?
        .query_row(values, |row| {
            let moment = |us: i64| Timestamp::from_unix_micros(us);
            let since = moment(row.get(0)?);
            Ok(match row.get::<_, Option<Vec<u8>>>(2)? {
                Some(body) => Edition::Kept { since, body },
                None => Edition::Erased { since, at: moment(row.get(1)?) },
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
        for edition in editions {
            for table in ["edition_body", "edition_probe"] {
                let sql = format!("DELETE FROM {table} WHERE edition = ?1");
                transaction.prepare_cached(&sql)?.execute([edition])?;
            }
            transaction
                .prepare_cached("UPDATE edition SET octets = 0, erased_us = ?2 WHERE no = ?1")?
                .execute([edition, now.as_unix_micros()])?;
        }
        Ok(())
    })
}
