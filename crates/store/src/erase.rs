//! Erasing what a probe measured, so that what was sealed can still be checked (docs/spec/erasure.md).

use desserte_custody::{EventKind, Hash};
use desserte_model::ProbeId;
use desserte_units::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::audit::AuditEntry;
use crate::connection::overwriting;
use crate::custody::insert_note;
use crate::editions;
use crate::query::unsigned;
use crate::{NewNote, Store, StoreError};

/// Batches erased in one commit: requests that wait for the writer wait no longer for it than for a large group of batches.
pub(crate) const BATCHES_AT_ONCE: usize = 200;

/// What an erasure is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Whose records.
    pub probe: ProbeId,
    /// Why, and who asked: words for the log, which is never erased. No name belongs into it.
    pub reason: String,
    /// Now.
    pub now: Timestamp,
}

/// What is erased of a probe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasureReport {
    /// Batches.
    pub batches: u64,
    /// Their records.
    pub records: u64,
}

impl Store {
    /// Empties every batch and record of a probe, deletes what was derived from them, and makes the file hold none of it any more.
    ///
    /// Digests stay, so that every seal made before still holds. Ended anywhere, it is repeated from its beginning and goes on.
    /// The history is not the store's: its rows have to be erased as well, and first.
    ///
    /// # Errors
    /// When the probe is not known or still in service, or the database fails.
    pub fn erase_probe(&self, erasure: &Erasure) -> Result<ErasureReport, StoreError> {
        while {
            let Erasure { probe, now, .. } = erasure.clone();
            self.writer().run(move |transaction| erase_some(transaction, &probe, now))?
        } {}
        let noted = erasure.clone();
        let report = self.writer().run(move |transaction| {
            let wrap = StoreError::database("noting an erasure");
            let report =
                overwriting(transaction, |transaction| finish(transaction, &noted.probe)).map_err(&wrap)?;
            note(transaction, &noted, report)?;
            Ok(report)
        })?;
        // Pages may hold octets of what once lay on them: only a file written anew holds none.
        self.writer().write_anew()?;
        Ok(report)
    }

    /// Whether what a probe sent has been erased, and nothing of it is left.
    ///
    /// # Errors
    /// When the database fails.
    pub fn is_erased(&self, probe: &ProbeId) -> Result<bool, StoreError> {
        self.read("looking for erased batches", |connection| {
            connection
                .prepare_cached(
                    "SELECT 1 FROM batch JOIN probe ON probe.no = batch.probe WHERE probe.id = ?1 \
                     AND NOT EXISTS (SELECT 1 FROM erased_batch WHERE erased_batch.batch = batch.no) LIMIT 1",
                )?
                .exists([probe.as_str()])
                .map(|left| !left)
        })
    }
}

/// Erases some batches that are not erased yet, with everything made of their records; false when none was left.
fn erase_some(transaction: &Transaction<'_>, probe: &ProbeId, now: Timestamp) -> Result<bool, StoreError> {
    let wrap = StoreError::database("erasing what a probe sent");
    let found: Option<(i64, bool)> = transaction
        .prepare_cached("SELECT no, retired_us IS NOT NULL FROM probe WHERE id = ?1")
        .and_then(|mut statement| {
            statement.query_row([probe.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(&wrap)?;
    let Some((number, retired)) = found else { return Err(StoreError::UnknownProbe(probe.to_string())) };
    if !retired {
        return Err(StoreError::InService(probe.to_string()));
    }
    // What pages told of it goes with it. Again with each part: a collector that ran in between may have kept another one.
    editions::erase(transaction, probe, now).map_err(&wrap)?;
    overwriting(transaction, |transaction| {
        let batches = left(transaction, number)?;
        empty(transaction, &batches)?;
        Ok(!batches.is_empty())
    })
    .map_err(&wrap)
}

/// Some batches of a probe that are not erased yet.
fn left(transaction: &Transaction<'_>, probe: i64) -> rusqlite::Result<Vec<i64>> {
    let limit = i64::try_from(BATCHES_AT_ONCE).unwrap_or(i64::MAX);
    transaction
        .prepare_cached(
            "SELECT no FROM batch WHERE probe = ?1 \
             AND NOT EXISTS (SELECT 1 FROM erased_batch WHERE erased_batch.batch = batch.no) ORDER BY no LIMIT ?2",
        )?
        .query_map([probe, limit], |row| row.get(0))?
        .collect()
}

/// Empties batches and their records, and deletes what was derived from them, but for sums by hour. Gives how many records there were.
pub(crate) fn empty(transaction: &Transaction<'_>, batches: &[i64]) -> rusqlite::Result<u64> {
    let mut records = 0;
    for batch in batches {
        let [signature, body] = transaction
            .prepare_cached("SELECT signature, body FROM batch WHERE no = ?1")?
            .query_row([batch], |row| {
                Ok([Hash::of(row.get_ref(0)?.as_bytes()?), Hash::of(row.get_ref(1)?.as_bytes()?)])
            })?;
        transaction
            .prepare_cached(
                "INSERT INTO erased_batch (batch, signature_sha256, body_sha256) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![batch, signature.0.as_slice(), body.0.as_slice()])?;
        for table in ["throughput", "minute", "interruption", "reachability", "radio", "passage", "handover"]
        {
            let sql = format!("DELETE FROM {table} WHERE record IN (SELECT no FROM record WHERE batch = ?1)");
            transaction.prepare_cached(&sql)?.execute([batch])?;
        }
        records += transaction
            .prepare_cached("UPDATE record SET line = x'', commune = '' WHERE batch = ?1")?
            .execute([batch])? as u64;
        transaction
            .prepare_cached("UPDATE batch SET signature = '', body = x'' WHERE no = ?1")?
            .execute([batch])?;
    }
    Ok(records)
}

/// Forgets where the probe was and what it is called, and counts what is erased of it.
fn finish(transaction: &Transaction<'_>, probe: &ProbeId) -> rusqlite::Result<ErasureReport> {
    let number: i64 =
        transaction.query_row("SELECT no FROM probe WHERE id = ?1", [probe.as_str()], |row| row.get(0))?;
    transaction
        .execute("UPDATE probe SET name = 'erased', site = NULL, change = NULL WHERE no = ?1", [number])?;
    for table in ["minute_hour", "probe_latest"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE probe = ?1"), [number])?;
    }
    let elsewhere = ["probe_latest", "minute", "minute_hour", "throughput", "reachability", "interruption"]
        .map(|table| {
            format!("NOT EXISTS (SELECT 1 FROM {table} AS own WHERE own.commune = commune_seen.commune)")
        });
    transaction.execute(&format!("DELETE FROM commune_seen WHERE {}", elsewhere.join(" AND ")), [])?;
    // Answers that are kept by this number may hold rows that are gone.
    transaction.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'handover'", [])?;
    transaction.query_row(
        "SELECT count (DISTINCT batch.no), count (record.no) FROM erased_batch \
         JOIN batch ON batch.no = erased_batch.batch LEFT JOIN record ON record.batch = batch.no WHERE batch.probe = ?1",
        [number],
        |row| Ok(ErasureReport { batches: unsigned(row, 0)?, records: unsigned(row, 1)? }),
    )
}

/// Tells in the log and in the next seal that something was erased, once.
fn note(transaction: &Transaction<'_>, erasure: &Erasure, report: ErasureReport) -> Result<(), StoreError> {
    let Erasure { probe, reason, now } = erasure;
    let noted = transaction
        .prepare_cached(
            "SELECT 1 FROM custody_event JOIN probe ON probe.no = custody_event.probe \
             WHERE probe.id = ?1 AND custody_event.kind = ?2",
        )
        .and_then(|mut statement| statement.exists([probe.as_str(), EventKind::Erasure.as_str()]))
        .map_err(StoreError::database("reading the notes"))?;
    if noted {
        return Ok(());
    }
    let ErasureReport { batches, records } = report;
    let text = format!("{batches} batches with {records} records erased: {reason}");
    let (kind, of) = (EventKind::Erasure, Some(probe.clone()));
    insert_note(transaction, &NewNote { kind, probe: of, happened: *now, noted: *now, text })?;
    AuditEntry::done(*now, "erase", format!("probe {probe}")).write(transaction)
}
