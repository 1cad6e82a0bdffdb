//! Computing every derived row again from the records.

use std::collections::BTreeMap;

use desserte_model::{CogVintage, Record};
use desserte_units::Timestamp;
use rusqlite::{Transaction, params};

use crate::chain::Link;
use crate::derive::{Place, derive};
use crate::ingest::own_event_time;
use crate::probes::text;
use crate::rollup::Rollup;
use crate::{Store, StoreError, chain, handover, late, passage};

/// What a rebuild did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RebuildReport {
    /// Records read.
    pub records: u64,
    /// Of those, records whose event time is not known.
    pub undated: u64,
}

impl Store {
    /// Drops the derived rows and computes them again with the methods of this program, in one transaction.
    ///
    /// Sums of hours whose records were emptied after their time ([`Store::keep_within`]) stay as they are: nothing is left to compute them
    /// from.
    ///
    /// # Errors
    /// When the database fails or a kept record cannot be read; nothing has changed then.
    pub fn rebuild(&self) -> Result<RebuildReport, StoreError> {
        self.writer().run(|transaction| {
            let wrap = StoreError::database("rebuilding derived rows");
            transaction
                .execute_batch(
                    "DELETE FROM throughput; DELETE FROM minute; DELETE FROM interruption; DELETE FROM reachability; \
                     DELETE FROM radio; \
                     DELETE FROM minute_hour WHERE NOT EXISTS (SELECT 1 FROM retention \
                         WHERE retention.probe = minute_hour.probe AND minute_hour.hour_us < retention.emptied_us); \
                     DELETE FROM commune_seen WHERE NOT EXISTS (SELECT 1 FROM retention); DELETE FROM chain; DELETE FROM chain_gap; DELETE FROM chain_fault;",
                )
                .map_err(&wrap)?;
            let mut report = RebuildReport::default();
            let mut rollup = Rollup::without(emptied(transaction).map_err(&wrap)?);
            let mut select = transaction
                .prepare("SELECT record.no, record.probe, commune, vintage, line, event_us, received_us, sha256 FROM record \
                     JOIN batch ON batch.no = record.batch WHERE line <> x'' ORDER BY record.no",
                )
                .map_err(&wrap)?;
            let mut rows = select.query([]).map_err(&wrap)?;
            while let Some(row) = rows.next().map_err(&wrap)? {
                let line: Vec<u8> = row.get(4).map_err(&wrap)?;
                let record: Record = serde_json::from_slice(&line)
                    .map_err(|error| StoreError::Corrupt { what: "record", message: error.to_string() })?;
                let number: i64 = row.get(0).map_err(&wrap)?;
                let probe = row.get(1).map_err(&wrap)?;
                let event = match own_event_time(&record) {
                    Some(event) => Some(event),
                    None => late::anchored_time(
                        transaction,
                        probe,
                        record.clock.boot,
                        record.clock.monotonic_us,
                        late::latest_event(Timestamp::from_unix_micros(row.get(6).map_err(&wrap)?)),
                    )?,
                };
                let known: Option<i64> = row.get(5).map_err(&wrap)?;
                if known != event.map(Timestamp::as_unix_micros) {
                    transaction
                        .prepare_cached("UPDATE record SET event_us = ?2 WHERE no = ?1")
                        .and_then(|mut statement| {
                            statement.execute(params![number, event.map(Timestamp::as_unix_micros)])
                        })
                        .map_err(&wrap)?;
                }
                let commune = text(row, 2).map_err(&wrap)?;
                let vintage = CogVintage::from_year(row.get(3).map_err(&wrap)?);
                let place = Place { record: number, probe, commune, vintage, event };
                let derived = derive(&record, &passage::of_record(transaction, number)?);
                derived.insert(transaction, &place)?;
                let sha256: [u8; 32] = row.get(7).map_err(&wrap)?;
                chain::check(transaction, &Link::of(probe, number, &record, &sha256))?;
                rollup.add(&place, &derived);
                report.records += 1;
                report.undated += u64::from(event.is_none());
            }
            rollup.write(transaction)?;
            handover::begin_generation(transaction)?;
            Ok(report)
        })
    }
}

/// Of each probe, the moment up to which its records are emptied.
fn emptied(transaction: &Transaction<'_>) -> rusqlite::Result<BTreeMap<i64, i64>> {
    transaction
        .prepare("SELECT probe, emptied_us FROM retention")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
