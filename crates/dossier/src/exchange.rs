//! What passed between who made a dossier and the other side, beside the replies: notices, and measurements made together.

use desserte_custody::Hash;
use serde::{Deserialize, Serialize};

use crate::reply::Outcome;

/// A dossier was handed to the other side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Fingerprint of the dossier before this notice was put in. The other side gets, and replies to, the one with the notice.
    pub dossier: Hash,
    /// Who was told.
    pub operator: String,
    /// On which day: `2026-12-01`.
    pub sent: String,
    /// Up to which day a reply is waited for.
    pub answer_by: String,
}

/// A measurement made together, which is a dossier of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retest {
    /// Fingerprint of the dossier of that measurement.
    pub dossier: Hash,
    /// Its first day.
    pub from: String,
    /// Its last day.
    pub last: String,
    /// Who took part beside who made the dossier.
    pub together_with: String,
    /// What became of the claim.
    pub outcome: Outcome,
    /// Why, in the words of who made the dossier.
    pub because: String,
}
