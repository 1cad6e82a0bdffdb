//! Limits and encoding of a request's body.

use std::io::Read;

use axum::body::Body;
use desserte_model::BATCH_CONTENT_TYPE;
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::problem::ApiError;

/// Octets of a body as sent: twice what a full batch of usual records takes without compression.
pub(crate) const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Octets read of a body that is too long before the connection is closed on it.
const MAX_DROPPED_BYTES: usize = 4 * MAX_BODY_BYTES;

/// Octets of a body once unpacked. Records compress about tenfold, so that an honest batch stays far below; a body of
/// zeros, which would grow a thousandfold, stops here.
pub(crate) const MAX_DECODED_BYTES: u64 = 64 * 1024 * 1024;

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// No `Content-Encoding` header.
    Absent,
    Identity,
    Gzip,
}

impl Encoding {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(value) = only(headers, &header::CONTENT_ENCODING)? else { return Ok(Self::Absent) };
        match value.to_str() {
            Ok("gzip") => Ok(Self::Gzip),
            Ok("identity") => Ok(Self::Identity),
            _ => Err(ApiError::unsupported("Content-Encoding must be gzip or absent")),
        }
    }

    pub(super) const fn header(self) -> Option<&'static str> {
        match self {
            Self::Absent => None,
            Self::Identity => Some("identity"),
            Self::Gzip => Some("gzip"),
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Absent | Self::Identity => "identity",
        }
    }
}

/// A header's value; a second one would have been signed joined with the first (RFC 9421, section 2.1).
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, ApiError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(ApiError::unsupported(format!("the {name} header stands more than once"))),
        (value, None) => Ok(value),
    }
}

pub(super) fn check_content_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let found = only(headers, &header::CONTENT_TYPE)?.and_then(|value| value.to_str().ok());
    if found == Some(BATCH_CONTENT_TYPE) {
        Ok(())
    } else {
        Err(ApiError::unsupported(format!("Content-Type must be {BATCH_CONTENT_TYPE}")))
    }
}

/// Reads a body within [`MAX_BODY_BYTES`]. Of one that is longer the rest is dropped as it comes, up to
/// [`MAX_DROPPED_BYTES`]: a client that still sends when the connection closes mostly never sees why.
pub(super) async fn read(body: Body) -> Result<Vec<u8>, ApiError> {
    let mut stream = body.into_data_stream();
    let mut octets = Vec::new();
    let mut received = 0_usize;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| {
            ApiError::malformed_batch("the connection broke off before the body was complete")
        })?;
        received = received.saturating_add(piece.len());
        if received > MAX_DROPPED_BYTES {
            break;
        } else if received > MAX_BODY_BYTES {
            octets = Vec::new();
        } else {
            octets.extend_from_slice(&piece);
        }
    }
    if received > MAX_BODY_BYTES { Err(over_limit()) } else { Ok(octets) }
}

fn over_limit() -> ApiError {
    ApiError::too_large(format!(
        "a body holds {MAX_BODY_BYTES} octets at the most; send several smaller batches"
    ))
}

/// Unpacks a body within [`MAX_DECODED_BYTES`].
pub(super) fn decode(encoding: Encoding, octets: &[u8]) -> Result<Vec<u8>, ApiError> {
    if encoding != Encoding::Gzip {
        return Ok(octets.to_vec());
    }
    let mut text = Vec::with_capacity(octets.len().saturating_mul(6));
    MultiGzDecoder::new(octets)
        .take(MAX_DECODED_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(|_| ApiError::malformed_batch("the body is not a complete gzip stream"))?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_DECODED_BYTES {
        let detail = format!("unpacked, a body holds {MAX_DECODED_BYTES} octets at the most");
        return Err(ApiError::too_large(detail));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    proptest::proptest! {
        #[test]
        fn no_octets_stop_the_unpacking(octets in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = decode(Encoding::Gzip, &octets);
            let mut headed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
            headed.extend(octets);
            let _ = decode(Encoding::Gzip, &headed);
        }
    }

    fn packed(octets: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(octets).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_small_body_that_unpacks_to_much_is_stopped() {
        let bomb = packed(&vec![0; usize::try_from(MAX_DECODED_BYTES).unwrap() + 1]);
        assert!(bomb.len() < 1_000_000);
        assert_eq!(decode(Encoding::Gzip, &bomb).unwrap_err().status().as_u16(), 413);
    }

    #[test]
    fn a_cut_stream_is_not_a_batch() {
        let whole = packed(b"line\n");
        assert_eq!(decode(Encoding::Gzip, &whole).unwrap(), b"line\n");
        let error = decode(Encoding::Gzip, &whole[..whole.len() - 4]).unwrap_err();
        assert_eq!((error.status().as_u16(), error.kind()), (400, "malformed-batch"));
    }
}
