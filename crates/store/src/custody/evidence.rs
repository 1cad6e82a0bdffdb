//! Everything that proves what was measured in some places over a period: whole batches, with proofs as far as their days are sealed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::ops::ControlFlow;

use desserte_custody::{Hash, Leaf, PROOF_SCHEMA, Proof, ProvenBatch, Statement, seal};
use desserte_model::{BatchHeader, ProbeId};
use desserte_signing::split_batch;
use flate2::read::MultiGzDecoder;
use rusqlite::{Connection, params};

use super::leaves::{self, Origin};
use super::{all_seals, proofs};
use crate::{Period, Scope, Store, StoreError};

/// Octets of an unpacked body that are read at the most; the collector took no larger ones.
const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What proves the records of some places and a period, beside the batches themselves.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
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

/// What is known of a batch before it is read.
#[derive(Debug, Clone, Copy)]
struct Holding {
    /// The seal that it is in.
    seal: Option<i64>,
    /// A record of it, by number; none was met of a batch that only dates others.
    record: Option<i64>,
}

/// Batches by number.
type Found = BTreeMap<i64, Holding>;

/// Boots and probes of records that do not date themselves.
#[derive(Default)]
struct Undated {
    boots: BTreeSet<Vec<u8>>,
    probes: BTreeSet<i64>,
}

/// Where a batch stands in its day's tree.
struct InTree {
    seal: Statement,
    index: u64,
    path: Vec<Hash>,
}

impl Store {
    /// Hands over, one by one in the order in which they were kept, the batches that hold a record of these places and this period, of one
    /// probe if one is named, and those that tell when such a record was made. Ends when `each` breaks off.
    ///
    /// # Errors
    /// When the database fails, or there are more than `limit` batches: then none is handed over.
    pub fn evidence(
        &self,
        scopes: &[Scope],
        only: Option<&ProbeId>,
        period: Period,
        limit: usize,
        each: &mut dyn FnMut(Kept) -> ControlFlow<()>,
    ) -> Result<Evidence, StoreError> {
        let found = self.read("reading the evidence", |connection| {
            let transaction = connection.unchecked_transaction()?;
            let (mut found, mut undated) = (Found::new(), Undated::default());
            for scope in scopes {
                holding(&transaction, scope, only, period, &mut found, &mut undated)?;
            }
            if found.len() > limit {
                return Ok(Err(found.len()));
            }
            dating(&transaction, &undated, &mut found)?;
            if found.len() > limit {
                Ok(Err(found.len()))
            } else {
                proven(&transaction, &found, each).map(Ok)
            }
        })?;
        found.map_err(|batches| StoreError::TooMuchEvidence { batches, limit })
    }
}

/// Batches with a record that some figure is made from. Each record is met once, by its number: nothing else finds the records of a batch
/// without reading them all.
fn holding(
    connection: &Connection,
    scope: &Scope,
    only: Option<&ProbeId>,
    period: Period,
    found: &mut Found,
    undated: &mut Undated,
) -> rusqlite::Result<()> {
    let (first, last) = scope.bounds();
    for table in ["minute", "throughput", "reachability", "interruption"] {
        // Text is looked for before JSON is read: nearly no record is without a date.
        let mut statement = connection.prepare(&format!(
            "SELECT record.batch, batch_seal.seal, record.no, record.probe, \
             CASE WHEN instr (record.line, cast ('\"unsynchronised\"' AS BLOB)) > 0 \
             AND json_extract (cast (record.line AS TEXT), '$.clock.source') = 'unsynchronised' THEN record.boot END \
             FROM {table} AS made JOIN record ON record.no = made.record \
             JOIN probe ON probe.no = record.probe JOIN batch_seal ON batch_seal.batch = record.batch \
             WHERE made.event_us IS NOT NULL AND made.commune BETWEEN ?1 AND ?2 AND made.event_us >= ?3 AND made.event_us < ?4 \
             AND (?5 IS NULL OR probe.id = ?5)"
        ))?;
        let (start, end) = (period.start.as_unix_micros(), period.end.as_unix_micros());
        let mut rows = statement.query(params![first, last, start, end, only.map(ProbeId::as_str)])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(2)?;
            let holding =
                found.entry(row.get(0)?).or_insert(Holding { seal: row.get(1)?, record: Some(number) });
            holding.record = holding.record.map(|known| known.min(number));
            if let Some(boot) = row.get(4)? {
                undated.boots.insert(boot);
                undated.probes.insert(row.get(3)?);
            }
        }
    }
    Ok(())
}

/// Adds the batches whose header dates a boot of a record that does not date itself: without them the record would have no time.
fn dating(connection: &Connection, undated: &Undated, found: &mut Found) -> rusqlite::Result<()> {
    let mut of_probe = connection.prepare(
        "SELECT batch.no, batch_seal.seal, content_encoding, body FROM batch \
         JOIN batch_seal ON batch_seal.batch = batch.no WHERE batch.probe = ?1 ORDER BY batch.no",
    )?;
    for probe in &undated.probes {
        let mut rows = of_probe.query([probe])?;
        while let Some(row) = rows.next()? {
            let (batch, encoding): (i64, String) = (row.get(0)?, row.get(2)?);
            if !found.contains_key(&batch) && dates(row.get_ref(3)?.as_blob()?, &encoding, &undated.boots) {
                found.insert(batch, Holding { seal: row.get(1)?, record: None });
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

/// The batches, and the notes about their probes, each day's tree built once.
fn proven(
    connection: &Connection,
    found: &Found,
    each: &mut dyn FnMut(Kept) -> ControlFlow<()>,
) -> rusqlite::Result<Evidence> {
    let mut evidence = Evidence::default();
    let mut places: BTreeMap<i64, InTree> = BTreeMap::new();
    let mut previous: Option<Statement> = None;
    let notes = notes_about(connection, found)?;
    let seals: BTreeSet<i64> = found.values().filter_map(|holding| holding.seal).collect();
    for row in all_seals(connection)? {
        let statement = row.day.statement;
        let wanted = |origin: &Origin| match origin {
            Origin::Batch(number) => found.contains_key(number),
            Origin::Note(number) => notes.contains(number),
        };
        let here = seals.contains(&row.number) || !notes.is_empty();
        let entries = if here { leaves::of_seal(connection, row.number)? } else { Vec::new() };
        if entries.iter().any(|(origin, _)| wanted(origin)) {
            let before: Vec<Leaf> = leaves::previous(previous.as_ref()).collect();
            let (origins, leaves): (Vec<Origin>, Vec<Leaf>) = entries.into_iter().unzip();
            let numbered = origins.into_iter().zip(before.len()..);
            let tree = seal(before.into_iter().chain(leaves));
            for (origin, place) in numbered.filter(|(origin, _)| wanted(origin)) {
                let index = u64::try_from(place).unwrap_or(u64::MAX);
                // The tree was just built from these leaves: there is a path to each.
                let path = tree.path(index).unwrap_or_default();
                match origin {
                    Origin::Batch(number) => {
                        places.insert(number, InTree { seal: statement, index, path });
                    }
                    Origin::Note(number) => {
                        let (schema, event) =
                            (PROOF_SCHEMA.to_owned(), Some(proofs::note(connection, number)?));
                        evidence.notes.push(Proof {
                            schema,
                            seal: statement,
                            index,
                            path,
                            batch: None,
                            event,
                        });
                    }
                }
            }
            evidence.seals.insert(statement.day.to_string(), statement);
        }
        previous = Some(statement);
    }
    for (number, holding) in found {
        let kept = match places.remove(number) {
            Some(InTree { seal, index, path }) => {
                let record = holding.record.map(|record| digest(connection, record)).transpose()?;
                let batch = Some(proofs::batch(connection, *number, record)?);
                let schema = PROOF_SCHEMA.to_owned();
                Kept::Proven(Box::new(Proof { schema, seal, index, path, batch, event: None }))
            }
            None => Kept::Unsealed(Box::new(proofs::batch(connection, *number, None)?)),
        };
        if each(kept).is_break() {
            break;
        }
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

/// Digest of a record, for whoever checks the proof of its batch by itself.
fn digest(connection: &Connection, record: i64) -> rusqlite::Result<Hash> {
    connection
        .prepare_cached("SELECT sha256 FROM record WHERE no = ?1")?
        .query_row([record], |row| row.get(0).map(Hash))
}
