//! What is to be set.

use std::collections::BTreeMap;

use serde_json::Value;

/// Octets of a job at the most: a hundred times what the dossier of a département has.
pub(crate) const JOB_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The form of documents that the template knows.
const DOCUMENT_SCHEMA: &str = "desserte-document/1";

/// A document and its drawings.
pub(crate) struct Job {
    /// The document, as the template reads it.
    pub(crate) document: Value,
    /// Drawings (SVG) by the name that the document gives them.
    pub(crate) drawings: BTreeMap<String, String>,
}

/// Why a job was not set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot read the job: {0}")]
    Read(std::io::Error),
    #[error("cannot write the PDF: {0}")]
    Write(std::io::Error),
    #[error("the job has more than {JOB_BYTES_MAX} octets: ask for a shorter period or a smaller place")]
    TooLarge,
    #[error("the job is no JSON of a document and its drawings: {0}")]
    Malformed(String),
    #[error("the document says schema {0:?}; this program sets {DOCUMENT_SCHEMA:?}")]
    Schema(String),
    #[error("the document cannot be set: {0}")]
    Typst(String),
}

impl Job {
    /// Reads a job.
    pub(crate) fn read(octets: &[u8]) -> Result<Self, Error> {
        if octets.len() as u64 > JOB_BYTES_MAX {
            return Err(Error::TooLarge);
        }
        let mut job: Value =
            serde_json::from_slice(octets).map_err(|error| Error::Malformed(error.to_string()))?;
        let document = job["document"].take();
        let schema = document["schema"].as_str().unwrap_or_default();
        if schema != DOCUMENT_SCHEMA {
            return Err(Error::Schema(schema.chars().take(64).collect()));
        }
        let drawings = serde_json::from_value(job["drawings"].take())
            .map_err(|error| Error::Malformed(error.to_string()))?;
        Ok(Self { document, drawings })
    }
}
