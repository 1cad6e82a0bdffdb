//! `Content-Digest` of a body.

use sfv::{Dictionary, KeyRef, ListEntry, Parser};
use sha2::{Digest as _, Sha256};

/// The refusal of a `Content-Digest`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// The header is no dictionary of byte sequences with a `sha-256` member.
    #[error("the Content-Digest header holds no sha-256 byte sequence")]
    Malformed,
    /// The body is not the one that was digested.
    #[error("the body does not match its Content-Digest")]
    Mismatch,
}

/// The value of `Content-Digest` for a body, as sent (after any content coding).
///
/// # Source
/// RFC 9530, section 2, algorithm `sha-256`.
#[must_use]
pub fn content_digest(body: &[u8]) -> String {
    let mut serializer = sfv::DictSerializer::new();
    let _ = serializer.bare_item(KeyRef::constant("sha-256"), Sha256::digest(body).as_slice());
    serializer.finish().unwrap_or_default()
}

/// Compares a body with the `Content-Digest` it came with; other algorithms beside `sha-256` are ignored.
///
/// # Errors
/// When the header cannot be read or the body differs.
pub fn verify_content_digest(header: &str, body: &[u8]) -> Result<(), DigestError> {
    let dictionary: Dictionary = Parser::new(header).parse().map_err(|_| DigestError::Malformed)?;
    let Some(ListEntry::Item(item)) = dictionary.get(KeyRef::constant("sha-256")) else {
        return Err(DigestError::Malformed);
    };
    let stated = item.bare_item.as_byte_sequence().ok_or(DigestError::Malformed)?;
    if stated == Sha256::digest(body).as_slice() { Ok(()) } else { Err(DigestError::Mismatch) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_is_reproduced() {
        // RFC 9530, section 2: the digest of {"hello": "world"} and a line feed.
        let body = b"{\"hello\": \"world\"}\n";
        let header = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
        assert_eq!(content_digest(body), header);
        assert_eq!(verify_content_digest(header, body), Ok(()));
        assert_eq!(verify_content_digest(header, b"{}"), Err(DigestError::Mismatch));
        assert_eq!(verify_content_digest("sha-512=:AAAA:", body), Err(DigestError::Malformed));
    }
}
