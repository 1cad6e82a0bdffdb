//! One observation in its envelope.

use serde::{Deserialize, Serialize};

use crate::{
    ClockStamp, Health, Interruption, Minute, Position, ProbeId, Reachability, RecordId, Throughput,
};

/// The `schema` of every record of wire version 1.
pub const RECORD_SCHEMA: &str = "desserte-record/1";

/// The program that made a record or a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Software {
    /// Name of the program.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What was observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(
    clippy::large_enum_variant,
    reason = "records are handled one at a time; boxing would complicate every match"
)]
pub enum Observation {
    /// A throughput run.
    Throughput(Throughput),
    /// A minute of latency and reachability.
    Minute(Minute),
    /// A sign of life.
    Health(Health),
    /// A silence of the line, of one witness of it, or of the probe.
    Interruption(Interruption),
    /// An attempt to reach a public service.
    Reachability(Reachability),
}

impl Observation {
    /// The code used on the wire, in metrics and in tables.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Throughput(_) => "throughput",
            Self::Minute(_) => "minute",
            Self::Health(_) => "health",
            Self::Interruption(_) => "interruption",
            Self::Reachability(_) => "reachability",
        }
    }
}

/// One line of a batch. Its octets, as the probe wrote them, are what is hashed, sent and kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record {
    /// [`RECORD_SCHEMA`].
    pub schema: String,
    /// The record's name for ever.
    pub id: RecordId,
    /// The probe that made it.
    pub probe: ProbeId,
    /// Position in the probe's chain, rising by one from 0 for each key.
    pub sequence: u64,
    /// SHA-256 of the octets of the record before it in the chain, in lower-case hexadecimal; absent on the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_sha256: Option<String>,
    /// When the observation began.
    pub clock: ClockStamp,
    /// Where it was made.
    pub position: Position,
    /// The program that made it.
    pub software: Software,
    /// What was observed.
    pub observation: Observation,
}
