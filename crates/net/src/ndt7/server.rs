//! The measurement server's end: one connection from its first octet to its last.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use desserte_model::{ByteSample, Direction, ServerId};
use desserte_proto::ndt7::{
    ConnectionInfo, Ending, Reading, RequestParameters, Server, ServerFacts, ServerPlan, spec,
};
use desserte_proto::websocket::Sender;
use desserte_units::{BitRate, Monotonic};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::request::{Route, check};
use crate::channel::{Channel, ChannelKind};
use crate::connect::pin_congestion;
use crate::counted::Counted;
use crate::drive::{Clock, Watcher, drive};
use crate::http::{self, HeadError};
use crate::librespeed;
use crate::outbox::{NoRandomness, random};
use crate::tcp::{congestion_in_use, send_at_once};
use crate::wire::Wire;
use crate::{CongestionAlgorithm, TlsIdentity};

/// Time that an answer gets to leave.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// A measurement that a client asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionRequest {
    /// Who asks.
    pub client: IpAddr,
    /// The way of the payload.
    pub direction: Direction,
    /// The longest that it can take.
    pub duration: Duration,
    /// The rate that the client expects of its line, absent when it does not say.
    pub expected: Option<BitRate>,
}

/// What is held while a session runs; dropping it gives the place back.
pub type Permit = Box<dyn Send + Sync>;

/// The answer to a request.
pub enum Decision {
    /// It may run.
    Admit {
        /// Share of the capacity in use, this session included; 0 to 1.
        load_ratio: f64,
        /// Held while it runs.
        permit: Permit,
    },
    /// A figure taken now would be about the server, not about the line.
    Busy {
        /// When to come instead.
        retry_after: Duration,
    },
}

/// How a server is, for whoever watches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whether new sessions are welcome.
    pub ok: bool,
    /// A line about it.
    pub text: String,
}

/// Who decides which measurements run.
pub trait Gate: Send + Sync {
    /// Decides on one request.
    fn admit(&self, request: &SessionRequest) -> Decision;

    /// Says how the server is.
    fn health(&self) -> Health;
}

/// What all connections of a server share.
#[derive(Clone)]
pub struct ServerConfig {
    /// The server's name, sent to every client.
    pub id: ServerId,
    /// Program and version, sent to every client.
    pub software: String,
    /// Congestion control of clients that ask for none.
    pub congestion_control: CongestionAlgorithm,
    /// Who admits.
    pub gate: Arc<dyn Gate>,
    /// Where LibreSpeed's clients are served on the same connections; `None` serves them nowhere.
    pub librespeed: Option<Arc<librespeed::Desk>>,
}

/// How a connection waits until it has a session.
pub struct Waiting {
    /// Time that the client gets for the TLS handshake, and again to send the head of its request.
    pub limit: Duration,
    /// Dropped when a session is admitted, or with the connection.
    pub seat: Option<Permit>,
}

impl Waiting {
    /// Time that a client gets when there is no hurry; the specification suggests 5 to 10 s.
    pub const LIMIT: Duration = Duration::from_secs(7);
}

impl Default for Waiting {
    fn default() -> Self {
        Self { limit: Self::LIMIT, seat: None }
    }
}

/// What became of a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum ConnectionEnd {
    /// A measurement ran.
    Session {
        /// Its direction.
        direction: Direction,
        /// How it ended.
        ending: Ending,
        /// Octets of payload received (upload) or handed over (download).
        payload_bytes: u64,
        /// The last reading of the server's counter, in an upload.
        last_reading: Option<ByteSample>,
        /// The client's program, as it says.
        client: Option<String>,
    },
    /// The server was full.
    Busy {
        /// When the client was told to come.
        retry_after_s: u64,
    },
    /// It was a LibreSpeed client's.
    LibreSpeed(librespeed::Tally),
    /// It asked for how the server is.
    Health,
    /// It was answered with this status.
    Refused {
        /// HTTP status.
        status: u16,
    },
}

/// Why a connection came to nothing. On a public server that is everyday; it is the client's failure, not ours.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The TLS handshake failed.
    #[error("TLS handshake: {0}")]
    Tls(#[source] std::io::Error),
    /// The client did not get on with it.
    #[error("the client took too long over the {0}")]
    Slow(&'static str),
    /// The request could not be read or answered.
    #[error("reading the request: {0}")]
    Request(String),
    /// The system has no random octets.
    #[error("{0}")]
    NoRandomness(String),
}

impl From<HeadError> for ServeError {
    fn from(error: HeadError) -> Self {
        Self::Request(error.to_string())
    }
}

impl From<NoRandomness> for ServeError {
    fn from(error: NoRandomness) -> Self {
        Self::NoRandomness(error.to_string())
    }
}

/// Serves one accepted connection to its end; over TLS if there is an identity.
///
/// # Errors
/// When no request could be read. A measurement that broke off is no error: its ending says so.
pub async fn serve_connection(
    tcp: TcpStream,
    peer: SocketAddr,
    tls: Option<&TlsIdentity>,
    config: &ServerConfig,
    waiting: Waiting,
) -> Result<ConnectionEnd, ServeError> {
    pin_congestion(&tcp, config.congestion_control.name());
    send_at_once(&tcp, true);
    let local = tcp.local_addr().map_err(HeadError::Io)?;
    let mut wire = match tls {
        None => Wire::Clear(Counted::new(tcp)),
        Some(identity) => {
            let accepted = timeout(waiting.limit, identity.acceptor().accept(Counted::new(tcp))).await;
            let tls = accepted.map_err(|_| ServeError::Slow("TLS handshake"))?.map_err(ServeError::Tls)?;
            Wire::Tls(Box::new(tls.into()))
        }
    };
    let read = timeout(waiting.limit, http::read_request(&mut wire)).await;
    let received = match read.map_err(|_| ServeError::Slow("request"))? {
        Ok(received) => received,
        Err(error @ (HeadError::NotHttp(_) | HeadError::TooLong)) => {
            let text = http::refusal("400 Bad Request", &[], &error.to_string());
            answer(&mut wire, &text).await?;
            return Ok(ConnectionEnd::Refused { status: 400 });
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(desk) = config.librespeed.as_deref().filter(|desk| desk.serves(&received.head.path)) {
        send_at_once(wire.tcp(), false);
        let counter = librespeed::server::Counter::new(&mut wire, peer, config, desk, waiting);
        // Boxed: what a measurement of ndt7 keeps in memory stays as small as it is.
        return Box::pin(counter.serve(received)).await.map(ConnectionEnd::LibreSpeed);
    }
    let (direction, key, parameters) = match check(&received.head) {
        Ok(Route::Measure { direction, key, parameters }) => (direction, key, parameters),
        Ok(Route::Health) => {
            let Health { ok, text } = config.gate.health();
            let status = if ok { "200 OK" } else { "503 Service Unavailable" };
            answer(&mut wire, &http::refusal(status, &[], &text)).await?;
            return Ok(ConnectionEnd::Health);
        }
        Err(refusal) => {
            answer(&mut wire, &http::refusal(refusal.status_line, &refusal.fields, &refusal.text)).await?;
            return Ok(ConnectionEnd::Refused { status: refusal.status });
        }
    };
    let plan = ServerPlan::for_request(direction, &parameters, u64::from_le_bytes(random()?));
    #[expect(clippy::cast_precision_loss, reason = "an expectation need not be exact")]
    let expected =
        parameters.expected_bits_per_second.and_then(|rate| BitRate::from_bits_per_second(rate as f64));
    let (load_ratio, permit) = match config.gate.admit(&SessionRequest {
        client: peer.ip(),
        direction,
        duration: plan.duration,
        expected,
    }) {
        Decision::Admit { load_ratio, permit } => (load_ratio, permit),
        Decision::Busy { retry_after } => {
            let retry_after_s = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
            let text = format!("this server is busy with other measurements; come back in {retry_after_s} s");
            let fields = [("Retry-After", retry_after_s.to_string())];
            answer(&mut wire, &http::refusal("503 Service Unavailable", &fields, &text)).await?;
            return Ok(ConnectionEnd::Busy { retry_after_s });
        }
    };
    drop(waiting);
    if let Some(wanted) = &parameters.congestion_control {
        match wanted.parse::<CongestionAlgorithm>() {
            Ok(algorithm) => pin_congestion(wire.tcp(), algorithm.name()),
            Err(error) => {
                tracing::debug!(%error, "a client asked for a congestion control that is not offered")
            }
        }
    }
    let client = client_of(&parameters);
    let facts = ServerFacts {
        id: config.id.clone(),
        software: config.software.clone(),
        load_ratio,
        congestion_control: congestion_in_use(wire.tcp()),
        connection: ConnectionInfo {
            client: peer.to_string(),
            server: local.to_string(),
            start_time: jiff::Timestamp::now().to_string(),
        },
    };
    let switch = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {protocol}\r\n{plan}: {kept}\r\n\r\n",
        accept = http::accept_key(&key),
        protocol = spec::SUBPROTOCOL,
        plan = http::PLAN_FIELD,
        kept = http::PLAN_KEPT,
    );
    let written = timeout(ANSWER_LIMIT, http::write_all(&mut wire, &switch)).await;
    written.map_err(|_| ServeError::Slow("answer"))?.map_err(HeadError::Io)?;

    let clock = Clock::start();
    let kind = ChannelKind {
        role: Sender::Server,
        receives: direction == Direction::Upload,
        read_at_most: usize::MAX,
        max_message: spec::MESSAGE_MAX,
        max_text: spec::TEXT_MAX,
    };
    let mut channel = Channel::new(wire, received.rest, kind)?;
    let mut server = Server::new(plan, facts, clock.now());
    let mut last = LastReading(None);
    let ending = drive(&mut server, &mut channel, clock, &mut last).await?;
    if server.is_left() {
        channel.into_wire().reset();
    } else {
        channel.finish().await;
    }
    drop(permit);
    Ok(ConnectionEnd::Session {
        direction,
        ending,
        payload_bytes: server.payload_bytes(),
        last_reading: last.0,
        client,
    })
}

async fn answer(wire: &mut Wire, text: &str) -> Result<(), ServeError> {
    use tokio::io::AsyncWriteExt as _;
    let sending = async {
        http::write_all(wire, text).await?;
        wire.shutdown().await
    };
    let sent = timeout(ANSWER_LIMIT, sending).await.map_err(|_| ServeError::Slow("answer"))?;
    sent.map_err(|error| HeadError::Io(error).into())
}

fn client_of(parameters: &RequestParameters) -> Option<String> {
    let said =
        |key| parameters.metadata.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
    let text = format!("{} {}", said("client_name")?, said("client_version").unwrap_or_default());
    Some(text.trim().chars().filter(|c| !c.is_control()).take(64).collect())
}

/// Keeps the last reading for the log.
struct LastReading(Option<ByteSample>);

impl Watcher<Server> for LastReading {
    fn record(&mut self, reading: Reading) {
        if let Reading::Received(sample) = reading {
            self.0 = Some(sample);
        }
    }

    fn moved(&mut self, _: &mut Server, _: &Channel, _: u64, _: Monotonic) {}
}
