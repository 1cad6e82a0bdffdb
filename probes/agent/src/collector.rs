//! The collector as the probe sees it: it tells the time and takes batches.

use std::io::Write as _;
use std::time::Duration;

use desserte_model::{BATCH_CONTENT_TYPE, BATCH_SCHEMA, BatchHeader, BatchId, BootAnchor, Problem, Receipt};
use desserte_signing::{ProbeKey, RequestTarget, encode_batch, sign_request};
use desserte_units::{ByteCount, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;

use crate::recorder::software;

/// Connecting, TLS included; a geostationary path needs three seconds.
const CONNECT_MAX: Duration = Duration::from_secs(15);

/// A whole upload: the largest batch over 100 kbit/s.
const REQUEST_MAX: Duration = Duration::from_secs(60);

/// Longest answer that is read; a receipt that refuses every record of a batch stays below.
const ANSWER_BYTES_MAX: usize = 128 * 1024;

/// An idle connection is closed early: keeping it open costs data, and a NAT forgets it.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// What octets of header a request and its answer have beside the bodies.
const HEADER_BYTES: u64 = 1500;

/// Longest `Retry-After` that is honoured, so that a wrong one does not silence a probe for days.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(6 * 3600);

/// Why the collector could not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("the collector's address is unusable: {0}")]
    Address(String),
    #[error("setting up HTTP")]
    SetUp(#[source] reqwest::Error),
    #[error("the collector cannot be reached: {0}")]
    Unreachable(String),
    #[error("the collector answers {status}: {detail}")]
    Refused {
        status: StatusCode,
        detail: String,
        /// The kind of its problem document, after the last colon; empty when it sent none.
        kind: String,
        /// What it asks to wait.
        retry_after: Option<Duration>,
    },
    #[error("the collector's answer makes no sense: {0}")]
    Nonsense(String),
    #[error("writing the batch")]
    Writing(#[from] std::io::Error),
}

/// The connection to the collector.
#[derive(Debug, Clone)]
pub(crate) struct Collector {
    http: reqwest::Client,
    batches: Url,
    time: Url,
}

/// A batch ready to be sent.
#[derive(Debug)]
pub(crate) struct Parcel {
    body: Vec<u8>,
    records: u64,
}

/// What a request put on the line, estimated upwards.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent(pub(crate) ByteCount);

#[derive(Debug, Deserialize)]
struct Time {
    utc_us: Timestamp,
}

impl Collector {
    pub(crate) fn new(base: &str, tls: rustls::ClientConfig) -> Result<Self, Trouble> {
        let address =
            |path: &str| Url::parse(&format!("{base}{path}")).map_err(|e| Trouble::Address(e.to_string()));
        let software = software();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(format!("{}/{}", software.name, software.version))
            .connect_timeout(CONNECT_MAX)
            .timeout(REQUEST_MAX)
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(1)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .http1_only()
            .build()
            .map_err(Trouble::SetUp)?;
        Ok(Self { http, batches: address("/api/v1/batches")?, time: address("/api/v1/time")? })
    }

    /// Asks for the time.
    pub(crate) async fn time(&self) -> Result<Timestamp, Trouble> {
        let response = self.http.get(self.time.clone()).send().await.map_err(unreachable)?;
        let status = response.status();
        let answer = read(response).await?;
        if status != StatusCode::OK {
            return Err(refused(status, None, &answer));
        }
        let time: Time =
            serde_json::from_slice(&answer).map_err(|error| Trouble::Nonsense(error.to_string()))?;
        Ok(time.utc_us)
    }

    /// Sends a batch. A receipt, with or without refusals, is final for every record in it.
    pub(crate) async fn send(
        &self,
        key: &ProbeKey,
        parcel: &Parcel,
        now: Timestamp,
    ) -> (Sent, Result<Receipt, Trouble>) {
        let target = RequestTarget {
            method: "POST",
            path: self.batches.path(),
            content_type: BATCH_CONTENT_TYPE,
            content_encoding: Some("gzip"),
        };
        let signature = sign_request(key, &target, &parcel.body, now);
        let request = self
            .http
            .post(self.batches.clone())
            .header(CONTENT_TYPE, BATCH_CONTENT_TYPE)
            .header(CONTENT_ENCODING, "gzip")
            .header(ACCEPT, "application/json, application/problem+json")
            .header("content-digest", signature.content_digest)
            .header("signature-input", signature.signature_input)
            .header("signature", signature.signature)
            .body(parcel.body.clone());
        match request.send().await {
            // How much of the body left is not known, so all of it counts.
            Err(error) => (parcel.on_the_line(0), Err(unreachable(error))),
            Ok(response) => {
                let status = response.status();
                let retry_after = retry_after(&response);
                match read(response).await {
                    Ok(answer) => (
                        parcel.on_the_line(answer.len()),
                        receipt(status, retry_after, &answer, parcel.records),
                    ),
                    Err(error) => (parcel.on_the_line(ANSWER_BYTES_MAX), Err(error)),
                }
            }
        }
    }
}

impl Parcel {
    /// Packs records with the anchors that date them.
    pub(crate) fn pack(
        key: &ProbeKey,
        records: &[Vec<u8>],
        anchors: Vec<BootAnchor>,
    ) -> Result<Self, Trouble> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(std::io::Error::from)?;
        let header = BatchHeader {
            schema: BATCH_SCHEMA.to_owned(),
            batch: BatchId::from_uuid(uuid::Builder::from_random_bytes(random).into_uuid()),
            probe: key.id(),
            anchors,
            software: software(),
        };
        let text = encode_batch(&header, records.iter().map(Vec::as_slice)).map_err(std::io::Error::from)?;
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(&text)?;
        Ok(Self { body: packer.finish()?, records: u64::try_from(records.len()).unwrap_or(u64::MAX) })
    }

    /// The most that sending it can put on the line, its answer included.
    pub(crate) fn bound(&self) -> ByteCount {
        self.on_the_line(ANSWER_BYTES_MAX).0
    }

    /// Octets on the line: bodies, headers, TLS records, segments and their acknowledgements, plus a tenth for what is
    /// sent twice.
    fn on_the_line(&self, answer: usize) -> Sent {
        let bodies = u64::try_from(self.body.len() + answer).unwrap_or(u64::MAX).saturating_add(HEADER_BYTES);
        /// Payload of a segment on a path of small packets, and the octets around it and its acknowledgement.
        const SEGMENT: u64 = 1200;
        const AROUND: u64 = 150;
        let segments = (bodies / SEGMENT).saturating_add(1).saturating_mul(AROUND);
        let all = bodies.saturating_add(segments);
        let all = all.saturating_add(all / 10);
        Sent(ByteCount::from_bytes(all).saturating_add(crate::book::UPLOAD_OVERHEAD))
    }
}

fn receipt(
    status: StatusCode,
    retry_after: Option<Duration>,
    answer: &[u8],
    records: u64,
) -> Result<Receipt, Trouble> {
    let nonsense = |error: serde_json::Error| Trouble::Nonsense(error.to_string());
    let receipt = match status {
        StatusCode::OK => serde_json::from_slice::<Receipt>(answer).map_err(nonsense)?,
        StatusCode::UNPROCESSABLE_ENTITY => match serde_json::from_slice::<Problem>(answer) {
            Ok(Problem { receipt: Some(receipt), .. }) => receipt,
            _ => return Err(refused(status, retry_after, answer)),
        },
        _ => return Err(refused(status, retry_after, answer)),
    };
    let refused_records = u64::try_from(receipt.refused.len()).unwrap_or(u64::MAX);
    let counted = receipt.accepted.saturating_add(receipt.duplicate).saturating_add(refused_records);
    if counted == records {
        Ok(receipt)
    } else {
        Err(Trouble::Nonsense(format!("a receipt for {counted} records of {records}")))
    }
}

fn refused(status: StatusCode, retry_after: Option<Duration>, answer: &[u8]) -> Trouble {
    let problem = serde_json::from_slice::<Problem>(answer).ok();
    let (kind, detail) = problem.map(|it| (it.kind, it.detail.unwrap_or(it.title))).unwrap_or_default();
    let kind = kind.rsplit(':').next().unwrap_or_default().chars().take(64).collect();
    Trouble::Refused { status, detail: detail.chars().take(300).collect(), kind, retry_after }
}

fn retry_after(response: &Response) -> Option<Duration> {
    // The other form, a date, is of no use to a probe that may not know the date.
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

async fn read(mut response: Response) -> Result<Vec<u8>, Trouble> {
    let mut answer = Vec::new();
    while let Some(part) = response.chunk().await.map_err(unreachable)? {
        answer.extend_from_slice(&part);
        if answer.len() > ANSWER_BYTES_MAX {
            return Err(Trouble::Nonsense(format!("an answer longer than {ANSWER_BYTES_MAX} bytes")));
        }
    }
    Ok(answer)
}

/// The innermost cause says most ("connection refused"); the address in the outer text is known already.
#[expect(clippy::needless_pass_by_value, reason = "used as a function of map_err")]
fn unreachable(error: reqwest::Error) -> Trouble {
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Trouble::Unreachable(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str = r#"{"type":"urn:desserte:problem:records-refused","title":"t","status":422,
        "receipt":{"accepted":1,"duplicate":0,"refused":[{"line":3,"reason":"malformed","detail":"d"}]}}"#;

    #[test]
    fn a_receipt_is_final_with_and_without_refusals() {
        let taken = receipt(StatusCode::OK, None, br#"{"accepted":1,"duplicate":1}"#, 2).unwrap();
        assert_eq!((taken.accepted, taken.duplicate), (1, 1));
        let partly = receipt(StatusCode::UNPROCESSABLE_ENTITY, None, REFUSED.as_bytes(), 2).unwrap();
        assert_eq!(partly.refused[0].line, 3);
    }

    #[test]
    fn anything_else_keeps_the_records() {
        let wait = Some(Duration::from_secs(7));
        let cases = [
            (StatusCode::OK, &b"<html>login</html>"[..]),
            (StatusCode::OK, br#"{"accepted":1,"duplicate":0}"#),
            (StatusCode::UNPROCESSABLE_ENTITY, b"{}"),
            (StatusCode::UNAUTHORIZED, b"{}"),
            (StatusCode::INSUFFICIENT_STORAGE, b""),
        ];
        for (status, answer) in cases {
            assert!(receipt(status, wait, answer, 2).is_err(), "{status}");
        }
        let error = receipt(StatusCode::SERVICE_UNAVAILABLE, wait, b"", 2).unwrap_err();
        assert!(matches!(error, Trouble::Refused { retry_after, .. } if retry_after == wait));
    }
}
