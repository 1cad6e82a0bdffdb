//! The archive beside the PDF: its layout and its list of digests.
//!
//! Parts are files with names; the first, `SHA256SUMS`, lists the digest of every other as `sha256sum` writes it. Its own digest is the
//! dossier's fingerprint. Contents stay where they are, in a file or in memory: of a bundle being made or read, names, places and
//! digests are held.

mod archive;
pub mod limits;
mod parts;
mod sums;
mod walk;

use std::io::{self, Read, Seek, SeekFrom, Write};

use archive::Described;
use desserte_custody::Hash;

pub use parts::{Contents, Parts, folder, text_of};
pub use walk::{Fault, read};
pub(crate) use walk::{Faults, find};

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
    /// What tests say against declared coverage.
    pub const CONTRADICTION: &str = "verdicts/contradiction.json";
    /// What a campaign of tests on one line shows.
    pub const CAMPAIGN: &str = "verdicts/campaign.json";
    /// Folder of notices to the other side.
    pub const NOTICES: &str = "notices/";
    /// Folder of the other side's replies.
    pub const REPLIES: &str = "replies/";
    /// Folder of measurements made together with the other side.
    pub const RETESTS: &str = "retests/";

    const FILES: [&str; 8] = [super::SUMS, REQUEST, CASE, DOCUMENT, PDF, FIGURES, CONTRADICTION, CAMPAIGN];
    const FOLDERS: [&str; 10] =
        [PROOFS, UNSEALED, NOTES, SEALS, STAMPS, PARAMETERS, DRAWINGS, NOTICES, REPLIES, RETESTS];

    /// Whether a dossier can have a part of this name.
    pub(crate) fn is_known(name: &str) -> bool {
        FILES.contains(&name) || FOLDERS.iter().any(|folder| name.starts_with(folder))
    }
}

/// Why a bundle cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It is larger than its readers take.
    #[error(
        "the bundle would have more than {} parts, {} octets in all or {} octets in {part}, and readers take no more: ask for a shorter period \
         or a smaller place",
        limits::PARTS_MAX,
        limits::OCTETS_MAX,
        limits::octets_max(part)
    )]
    TooLarge {
        /// The part that was one too many, or too long.
        part: String,
    },
    /// Its contents cannot be put away, or read again.
    #[error("the parts of the bundle cannot be written or read again: {0}")]
    Io(#[from] io::Error),
}

/// Parts to be written, whose contents wait in a spool: a file that nobody else uses, or memory.
#[derive(Debug, Default)]
pub struct Bundle<S> {
    spool: S,
    /// Where the spool ends.
    end: u64,
    /// Octets of the archive so far.
    octets: u64,
    parts: Parts,
}

impl<S: Read + Write + Seek> Bundle<S> {
    /// An empty bundle over an empty spool.
    pub fn new(spool: S) -> Self {
        Self { spool, end: 0, octets: 0, parts: Parts::new() }
    }

    /// Puts a part in; one of the same name is replaced.
    ///
    /// # Errors
    /// When no reader would take so much, or the spool cannot be written.
    ///
    /// # Panics
    /// When no reader would take the name: names are those of this crate.
    pub fn put(&mut self, name: impl Into<String>, contents: &[u8]) -> Result<(), BundleError> {
        let name = name.into();
        assert!(parts::is_name(&name) && name != SUMS, "{name:?} is no name of a part");
        // Room for the part, its line in the list of digests, and that list itself.
        self.octets += archive::overhead(&name) + sums::line_octets(&name) + contents.len() as u64;
        let full = self.parts.len() + 1 >= limits::PARTS_MAX || self.octets > limits::OCTETS_MAX;
        if full || contents.len() > limits::octets_max(&name) {
            return Err(BundleError::TooLarge { part: name });
        }
        self.spool.seek(SeekFrom::Start(self.end))?;
        self.spool.write_all(contents)?;
        let place = Contents {
            start: self.end,
            octets: contents.len() as u64,
            crc: crc32fast::hash(contents),
            sha256: Hash::of(contents),
        };
        self.end += place.octets;
        self.parts.insert(name, place);
        Ok(())
    }

    /// A part's contents; `None` if there is none of this name.
    ///
    /// # Errors
    /// When the spool cannot be read.
    pub fn get(&mut self, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.parts.get(name).map(|place| place.read(&mut self.spool)).transpose()
    }

    /// Names, places and digests of the parts so far, and the spool that they are in.
    pub const fn parts(&mut self) -> (&Parts, &mut S) {
        (&self.parts, &mut self.spool)
    }

    /// The dossier's fingerprint: the SHA-256 of its list of digests.
    #[must_use]
    pub fn fingerprint(&self) -> Hash {
        sums::place(&self.parts, 0).sha256
    }

    /// Writes the archive and gives its octets: the same parts give the same octets.
    ///
    /// # Errors
    /// When it cannot be written, or the spool not be read.
    pub fn archive(&mut self, out: &mut impl Write) -> Result<u64, BundleError> {
        let list = sums::place(&self.parts, 0);
        let mut at = 0_u64;
        let mut directory = Vec::new();
        let first = std::iter::once((SUMS, &list));
        for (name, place) in first.chain(self.parts.iter().map(|(name, place)| (name.as_str(), place))) {
            let file = Described {
                name,
                crc: place.crc,
                octets: u32::try_from(place.octets).unwrap_or(u32::MAX),
                offset: at,
            };
            let header = archive::local(&file);
            out.write_all(&header)?;
            if name == SUMS {
                sums::write(&self.parts, out)?;
            } else {
                place.copy(&mut self.spool, out)?;
            }
            at += header.len() as u64 + place.octets;
            directory.push(file);
        }
        let start = at;
        for file in &directory {
            let line = archive::central(file);
            out.write_all(&line)?;
            at += line.len() as u64;
        }
        let end = archive::end(directory.len(), at - start, start);
        out.write_all(&end)?;
        Ok(at + end.len() as u64)
    }
}

#[cfg(test)]
mod tests;
