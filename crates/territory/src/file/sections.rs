//! The frame of version 2: a header with a table of sections, each with its checksum, and the sections.

use std::ops::Range;

use sha2::{Digest, Sha256};
use zerocopy::{Immutable, IntoBytes};

use super::{FORMAT_VERSION, FormatError, MAGIC};

/// Octets before the table: magic (8), version (4), sections (4), length of the file (8), checksum of header and
/// table (4), reserved (4), SHA-256 of the sections (32).
const FIXED: usize = 64;

/// Octets of a line of the table: name (8), begin (8), length (8), checksum (4), reserved (4).
const LINE: usize = 32;

/// Sections begin at multiples of this, so that arrays of any number can be read in place.
const ALIGNMENT: usize = 64;

/// More sections than this are a damaged count: there are about twenty.
const MOST_SECTIONS: usize = 64;

/// Where the checksum of header and table is.
const CHECKSUM: Range<usize> = 24..28;

/// A section's name: up to eight ASCII characters, filled with zeros.
pub(super) type Name = [u8; 8];

/// Puts sections together into a file.
#[derive(Default)]
pub(super) struct Writer {
    sections: Vec<(Name, Vec<u8>)>,
}

impl Writer {
    pub(super) fn add<T: IntoBytes + Immutable>(&mut self, name: Name, items: &[T]) {
        self.sections.push((name, items.as_bytes().to_vec()));
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let first = aligned(FIXED + LINE * self.sections.len());
        let len = self.sections.iter().fold(first, |at, (_, octets)| aligned(at + octets.len()));
        let mut file = vec![0; len];
        file[..8].copy_from_slice(&MAGIC);
        file[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        let count = u32::try_from(self.sections.len()).expect("about twenty sections");
        file[12..16].copy_from_slice(&count.to_le_bytes());
        file[16..24].copy_from_slice(&(len as u64).to_le_bytes());
        let mut at = first;
        for (number, (name, octets)) in self.sections.iter().enumerate() {
            let end = aligned(at + octets.len());
            file[at..at + octets.len()].copy_from_slice(octets);
            let checksum = crc32c::crc32c(&file[at..end]);
            let line = FIXED + LINE * number;
            file[line..line + 8].copy_from_slice(name);
            file[line + 8..line + 16].copy_from_slice(&(at as u64).to_le_bytes());
            file[line + 16..line + 24].copy_from_slice(&(octets.len() as u64).to_le_bytes());
            file[line + 24..line + 28].copy_from_slice(&checksum.to_le_bytes());
            at = end;
        }
        let fingerprint = Sha256::digest(&file[first..]);
        file[32..64].copy_from_slice(&fingerprint);
        let checksum = crc32c::crc32c(&file[..first]);
        file[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
        file
    }
}

/// Where the sections of a file are, once all checksums are right.
#[derive(Debug, Default)]
pub(super) struct Sections(Vec<(Name, Range<usize>)>);

impl Sections {
    /// Reads the table and checks everything against its checksums, which cover every octet of the file.
    pub(super) fn read(file: &[u8]) -> Result<Self, FormatError> {
        let found = file.len() as u64;
        if file.len() < FIXED {
            return Err(FormatError::Truncated { expected: FIXED as u64, found });
        }
        let expected = long(file, 16);
        let count = long(file, 8) >> 32;
        // A damaged length is told as such only where the header is whole; see below for the order.
        let table_end = usize::try_from(count)
            .ok()
            .filter(|count| *count <= MOST_SECTIONS)
            .map(|count| aligned(FIXED + LINE * count))
            .ok_or(FormatError::Damaged)?;
        let Some(head) = file.get(..table_end) else {
            return Err(FormatError::Truncated { expected, found });
        };
        let zeroed = crc32c::crc32c_append(crc32c::crc32c(&head[..CHECKSUM.start]), &[0; 4]);
        let checksum = crc32c::crc32c_append(zeroed, &head[CHECKSUM.end..]);
        if file[CHECKSUM] != checksum.to_le_bytes() {
            return Err(FormatError::Damaged);
        }
        if found < expected {
            return Err(FormatError::Truncated { expected, found });
        }
        if found > expected {
            return Err(FormatError::TrailingOctets { expected, found });
        }
        let mut sections = Vec::new();
        let mut at = table_end;
        for line in head[FIXED..].chunks_exact(LINE).take(usize::try_from(count).unwrap_or(0)) {
            let malformed = || FormatError::Malformed("its sections do not follow each other".to_owned());
            let begin =
                usize::try_from(long(line, 8)).ok().filter(|begin| *begin == at).ok_or_else(malformed)?;
            let len = usize::try_from(long(line, 16))
                .ok()
                .filter(|len| *len <= file.len())
                .ok_or_else(malformed)?;
            at = aligned(begin + len);
            let whole = file.get(begin..at).ok_or_else(malformed)?;
            if line[24..28] != crc32c::crc32c(whole).to_le_bytes() {
                return Err(FormatError::Damaged);
            }
            let mut name = Name::default();
            name.copy_from_slice(&line[..8]);
            sections.push((name, begin..begin + len));
        }
        if at != file.len() {
            return Err(FormatError::Malformed("something follows its last section".to_owned()));
        }
        Ok(Self(sections))
    }

    /// Where a section is.
    pub(super) fn find(&self, name: Name) -> Option<Range<usize>> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, range)| range.clone())
    }

    /// Where a section is that has to be there.
    pub(super) fn need(&self, name: Name) -> Result<Range<usize>, FormatError> {
        let text = String::from_utf8_lossy(&name).trim_end_matches('\0').to_owned();
        self.find(name).ok_or_else(|| FormatError::Malformed(format!("it has no section {text}")))
    }

    /// All sections and where they are, in the order of the file.
    pub(super) fn all(&self) -> impl Iterator<Item = (Name, Range<usize>)> {
        self.0.iter().cloned()
    }

    /// All sections with their lengths, in the order of the file.
    pub(super) fn sizes(&self) -> impl Iterator<Item = (String, usize)> {
        self.0.iter().map(|(name, range)| {
            (String::from_utf8_lossy(name).trim_end_matches('\0').to_owned(), range.len())
        })
    }
}

/// The SHA-256 that the header states for the sections, in hexadecimal.
pub(super) fn stated_fingerprint(file: &[u8]) -> String {
    super::hexadecimal(file.get(32..FIXED).unwrap_or_default())
}

/// The SHA-256 of the sections as they are, in hexadecimal.
pub(super) fn actual_fingerprint(file: &[u8]) -> String {
    let count = usize::try_from(long(file, 8) >> 32).unwrap_or(0);
    let first = aligned(FIXED + LINE * count.min(MOST_SECTIONS));
    super::hexadecimal(&Sha256::digest(file.get(first..).unwrap_or_default()))
}

fn long(octets: &[u8], at: usize) -> u64 {
    octets.get(at..at + 8).and_then(|eight| eight.try_into().ok()).map_or(0, u64::from_le_bytes)
}

const fn aligned(at: usize) -> usize {
    at.next_multiple_of(ALIGNMENT)
}
