//! The archive beside the PDF: its layout and its list of digests.
//!
//! Parts are files with names; the first, `SHA256SUMS`, lists the digest of every other as `sha256sum` writes it. Its own digest is the
//! dossier's fingerprint.

mod archive;
pub mod limits;
mod walk;

use std::collections::BTreeMap;

use desserte_custody::Hash;

pub use walk::{Fault, Parts, read};

/// The part that lists the digests of the others; sorts before every name in small letters.
pub const SUMS: &str = "SHA256SUMS";

/// Names of parts.
pub mod part {
    /// What was asked for and declared.
    pub const REQUEST: &str = "request.json";
    /// Every fact of the dossier.
    pub const CASE: &str = "case.json";
    /// Its words, as they were set.
    pub const DOCUMENT: &str = "document.json";
    /// The PDF.
    pub const PDF: &str = "dossier.pdf";
    /// Every figure, one a row.
    pub const FIGURES: &str = "figures.csv";
    /// Folder of proofs of batches, one a file, in the order in which they were received.
    pub const PROOFS: &str = "evidence/proofs/";
    /// Folder of batches whose day was not sealed.
    pub const UNSEALED: &str = "evidence/unsealed/";
    /// Folder of proofs of notes about probes.
    pub const NOTES: &str = "evidence/notes/";
    /// Folder of seals, one a day.
    pub const SEALS: &str = "evidence/seals/";
    /// Folder of answers of time-stamp authorities.
    pub const STAMPS: &str = "evidence/stamps/";
    /// Folder of sets of parameters.
    pub const PARAMETERS: &str = "parameters/";
    /// Folder of drawings.
    pub const DRAWINGS: &str = "drawings/";
    /// Folder of the other side's replies.
    pub const REPLIES: &str = "replies/";
}

/// A bundle is larger than its readers take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the bundle would have {parts} parts and {octets} octets; readers take {} parts and {} octets at the most: ask for a shorter period or \
     a smaller place",
    limits::PARTS_MAX,
    limits::OCTETS_MAX
)]
pub struct TooLarge {
    parts: usize,
    octets: usize,
}

/// Parts to be written.
#[derive(Debug, Clone, Default)]
pub struct Bundle {
    parts: BTreeMap<String, Vec<u8>>,
}

impl Bundle {
    /// Puts a part in; one of the same name is replaced.
    ///
    /// # Panics
    /// When no reader would take the name: names are those of this crate.
    pub fn put(&mut self, name: impl Into<String>, octets: Vec<u8>) {
        let name = name.into();
        assert!(walk::is_name(&name) && name != SUMS, "{name:?} is no name of a part");
        self.parts.insert(name, octets);
    }

    /// A part.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.parts.get(name).map(Vec::as_slice)
    }

    /// The list of digests.
    #[must_use]
    pub fn sums(&self) -> String {
        self.parts.iter().map(|(name, octets)| format!("{}  {name}\n", Hash::of(octets))).collect()
    }

    /// The dossier's fingerprint: the SHA-256 of its list of digests.
    #[must_use]
    pub fn fingerprint(&self) -> Hash {
        Hash::of(self.sums().as_bytes())
    }

    /// The archive: the same parts give the same octets.
    ///
    /// # Errors
    /// When no reader would take it.
    pub fn archive(&self) -> Result<Vec<u8>, TooLarge> {
        let sums = self.sums().into_bytes();
        let parts: Vec<(&str, &[u8])> = std::iter::once((SUMS, sums.as_slice()))
            .chain(self.parts.iter().map(|(name, octets)| (name.as_str(), octets.as_slice())))
            .collect();
        let octets = parts.iter().map(|(name, octets)| archive::overhead(name) + octets.len()).sum();
        let largest = parts.iter().map(|(_, octets)| octets.len()).max().unwrap_or_default();
        if parts.len() > limits::PARTS_MAX || octets > limits::OCTETS_MAX || largest > limits::PART_OCTETS_MAX
        {
            return Err(TooLarge { parts: parts.len(), octets });
        }
        Ok(archive::write(&parts))
    }
}

#[cfg(test)]
mod tests;
