//! The chain that ties each record to the one before it.

use sha2::{Digest as _, Sha256};

/// The hash that the next record of the chain carries as `previous_sha256`: SHA-256 over the record's octets as
/// written, without the line feed, in lower-case hexadecimal.
#[must_use]
pub fn record_sha256(record: &[u8]) -> String {
    hex::encode(Sha256::digest(record))
}
