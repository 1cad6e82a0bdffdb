//! The territory file, version 1: a header that can be checked first, then the contents (docs/spec/territory-file.md).

mod v1;

use sha2::{Digest, Sha256};

use crate::{Contents, Territory};

/// The usual ending of a territory file's name, without the dot.
pub const FILE_EXTENSION: &str = "dst";

/// The version of the format that this release writes and reads.
pub const FORMAT_VERSION: u32 = 1;

/// The first octets of every territory file. As in PNG, the high bit and the line ends make a transfer that
/// changed text visible at once.
const MAGIC: [u8; 8] = *b"\x89DST\r\n\x1a\n";

/// Octets before the payload: magic (8), version (4), reserved (4), payload length (8), SHA-256 (32).
const HEADER_LEN: usize = 56;

/// Why octets are not a territory file that this release can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The file does not begin as a territory file does.
    #[error("this is not a territory file (.dst); make one with `desserte-geodata import`")]
    NotATerritoryFile,
    /// The file has another version of the format.
    #[error(
        "the file has format version {found}, this program reads version {FORMAT_VERSION}; \
         run `desserte-geodata import` of this release again on the source files"
    )]
    OtherVersion {
        /// The version in the header.
        found: u32,
    },
    /// The file ends too early.
    #[error(
        "the file is cut short ({found} octets of {expected}); copy it again, or run `desserte-geodata import` again"
    )]
    Truncated {
        /// Octets that the header announces, header included.
        expected: u64,
        /// Octets that are there.
        found: u64,
    },
    /// The file goes on after its announced end.
    #[error(
        "the file is damaged ({found} octets where its header announces {expected}); \
         copy it again, or run `desserte-geodata import` again"
    )]
    TrailingOctets {
        /// Octets that the header announces, header included.
        expected: u64,
        /// Octets that are there.
        found: u64,
    },
    /// The checksum does not match, or a reserved field is set.
    #[error(
        "the file is damaged (its checksum does not match); copy it again, or run `desserte-geodata import` again"
    )]
    Damaged,
    /// The checksum matches but the contents make no sense: the writer was at fault.
    #[error("the file was written wrongly ({0}); run `desserte-geodata import` of this release again")]
    Malformed(String),
}

/// Writes contents as a territory file.
///
/// Equal contents give equal octets: there is no date and no chance in the file.
///
/// # Panics
/// Never in practice: the contents are plain lists and texts, which the encoding can always hold.
#[must_use]
pub fn encode(contents: &Contents) -> Vec<u8> {
    let payload = payload(contents);
    let mut file = Vec::with_capacity(HEADER_LEN + payload.len());
    file.extend_from_slice(&MAGIC);
    file.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    file.extend_from_slice(&[0; 4]);
    file.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    file.extend_from_slice(&Sha256::digest(&payload));
    file.extend_from_slice(&payload);
    file
}

/// SHA-256 of the payload, in hexadecimal.
pub(crate) fn fingerprint(contents: &Contents) -> String {
    hexadecimal(&Sha256::digest(payload(contents)))
}

impl Territory {
    /// Reads a territory file from memory.
    ///
    /// # Errors
    /// When the octets are no territory file, have another version, or are truncated or damaged in any bit.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let (payload, checksum) = checked_payload(bytes)?;
        let contents = v1::Payload::decode(payload).map_err(FormatError::Malformed)?;
        contents.check().map_err(|error| FormatError::Malformed(error.to_string()))?;
        Ok(Self::indexed(contents, hexadecimal(checksum)))
    }

    /// Writes the territory as a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self.contents())
    }
}

/// Splits a file into payload and checksum once everything around the payload is as it must be.
///
/// The checks go from the most telling to the least: a damaged length reads as a file cut short, whatever follows.
fn checked_payload(bytes: &[u8]) -> Result<(&[u8], &[u8]), FormatError> {
    let found = bytes.len() as u64;
    let (magic, rest) = bytes.split_at(bytes.len().min(MAGIC.len()));
    if !MAGIC.starts_with(magic) || magic.is_empty() {
        return Err(FormatError::NotATerritoryFile);
    }
    let Some((header, payload)) = rest.split_at_checked(HEADER_LEN - MAGIC.len()) else {
        return Err(FormatError::Truncated { expected: HEADER_LEN as u64, found });
    };
    let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    match word(0) {
        FORMAT_VERSION => {}
        found => return Err(FormatError::OtherVersion { found }),
    }
    if word(4) != 0 {
        return Err(FormatError::Damaged);
    }
    let announced = u64::from(word(8)) | (u64::from(word(12)) << 32);
    let expected = announced.saturating_add(HEADER_LEN as u64);
    if found < expected {
        return Err(FormatError::Truncated { expected, found });
    }
    if found > expected {
        return Err(FormatError::TrailingOctets { expected, found });
    }
    let checksum = &header[16..];
    if Sha256::digest(payload).as_slice() != checksum {
        return Err(FormatError::Damaged);
    }
    Ok((payload, checksum))
}

fn payload(contents: &Contents) -> Vec<u8> {
    v1::Payload::of(contents).encode()
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod released;
#[cfg(test)]
mod tests;
