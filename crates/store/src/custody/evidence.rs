//! Everything that proves what was measured in some places over a period: whole batches, with proofs as far as their days are sealed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use desserte_custody::{Leaf, PROOF_SCHEMA, Proof, ProvenBatch, Statement, seal};
use desserte_model::{BatchHeader, ProbeId};
use desserte_signing::split_batch;
use flate2::read::MultiGzDecoder;
use rusqlite::{Connection, params};

use super::leaves::{self, Origin};
use super::{all_seals, proofs};
use crate::{Period, Scope, Store, StoreError};

/// Octets of an unpacked body that are read at the most; the collector took no larger ones.
const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What proves the records of some places and a period.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Batches in the order in which they were kept.
    pub batches: Vec<Kept>,
    /// Proofs of the notes about these probes that are in a seal.
    pub notes: Vec<Proof>,
    /// The seals that all proofs lead to, by day.
    pub seals: BTreeMap<String, Statement>,
}

/// A batch.
#[derive(Debug, Clone)]
pub enum Kept {
    /// Proven against the seal of its day.
    Proven(Box<Proof>),
    /// Of a day that is not sealed yet.
    Unsealed(Box<ProvenBatch>),
}

impl Kept {
    /// The batch itself; `None` for a proof of something else.
    #[must_use]
    pub fn batch(&self) -> Option<&ProvenBatch> {
        match self {
            Self::Proven(proof) => proof.batch.as_ref(),
            Self::Unsealed(batch) => Some(batch),
        }
    }
}

/// A batch's number and the seal that it is in.
type Found = BTreeMap<i64, Option<i64>>;

impl Store {
    /// The batches that hold a record of these places and this period, of one probe if one is named, and those that tell when such a record was made.
    ///
    /// # Errors
    /// When the database fails, or there are more than `limit` batches: then nothing is read of them.
    pub fn evidence(
        &self,
        scopes: &[Scope],
        only: Option<&ProbeId>,
        period: Period,
        limit: usize,
    ) -> Result<Evidence, StoreError> {
        let found = self.read("reading the evidence", |connection| {
            let transaction = connection.unchecked_transaction()?;
            let mut found = Found::new();
            for scope in scopes {
                holding(&transaction, scope, only, period, &mut found)?;
            }
            if found.len() > limit {
                return Ok(Err(found.len()));
            }
            dating(&transaction, &mut found)?;
            if found.len() > limit { Ok(Err(found.len())) } else { proven(&transaction, &found).map(Ok) }
        })?;
        found.map_err(|batches| StoreError::TooMuchEvidence { batches, limit })
    }
}

/// Batches with a record that some figure is made from.
fn holding(
    connection: &Connection,
    scope: &Scope,
    only: Option<&ProbeId>,
    period: Period,
    found: &mut Found,
) -> rusqlite::Result<()> {
    let (first, last) = scope.bounds();
    for table in ["minute", "throughput", "reachability", "interruption"] {
        let mut statement = connection.prepare(&format!(
            "SELECT DISTINCT record.batch, batch_seal.seal FROM {table} AS made JOIN record ON record.no = made.record \
             JOIN probe ON probe.no = record.probe JOIN batch_seal ON batch_seal.batch = record.batch \
             WHERE made.event_us IS NOT NULL AND made.commune BETWEEN ?1 AND ?2 AND made.event_us >= ?3 AND made.event_us < ?4 \
             AND (?5 IS NULL OR probe.id = ?5)"
        ))?;
        let (start, end) = (period.start.as_unix_micros(), period.end.as_unix_micros());
        let rows = statement
            .query_map(params![first, last, start, end, only.map(ProbeId::as_str)], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        for row in rows {
            let (batch, seal) = row?;
            found.insert(batch, seal);
        }
    }
    Ok(())
}

/// Adds the batches whose header dates a boot of a record that does not date itself: without them the record would have no time.
fn dating(connection: &Connection, found: &mut Found) -> rusqlite::Result<()> {
    let (mut boots, mut probes) = (BTreeSet::new(), BTreeSet::new());
    let mut of_batch = connection.prepare(
        "SELECT DISTINCT boot, probe FROM record \
         WHERE batch = ?1 AND json_extract (cast (line AS TEXT), '$.clock.source') = 'unsynchronised'",
    )?;
    for batch in found.keys() {
        for row in
            of_batch.query_map([batch], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?)))?
        {
            let (boot, probe) = row?;
            boots.insert(boot);
            probes.insert(probe);
        }
    }
    let mut of_probe = connection.prepare(
        "SELECT batch.no, batch_seal.seal, content_encoding, body FROM batch \
         JOIN batch_seal ON batch_seal.batch = batch.no WHERE batch.probe = ?1 ORDER BY batch.no",
    )?;
    for probe in probes {
        let mut rows = of_probe.query([probe])?;
        while let Some(row) = rows.next()? {
            let (batch, encoding): (i64, String) = (row.get(0)?, row.get(2)?);
            if !found.contains_key(&batch) && dates(row.get_ref(3)?.as_blob()?, &encoding, &boots) {
                found.insert(batch, row.get(1)?);
            }
        }
    }
    Ok(())
}

/// Whether the header of a body has an anchor of one of these boots. A body that cannot be read has none: the collector would not have kept it.
fn dates(body: &[u8], encoding: &str, boots: &BTreeSet<Vec<u8>>) -> bool {
    let mut text = Vec::new();
    let read = match encoding {
        "gzip" => MultiGzDecoder::new(body).take(BODY_BYTES_MAX).read_to_end(&mut text),
        _ => body.take(BODY_BYTES_MAX).read_to_end(&mut text),
    };
    let header: Option<BatchHeader> =
        read.ok().and_then(|_| split_batch(&text).ok()).map(|(header, _)| header);
    header.is_some_and(|header| {
        header.anchors.iter().any(|anchor| boots.contains(anchor.boot.as_uuid().as_bytes().as_slice()))
    })
}

/// The batches and the notes about their probes, each day's tree built once.
fn proven(connection: &Connection, found: &Found) -> rusqlite::Result<Evidence> {
    let mut evidence = Evidence::default();
    let mut proofs_of: BTreeMap<i64, Proof> = BTreeMap::new();
    let mut previous: Option<Statement> = None;
    let notes = notes_about(connection, found)?;
    for row in all_seals(connection)? {
        let statement = row.day.statement;
        let wanted = |origin: &Origin| match origin {
            Origin::Batch(number) => found.contains_key(number),
            Origin::Note(number) => notes.contains(number),
        };
        let here = found.values().any(|seal| *seal == Some(row.number)) || !notes.is_empty();
        let entries = if here { leaves::of_seal(connection, row.number)? } else { Vec::new() };
        if entries.iter().any(|(origin, _)| wanted(origin)) {
            let before: Vec<Leaf> = leaves::previous(previous.as_ref()).collect();
            let (origins, leaves): (Vec<Origin>, Vec<Leaf>) = entries.into_iter().unzip();
            let places = origins.into_iter().zip(before.len()..);
            let tree = seal(before.into_iter().chain(leaves));
            for (origin, place) in places.filter(|(origin, _)| wanted(origin)) {
                let index = u64::try_from(place).unwrap_or(u64::MAX);
                // The tree was just built from these leaves: there is a path to each.
                let path = tree.path(index).unwrap_or_default();
                let (schema, seal) = (PROOF_SCHEMA.to_owned(), statement);
                match origin {
                    Origin::Batch(number) => {
                        let batch =
                            Some(proofs::batch(connection, number, first_record(connection, number)?)?);
                        proofs_of.insert(number, Proof { schema, seal, index, path, batch, event: None });
                    }
                    Origin::Note(number) => {
                        let event = Some(proofs::note(connection, number)?);
                        evidence.notes.push(Proof { schema, seal, index, path, batch: None, event });
                    }
                }
            }
            evidence.seals.insert(statement.day.to_string(), statement);
        }
        previous = Some(statement);
    }
    for number in found.keys() {
        evidence.batches.push(match proofs_of.remove(number) {
            Some(proof) => Kept::Proven(Box::new(proof)),
            None => Kept::Unsealed(Box::new(proofs::batch(connection, *number, None)?)),
        });
    }
    Ok(evidence)
}

/// Sealed notes about the probes of these batches.
fn notes_about(connection: &Connection, found: &Found) -> rusqlite::Result<BTreeSet<i64>> {
    let mut probe_of = connection.prepare("SELECT probe FROM batch WHERE no = ?1")?;
    let probes: BTreeSet<i64> =
        found.keys().map(|batch| probe_of.query_row([batch], |row| row.get(0))).collect::<Result<_, _>>()?;
    let mut notes_of = connection.prepare(
        "SELECT custody_event.no FROM custody_event JOIN event_seal ON event_seal.event = custody_event.no \
         WHERE custody_event.probe = ?1 AND seal IS NOT NULL",
    )?;
    let mut notes = BTreeSet::new();
    for probe in probes {
        for number in notes_of.query_map([probe], |row| row.get(0))? {
            notes.insert(number?);
        }
    }
    Ok(notes)
}

/// A record of the batch for whoever checks its proof by itself; `None` for a batch of which none was kept.
fn first_record(connection: &Connection, batch: i64) -> rusqlite::Result<Option<desserte_custody::Hash>> {
    let mut first =
        connection.prepare_cached("SELECT sha256 FROM record WHERE batch = ?1 ORDER BY no LIMIT 1")?;
    let mut rows = first.query([batch])?;
    rows.next()?.map(|row| row.get(0).map(desserte_custody::Hash)).transpose()
}
