//! What the line saw offered and acknowledged, held against what the collector keeps.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::Read as _;
use std::path::Path;

use desserte_model::{Receipt, Record};
use desserte_signing::record_sha256;
use flate2::read::GzDecoder;
use rusqlite::{Connection, OpenFlags};

use crate::proxy::{body_begin, header};

/// The books of one campaign. Names of records are their identifiers as text.
#[derive(Default)]
pub(crate) struct Books {
    /// Digest of each record ever sent.
    offered: HashMap<String, String>,
    /// Records that a receipt says are durable.
    acknowledged: HashSet<String>,
    /// Places in the chain whose record was refused for good.
    refused: BTreeSet<u64>,
    /// Receipts seen.
    pub(crate) receipts: u64,
    /// Records that a receipt calls kept before.
    pub(crate) again: u64,
    faults: Vec<String>,
}

/// What a check found, all being well.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) acknowledged: u64,
    pub(crate) kept: u64,
    pub(crate) refused: u64,
    /// Places below the highest that no record kept has.
    pub(crate) missing: u64,
    /// Places that two records claim.
    pub(crate) forks: u64,
}

struct Row {
    id: String,
    line: Vec<u8>,
    stored_sha256: String,
}

impl Books {
    /// Notes what a request offers.
    pub(crate) fn offer(&mut self, request: &[u8]) {
        for line in lines(request) {
            let record: Record = serde_json::from_slice(&line).unwrap();
            let (id, digest) = (record.id.to_string(), record_sha256(&line));
            let before = self.offered.insert(id.clone(), digest.clone());
            if before.is_some_and(|before| before != digest) {
                self.faults.push(format!("record {id} was sent with two contents"));
            }
        }
    }

    /// Notes what an answer acknowledges.
    pub(crate) fn answered(&mut self, request: &[u8], answer: &[u8]) {
        let Some(begin) = body_begin(answer) else { return };
        let body: serde_json::Value = serde_json::from_slice(&answer[begin..]).unwrap_or_default();
        let status = String::from_utf8_lossy(&answer[9..12]).into_owned();
        let receipt = match status.as_str() {
            "200" => body,
            "422" => body["receipt"].clone(),
            _ => return,
        };
        let Ok(receipt) = serde_json::from_value::<Receipt>(receipt) else {
            self.faults.push(format!("an answer {status} without a receipt"));
            return;
        };
        self.receipts += 1;
        self.again += receipt.duplicate;
        for (number, line) in (2_u64..).zip(lines(request)) {
            let record: Record = serde_json::from_slice(&line).unwrap();
            if receipt.refused.iter().any(|refusal| refusal.line == number) {
                self.refused.insert(record.sequence);
            } else {
                self.acknowledged.insert(record.id.to_string());
            }
        }
    }

    /// Holds the books against the store in `data`, or says what is wrong: an acknowledged record that is not there or twice there,
    /// something kept that is not what was sent, a chain that is broken.
    pub(crate) fn check(&self, data: &Path) -> Result<Found, String> {
        if let Some(fault) = self.faults.first() {
            return Err(fault.clone());
        }
        let mut seen = HashSet::new();
        let mut places: BTreeMap<u64, Vec<(Record, String)>> = BTreeMap::new();
        for row in rows(data) {
            let digest = record_sha256(&row.line);
            if digest != row.stored_sha256 {
                return Err(format!("record {} has another checksum than is kept", row.id));
            }
            if self.offered.get(&row.id) != Some(&digest) {
                return Err(format!("record {} is not what was sent", row.id));
            }
            if !seen.insert(row.id.clone()) {
                return Err(format!("record {} is there twice", row.id));
            }
            let record: Record = serde_json::from_slice(&row.line).unwrap();
            places.entry(record.sequence).or_default().push((record, digest));
        }
        let lost: Vec<_> = self.acknowledged.difference(&seen).collect();
        if !lost.is_empty() {
            return Err(format!("{} kept; acknowledged and not there: {lost:?}", seen.len()));
        }
        for (place, records) in &places {
            let Some(before) = place.checked_sub(1).and_then(|before| places.get(&before)) else { continue };
            for (record, _) in records {
                let named = record.previous_sha256.as_ref();
                if !before.iter().any(|(_, digest)| Some(digest) == named) {
                    return Err(format!("record {} at {place} names none of those before it", record.id));
                }
            }
        }
        let count = |number: usize| u64::try_from(number).unwrap();
        let highest = places.last_key_value().map_or(0, |(place, _)| place + 1);
        Ok(Found {
            acknowledged: count(self.acknowledged.len()),
            kept: count(seen.len()),
            refused: count(self.refused.len()),
            missing: highest - count(places.len()),
            forks: places.values().map(|records| count(records.len() - 1)).sum(),
        })
    }
}

/// The records of a batch, as they were written.
fn lines(request: &[u8]) -> Vec<Vec<u8>> {
    let begin = body_begin(request).unwrap();
    let body = &request[begin..];
    let mut text = Vec::new();
    if header(&request[..begin], "content-encoding").as_deref() == Some("gzip") {
        GzDecoder::new(body).read_to_end(&mut text).unwrap();
    } else {
        text = body.to_vec();
    }
    text.split(|octet| *octet == b'\n').skip(1).filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

fn rows(data: &Path) -> Vec<Row> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let store = Connection::open_with_flags(data.join("collector.sqlite"), flags).unwrap();
    let mut select = store.prepare("SELECT id, line, lower(hex(sha256)) FROM record ORDER BY no").unwrap();
    let rows = select
        .query_map([], |row| {
            let id: [u8; 16] = row.get(0)?;
            Ok(Row {
                id: uuid::Uuid::from_bytes(id).to_string(),
                line: row.get(1)?,
                stored_sha256: row.get(2)?,
            })
        })
        .unwrap();
    rows.map(Result::unwrap).collect()
}
