//! Event times that become known after the record: anchors of a boot, and the records that waited for one.

use std::collections::BTreeSet;

use desserte_model::{BootAnchor, BootId, ClockSource};
use desserte_units::{Monotonic, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::StoreError;
use crate::rollup;

/// Nothing can have been measured before this program existed: 2020-01-01T00:00:00Z.
const EARLIEST_EVENT: Timestamp = Timestamp::from_unix_secs(1_577_836_800);

/// How far an event dated by an anchor may lie ahead of the arrival of its batch: an anchor is as uncertain as the round
/// trip it was made in.
const AHEAD_MAX_US: i64 = 300_000_000;

/// The latest time that an event of a batch can have had.
pub(crate) fn latest_event(received: Timestamp) -> Timestamp {
    received.saturating_add_micros(AHEAD_MAX_US)
}

/// Keeps the anchors that something vouches for; gives the boots that gained one.
pub(crate) fn keep_anchors(
    transaction: &Transaction<'_>,
    probe: i64,
    anchors: &[BootAnchor],
) -> Result<BTreeSet<BootId>, StoreError> {
    let mut new = BTreeSet::new();
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
        if kept > 0 {
            new.insert(anchor.boot);
        }
    }
    Ok(new)
}

/// The calendar time of a monotonic reading, from the surest anchor of its boot, the nearest among equals.
///
/// # Missing data
/// `None` while the boot has no anchor, and when the sum is no time at which anything can have been measured: an anchor
/// may be true and a reading far from it not.
pub(crate) fn anchored_time(
    transaction: &Transaction<'_>,
    probe: i64,
    boot: BootId,
    monotonic: Monotonic,
    latest: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    transaction
        .prepare_cached(
            "SELECT utc_us, monotonic_us FROM anchor WHERE probe = ?1 AND boot = ?2 \
             ORDER BY uncertainty_us, max (?3, monotonic_us) - min (?3, monotonic_us), utc_us LIMIT 1",
        )
        .and_then(|mut statement| {
            let boot = boot.as_uuid();
            let key = params![probe, boot.as_bytes().as_slice(), micros(monotonic)];
            statement.query_row(key, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).optional()
        })
        .map(|anchor| {
            let since = |origin: i64| micros(monotonic).saturating_sub(origin);
            anchor
                .map(|(utc, origin)| Timestamp::from_unix_micros(utc).saturating_add_micros(since(origin)))
                .filter(|event| (EARLIEST_EVENT..=latest).contains(event))
        })
        .map_err(StoreError::database("reading a time anchor"))
}

/// Gives the records of a boot that waited for an anchor their event time.
pub(crate) fn resolve(
    transaction: &Transaction<'_>,
    probe: i64,
    boot: BootId,
    latest: Timestamp,
) -> Result<(), StoreError> {
    let wrap = StoreError::database("dating late records");
    let waiting: Vec<(i64, i64)> = transaction
        .prepare_cached(
            "SELECT no, monotonic_us FROM record WHERE probe = ?1 AND boot = ?2 AND event_us IS NULL AND line <> x''",
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
        let Some(event) = anchored_time(transaction, probe, boot, monotonic, latest)? else { continue };
        for table in ["record", "throughput", "minute", "interruption", "reachability"] {
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
