//! Checking a proof, trusting nothing but the root and the key that it is held against.

use std::io::Read as _;
use std::time::Duration;

use desserte_model::ProbeId;
use desserte_signing::{
    PublicKey, RequestTarget, SignatureHeaders, SignatureWindow, record_sha256, split_batch, verify_request,
};
use serde::Deserialize;

use crate::leaf::{BatchLeaf, EventLeaf, Leaf};
use crate::proof::{Proof, ProvenBatch, ProvenEvent};
use crate::statement::Statement;
use crate::tree::{Hash, leads_to};

/// Octets of an unpacked body at the most; a collector takes no larger ones.
const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// When a signature was made is part of what is proven, not judged: it may be of any age.
const ANY_AGE: Duration = Duration::from_secs(u64::MAX / 4);

/// A part of a proof that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not exactly one thing is proven.
    #[error("the proof must hold a batch or a note, and not both")]
    Subject,
    /// A part cannot be read.
    #[error("{part} cannot be read: {why}")]
    Unreadable {
        /// Which.
        part: &'static str,
        /// Why not.
        why: String,
    },
    /// The signature is not this key's over this body.
    #[error("the probe's signature does not cover this body: {0}")]
    Signature(String),
    /// No line of the batch is the record.
    #[error("the batch holds no record with SHA-256 {0}")]
    Record(Hash),
    /// The path leads elsewhere.
    #[error("what is proven does not lead to the root of {day}: it, its place or the path was changed")]
    Path {
        /// The day.
        day: String,
    },
    /// The proof's seal is not the one that the verifier trusts.
    #[error(
        "the proof is of another seal than the one it was held against: {part} is {found}, not {trusted}"
    )]
    Seal {
        /// What differs.
        part: &'static str,
        /// The proof's.
        found: String,
        /// The verifier's.
        trusted: String,
    },
    /// The proof's key is not the one that the verifier trusts.
    #[error("the proof's key is {found}, the one it was held against is {trusted}")]
    Key {
        /// The proof's.
        found: String,
        /// The verifier's.
        trusted: String,
    },
}

/// What a proof shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Every part that does not hold. None: the proof holds, as far as the root and key it was held against are the right ones.
    pub faults: Vec<Fault>,
    /// The record that was asked for, as the probe wrote it. `None`: none was asked for, or it was not found.
    pub record: Option<Vec<u8>>,
    /// How many records the batch has; zero for a note.
    pub records: u64,
    /// Octets that its body unpacked to; the most that are unpacked if there were more.
    pub unpacked: u64,
}

/// Checks every part of a proof; `seal` and `key` (Base64) are those that the verifier knows from elsewhere, `None` where it
/// knows none: then the proof is only shown to agree with itself.
#[must_use]
pub fn verify(proof: &Proof, seal: Option<&Statement>, key: Option<&str>) -> Verdict {
    let mut verdict = Verdict::default();
    if let Some(trusted) = seal {
        compare(&proof.seal, trusted, &mut verdict.faults);
    }
    let leaf = match (&proof.batch, &proof.event) {
        (Some(batch), None) => check_batch(batch, key, &mut verdict),
        (None, Some(event)) => check_event(event),
        _ => Err(Fault::Subject),
    };
    match leaf {
        Ok(leaf) if leads_to(proof.seal.root, proof.seal.size, proof.index, &leaf.text(), &proof.path) => {}
        Ok(_) => verdict.faults.push(Fault::Path { day: proof.seal.day.to_string() }),
        Err(fault) => verdict.faults.push(fault),
    }
    verdict
}

/// Checks a batch of a day that has no seal yet: that its key signed its body, and that it can be read.
#[must_use]
pub fn verify_batch(batch: &ProvenBatch) -> Verdict {
    let mut verdict = Verdict::default();
    if let Err(fault) = check_batch(batch, None, &mut verdict) {
        verdict.faults.push(fault);
    }
    verdict
}

/// The records of a batch, in its order. The signature is not looked at ([`verify_batch`]).
///
/// # Errors
/// When the batch cannot be read.
pub fn records(batch: &ProvenBatch) -> Result<Vec<Vec<u8>>, Fault> {
    let unreadable = |part: &'static str, why: String| Fault::Unreadable { part, why };
    let body = batch.octets().ok_or_else(|| unreadable("the body", "it is no base64".to_owned()))?;
    let head: Head = serde_json::from_str(&batch.signature)
        .map_err(|error| unreadable("the head of the request", error.to_string()))?;
    let text = unpack(&head, &body).map_err(|why| unreadable("the body", why))?;
    let (_, lines) = split_batch(&text).map_err(|error| unreadable("the body", error.to_string()))?;
    Ok(lines.map(|line| line.octets.to_vec()).collect())
}

fn compare(found: &Statement, trusted: &Statement, faults: &mut Vec<Fault>) {
    let parts = [
        ("the day", found.day.to_string(), trusted.day.to_string()),
        ("the size", found.size.to_string(), trusted.size.to_string()),
        ("the root", found.root.to_string(), trusted.root.to_string()),
    ];
    let differs = parts.into_iter().filter(|(_, found, trusted)| found != trusted);
    faults.extend(differs.map(|(part, found, trusted)| Fault::Seal { part, found, trusted }));
}

/// The kept text of a request's head.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Head {
    method: String,
    path: String,
    content_type: String,
    content_encoding: Option<String>,
    content_digest: String,
    signature_input: String,
    signature: String,
}

fn check_batch(batch: &ProvenBatch, trusted: Option<&str>, verdict: &mut Verdict) -> Result<Leaf, Fault> {
    let unreadable = |part: &'static str, why: String| Fault::Unreadable { part, why };
    let body = batch.octets().ok_or_else(|| unreadable("the body", "it is no base64".to_owned()))?;
    let key: PublicKey =
        batch.public_key.parse().map_err(|error| unreadable("the probe's key", format!("{error}")))?;
    if let Some(trusted) = trusted.filter(|&trusted| trusted != batch.public_key) {
        verdict.faults.push(Fault::Key {
            found: batch.public_key.clone(),
            trusted: trusted.chars().take(80).collect(),
        });
    }
    let head: Head = serde_json::from_str(&batch.signature)
        .map_err(|error| unreadable("the head of the request", error.to_string()))?;
    if let Err(error) = check_signature(&key, &head, batch, &body) {
        verdict.faults.push(Fault::Signature(error));
    }
    match unpack(&head, &body) {
        Ok(text) => {
            verdict.unpacked = text.len() as u64;
            find_record(batch, &text, verdict);
        }
        Err(why) => {
            verdict.unpacked = BODY_BYTES_MAX;
            verdict.faults.push(unreadable("the body", why));
        }
    }
    Ok(Leaf::Batch(BatchLeaf {
        batch: batch.batch.clone(),
        probe: key.id(),
        public_key: batch.public_key.clone(),
        received: batch.received_us,
        signature_sha256: Hash::of(batch.signature.as_bytes()),
        body_sha256: Hash::of(&body),
    }))
}

fn check_signature(key: &PublicKey, head: &Head, batch: &ProvenBatch, body: &[u8]) -> Result<(), String> {
    let headers = SignatureHeaders {
        content_digest: head.content_digest.clone(),
        signature_input: head.signature_input.clone(),
        signature: head.signature.clone(),
    };
    let target = RequestTarget {
        method: &head.method,
        path: &head.path,
        content_type: &head.content_type,
        content_encoding: head.content_encoding.as_deref(),
    };
    let window = SignatureWindow { now: batch.received_us, past: ANY_AGE, future: ANY_AGE };
    verify_request(key, &headers, &target, body, &window).map_err(|error| error.to_string())
}

fn unpack(head: &Head, body: &[u8]) -> Result<Vec<u8>, String> {
    match head.content_encoding.as_deref() {
        None => Ok(body.to_vec()),
        Some("gzip") => {
            let mut text = Vec::new();
            flate2::read::MultiGzDecoder::new(body)
                .take(BODY_BYTES_MAX + 1)
                .read_to_end(&mut text)
                .map_err(|error| error.to_string())?;
            if text.len() as u64 > BODY_BYTES_MAX {
                return Err(format!("unpacked it has more than {BODY_BYTES_MAX} octets"));
            }
            Ok(text)
        }
        Some(other) => {
            Err(format!("its encoding {:?} is not known", other.chars().take(32).collect::<String>()))
        }
    }
}

fn find_record(batch: &ProvenBatch, text: &[u8], verdict: &mut Verdict) {
    let (_, lines) = match split_batch(text) {
        Ok(parts) => parts,
        Err(error) => {
            verdict.faults.push(Fault::Unreadable { part: "the body", why: error.to_string() });
            return;
        }
    };
    for line in lines {
        verdict.records += 1;
        if batch.record_sha256.is_some_and(|wanted| record_sha256(line.octets) == wanted.to_string()) {
            verdict.record = Some(line.octets.to_vec());
        }
    }
    if let Some(wanted) = batch.record_sha256.filter(|_| verdict.record.is_none()) {
        verdict.faults.push(Fault::Record(wanted));
    }
}

fn check_event(event: &ProvenEvent) -> Result<Leaf, Fault> {
    let unreadable = |part: &'static str| Fault::Unreadable { part, why: "the word is not known".to_owned() };
    let kind = event.event_kind().ok_or_else(|| unreadable("the kind of event"))?;
    let probe: Option<ProbeId> = match &event.probe {
        Some(text) => Some(text.parse().map_err(|_| unreadable("the probe's identifier"))?),
        None => None,
    };
    Ok(Leaf::Event(EventLeaf {
        number: event.number,
        kind,
        probe,
        happened: event.happened_us,
        noted: event.noted_us,
        text_sha256: Hash::of(event.text.as_bytes()),
    }))
}

#[cfg(test)]
mod tests;
