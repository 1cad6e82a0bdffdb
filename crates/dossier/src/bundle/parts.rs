//! Where each part's contents are, and what they are called.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Bound;

use desserte_custody::Hash;

use super::{SUMS, limits};

/// The contents of a part within a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    pub(crate) start: u64,
    pub(crate) octets: u64,
    pub(crate) crc: u32,
    pub(crate) sha256: Hash,
}

/// Parts by name. Contents are read when they are wanted.
pub type Parts = BTreeMap<String, Contents>;

impl Contents {
    /// Octets of the contents.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// SHA-256 of the contents.
    #[must_use]
    pub const fn sha256(&self) -> Hash {
        self.sha256
    }

    /// The contents.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read(&self, source: &mut (impl Read + Seek)) -> io::Result<Vec<u8>> {
        let mut contents = Vec::new();
        source.seek(SeekFrom::Start(self.start))?;
        source.take(self.octets).read_to_end(&mut contents)?;
        if contents.len() as u64 == self.octets { Ok(contents) } else { Err(shorter()) }
    }

    /// Copies the contents.
    pub(super) fn copy(&self, source: &mut (impl Read + Seek), out: &mut impl Write) -> io::Result<()> {
        source.seek(SeekFrom::Start(self.start))?;
        let copied = io::copy(&mut source.take(self.octets), out)?;
        if copied == self.octets { Ok(()) } else { Err(shorter()) }
    }
}

fn shorter() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter while it was read")
}

/// The parts of a folder, in the order of names.
pub fn folder<'a>(parts: &'a Parts, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a Contents)> {
    parts
        .range::<str, _>((Bound::Included(folder), Bound::Unbounded))
        .take_while(move |(name, _)| name.starts_with(folder))
        .map(|(name, place)| (name.as_str(), place))
}

/// A part as text; `None` if there is none of this name or it is no UTF-8.
///
/// # Errors
/// When it cannot be read.
pub fn text_of(parts: &Parts, source: &mut (impl Read + Seek), name: &str) -> io::Result<Option<String>> {
    let Some(place) = parts.get(name) else { return Ok(None) };
    Ok(String::from_utf8(place.read(source)?).ok())
}

/// Words that part of a name may not be on a system that reads names as commands or devices.
const RESERVED: [&str; 2] = [".", ".."];

/// Whether a part may have this name: folders and a file of small letters, digits, `-`, `_`, `.`; nothing that leads out of a folder.
pub(super) fn is_name(name: &str) -> bool {
    name == SUMS
        || (name.len() <= limits::NAME_OCTETS_MAX
            && name.split('/').all(|word| {
                !word.is_empty()
                    && !RESERVED.contains(&word)
                    && word.bytes().all(|octet| {
                        octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"-_.".contains(&octet)
                    })
            }))
}
