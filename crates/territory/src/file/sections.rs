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

/// Octets that one checksum of [`SUMS`] covers: few enough to be read for one answer, enough to keep the list short.
pub(super) const BLOCK: usize = 64 * 1024;

/// The checksums of blocks, the last section: each covers [`BLOCK`] octets, from the first section on and up to this one,
/// so that a reader can check what it is about to use and nothing else.
pub(super) const SUMS: Name = *b"sums\0\0\0\0";

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

    pub(super) fn finish(mut self) -> Vec<u8> {
        let first = aligned(FIXED + LINE * (self.sections.len() + 1));
        let end = self.sections.iter().fold(first, |at, (_, octets)| aligned(at + octets.len()));
        let len = aligned(end + size_of::<u32>() * (end - first).div_ceil(BLOCK));
        let mut file = Vec::with_capacity(len);
        file.resize(first, 0);
        for (_, octets) in &self.sections {
            file.extend_from_slice(octets);
            file.resize(aligned(file.len()), 0);
        }
        let sums: Vec<u32> = file[first..].chunks(BLOCK).map(crc32c::crc32c).collect();
        file.extend_from_slice(sums.as_bytes());
        file.resize(len, 0);
        self.add(SUMS, &sums);
        file[..8].copy_from_slice(&MAGIC);
        file[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        let count = u32::try_from(self.sections.len()).expect("about twenty sections");
        file[12..16].copy_from_slice(&count.to_le_bytes());
        file[16..24].copy_from_slice(&(len as u64).to_le_bytes());
        let mut at = first;
        for (number, (name, octets)) in self.sections.iter().enumerate() {
            let end = aligned(at + octets.len());
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

/// Where the sections of a file are.
#[derive(Debug)]
pub(super) struct Sections(Vec<Section>);

/// A line of the table.
#[derive(Debug)]
struct Section {
    name: Name,
    range: Range<usize>,
    checksum: [u8; 4],
}

impl Sections {
    /// Reads the table and checks everything against its checksums, which cover every octet of the file.
    pub(super) fn read(file: &[u8]) -> Result<Self, FormatError> {
        let sections = Self::table(file)?;
        sections.0.iter().try_for_each(|section| section.check(file))?;
        Ok(sections)
    }

    /// Reads and checks the header with the table, and the length of the file; sections are not looked at.
    pub(super) fn table(file: &[u8]) -> Result<Self, FormatError> {
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
            if at > file.len() {
                return Err(malformed());
            }
            let (mut name, mut checksum) = (Name::default(), [0; 4]);
            name.copy_from_slice(&line[..8]);
            checksum.copy_from_slice(&line[24..28]);
            sections.push(Section { name, range: begin..begin + len, checksum });
        }
        if at != file.len() {
            return Err(FormatError::Malformed("something follows its last section".to_owned()));
        }
        Ok(Self(sections))
    }

    /// Where a section is.
    pub(super) fn find(&self, name: Name) -> Option<Range<usize>> {
        self.0.iter().find(|section| section.name == name).map(|section| section.range.clone())
    }

    /// Compares a section with its checksum and says where it is.
    pub(super) fn checked(&self, file: &[u8], name: Name) -> Result<Option<Range<usize>>, FormatError> {
        let Some(section) = self.0.iter().find(|section| section.name == name) else { return Ok(None) };
        section.check(file)?;
        Ok(Some(section.range.clone()))
    }

    /// Where the first section begins.
    pub(super) fn begin(&self) -> usize {
        aligned(FIXED + LINE * self.0.len())
    }

    /// Where a section is that has to be there.
    pub(super) fn need(&self, name: Name) -> Result<Range<usize>, FormatError> {
        let text = String::from_utf8_lossy(&name).trim_end_matches('\0').to_owned();
        self.find(name).ok_or_else(|| FormatError::Malformed(format!("it has no section {text}")))
    }

    /// All sections and where they are, in the order of the file.
    pub(super) fn all(&self) -> impl Iterator<Item = (Name, Range<usize>)> {
        self.0.iter().map(|section| (section.name, section.range.clone()))
    }

    /// All sections with their lengths, in the order of the file.
    pub(super) fn sizes(&self) -> impl Iterator<Item = (String, usize)> {
        self.0.iter().map(|Section { name, range, .. }| {
            (String::from_utf8_lossy(name).trim_end_matches('\0').to_owned(), range.len())
        })
    }
}

impl Section {
    fn check(&self, file: &[u8]) -> Result<(), FormatError> {
        let whole = file.get(self.range.start..aligned(self.range.end)).unwrap_or_default();
        if self.checksum == crc32c::crc32c(whole).to_le_bytes() { Ok(()) } else { Err(FormatError::Damaged) }
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
