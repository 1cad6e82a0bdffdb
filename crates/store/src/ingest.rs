//! Writing one batch inside a transaction.

use desserte_model::{
    BatchHeader, ClockSource, CogVintage, CommuneCode, Receipt, Record, Refusal, RefusalReason,
};
use desserte_units::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest as _, Sha256};

use crate::chain::Link;
use crate::derive::{self, Derived};
use crate::rollup::Rollup;
use crate::{Passage, StoreError, chain, late, passage, probes};

/// A record that passed every check the collector makes, with its place.
#[derive(Debug, Clone)]
pub struct IncomingRecord {
    /// Line of the batch, the header being line 1.
    pub line: u64,
    /// The octets as sent, without the line feed.
    pub octets: Vec<u8>,
    /// The same, read.
    pub record: Record,
    /// The commune that holds the record's position.
    pub commune: CommuneCode,
    /// The list that the commune's code belongs to.
    pub vintage: CogVintage,
    /// Where the record's run went; empty when the probe stands still.
    pub passages: Vec<Passage>,
}

/// A batch whose signature was verified.
#[derive(Debug, Clone)]
pub struct IncomingBatch {
    /// The header, whose probe is the one whose key signed.
    pub header: BatchHeader,
    /// When the request arrived.
    pub received: Timestamp,
    /// The headers that prove who sent the body, as text.
    pub signature: String,
    /// Content encoding of `body`: `identity` or `gzip`.
    pub content_encoding: String,
    /// The body as received and signed.
    pub body: Vec<u8>,
    /// The good records, in the order of the batch.
    pub records: Vec<IncomingRecord>,
}

/// A batch with everything computed that needs no database.
pub(crate) struct Prepared {
    batch: IncomingBatch,
    derived: Vec<(Derived, [u8; 32])>,
}

impl Prepared {
    pub(crate) fn new(batch: IncomingBatch) -> Self {
        let derived = batch
            .records
            .iter()
            .map(|record| {
                (derive::derive(&record.record, &record.passages), Sha256::digest(&record.octets).into())
            })
            .collect();
        Self { batch, derived }
    }

    pub(crate) fn len(&self) -> usize {
        self.batch.records.len()
    }
}

/// The event time that a record states itself, if something vouches for it.
pub(crate) fn own_event_time(record: &Record) -> Option<Timestamp> {
    match record.clock.source {
        ClockSource::Unsynchronised => None,
        ClockSource::System | ClockSource::Collector => record.clock.utc_us,
    }
}

/// Writes a batch and says what became of each record. The receipt may leave only after the transaction's commit.
pub(crate) fn write(transaction: &Transaction<'_>, prepared: &Prepared) -> Result<Receipt, StoreError> {
    let batch = &prepared.batch;
    let wrap = StoreError::database("writing a batch");
    let probe = probes::number(transaction, &batch.header.probe)?
        .ok_or_else(|| StoreError::UnknownProbe(batch.header.probe.to_string()))?;

    let new_boots = late::keep_anchors(transaction, probe, &batch.header.anchors)?;
    let mut receipt = Receipt::default();
    let mut rollup = Rollup::default();
    let mut batch_no = None;
    let mut latest = None;
    let latest_event = late::latest_event(batch.received);
    for (incoming, (derived, sha256)) in batch.records.iter().zip(&prepared.derived) {
        let record = &incoming.record;
        if let Some(kept) = kept_sha256(transaction, record)? {
            if kept == *sha256 {
                receipt.duplicate += 1;
            } else {
                receipt.refused.push(reused(incoming));
            }
            continue;
        }
        let batch_no = match batch_no {
            Some(no) => no,
            None => *batch_no.insert(insert_batch(transaction, probe, batch)?),
        };
        let event = match own_event_time(record) {
            Some(event) => Some(event),
            None => {
                let clock = &record.clock;
                late::anchored_time(transaction, probe, clock.boot, clock.monotonic_us, latest_event)?
            }
        };
        transaction
            .prepare_cached(include_str!("../sql/insert-record.sql"))
            .and_then(|mut statement| {
                statement.execute(params![
                    record.id.as_uuid().as_bytes().as_slice(),
                    batch_no,
                    probe,
                    record.observation.kind(),
                    chain::place_of(record),
                    record.clock.boot.as_uuid().as_bytes().as_slice(),
                    i64::try_from(record.clock.monotonic_us.as_micros()).unwrap_or(i64::MAX),
                    incoming.commune.as_str(),
                    incoming.vintage.as_year(),
                    incoming.octets,
                    sha256.as_slice(),
                    event.map(Timestamp::as_unix_micros),
                ])
            })
            .map_err(&wrap)?;
        let place = derive::Place {
            record: transaction.last_insert_rowid(),
            probe,
            commune: incoming.commune,
            vintage: incoming.vintage,
            event,
        };
        passage::insert(transaction, place.record, &incoming.passages)?;
        derived.insert(transaction, &place)?;
        chain::check(transaction, &Link::of(probe, place.record, record, sha256))?;
        rollup.add(&place, derived);
        receipt.accepted += 1;
        if latest.is_none_or(|latest: &IncomingRecord| record.sequence > latest.record.sequence) {
            latest = Some(incoming);
        }
    }
    rollup.write(transaction)?;
    probes::note_seen(transaction, probe, batch, latest)?;
    for boot in new_boots {
        late::resolve(transaction, probe, boot, latest_event)?;
    }
    Ok(receipt)
}

fn kept_sha256(transaction: &Transaction<'_>, record: &Record) -> Result<Option<[u8; 32]>, StoreError> {
    transaction
        .prepare_cached(
            "SELECT sha256 FROM record WHERE id = ?1 UNION ALL SELECT sha256 FROM elsewhere WHERE id = ?1 LIMIT 1",
        )
        .and_then(|mut statement| {
            statement.query_row([record.id.as_uuid().as_bytes().as_slice()], |row| row.get(0)).optional()
        })
        .map_err(StoreError::database("looking for a record"))
}

fn insert_batch(transaction: &Transaction<'_>, probe: i64, batch: &IncomingBatch) -> Result<i64, StoreError> {
    transaction
        .prepare_cached(include_str!("../sql/insert-batch.sql"))
        .and_then(|mut statement| {
            statement.execute(params![
                batch.header.batch.as_uuid().as_bytes().as_slice(),
                probe,
                batch.received.as_unix_micros(),
                batch.header.software.name,
                batch.header.software.version,
                batch.signature,
                batch.content_encoding,
                batch.body,
            ])
        })
        .map_err(StoreError::database("keeping a batch"))?;
    Ok(transaction.last_insert_rowid())
}

fn reused(incoming: &IncomingRecord) -> Refusal {
    Refusal {
        line: incoming.line,
        id: Some(incoming.record.id),
        reason: RefusalReason::IdentifierReused,
        detail: "a record with this identifier and other content is already kept".to_owned(),
    }
}
