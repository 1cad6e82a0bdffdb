//! What was asked for and declared: with the evidence and the territory, all that a dossier is made from.

use desserte_custody::Hash;
use serde::{Deserialize, Serialize};

use crate::case::PlaceKind;

/// Names the form of a bundle; changes when a reader of docs/spec/dossier.md could misread one.
pub const REQUEST_SCHEMA: &str = "desserte-dossier/1";

/// A language of dossiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// French.
    Fr,
    /// English.
    En,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// [`REQUEST_SCHEMA`].
    pub schema: String,
    /// The program and its version, such as `desserte 0.1.0`.
    pub program: String,
    /// Version of the methods that derive figures from records.
    pub method: String,
    /// Language of the texts.
    pub lang: Lang,
    /// What kind of place.
    pub kind: PlaceKind,
    /// Its code: INSEE, SIREN, or a probe's identifier.
    pub code: String,
    /// First day of the period, by the place's own calendar: `2026-10-01`.
    pub from: String,
    /// First day after it.
    pub to: String,
    /// Uses told, by identifier; all of the set if none is named.
    pub uses: Vec<String>,
    /// Whether the dossier may be given to anyone: it holds nothing but probes in public buildings whose owners agreed.
    pub public: bool,
    /// Whether records were made up for a demonstration.
    pub demonstration: bool,
    /// Probes whose batches are in the bundle, and what is declared of them.
    pub probes: Vec<DeclaredProbe>,
    /// The territory that positions were located in.
    pub territory: Territory,
}

/// A probe and what its operator declares of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredProbe {
    /// Its identifier, which follows from its key.
    pub probe: String,
    /// Its public key, Base64.
    pub public_key: String,
    /// Where it stands, `public` building or `person`'s home; `None`: not declared.
    pub host: Option<String>,
    /// Whether it is declared dedicated, wired and calibrated; `None`: not declared.
    pub class_a: Option<bool>,
}

/// The territory file, by its digest: whoever rebuilds brings the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Territory {
    /// SHA-256 of the file.
    pub sha256: Hash,
    /// Year of the official list of communes.
    pub vintage: String,
}
