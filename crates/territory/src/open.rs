//! Reads a territory file from disk: the one place of this crate that touches a file.

use std::path::{Path, PathBuf};

use crate::{FormatError, Territory};

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
    /// Reads and checks a territory file.
    ///
    /// # Errors
    /// When the file cannot be read, is no territory file, has another version, or is truncated or damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let bytes =
            std::fs::read(path).map_err(|source| OpenError::Read { path: path.to_owned(), source })?;
        Self::from_bytes(&bytes).map_err(|reason| OpenError::Format { path: path.to_owned(), reason })
    }
}
