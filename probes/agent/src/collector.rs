//! The collector as the probe sees it: it tells the time and takes batches.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use desserte_model::{
    BATCH_CONTENT_TYPE, BATCH_SCHEMA, BatchHeader, BatchId, BootAnchor, ENROLMENT_SCHEMA, EnrolmentAnswer,
    EnrolmentRequest, Problem, Receipt,
};
use desserte_signing::{ProbeKey, RequestTarget, encode_batch, sign_request};
use desserte_units::{ByteCount, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Deserialize;

use crate::meter::{Meter, MeteredConnector, Reading, UNREAD_BYTES_MAX};
use crate::recorder::software;

/// Connecting; a geostationary path needs three seconds.
const CONNECT_MAX: Duration = Duration::from_secs(15);

/// Asking for the time, TLS included: a few hundred octets.
const TIME_MAX: Duration = Duration::from_secs(30);

/// A whole upload: the largest batch over 100 kbit/s.
const REQUEST_MAX: Duration = Duration::from_secs(60);

/// Longest answer that is read; a receipt that refuses every record of a batch stays below.
const ANSWER_BYTES_MAX: u64 = 128 * 1024;

/// Longest answer to the question for the time; a page of a portal that stands in between need not be read.
const TIME_BYTES_MAX: u64 = 4 * 1024;

/// Longest answer about a code: names, and a few addresses.
const ENROLMENT_BYTES_MAX: u64 = 16 * 1024;

/// What may come beside the bodies: the handshake of TLS with a chain of certificates, and headers.
pub(crate) const BESIDE_BYTES_MAX: u64 = 32 * 1024;

/// What the HTTP library holds at most, which also limits the header of an answer.
const HTTP_BUFFER_BYTES: usize = 16 * 1024;

/// An idle connection is closed early: keeping it open costs data, and a NAT forgets it.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// A failure after so much was read is no failed handshake, but an answer that was given up. Half of what the HTTP
/// library holds, since it gives up on a header when that is full.
const GIVEN_UP_BYTES: u64 = 8 * 1024;

/// What the probe sends beside the bodies: its part of the handshake, and headers.
pub(crate) const REQUEST_BYTES: u64 = 3000;

/// Octets of a connection that carry no payload: names looked up, opening, closing, and the short segments of the
/// handshakes with their acknowledgements.
const CONNECTION_BYTES: u64 = 3000;

/// Longest `Retry-After` that is honoured, so that a wrong one does not silence a probe for days.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(6 * 3600);

/// Why the collector could not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("the collector's address is unusable: {0}")]
    Address(String),
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
    /// It costs data without end, so it is left alone for a while.
    #[error("the collector sends more than an answer may hold")]
    TooMuch,
    #[error("the collector's answer makes no sense: {0}")]
    Nonsense(String),
    #[error("writing the batch")]
    Writing(#[from] std::io::Error),
}

/// The connection to the collector.
#[derive(Debug, Clone)]
pub(crate) struct Collector {
    http: Client<HttpsConnector<MeteredConnector>, Full<Bytes>>,
    meter: Arc<Meter>,
    agent: HeaderValue,
    batches: Uri,
    time: Uri,
    enrolments: Uri,
}

/// An answer that was read whole.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// A batch ready to be sent.
#[derive(Debug)]
pub(crate) struct Parcel {
    body: Bytes,
    records: u64,
}

/// What a request put on the line: its payload as counted, what is around it estimated upwards.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent(pub(crate) ByteCount);

#[derive(Debug, Deserialize)]
struct Time {
    utc_us: Timestamp,
}

impl Collector {
    pub(crate) fn new(base: &str, tls: rustls::ClientConfig) -> Result<Self, Trouble> {
        let address = |path: &str| -> Result<Uri, Trouble> {
            let url =
                url::Url::parse(&format!("{base}{path}")).map_err(|e| Trouble::Address(e.to_string()))?;
            url.as_str().parse().map_err(|e: http::uri::InvalidUri| Trouble::Address(e.to_string()))
        };
        let software = software();
        let agent = HeaderValue::try_from(format!("{}/{}", software.name, software.version))
            .map_err(|error| Trouble::Address(error.to_string()))?;
        let meter = Arc::new(Meter::default());
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(MeteredConnector::new(Arc::clone(&meter), CONNECT_MAX));
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(1)
            .http1_max_buf_size(HTTP_BUFFER_BYTES)
            .build(connector);
        let (batches, time) = (address("/api/v1/batches")?, address("/api/v1/time")?);
        Ok(Self { http, meter, agent, batches, time, enrolments: address("/api/v1/enrolments")? })
    }

    /// The most that asking for the time once can put on the line.
    pub(crate) fn time_bound() -> ByteCount {
        on_the_line(REQUEST_BYTES + BESIDE_BYTES_MAX + TIME_BYTES_MAX + UNREAD_BYTES_MAX, 1)
    }

    /// Asks for the time.
    pub(crate) async fn time(&self) -> (Sent, Result<Timestamp, Trouble>) {
        let request = self.request(Method::GET, &self.time).body(Full::default());
        let (sent, answer) = self.exchange(request, TIME_BYTES_MAX, TIME_MAX).await;
        let time = answer.and_then(|answer| {
            if answer.status != StatusCode::OK {
                return Err(refused(answer.status, None, &answer.body));
            }
            let time: Result<Time, _> = serde_json::from_slice(&answer.body);
            time.map(|time| time.utc_us).map_err(|error| Trouble::Nonsense(error.to_string()))
        });
        (sent, time)
    }

    /// Asks for which site a code is, or to be enrolled with it.
    pub(crate) async fn enrol(&self, asked: &EnrolmentRequest) -> Result<EnrolmentAnswer, Trouble> {
        let nonsense = |error: serde_json::Error| Trouble::Nonsense(error.to_string());
        let body = serde_json::to_vec(asked).map_err(nonsense)?;
        let request = self
            .request(Method::POST, &self.enrolments)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, application/problem+json")
            .body(Full::new(body.into()));
        let (_, answer) = self.exchange(request, ENROLMENT_BYTES_MAX, TIME_MAX).await;
        let answer = answer?;
        if answer.status != StatusCode::OK {
            return Err(refused(answer.status, retry_after(&answer.headers), &answer.body));
        }
        let read: EnrolmentAnswer = serde_json::from_slice(&answer.body).map_err(nonsense)?;
        if read.schema == ENROLMENT_SCHEMA {
            Ok(read)
        } else {
            Err(Trouble::Nonsense(format!("an answer of another form than {ENROLMENT_SCHEMA}")))
        }
    }

    fn request(&self, method: Method, uri: &Uri) -> http::request::Builder {
        Request::builder().method(method).uri(uri).header(USER_AGENT, &self.agent)
    }

    /// One request and its answer. Whatever comes, no more is read than the limits say, and all of it is counted.
    async fn exchange(
        &self,
        request: Result<Request<Full<Bytes>>, http::Error>,
        answer_max: u64,
        time_max: Duration,
    ) -> (Sent, Result<Answer, Trouble>) {
        let request = match request {
            Ok(request) => request,
            Err(error) => return (Sent(ByteCount::ZERO), Err(Trouble::Address(error.to_string()))),
        };
        self.meter.allow(BESIDE_BYTES_MAX + answer_max);
        let answer = tokio::time::timeout(time_max, self.answer(request, answer_max)).await;
        let answer = answer.unwrap_or_else(|_| Err(Trouble::Unreachable("no answer in time".to_owned())));
        let Reading { read, written, opened, cut } = self.meter.take();
        let answer = answer.map_err(|trouble| if cut { Trouble::TooMuch } else { trouble });
        // Given up in the middle of much, a connection is closed while more may have arrived.
        let unread = if answer.is_err() && read >= GIVEN_UP_BYTES { UNREAD_BYTES_MAX } else { 0 };
        (Sent(on_the_line(read.saturating_add(written).saturating_add(unread), opened)), answer)
    }

    async fn answer(&self, request: Request<Full<Bytes>>, max: u64) -> Result<Answer, Trouble> {
        let response = self.http.request(request).await.map_err(|error| unreachable(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, usize::try_from(max).unwrap_or(usize::MAX)).collect().await;
        let body = body.map_err(|error| {
            if error.is::<LengthLimitError>() { Trouble::TooMuch } else { unreachable(&*error) }
        })?;
        Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
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
            .request(Method::POST, &self.batches)
            .header(CONTENT_TYPE, BATCH_CONTENT_TYPE)
            .header(CONTENT_ENCODING, "gzip")
            .header(ACCEPT, "application/json, application/problem+json")
            .header("content-digest", signature.content_digest)
            .header("signature-input", signature.signature_input)
            .header("signature", signature.signature)
            .body(Full::new(parcel.body.clone()));
        let (sent, answer) = self.exchange(request, ANSWER_BYTES_MAX, REQUEST_MAX).await;
        let receipt = answer.and_then(|answer| {
            receipt(answer.status, retry_after(&answer.headers), &answer.body, parcel.records)
        });
        (sent, receipt)
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
        Ok(Self { body: packer.finish()?.into(), records: u64::try_from(records.len()).unwrap_or(u64::MAX) })
    }

    /// The most that sending it can put on the line, its answer included.
    pub(crate) fn bound(&self) -> ByteCount {
        let body = u64::try_from(self.body.len()).unwrap_or(u64::MAX);
        let most = REQUEST_BYTES + BESIDE_BYTES_MAX + ANSWER_BYTES_MAX + UNREAD_BYTES_MAX;
        on_the_line(body.saturating_add(most), 1)
    }
}

/// Octets on the line: the payload of connections, segments and their acknowledgements, plus a tenth for what is sent
/// twice.
pub(crate) fn on_the_line(payload: u64, connections: u64) -> ByteCount {
    /// Payload of a segment on a path of small packets, and the octets around it and its acknowledgement.
    const SEGMENT: u64 = 1200;
    const AROUND: u64 = 150;
    let segments = (payload / SEGMENT).saturating_add(2).saturating_mul(AROUND);
    let all = payload.saturating_add(segments).saturating_add(connections.saturating_mul(CONNECTION_BYTES));
    ByteCount::from_bytes(all.saturating_add(all / 10))
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

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    // The other form, a date, is of no use to a probe that may not know the date.
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// The innermost cause says most ("connection refused"); the address in the outer text is known already.
fn unreachable(error: &(dyn std::error::Error + 'static)) -> Trouble {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Trouble::Unreachable(cause.to_string())
}

#[cfg(test)]
mod tests;
