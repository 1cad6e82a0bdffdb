//! The territory file, version 2: checksummed sections that are read in place (docs/spec/territory-file.md).
//!
//! Files of version 1 are still read: their outlines are indexed anew, which takes about a second for all of France.

#[cfg(fuzzing)]
mod fuzzing;
mod image;
mod sections;
mod v1;
mod v2;

use image::Image;

use crate::grid::CELLS_PER_DEGREE;
use crate::{Contents, InvalidContents, Territory};

#[cfg(fuzzing)]
pub use fuzzing::Change;
#[cfg(fuzzing)]
pub(crate) use fuzzing::changed;
pub use v2::Locator;
#[cfg(fuzzing)]
pub(crate) use v2::history_read_back;
pub(crate) use v2::{Body, Lists, MOST_OVERLAYS, OverlayBody};

/// The usual ending of a territory file's name, without the dot.
pub const FILE_EXTENSION: &str = "dst";

/// The usual ending of the name of an overlay in a file of its own, without the dot.
pub const OVERLAY_EXTENSION: &str = "dso";

/// The version of the format that this release writes.
pub const FORMAT_VERSION: u32 = 2;

/// The first octets of every territory file. As in PNG, the high bit and the line ends make a transfer that
/// changed text visible at once.
const MAGIC: [u8; 8] = *b"\x89DST\r\n\x1a\n";

/// Why octets are not a territory file that this release can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The file does not begin as a territory file does.
    #[error("this is not a territory file (.dst); make one with `desserte-geodata import`")]
    NotATerritoryFile,
    /// The file has another version of the format.
    #[error(
        "the file has format version {found}, this program reads versions 1 and {FORMAT_VERSION}; \
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
/// # Errors
/// When a list is out of order, a code appears twice, or a commune names a unit that is not listed.
pub fn encode(contents: &Contents) -> Result<Vec<u8>, InvalidContents> {
    contents.check()?;
    Ok(v2::encode(contents, CELLS_PER_DEGREE))
}

impl Territory {
    /// Reads a territory file from memory.
    ///
    /// # Errors
    /// When the octets are no territory file, have another version, or are truncated or damaged in any bit.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        read(bytes, || Image::owned(bytes))
    }

    /// Maps a territory file that is open.
    pub(crate) fn from_file(file: &std::fs::File) -> std::io::Result<Result<Self, FormatError>> {
        let image = Image::map(file)?;
        // Only a file of version 1 is looked at before the image is used up, and then it is copied.
        if is_version_1(image.octets()) {
            return Ok(Self::from_bytes(image.octets()));
        }
        Ok(from_image(image))
    }

    /// The territory as a file of the present version.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.octets().to_vec()
    }

    /// Compares the file with its fingerprint and with the checksums of its blocks, which opening does not: that reads
    /// every octet again.
    ///
    /// # Errors
    /// When the SHA-256 of the sections is not the one in the header, or a block has another checksum.
    pub fn check_fingerprint(&self) -> Result<(), FormatError> {
        let octets = self.octets();
        if sections::actual_fingerprint(octets) != sections::stated_fingerprint(octets) {
            return Err(FormatError::Damaged);
        }
        self.check_blocks()
    }

    pub(crate) fn indexed(contents: &Contents, cells_per_degree: u32) -> Self {
        let image = Image::owned(&v2::encode(contents, cells_per_degree));
        from_image(image).expect("what was written from checked contents is read")
    }
}

impl Locator {
    /// Reads from memory what is needed to begin with.
    ///
    /// # Errors
    /// As [`Territory::from_bytes`] of what is looked at: the header, and the small sections that every answer relies on.
    /// Other damage is found by the first question whose answer relies on it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        if is_version_1(bytes) {
            return Territory::from_bytes(bytes).map(Self::of);
        }
        check_start(bytes)?;
        Self::read(Image::owned(bytes))
    }

    /// Maps a territory file that is open.
    pub(crate) fn from_file(file: &std::fs::File) -> std::io::Result<Result<Self, FormatError>> {
        let image = Image::map(file)?;
        if is_version_1(image.octets()) {
            return Ok(Self::from_bytes(image.octets()));
        }
        Ok(check_start(image.octets()).and_then(|()| Self::read(image)))
    }
}

fn is_version_1(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC) && bytes.get(8..12) == Some(&v1::VERSION.to_le_bytes())
}

fn read(bytes: &[u8], image: impl FnOnce() -> Image) -> Result<Territory, FormatError> {
    if is_version_1(bytes) {
        let contents = v1::decode(bytes)?;
        contents.check().map_err(|error| FormatError::Malformed(error.to_string()))?;
        return Ok(Territory::indexed(&contents, CELLS_PER_DEGREE));
    }
    check_start(bytes)?;
    from_image(image())
}

fn from_image(image: Image) -> Result<Territory, FormatError> {
    check_start(image.octets())?;
    let fingerprint = sections::stated_fingerprint(image.octets());
    let (body, lists) = Body::read(image)?;
    Ok(Territory::of(body, lists, fingerprint))
}

/// Refuses what is no territory file, or one of another version.
fn check_start(bytes: &[u8]) -> Result<(), FormatError> {
    let magic = &bytes[..bytes.len().min(MAGIC.len())];
    if magic.is_empty() || !MAGIC.starts_with(magic) {
        return Err(FormatError::NotATerritoryFile);
    }
    let Some(version) = bytes.get(8..12).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes) else {
        return Err(FormatError::Truncated { expected: 12, found: bytes.len() as u64 });
    };
    if version == FORMAT_VERSION { Ok(()) } else { Err(FormatError::OtherVersion { found: version }) }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod released;
#[cfg(test)]
mod tests;
