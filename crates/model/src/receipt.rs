//! The collector's answers: receipts and problem documents (RFC 9457).

use serde::{Deserialize, Serialize};

use crate::RecordId;

/// Why a record was refused. The codes are stable: probes and dashboards count by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RefusalReason {
    /// The line is not a record of this schema.
    Malformed,
    /// The line is longer than the limit.
    TooLarge,
    /// The record names another probe than the one that signed the batch.
    ForeignProbe,
    /// The record has the identifier of one already kept, with other content.
    IdentifierReused,
    /// The event time lies further ahead of the collector's clock than the tolerance.
    InTheFuture,
    /// The position is not a finite point of the globe.
    PositionNotFinite,
    /// The position lies in no commune.
    OutsideTerritory,
}

impl RefusalReason {
    /// Every reason, in the order of declaration.
    pub const ALL: [Self; 7] = [
        Self::Malformed,
        Self::TooLarge,
        Self::ForeignProbe,
        Self::IdentifierReused,
        Self::InTheFuture,
        Self::PositionNotFinite,
        Self::OutsideTerritory,
    ];

    /// The code used on the wire and as a metric label.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::ForeignProbe => "foreign-probe",
            Self::IdentifierReused => "identifier-reused",
            Self::InTheFuture => "in-the-future",
            Self::PositionNotFinite => "position-not-finite",
            Self::OutsideTerritory => "outside-territory",
        }
    }
}

/// One refused record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refusal {
    /// Line of the batch, the header being line 1.
    pub line: u64,
    /// The record, absent when the line was too broken to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RecordId>,
    /// Why, as a code.
    pub reason: RefusalReason,
    /// Why, in words.
    pub detail: String,
}

/// What became of a batch. Every line is in exactly one of the three counts, and the counted records are durable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Receipt {
    /// Records kept by this request.
    pub accepted: u64,
    /// Records that were already kept, byte for byte the same.
    pub duplicate: u64,
    /// Records refused; asking again will not help.
    #[serde(default)]
    pub refused: Vec<Refusal>,
}

/// A problem document.
///
/// # Source
/// RFC 9457; `receipt` is an extension member, present when the batch was read and some of its records were refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// URI of the kind of problem, `urn:desserte:problem:<kind>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// This occurrence in words, with what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What became of the batch's records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}
