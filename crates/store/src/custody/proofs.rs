//! Proofs that something was kept when its day was sealed.

use desserte_custody::{Hash, Leaf, PROOF_SCHEMA, Proof, ProvenBatch, ProvenEvent, Statement, seal};
use desserte_model::RecordId;
use desserte_units::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::leaves::{self, Origin};
use super::{SealRow, all_seals};
use crate::{Store, StoreError};

/// What is to be proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A record, and with it the batch that it came in.
    Record(RecordId),
    /// A note, by its number.
    Note(i64),
}

impl Store {
    /// The proof; `None` when there is no such thing, or its day is not sealed yet.
    ///
    /// # Errors
    /// When it was erased, or the database fails.
    pub fn prove(&self, wanted: Wanted) -> Result<Option<Proof>, StoreError> {
        if let Wanted::Record(id) = wanted
            && self.read("looking for a record", |connection| is_erased(connection, id))?
        {
            return Err(StoreError::Erased(format!("record {id}")));
        }
        self.read("making a proof", |connection| {
            let transaction = connection.unchecked_transaction()?;
            let Some(subject) = Subject::find(&transaction, wanted)? else { return Ok(None) };
            let mut previous = None;
            for row in all_seals(&transaction)? {
                if row.number == subject.seal {
                    return proof(&transaction, previous.as_ref(), &row, &subject);
                }
                previous = Some(row.day.statement);
            }
            Ok(None)
        })
    }
}

fn is_erased(connection: &Connection, id: RecordId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM record WHERE id = ?1 AND line = x''")?
        .exists([id.as_uuid().as_bytes().as_slice()])
}

/// What is proven, in its seal.
struct Subject {
    seal: i64,
    origin: Origin,
    /// The record that was asked for.
    record: Option<Hash>,
}

impl Subject {
    fn find(connection: &Connection, wanted: Wanted) -> rusqlite::Result<Option<Self>> {
        match wanted {
            Wanted::Record(id) => connection
                .prepare_cached(
                    "SELECT seal, batch_seal.batch, sha256 FROM record \
                     JOIN batch_seal ON batch_seal.batch = record.batch WHERE id = ?1 AND seal IS NOT NULL",
                )?
                .query_row([id.as_uuid().as_bytes().as_slice()], |row| {
                    let record = Some(Hash(row.get(2)?));
                    Ok(Self { seal: row.get(0)?, origin: Origin::Batch(row.get(1)?), record })
                }),
            Wanted::Note(number) => connection
                .prepare_cached("SELECT seal, event FROM event_seal WHERE event = ?1 AND seal IS NOT NULL")?
                .query_row([number], |row| {
                    Ok(Self { seal: row.get(0)?, origin: Origin::Note(row.get(1)?), record: None })
                }),
        }
        .optional()
    }
}

fn proof(
    connection: &Connection,
    previous: Option<&Statement>,
    row: &SealRow,
    subject: &Subject,
) -> rusqlite::Result<Option<Proof>> {
    let entries = leaves::of_seal(connection, row.number)?;
    let Some(place) = entries.iter().position(|(origin, _)| *origin == subject.origin) else {
        return Ok(None);
    };
    let before: Vec<Leaf> = leaves::previous(previous).collect();
    let place = before.len() + place;
    let tree = seal(before.into_iter().chain(entries.into_iter().map(|(_, leaf)| leaf)));
    // The seal as it was made: when what is kept was changed since, the proof does not lead to it, and says so.
    let seal = row.day.statement;
    let index = u64::try_from(place).unwrap_or(u64::MAX);
    let Some(path) = tree.path(index) else { return Ok(None) };
    let (batch, event) = match subject.origin {
        Origin::Batch(number) => (Some(batch(connection, number, subject.record)?), None),
        Origin::Note(number) => (None, Some(note(connection, number)?)),
    };
    Ok(Some(Proof { schema: PROOF_SCHEMA.to_owned(), seal, index, path, batch, event }))
}

pub(super) fn batch(
    connection: &Connection,
    number: i64,
    record: Option<Hash>,
) -> rusqlite::Result<ProvenBatch> {
    connection
        .prepare_cached(
            "SELECT lower (hex (batch.id)), public_key, received_us, signature, body \
             FROM batch JOIN probe ON probe.no = batch.probe WHERE batch.no = ?1",
        )?
        .query_row([number], |row| {
            Ok(ProvenBatch {
                batch: row.get(0)?,
                public_key: row.get(1)?,
                received_us: Timestamp::from_unix_micros(row.get(2)?),
                signature: row.get(3)?,
                body: ProvenBatch::encode(row.get_ref(4)?.as_blob()?),
                record_sha256: record,
            })
        })
}

pub(super) fn note(connection: &Connection, number: i64) -> rusqlite::Result<ProvenEvent> {
    connection
        .prepare_cached(
            "SELECT custody_event.no, kind, probe.id, happened_us, noted_us, text \
             FROM custody_event LEFT JOIN probe ON probe.no = custody_event.probe WHERE custody_event.no = ?1",
        )?
        .query_row([number], |row| {
            Ok(ProvenEvent {
                number: row.get(0)?,
                kind: row.get(1)?,
                probe: row.get(2)?,
                happened_us: Timestamp::from_unix_micros(row.get(3)?),
                noted_us: Timestamp::from_unix_micros(row.get(4)?),
                text: row.get(5)?,
            })
        })
}
