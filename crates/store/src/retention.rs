//! Erasing what its time is over (docs/spec/retention.md).
//!
//! Each pass goes on by one day at the most, whatever the clock says: a clock that jumped ahead costs a day and not the store.

use desserte_custody::EventKind;
use desserte_units::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::connection::overwriting;
use crate::custody::insert_note;
use crate::erase::{BATCHES_AT_ONCE, empty};
use crate::{NewNote, Store, StoreError};

const DAY_US: i64 = 86_400_000_000;

/// Since when sums by hour are kept, a key of the table `meta`.
const HOURS_KEY: &str = "hours_kept_from_us";

/// Since when everything is kept that probes at homes sent, a key of the table `meta`.
const RAW_KEY: &str = "raw_kept_from_us";

/// Since when logs are kept; triggers read it.
const LOGS_KEY: &str = "logs_kept_from_us";

/// The moments before which things are no longer kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptFrom {
    /// What probes at homes sent, by when it was received, and what was made of it.
    pub raw: Timestamp,
    /// Sums by hour of those probes.
    pub hourly: Timestamp,
    /// Logs, tokens and the names and places of invitations.
    pub log: Timestamp,
}

/// What a pass erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetentionPass {
    /// Batches emptied.
    pub batches: u64,
    /// Their records.
    pub records: u64,
    /// Sums by hour removed.
    pub hours: u64,
    /// Lines of logs, tokens and invitations removed or emptied.
    pub lines: u64,
    /// Probes out of service whose name and site were forgotten.
    pub probes: u64,
    /// Whether more than this day is to be erased: the next pass goes on.
    pub behind: bool,
}

/// How far a step of one probe came.
struct Emptied {
    batches: u64,
    records: u64,
    /// Whether its day is done.
    done: bool,
    behind: bool,
}

impl Store {
    /// Erases the next day of what is older than `limits`, and says in the log of custody what was emptied, by which rules (`set`).
    ///
    /// A probe stands in a home unless it was declared to stand in a public building; only of homes anything is emptied. Digests stay,
    /// so that every seal holds. The file is not written anew: what is erased is overwritten where it lies.
    ///
    /// # Errors
    /// When the database fails; what was done until then stays done, and the next pass goes on.
    pub fn keep_within(
        &self,
        limits: KeptFrom,
        set: &str,
        now: Timestamp,
    ) -> Result<RetentionPass, StoreError> {
        let homes: Vec<i64> = self.read("looking for probes at homes", |connection| {
            connection
                .prepare_cached("SELECT no FROM probe WHERE host IS NOT 'public' ORDER BY no")?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        let mut pass = RetentionPass::default();
        for home in homes {
            loop {
                let step = self.writer().run(move |transaction| {
                    overwriting(transaction, |transaction| empty_some(transaction, home, limits.raw))
                        .map_err(StoreError::database("emptying what its time is over"))
                })?;
                pass.batches += step.batches;
                pass.records += step.records;
                pass.behind |= step.behind;
                if step.done {
                    break;
                }
            }
        }
        let set = set.to_owned();
        self.writer().run(move |transaction| {
            overwriting(transaction, |transaction| forget(transaction, limits, &mut pass))
                .map_err(StoreError::database("forgetting what its time is over"))?;
            if pass.batches > 0 {
                let RetentionPass { batches, records, .. } = pass;
                let text =
                    format!("{batches} batches with {records} records emptied after their time: {set}");
                let note = NewNote { kind: EventKind::Erasure, probe: None, happened: now, noted: now, text };
                insert_note(transaction, &note)?;
            }
            Ok(pass)
        })
    }

    /// Since when what probes at homes sent is kept, as far as erasing has come, and since when sums by hour of it are.
    ///
    /// # Missing data
    /// `None`: nothing was ever erased of that kind.
    ///
    /// # Errors
    /// When the database fails.
    pub fn kept_from(&self) -> Result<(Option<Timestamp>, Option<Timestamp>), StoreError> {
        self.read("reading what is kept", |connection| {
            let of = |key| -> rusqlite::Result<_> {
                let value: Option<i64> = connection
                    .prepare_cached("SELECT CAST (value AS INTEGER) FROM meta WHERE key = ?1")?
                    .query_row([key], |row| row.get(0))
                    .optional()?;
                Ok(value.map(Timestamp::from_unix_micros))
            };
            Ok((of(RAW_KEY)?, of(HOURS_KEY)?))
        })
    }

    /// Every column of the store with its table, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn columns(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.read("reading the columns of the store", |connection| {
            connection
                .prepare(
                    "SELECT tables.name, columns.name FROM pragma_table_list AS tables \
                     JOIN pragma_table_info (tables.name) AS columns \
                     WHERE tables.schema = 'main' AND tables.name NOT LIKE 'sqlite_%' ORDER BY 1, 2",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }
}

/// Empties some batches of the next day of a probe; the day after it is for the next pass.
fn empty_some(transaction: &Transaction<'_>, probe: i64, limit: Timestamp) -> rusqlite::Result<Emptied> {
    let nothing = Emptied { batches: 0, records: 0, done: true, behind: false };
    let from: Option<i64> = transaction
        .prepare_cached(
            "SELECT coalesce ((SELECT emptied_us FROM retention WHERE probe = ?1), \
                              (SELECT min (received_us) FROM batch WHERE probe = ?1))",
        )?
        .query_row([probe], |row| row.get(0))?;
    let Some(to) = from.and_then(|from| next(from, limit)) else { return Ok(nothing) };
    // By no lower bound: a clock that once went backwards dated batches before the days that are done.
    let most = i64::try_from(BATCHES_AT_ONCE).unwrap_or(i64::MAX);
    let batches: Vec<i64> = transaction
        .prepare_cached(
            "SELECT no FROM batch WHERE probe = ?1 AND received_us < ?2 \
             AND NOT EXISTS (SELECT 1 FROM erased_batch WHERE erased_batch.batch = batch.no) LIMIT ?3",
        )?
        .query_map(params![probe, to, most], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let records = empty(transaction, &batches)?;
    let done = batches.len() < BATCHES_AT_ONCE;
    if done {
        transaction
            .prepare_cached(
                "INSERT INTO retention (probe, emptied_us) VALUES (?1, ?2) \
                 ON CONFLICT (probe) DO UPDATE SET emptied_us = excluded.emptied_us",
            )?
            .execute([probe, to])?;
    }
    Ok(Emptied { batches: batches.len() as u64, records, done, behind: done && to < limit.as_unix_micros() })
}

/// The end of the day that begins at or before `from`, or the limit if that is earlier; `None` when the limit is reached.
fn next(from: i64, limit: Timestamp) -> Option<i64> {
    let limit = limit.as_unix_micros();
    (from < limit).then(|| limit.min((from.div_euclid(DAY_US) + 1) * DAY_US))
}

/// Moves a limit that is kept in `meta` on by a day at the most, from the oldest that there is; `None` when nothing is older.
fn advance(
    transaction: &Transaction<'_>,
    key: &str,
    oldest: &str,
    limit: Timestamp,
    pass: &mut RetentionPass,
) -> rusqlite::Result<Option<i64>> {
    let known: Option<i64> = transaction
        .prepare_cached("SELECT CAST (value AS INTEGER) FROM meta WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    let from = match known {
        Some(known) => Some(known),
        None => transaction.prepare_cached(oldest)?.query_row([], |row| row.get(0))?,
    };
    let Some(to) = from.and_then(|from| next(from, limit)) else { return Ok(None) };
    keep(transaction, key, to)?;
    pass.behind |= to < limit.as_unix_micros();
    Ok(Some(to))
}

fn keep(transaction: &Transaction<'_>, key: &str, moment: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![key, moment.to_string()])?;
    Ok(())
}

/// Keeps how far emptying has come: as far as with the probe that is furthest behind.
fn note_progress(transaction: &Transaction<'_>, limit: Timestamp) -> rusqlite::Result<()> {
    let furthest_behind: Option<i64> = transaction
        .prepare_cached(
            "SELECT min (coalesce (emptied_us, (SELECT min (received_us) FROM batch WHERE batch.probe = probe.no))) \
             FROM probe LEFT JOIN retention ON retention.probe = probe.no WHERE host IS NOT 'public'",
        )?
        .query_row([], |row| row.get(0))?;
    match furthest_behind {
        Some(moment) => keep(transaction, RAW_KEY, moment.min(limit.as_unix_micros())),
        None => Ok(()),
    }
}

fn forget(transaction: &Transaction<'_>, limits: KeptFrom, pass: &mut RetentionPass) -> rusqlite::Result<()> {
    let oldest_hour = "SELECT min (hour_us) FROM minute_hour";
    if let Some(before) = advance(transaction, HOURS_KEY, oldest_hour, limits.hourly, pass)? {
        // By commune, as the table is ordered.
        pass.hours += changed(
            transaction,
            "DELETE FROM minute_hour WHERE commune IN (SELECT commune FROM commune_seen) AND hour_us < ?1 \
             AND probe IN (SELECT no FROM probe WHERE host IS NOT 'public')",
            before,
        )?;
    }
    let oldest_line = "SELECT min (at_us) FROM (SELECT at_us FROM audit UNION ALL SELECT created_us FROM invitation \
                       UNION ALL SELECT created_us FROM api_token UNION ALL SELECT made_us FROM account WHERE ended_us IS NOT NULL)";
    if let Some(before) = advance(transaction, LOGS_KEY, oldest_line, limits.log, pass)? {
        for sql in [
            "DELETE FROM audit WHERE at_us < ?1",
            "DELETE FROM api_token WHERE min (expires_us, coalesce (revoked_us, expires_us)) < ?1",
            "DELETE FROM session WHERE used_us < ?1",
            "DELETE FROM account WHERE ended_us < ?1",
            "UPDATE invitation SET name = '', site = NULL, commune = NULL, lon = NULL, lat = NULL, change = NULL \
             WHERE coalesce (used_us, withdrawn_us, expires_us) < ?1 AND name <> ''",
        ] {
            pass.lines += changed(transaction, sql, before)?;
        }
    }
    note_progress(transaction, limits.raw)?;
    // As far as all that they sent is emptied.
    let over = "host IS NOT 'public' AND name <> 'erased' AND retired_us < \
                (SELECT emptied_us FROM retention WHERE retention.probe = probe.no) AND retired_us < ?1";
    let raw = limits.raw.as_unix_micros();
    let latest = format!("DELETE FROM probe_latest WHERE probe IN (SELECT no FROM probe WHERE {over})");
    changed(transaction, &latest, raw)?;
    let named = format!("UPDATE probe SET name = 'erased', site = NULL, change = NULL WHERE {over}");
    pass.probes += changed(transaction, &named, raw)?;
    Ok(())
}

fn changed(transaction: &Transaction<'_>, sql: &str, before: i64) -> rusqlite::Result<u64> {
    Ok(transaction.prepare_cached(sql)?.execute([before])? as u64)
}
