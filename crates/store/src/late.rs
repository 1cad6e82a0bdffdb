//! Event times that become known after the record: anchors of a boot, and the records that waited for one.

use desserte_model::{BootAnchor, BootId, ClockSource};
use desserte_units::{Monotonic, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::StoreError;
use crate::rollup;

/// Keeps the anchors that something vouches for; gives the boots that gained one.
pub(crate) fn keep_anchors(
    transaction: &Transaction<'_>,
    probe: i64,
    anchors: &[BootAnchor],
) -> Result<Vec<BootId>, StoreError> {
    let mut new = Vec::new();
    for anchor in anchors.iter().filter(|anchor| anchor.source != ClockSource::Unsynchronised) {
        let kept = transaction
            .prepare_cached(
                "INSERT INTO anchor (probe, boot, monotonic_us, utc_us, uncertainty_us) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    probe,
                    anchor.boot.as_uuid().as_bytes().as_slice(),
                    micros(anchor.monotonic_us),
                    anchor.utc_us.as_unix_micros(),
                    i64::try_from(anchor.uncertainty_us).unwrap_or(i64::MAX),
                ])
            })
            .map_err(StoreError::database("keeping a time anchor"))?;
        if kept > 0 && !new.contains(&anchor.boot) {
            new.push(anchor.boot);
        }
    }
    Ok(new)
}

/// The calendar time of a monotonic reading, from the surest anchor of its boot, the nearest among equals.
///
/// # Missing data
/// `None` while the boot has no anchor.
pub(crate) fn anchored_time(
    transaction: &Transaction<'_>,
    probe: i64,
    boot: BootId,
    monotonic: Monotonic,
) -> Result<Option<Timestamp>, StoreError> {
    transaction
        .prepare_cached(
            "SELECT utc_us + (?3 - monotonic_us) FROM anchor WHERE probe = ?1 AND boot = ?2 \
             ORDER BY uncertainty_us, abs (?3 - monotonic_us), utc_us LIMIT 1",
        )
        .and_then(|mut statement| {
            statement
                .query_row(params![probe, boot.as_uuid().as_bytes().as_slice(), micros(monotonic)], |row| {
                    row.get(0)
                })
                .optional()
        })
        .map(|utc| utc.map(Timestamp::from_unix_micros))
        .map_err(StoreError::database("reading a time anchor"))
}

/// Gives the records of a boot that waited for an anchor their event time.
pub(crate) fn resolve(transaction: &Transaction<'_>, probe: i64, boot: BootId) -> Result<(), StoreError> {
    let wrap = StoreError::database("dating late records");
    let waiting: Vec<(i64, i64)> = transaction
        .prepare_cached(
            "SELECT no, monotonic_us FROM record WHERE probe = ?1 AND boot = ?2 AND event_us IS NULL",
        )
        .and_then(|mut statement| {
            statement
                .query_map(params![probe, boot.as_uuid().as_bytes().as_slice()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect()
        })
        .map_err(&wrap)?;
    for (record, monotonic) in waiting {
        let monotonic = Monotonic::from_micros(u64::try_from(monotonic).unwrap_or(0));
        let Some(event) = anchored_time(transaction, probe, boot, monotonic)? else { continue };
        for table in ["record", "throughput", "minute"] {
            let key = if table == "record" { "no" } else { "record" };
            transaction
                .prepare_cached(&format!("UPDATE {table} SET event_us = ?2 WHERE {key} = ?1"))
                .and_then(|mut statement| statement.execute(params![record, event.as_unix_micros()]))
                .map_err(&wrap)?;
        }
        rollup::add_stored(transaction, record)?;
    }
    transaction
        .prepare_cached(include_str!("../sql/date-probe.sql"))
        .and_then(|mut statement| statement.execute([probe]))
        .map_err(&wrap)?;
    Ok(())
}

fn micros(monotonic: Monotonic) -> i64 {
    i64::try_from(monotonic.as_micros()).unwrap_or(i64::MAX)
}
