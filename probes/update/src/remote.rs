//! Fetches files of the repository: over HTTP, within limits of length, time and data.
//!
//! Nothing here is trusted and nothing here judges what came: that is the library of TUF. Redirections are not followed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::USER_AGENT;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout, timeout_at};
use tough::{Transport, TransportError, TransportErrorKind, TransportStream};
use url::Url;

use crate::data;

/// Connecting; a geostationary path needs three seconds.
const CONNECT_MAX: Duration = Duration::from_secs(15);

/// How slow a server may be.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Until an answer begins, and between two of its parts: a server that stalls is given up.
    pub stall: Duration,
    /// What every answer may take, whatever its length.
    pub answer: Duration,
    /// The slowest that a longer answer may arrive, in octets a second: a server that trickles is given up too.
    pub slowest_bytes_per_s: u64,
}

impl Default for Pace {
    /// A program of 5 MB may take 42 minutes.
    fn default() -> Self {
        Self { stall: Duration::from_secs(30), answer: Duration::from_secs(60), slowest_bytes_per_s: 2_000 }
    }
}

/// Longest metadata: a list of hundreds of releases stays below.
pub const METADATA_BYTES_MAX: u64 = 256 * 1024;

/// What the HTTP library holds at most, which also limits the header of an answer.
const HTTP_BUFFER_BYTES: usize = 16 * 1024;

/// Fetches files.
#[derive(Debug, Clone)]
pub struct Remote {
    http: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    meter: Arc<Meter>,
    pace: Pace,
}

/// What was put on the line, and what may be.
#[derive(Debug, Default)]
struct Meter {
    /// Octets on the line that may still be used.
    allowed: AtomicU64,
    /// The longest program that is expected.
    program_max: AtomicU64,
    bodies: AtomicU64,
    requests: AtomicU64,
}

/// Why a file could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The certificate authority of the configuration cannot be used.
    #[error("the certificate authority {0} cannot be used: {1}")]
    Authority(String, String),
    /// TLS cannot be set up.
    #[error("setting up TLS")]
    Tls(#[from] rustls::Error),
    /// The repository cannot be reached.
    #[error("the repository cannot be reached: {0}")]
    Unreachable(String),
    /// It answers something else than the file.
    #[error("the repository answers {0}")]
    Status(StatusCode),
    /// It sends more than the file may have.
    #[error("the repository sends more than {0} octets")]
    TooMuch(u64),
    /// It sends too slowly.
    #[error("the repository sends too slowly")]
    TooSlow,
    /// What this look may put on the line is used up.
    #[error("the octets that were charged for this are used up")]
    UsedUp,
}

impl Remote {
    /// A client that may put nothing on the line yet. `ca` is a certificate authority in PEM, with its name, beside the public ones.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(ca: Option<(&str, &[u8])>, pace: Pace) -> Result<Self, Trouble> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some((name, pem)) = ca {
            let unusable =
                |error: &dyn std::error::Error| Trouble::Authority(name.to_owned(), error.to_string());
            for certificate in CertificateDer::pem_slice_iter(pem) {
                roots
                    .add(certificate.map_err(|error| unusable(&error))?)
                    .map_err(|error| unusable(&error))?;
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT_MAX));
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let http =
            Client::builder(TokioExecutor::new()).http1_max_buf_size(HTTP_BUFFER_BYTES).build(connector);
        Ok(Self { http, meter: Arc::default(), pace })
    }

    /// Allows so many octets on the line, and programs up to this length; what was used before no longer counts.
    pub fn allow(&self, octets: u64, program_max: u64) {
        self.meter.allowed.store(octets, Ordering::Relaxed);
        self.meter.program_max.store(program_max, Ordering::Relaxed);
        self.meter.bodies.store(0, Ordering::Relaxed);
        self.meter.requests.store(0, Ordering::Relaxed);
    }

    /// Octets put on the line since they were allowed, estimated upwards.
    #[must_use]
    pub fn used(&self) -> u64 {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        data::on_the_line(read(&self.meter.bodies), read(&self.meter.requests))
    }

    fn within(&self) -> Result<(), Trouble> {
        if self.used() > self.meter.allowed.load(Ordering::Relaxed) { Err(Trouble::UsedUp) } else { Ok(()) }
    }

    async fn get(&self, url: &Url) -> Result<Bytes, Trouble> {
        let max = if url.path().ends_with(".json") {
            METADATA_BYTES_MAX
        } else {
            self.meter.program_max.load(Ordering::Relaxed)
        };
        self.meter.requests.fetch_add(1, Ordering::Relaxed);
        self.within()?;
        let request = Request::get(url.as_str())
            .header(USER_AGENT, concat!("desserte-update/", env!("CARGO_PKG_VERSION")))
            .body(Empty::new())
            .map_err(|error| Trouble::Unreachable(error.to_string()))?;
        let Pace { stall, answer, slowest_bytes_per_s } = self.pace;
        let until = Instant::now() + answer + Duration::from_secs(max / slowest_bytes_per_s.max(1));
        let response = timeout(CONNECT_MAX + stall, self.http.request(request)).await;
        let response = response.map_err(|_| Trouble::TooSlow)?.map_err(|error| unreachable(&error))?;
        if response.status() != StatusCode::OK {
            return Err(Trouble::Status(response.status()));
        }
        let mut body = response.into_body();
        let mut read = Vec::new();
        loop {
            let part = timeout_at(until.min(Instant::now() + stall), body.frame()).await;
            let Some(frame) = part.map_err(|_| Trouble::TooSlow)? else { break };
            let Ok(data) = frame.map_err(|error| unreachable(&error))?.into_data() else { continue };
            self.meter.bodies.fetch_add(u64::try_from(data.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
            self.within()?;
            read.extend_from_slice(&data);
            if u64::try_from(read.len()).unwrap_or(u64::MAX) > max {
                return Err(Trouble::TooMuch(max));
            }
        }
        Ok(read.into())
    }
}

#[tough::async_trait]
impl Transport for Remote {
    async fn fetch(&self, url: Url) -> Result<TransportStream, TransportError> {
        match self.get(&url).await {
            Ok(body) => Ok(Box::pin(stream::iter([Ok(body)]))),
            Err(trouble) => {
                let absent = matches!(
                    &trouble,
                    Trouble::Status(StatusCode::NOT_FOUND | StatusCode::FORBIDDEN | StatusCode::GONE)
                );
                let kind = if absent { TransportErrorKind::FileNotFound } else { TransportErrorKind::Other };
                Err(TransportError::new_with_cause(kind, url, trouble))
            }
        }
    }
}

/// The innermost cause says most ("connection refused").
fn unreachable(error: &(dyn std::error::Error + 'static)) -> Trouble {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Trouble::Unreachable(cause.to_string())
}
