//! A stand-in for a probe: real keys, real records, real signatures, content at the test's choice.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use desserte_model::{
    BATCH_CONTENT_TYPE, BATCH_SCHEMA, BatchHeader, BatchId, BootId, ClockSource, ClockStamp, EchoMethod,
    IpFamily, LinkState, Minute, Observation, Position, PositionSource, RECORD_SCHEMA, Receipt, Record,
    RecordId, Software, TargetEchoes,
};
use desserte_signing::{ProbeKey, RequestTarget, encode_batch, record_sha256, sign_request};
use desserte_units::{Monotonic, Timestamp};
use uuid::Uuid;

/// The path batches go to.
pub const BATCHES: &str = "/api/v1/batches";
/// A point in the middle of Guéret (23096).
pub const GUERET: (f64, f64) = (1.8705, 46.1585);

/// A probe that only the test knows.
#[derive(Debug)]
pub struct Sender {
    /// Its key.
    pub key: ProbeKey,
    boot: BootId,
    sequence: u64,
    previous: Option<String>,
    client: reqwest::Client,
}

/// The answer to a batch.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: serde_json::Value,
}

impl Sender {
    /// A probe whose key grows from `seed`.
    #[must_use]
    pub fn new(seed: u8) -> Self {
        Self::with_key(ProbeKey::from_seed([seed; 32]), crate::client())
    }

    /// One of many, whose requests its user sends.
    #[must_use]
    pub fn numbered(number: u64, client: &reqwest::Client) -> Self {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        Self::with_key(ProbeKey::from_seed(seed), client.clone())
    }

    fn with_key(key: ProbeKey, client: reqwest::Client) -> Self {
        Self { key, boot: BootId::from_uuid(Uuid::new_v4()), sequence: 0, previous: None, client }
    }

    /// The next record of its chain: a minute in which two targets answered, at `(lon, lat)`.
    pub fn minute(&mut self, (lon, lat): (f64, f64)) -> Record {
        let target = |name: &str| TargetEchoes {
            target: name.parse().expect("a target identifier"),
            family: Some(IpFamily::Ipv4),
            method: EchoMethod::Icmp,
            rtt_us: vec![Some(20_000), Some(21_000), None],
            timed_by_kernel: None,
            not_sent: None,
        };
        let minute = Minute {
            window_us: 60_000_000,
            link: LinkState::Up,
            gateway_reachable: Some(true),
            targets: vec![target("near"), target("far")],
        };
        let record = Record {
            schema: RECORD_SCHEMA.to_owned(),
            id: RecordId::from_uuid(Uuid::new_v4()),
            probe: self.key.id(),
            sequence: self.sequence,
            previous_sha256: self.previous.clone(),
            clock: ClockStamp {
                boot: self.boot,
                monotonic_us: Monotonic::from_micros(self.sequence * 60_000_000),
                utc_us: Some(now()),
                source: ClockSource::System,
                offset_us: Some(0),
                uncertainty_us: Some(1_000),
            },
            position: Position { lon, lat, uncertainty_m: Some(10.0), source: PositionSource::Declared },
            software: software(),
            observation: Observation::Minute(minute),
        };
        self.sequence += 1;
        self.previous = Some(record_sha256(&octets(&record)));
        record
    }

    /// Sends record lines as one signed batch.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn send(&self, base: &str, lines: &[Vec<u8>]) -> Result<Answer> {
        let header = BatchHeader {
            schema: BATCH_SCHEMA.to_owned(),
            batch: BatchId::from_uuid(Uuid::new_v4()),
            probe: self.key.id(),
            anchors: vec![],
            software: software(),
        };
        let body = encode_batch(&header, lines.iter().map(Vec::as_slice))?;
        self.send_body(base, body).await
    }

    /// Sends a body of the test's making, rightly signed.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn send_body(&self, base: &str, body: Vec<u8>) -> Result<Answer> {
        let target = RequestTarget {
            method: "POST",
            path: BATCHES,
            content_type: BATCH_CONTENT_TYPE,
            content_encoding: None,
        };
        let headers = sign_request(&self.key, &target, &body, now());
        let request = self
            .client
            .post(format!("{base}{BATCHES}"))
            .header("content-type", BATCH_CONTENT_TYPE)
            .header("content-digest", headers.content_digest)
            .header("signature-input", headers.signature_input)
            .header("signature", headers.signature)
            .body(body);
        let answer = request.send().await.context("no answer")?;
        let status = answer.status().as_u16();
        let body = serde_json::from_str(&answer.text().await?).context("the answer is not JSON")?;
        Ok(Answer { status, body })
    }
}

impl Answer {
    /// The receipt of a batch that was read.
    ///
    /// # Panics
    /// When the answer holds none.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        let receipt = if self.status == 200 { &self.body } else { &self.body["receipt"] };
        serde_json::from_value(receipt.clone()).unwrap_or_else(|_| panic!("no receipt in {self:?}"))
    }
}

/// The octets of a record.
///
/// # Panics
/// Never: every record can be written.
#[must_use]
pub fn octets(record: &Record) -> Vec<u8> {
    serde_json::to_vec(record).expect("a record can be written")
}

/// This machine's time.
///
/// # Panics
/// Before 1970.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    Timestamp::from_unix_micros(i64::try_from(since.as_micros()).expect("before the year 294000"))
}

fn software() -> Software {
    Software { name: "desserte-e2e".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}
