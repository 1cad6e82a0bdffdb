//! What a probe sends in one request.

use desserte_units::{Monotonic, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{BatchId, BootId, ClockSource, ProbeId, Software};

/// The `schema` of the header line of wire version 1.
pub const BATCH_SCHEMA: &str = "desserte-batch/1";

/// The media type of a batch: one JSON text a line, the header first.
pub const BATCH_CONTENT_TYPE: &str = "application/x-ndjson";

/// One known pair of monotonic and calendar time, from which stamps of the same boot find their calendar time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BootAnchor {
    /// The boot.
    pub boot: BootId,
    /// Microseconds since that boot.
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub monotonic_us: Monotonic,
    /// The same moment in UTC, microseconds since the Unix epoch.
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub utc_us: Timestamp,
    /// What vouches for `utc_us`.
    pub source: ClockSource,
    /// Half-width in microseconds of the interval that holds the true time.
    pub uncertainty_us: u64,
}

/// The first line of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BatchHeader {
    /// [`BATCH_SCHEMA`].
    pub schema: String,
    /// The batch's name.
    pub batch: BatchId,
    /// The probe that sends it; the key that signed the request must be this probe's.
    pub probe: ProbeId,
    /// Time anchors for the boots that the records below were made in, as far as known.
    #[serde(default)]
    pub anchors: Vec<BootAnchor>,
    /// The program that sends it.
    pub software: Software,
}
