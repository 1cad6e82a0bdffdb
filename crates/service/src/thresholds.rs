//! Sets of thresholds: what a regulator, a law or a vendor asks of a line.

use desserte_equity::Parameter;
use serde::Deserialize;

use crate::file::{BadFile, Positive, Share, read};

/// The sets of one file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Name of the file's contents, with their version.
    pub set: String,
    /// Each set.
    pub sets: Vec<ThresholdSet>,
}

/// One set. What it does not name it does not ask.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThresholdSet {
    /// Its identifier.
    pub id: String,
    /// Its name in French.
    pub fr: String,
    /// Its name in English.
    pub en: String,
    /// Rates of download, Mbit/s.
    pub down: Option<Parameter<Vec<Positive>>>,
    /// Rates of upload, Mbit/s.
    pub up: Option<Parameter<Vec<Positive>>>,
    /// Longest round trip, ms.
    pub rtt: Option<Parameter<Positive>>,
    /// Largest share of echoes lost.
    pub loss: Option<Parameter<Share>>,
    /// Largest variation of the round trip, ms.
    pub variation: Option<Parameter<Positive>>,
    /// Longest time to load a page, s.
    pub page: Option<Parameter<Positive>>,
    /// Share of the subscribed rate.
    pub of_subscribed: Option<Parameter<Share>>,
}

impl Thresholds {
    /// Reads sets from the text of their file.
    ///
    /// # Errors
    /// A key is unknown or missing, or a number is not one it can be.
    pub fn parse(text: &str) -> Result<Self, BadFile> {
        read(text)
    }

    /// A set by its identifier.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&ThresholdSet> {
        self.sets.iter().find(|set| set.id == id)
    }
}
