//! Who sends: the signature of the request, and the key it belongs to.

use std::time::Duration;

use desserte_model::{BATCH_CONTENT_TYPE, ProbeId};
use desserte_signing::{
    PublicKey, RequestTarget, SignatureError, SignatureHeaders, SignatureWindow, signing_probe,
    verify_content_digest, verify_head,
};
use desserte_units::Timestamp;
use http::HeaderMap;
use serde::Deserialize;

use super::body::Encoding;
use super::intake::Intake;
use crate::problem::ApiError;

/// The signature of a request, not yet verified.
pub(super) struct Signed {
    pub(super) probe: ProbeId,
    pub(super) headers: SignatureHeaders,
    pub(super) encoding: Encoding,
}

impl Signed {
    pub(super) fn read(headers: &HeaderMap, encoding: Encoding) -> Result<Self, ApiError> {
        let header = |name: &'static str| {
            let mut values = headers.get_all(name).iter();
            match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
                (Some(value), None) => Ok(value.to_owned()),
                (Some(_), Some(_)) => Err(unbelieved(format!("the {name} header stands more than once"))),
                (None, _) => Err(ApiError::unauthorized(
                    "not-signed",
                    format!(
                        "the {name} header is missing; batches are signed with the probe's key (RFC 9421)"
                    ),
                )),
            }
        };
        let headers_read = SignatureHeaders {
            content_digest: header("content-digest")?,
            signature_input: header("signature-input")?,
            signature: header("signature")?,
        };
        let probe =
            signing_probe(&headers_read.signature_input).map_err(|error| unbelieved(error.to_string()))?;
        Ok(Self { probe, headers: headers_read, encoding })
    }

    /// A kept head, with the path that it was signed for: what [`Self::as_text`] writes.
    pub(super) fn of_text(text: &str) -> Result<(Self, String), ApiError> {
        let kept: Kept =
            serde_json::from_str(text).map_err(|error| unbelieved(format!("the kept head: {error}")))?;
        let encoding = match kept.content_encoding.as_deref() {
            None => Encoding::Absent,
            Some("identity") => Encoding::Identity,
            Some("gzip") => Encoding::Gzip,
            Some(_) => return Err(ApiError::unsupported("Content-Encoding must be gzip or absent")),
        };
        let headers = SignatureHeaders {
            content_digest: kept.content_digest,
            signature_input: kept.signature_input,
            signature: kept.signature,
        };
        let probe = signing_probe(&headers.signature_input).map_err(|error| unbelieved(error.to_string()))?;
        Ok((Self { probe, headers, encoding }, kept.path))
    }

    /// Everything but the body: a stranger's is never read, and only a probe's own requests take its places.
    pub(super) fn verify_head(
        &self,
        intake: &Intake<'_>,
        path: &str,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let unknown = || {
            ApiError::unauthorized(
                "unknown-key",
                format!(
                    "probe {} is not registered at this collector; its operator adds it with `desserte probe add`",
                    self.probe
                ),
            )
        };
        let registered = intake.store.probe(&self.probe)?.ok_or_else(unknown)?;
        if registered.retired.is_some() {
            let detail = format!("probe {} was taken out of service at this collector", self.probe);
            return Err(ApiError::forbidden("probe-retired", detail));
        }
        if let Some(home) = registered.home {
            let detail = format!(
                "probe {} sends to collector {home}, which takes part in the same history: keep your records and send them there",
                self.probe
            );
            return Err(ApiError::forbidden("other-collector", detail));
        }
        let key: PublicKey = registered.public_key.parse().map_err(ApiError::internal)?;
        let window = SignatureWindow {
            now,
            past: Duration::from_secs(intake.rules.signature_age_s.into()),
            future: Duration::from_secs(intake.rules.future_tolerance_s.into()),
        };
        verify_head(&key, &self.headers, &self.target(path), &window).map_err(|error| {
            let kind = match error {
                SignatureError::OutOfWindow { .. } => "signature-out-of-window",
                _ => "bad-signature",
            };
            ApiError::unauthorized(kind, error.to_string())
        })
    }

    /// Whether the body is the one whose digest was signed.
    pub(super) fn verify_body(&self, body: &[u8]) -> Result<(), ApiError> {
        verify_content_digest(&self.headers.content_digest, body)
            .map_err(|error| ApiError::unauthorized("digest-mismatch", error.to_string()))
    }

    fn target<'a>(&self, path: &'a str) -> RequestTarget<'a> {
        RequestTarget {
            method: "POST",
            path,
            content_type: BATCH_CONTENT_TYPE,
            content_encoding: self.encoding.header(),
        }
    }

    /// The headers as kept with the batch, so that it can be verified again.
    pub(super) fn as_text(&self, path: &str) -> String {
        serde_json::json!({
            "method": "POST",
            "path": path,
            "content-type": BATCH_CONTENT_TYPE,
            "content-encoding": self.encoding.header(),
            "content-digest": self.headers.content_digest,
            "signature-input": self.headers.signature_input,
            "signature": self.headers.signature,
        })
        .to_string()
    }
}

/// The kept text of a head.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Kept {
    path: String,
    content_encoding: Option<String>,
    content_digest: String,
    signature_input: String,
    signature: String,
}

fn unbelieved(detail: String) -> ApiError {
    ApiError::unauthorized("bad-signature", detail)
}
