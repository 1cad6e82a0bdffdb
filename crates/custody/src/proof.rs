//! What is handed out to prove that something was received.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use desserte_units::Timestamp;
use serde::{Deserialize, Serialize};

use crate::leaf::EventKind;
use crate::statement::Statement;
use crate::tree::Hash;

/// Names the form of [`Proof`]; changes when a reader of docs/spec/custody.md could misread it.
pub const PROOF_SCHEMA: &str = "desserte-proof/1";

/// Octets of a proof's text at the most: a body as large as a collector takes (8 MiB), in base64, with room for the rest.
const PROOF_BYTES_MAX: usize = 12 * 1024 * 1024;

/// That a batch or a note was among what the collector had at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// [`PROOF_SCHEMA`].
    pub schema: String,
    /// The sealed day: compare it with what was published or time-stamped.
    pub seal: Statement,
    /// Which leaf it is, from 0.
    pub index: u64,
    /// From the leaf to the root, lowest first (RFC 9162, section 2.1.3).
    pub path: Vec<Hash>,
    /// The batch, if that is what is proven; exactly one of `batch` and `event` stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<ProvenBatch>,
    /// The note, if that is what is proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<ProvenEvent>,
}

/// A batch as it was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenBatch {
    /// The batch's identifier.
    pub batch: String,
    /// The probe's public key, Base64. Whether it is that probe's only its operator can say.
    pub public_key: String,
    /// When the collector had it, microseconds since the Unix epoch.
    pub received_us: Timestamp,
    /// The head of the request, as kept: its method, path, content headers and signature.
    pub signature: String,
    /// The body as received, base64.
    pub body: String,
    /// The record of the batch that the proof was asked for: SHA-256 of its octets. `None`: the batch as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_sha256: Option<Hash>,
}

/// A note about a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenEvent {
    /// Its number.
    pub number: i64,
    /// What happened, a word of [`EventKind`].
    pub kind: String,
    /// The probe's identifier; `None` for the collector itself.
    pub probe: Option<String>,
    /// When it happened, microseconds since the Unix epoch.
    pub happened_us: Timestamp,
    /// When it was noted.
    pub noted_us: Timestamp,
    /// What was written.
    pub text: String,
}

/// Why a text is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// No proof is that long.
    #[error("the text has {found} octets; a proof has {PROOF_BYTES_MAX} at the most")]
    TooLarge {
        /// What it has.
        found: usize,
    },
    /// Not the JSON of a proof.
    #[error("this is no proof: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Of another version.
    #[error("the proof says schema {found:?}; this program reads {PROOF_SCHEMA:?}")]
    Schema {
        /// What it says.
        found: String,
    },
}

impl Proof {
    /// Reads a proof.
    ///
    /// # Errors
    /// When the text is none; what is *said* by it is not checked here ([`crate::verify()`]).
    pub fn read(text: &[u8]) -> Result<Self, ProofError> {
        if text.len() > PROOF_BYTES_MAX {
            return Err(ProofError::TooLarge { found: text.len() });
        }
        let proof: Self = serde_json::from_slice(text)?;
        if proof.schema == PROOF_SCHEMA {
            Ok(proof)
        } else {
            Err(ProofError::Schema { found: proof.schema.chars().take(64).collect() })
        }
    }
}

impl ProvenBatch {
    /// A body as it stands in a proof.
    #[must_use]
    pub fn encode(body: &[u8]) -> String {
        BASE64_STANDARD.encode(body)
    }

    /// The body as received; `None` if it is no Base64.
    #[must_use]
    pub fn octets(&self) -> Option<Vec<u8>> {
        BASE64_STANDARD.decode(&self.body).ok()
    }
}

impl ProvenEvent {
    pub(crate) fn event_kind(&self) -> Option<EventKind> {
        self.kind.parse().ok()
    }
}
