//! Time-stamps of a seal by an authority that others trust (RFC 3161).
//!
//! Here a request is written and an answer is read: whether it was granted, and whether it is over this seal. Whether the
//! authority's signature holds is a question to those who trust its certificate; `openssl ts -verify` answers it
//! (docs/spec/custody.md).

use cms::cert::x509::der::asn1::{Int, Null, OctetString};
use cms::cert::x509::der::oid::ObjectIdentifier;
use cms::cert::x509::der::{Any, Decode as _, Encode as _};
use cms::cert::x509::spki::AlgorithmIdentifier;
use cms::signed_data::SignedData;
use desserte_units::Timestamp;
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion, TstInfo};

use crate::leaf::sha256;
use crate::statement::Statement;

/// SHA-256 (RFC 5754).
const ID_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// Octets of an answer at the most: a token with a chain of certificates has a few thousand.
const RESPONSE_BYTES_MAX: usize = 256 * 1024;

/// What an authority says of a seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StampedTime {
    /// When it saw the seal, by its clock, to the second.
    pub time: Timestamp,
}

/// Why an answer is no time-stamp of a seal.
#[derive(Debug, thiserror::Error)]
pub enum StampError {
    /// Not the DER of an answer.
    #[error("the answer is no time-stamp response: {0}")]
    Malformed(String),
    /// The authority refused.
    #[error("the authority refused: status {0}")]
    Refused(String),
    /// It is over something else.
    #[error("the time-stamp is over other octets than this seal's")]
    OtherSeal,
    /// It answers another request.
    #[error("the answer is to another request: its nonce is not the one that was sent")]
    OtherRequest,
}

fn malformed(error: impl std::fmt::Display) -> StampError {
    StampError::Malformed(error.to_string())
}

/// A request for a time-stamp over the text of a seal, DER; `nonce` ties the answer to it.
///
/// # Errors
/// Only if the request could not be written as DER.
pub fn stamp_request(seal: &Statement, nonce: u64) -> Result<Vec<u8>, StampError> {
    // A leading zero octet: an INTEGER is signed, and a nonce is not negative.
    let mut number = vec![0];
    number.extend(nonce.to_be_bytes());
    let request = TimeStampReq {
        version: TspVersion::V1,
        message_imprint: imprint(seal).map_err(malformed)?,
        req_policy: None,
        nonce: Some(Int::new(shortest(&number)).map_err(malformed)?),
        cert_req: true,
        extensions: None,
    };
    request.to_der().map_err(malformed)
}

/// Reads an answer over `seal`; `nonce` is the one of the request, `None` when the request was not ours.
///
/// The signature is not checked.
///
/// # Errors
/// See [`StampError`].
pub fn read_stamp(seal: &Statement, nonce: Option<u64>, response: &[u8]) -> Result<StampedTime, StampError> {
    if response.len() > RESPONSE_BYTES_MAX {
        return Err(StampError::Malformed(format!("it has more than {RESPONSE_BYTES_MAX} octets")));
    }
    let answer = TimeStampResp::from_der(response).map_err(malformed)?;
    let token =
        answer.time_stamp_token.ok_or_else(|| StampError::Refused(format!("{:?}", answer.status.status)))?;
    let signed: SignedData = token.content.decode_as().map_err(malformed)?;
    let content = signed.encap_content_info.econtent.ok_or_else(|| malformed("nothing is signed"))?;
    let info = TstInfo::from_der(content.value()).map_err(malformed)?;
    let asked = imprint(seal).map_err(malformed)?;
    if info.message_imprint.hashed_message != asked.hashed_message
        || info.message_imprint.hash_algorithm.oid != ID_SHA256
    {
        return Err(StampError::OtherSeal);
    }
    if let Some(nonce) = nonce {
        let answered = info.nonce.as_ref().map(|number| shortest(number.as_bytes()).to_vec());
        let mut sent = vec![0];
        sent.extend(nonce.to_be_bytes());
        if answered.as_deref() != Some(shortest(&sent)) {
            return Err(StampError::OtherRequest);
        }
    }
    let seconds = info.gen_time.to_unix_duration().as_secs();
    Ok(StampedTime { time: Timestamp::from_unix_secs(i64::try_from(seconds).unwrap_or(i64::MAX)) })
}

fn imprint(seal: &Statement) -> Result<MessageImprint, cms::cert::x509::der::Error> {
    Ok(MessageImprint {
        hash_algorithm: AlgorithmIdentifier { oid: ID_SHA256, parameters: Some(Any::from(Null)) },
        hashed_message: OctetString::new(sha256(seal.text().as_bytes()).0)?,
    })
}

/// The octets of a number that is not negative without zeros in front that DER does not allow.
fn shortest(mut octets: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = octets
        && rest.first().is_some_and(|first| first & 0x80 == 0)
    {
        octets = rest;
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Hash;

    fn statement() -> Statement {
        Statement { day: "2026-11-22".parse().unwrap(), size: 12, root: Hash([0xab; 32]) }
    }

    #[test]
    fn a_request_names_the_digest_of_the_seal_and_the_nonce() {
        for nonce in [0, 1, 0x7f, 0x80, u64::MAX] {
            let request = TimeStampReq::from_der(&stamp_request(&statement(), nonce).unwrap()).unwrap();
            assert_eq!(
                request.message_imprint.hashed_message.as_bytes(),
                sha256(statement().text().as_bytes()).0
            );
            let octets = request.nonce.unwrap();
            let value = octets.as_bytes().iter().fold(0_u128, |sum, &octet| sum << 8 | u128::from(octet));
            assert_eq!(value, u128::from(nonce));
        }
    }

    #[test]
    fn an_answer_that_is_none_is_refused() {
        for octets in [&b""[..], b"\x30\x03\x02\x01\x02", &[0x30; 400], &vec![0; RESPONSE_BYTES_MAX + 1]] {
            assert!(matches!(read_stamp(&statement(), None, octets), Err(StampError::Malformed(_))));
        }
        // PKIStatusInfo with status 2 (rejection) and no token.
        let refused = b"\x30\x05\x30\x03\x02\x01\x02";
        assert!(matches!(read_stamp(&statement(), None, refused), Err(StampError::Refused(_))));
    }
}
