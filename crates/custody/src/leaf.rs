//! What stands in a leaf.

use std::fmt::Write as _;
use std::str::FromStr;

use desserte_model::ProbeId;
use desserte_units::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::day::Day;
use crate::tree::Hash;

/// First line of each leaf: names the form of the lines that follow.
const HEADING: &str = "desserte-custody-leaf/1";

/// A signed batch as it was received. Of long parts it holds the digest alone: a body can be erased, and the tree stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchLeaf {
    /// The batch's identifier, as the probe gave it: a UUID's 32 hexadecimal digits.
    pub batch: String,
    /// The probe that signed.
    pub probe: ProbeId,
    /// Its public key, Base64.
    pub public_key: String,
    /// When the collector had it, by the collector's clock.
    pub received: Timestamp,
    /// SHA-256 of the kept text of the request's head, whose signature it holds.
    pub signature_sha256: Hash,
    /// SHA-256 of the body as received.
    pub body_sha256: Hash,
}

/// Something noted about a probe by people; a thing noted is never changed, only followed by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLeaf {
    /// Number of the note in its store.
    pub number: i64,
    /// What happened.
    pub kind: EventKind,
    /// The probe concerned; `None` for the collector itself.
    pub probe: Option<ProbeId>,
    /// When it happened, as far as whoever noted it knows.
    pub happened: Timestamp,
    /// When it was noted, by the collector's clock.
    pub noted: Timestamp,
    /// SHA-256 of the note's text.
    pub text_sha256: Hash,
}

/// What happened to a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// It was put in its place.
    Install,
    /// It stands elsewhere, or is wired in another way.
    Move,
    /// It was set back to its beginning.
    Reset,
    /// Another key signs for it.
    KeyChange,
    /// It was held against a reference.
    Calibration,
    /// It was taken out of service.
    Retirement,
    /// Something that was published or noted before is put right.
    Correction,
    /// What it measured was erased.
    Erasure,
}

/// The word names no kind of event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no kind of event: install, move, reset, key-change, calibration, retirement, correction, erasure"
)]
pub struct UnknownEvent(String);

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Install,
        Self::Move,
        Self::Reset,
        Self::KeyChange,
        Self::Calibration,
        Self::Retirement,
        Self::Correction,
        Self::Erasure,
    ];

    /// The word that stands in leaves.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Move => "move",
            Self::Reset => "reset",
            Self::KeyChange => "key-change",
            Self::Calibration => "calibration",
            Self::Retirement => "retirement",
            Self::Correction => "correction",
            Self::Erasure => "erasure",
        }
    }
}

impl FromStr for EventKind {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, UnknownEvent> {
        let unknown = || UnknownEvent(text.chars().take(32).collect());
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(unknown)
    }
}

/// An entry of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaf {
    /// The root of the sealed day before: the first leaf of every day but the first.
    Previous {
        /// That day.
        day: Day,
        /// How many leaves it has.
        size: u64,
        /// Its root.
        root: Hash,
    },
    /// A batch.
    Batch(BatchLeaf),
    /// A note.
    Event(EventLeaf),
}

impl Leaf {
    /// The text that is hashed: lines of a name, a space and a value, each ended by a line feed.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{HEADING}\n");
        let mut line = |name: &str, value: &dyn std::fmt::Display| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name} {value}");
        };
        match self {
            Self::Previous { day, size, root } => {
                line("kind", &"previous");
                line("day", day);
                line("size", size);
                line("root", root);
            }
            Self::Batch(batch) => {
                line("kind", &"batch");
                line("batch", &batch.batch);
                line("probe", &batch.probe);
                line("public-key", &batch.public_key);
                line("received-us", &batch.received.as_unix_micros());
                line("signature-sha256", &batch.signature_sha256);
                line("body-sha256", &batch.body_sha256);
            }
            Self::Event(event) => {
                line("kind", &event.kind.as_str());
                line("number", &event.number);
                line("probe", &event.probe.as_ref().map_or("-", ProbeId::as_str));
                line("happened-us", &event.happened.as_unix_micros());
                line("noted-us", &event.noted.as_unix_micros());
                line("text-sha256", &event.text_sha256);
            }
        }
        text
    }
}

/// SHA-256 of octets.
pub(crate) fn sha256(octets: &[u8]) -> Hash {
    Hash(Sha256::digest(octets).into())
}
