//! The form in which editions are kept (docs/adr/0050-editions.md): a page of figures in both languages, and the figures themselves.

use std::io::{self, Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

/// Version of the form.
const FORMAT: u8 = 1;

/// Octets of an edition unpacked: ten times what a département of 900 communes has in both languages.
const OCTETS_MAX: u64 = 32 * 1024 * 1024;

/// What an edition holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Body {
    format: u8,
    /// Version of the program that told it.
    pub(crate) program: String,
    pub(crate) french: Page,
    pub(crate) english: Page,
    /// The answer of the interface, whose SHA-256 begins with the fingerprint.
    pub(crate) data: String,
}

/// A page in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) title: String,
    /// What is between the frame's head and foot, as HTML.
    pub(crate) content: String,
}

/// Why an edition cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("an edition has {0} octets, and {OCTETS_MAX} at the most are kept")]
    TooLarge(u64),
    #[error("an edition has form {found}, this program knows form {FORMAT}: use a newer program")]
    Newer { found: u8 },
    #[error("an edition cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("an edition cannot be read: {0}")]
    NoJson(#[from] serde_json::Error),
}

impl Body {
    pub(crate) fn new(program: &str, [french, english]: [Page; 2], data: String) -> Self {
        Self { format: FORMAT, program: program.to_owned(), french, english, data }
    }

    /// Octets for the store.
    pub(crate) fn packed(&self) -> Result<Vec<u8>, BodyError> {
        let text = serde_json::to_vec(self)?;
        let octets = u64::try_from(text.len()).unwrap_or(u64::MAX);
        if octets > OCTETS_MAX {
            return Err(BodyError::TooLarge(octets));
        }
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&text)?;
        Ok(packed.finish()?)
    }

    pub(crate) fn unpacked(octets: &[u8]) -> Result<Self, BodyError> {
        #[derive(Deserialize)]
        struct Form {
            format: u8,
        }
        let mut text = Vec::new();
        GzDecoder::new(octets).take(OCTETS_MAX).read_to_end(&mut text)?;
        let Form { format: found } = serde_json::from_slice(&text)?;
        if found != FORMAT {
            return Err(BodyError::Newer { found });
        }
        Ok(serde_json::from_slice(&text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> Body {
        let page = |title: &str| Page { title: title.to_owned(), content: "<p>…</p>".to_owned() };
        Body::new("1.2.3", [page("Gouzon"), page("Gouzon")], "{}".to_owned())
    }

    #[test]
    fn an_edition_is_read_as_it_was_kept() {
        assert_eq!(Body::unpacked(&body().packed().unwrap()).unwrap(), body());
        assert!(matches!(Body::unpacked(b"no gzip"), Err(BodyError::Unreadable(_))));
    }

    #[test]
    fn a_form_of_later_is_said_to_be_one() {
        let later = Body { format: 2, ..body() };
        assert!(matches!(Body::unpacked(&later.packed().unwrap()), Err(BodyError::Newer { found: 2 })));
    }
}
