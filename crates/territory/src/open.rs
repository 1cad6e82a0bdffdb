//! Opens a territory file: the one place of this crate that touches a file.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::{FormatError, Locator, Territory};

/// Why a territory file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file could not be read.
    #[error("reading territory file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file was read, but is not a sound territory file of this version.
    #[error("territory file {}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: FormatError,
    },
}

impl Territory {
    /// Maps and checks a territory file.
    ///
    /// Every octet is read once, to compare it with its checksum; nothing is built. A file of version 1 is read and
    /// indexed anew. Whoever replaces a territory file while it is open must rename a new one over it, never write
    /// into it: the mapped file would change under its reader.
    ///
    /// # Errors
    /// When the file cannot be read, is no territory file, has another version, or is truncated or damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        mapped(path.as_ref(), Self::from_file)
    }
}

impl Locator {
    /// Maps a territory file and checks what every answer relies on: less than a megabyte, whatever the file's size.
    ///
    /// As for [`Territory::open`], nobody may write into the file while it is open. A file of version 1, or one written
    /// before there were checksums of blocks, is checked as a whole.
    ///
    /// # Errors
    /// When the file cannot be read, is no territory file, has another version, is truncated, or what was looked at is
    /// damaged. Other damage is found by the first question whose answer relies on it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        mapped(path.as_ref(), Self::from_file)
    }
}

/// Opens a file and reads what maps it.
pub(crate) fn mapped<T>(
    path: &Path,
    read: impl FnOnce(&File) -> std::io::Result<Result<T, FormatError>>,
) -> Result<T, OpenError> {
    let unreadable = |source| OpenError::Read { path: path.to_owned(), source };
    let refused = |reason| OpenError::Format { path: path.to_owned(), reason };
    let file = File::open(path).map_err(unreadable)?;
    // An empty file cannot be mapped, and says nothing.
    if file.metadata().map_err(unreadable)?.len() == 0 {
        return Err(refused(FormatError::NotATerritoryFile));
    }
    read(&file).map_err(unreadable)?.map_err(refused)
}
