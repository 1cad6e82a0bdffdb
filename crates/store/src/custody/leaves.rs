//! The leaves of a day, from what is kept.

use desserte_custody::{BatchLeaf, EventLeaf, Hash, Leaf, Statement};
use desserte_units::Timestamp;
use rusqlite::types::Null;
use rusqlite::{Connection, Row, ToSql, params};

use super::notes::probe_of;
use crate::probes::text;

/// Where a leaf comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A batch, by its number.
    Batch(i64),
    /// A note, by its number.
    Note(i64),
}

/// The first leaf of every day but the first.
pub(super) fn previous(seal: Option<&Statement>) -> impl Iterator<Item = Leaf> {
    seal.map(|&Statement { day, size, root }| Leaf::Previous { day, size, root }).into_iter()
}

/// What is in no seal yet and was received before `end`.
pub(super) fn waiting(connection: &Connection, end: Timestamp) -> rusqlite::Result<Vec<(Origin, Leaf)>> {
    select(connection, &Null, end.as_unix_micros())
}

/// What a seal holds, without the seal before it.
pub(super) fn of_seal(connection: &Connection, seal: i64) -> rusqlite::Result<Vec<(Origin, Leaf)>> {
    select(connection, &seal, i64::MAX)
}

fn select(connection: &Connection, seal: &dyn ToSql, before: i64) -> rusqlite::Result<Vec<(Origin, Leaf)>> {
    let mut batches = connection.prepare_cached(
        "SELECT batch.no, lower (hex (batch.id)), probe.id, probe.public_key, received_us, signature, body, \
         signature_sha256, body_sha256 \
         FROM batch_seal JOIN batch ON batch.no = batch_seal.batch JOIN probe ON probe.no = batch.probe \
         LEFT JOIN erased_batch ON erased_batch.batch = batch.no \
         WHERE batch_seal.seal IS ?1 AND received_us < ?2 ORDER BY batch.no",
    )?;
    let mut notes = connection.prepare_cached(
        "SELECT custody_event.no, kind, probe.id, happened_us, noted_us, text \
         FROM event_seal JOIN custody_event ON custody_event.no = event_seal.event \
         LEFT JOIN probe ON probe.no = custody_event.probe \
         WHERE event_seal.seal IS ?1 AND noted_us < ?2 ORDER BY custody_event.no",
    )?;
    let batches = batches.query_map(params![seal, before], batch)?;
    let notes = notes.query_map(params![seal, before], note)?;
    batches.chain(notes).collect()
}

/// Of what was erased, the digests are what is left.
fn batch(row: &Row<'_>) -> rusqlite::Result<(Origin, Leaf)> {
    let leaf = BatchLeaf {
        batch: row.get(1)?,
        probe: text(row, 2)?,
        public_key: row.get(3)?,
        received: Timestamp::from_unix_micros(row.get(4)?),
        signature_sha256: match row.get(7)? {
            Some(kept) => Hash(kept),
            None => Hash::of(row.get_ref(5)?.as_bytes()?),
        },
        body_sha256: match row.get(8)? {
            Some(kept) => Hash(kept),
            None => Hash::of(row.get_ref(6)?.as_blob()?),
        },
    };
    Ok((Origin::Batch(row.get(0)?), Leaf::Batch(leaf)))
}

fn note(row: &Row<'_>) -> rusqlite::Result<(Origin, Leaf)> {
    let number = row.get(0)?;
    let leaf = EventLeaf {
        number,
        kind: text(row, 1)?,
        probe: probe_of(row, 2)?,
        happened: Timestamp::from_unix_micros(row.get(3)?),
        noted: Timestamp::from_unix_micros(row.get(4)?),
        text_sha256: Hash::of(row.get_ref(5)?.as_bytes()?),
    };
    Ok((Origin::Note(number), Leaf::Event(leaf)))
}
