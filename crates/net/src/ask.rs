//! Short questions over HTTP/1.1: one GET after the other, on one connection as long as the server keeps it.

use std::time::Duration;

use desserte_model::{IpFamily, Software};
use desserte_proto::librespeed::{BodyError, BodyReader, Framing, FramingError};
use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, timeout};

use crate::charge::Tariff;
use crate::connect::{ConnectError, ConnectPlan, connect};
use crate::http::{self, HeadError, Response};
use crate::tcp::TcpInfo;
use crate::wire::Wire;

/// Time that an answer gets.
const ANSWER_LIMIT: Duration = Duration::from_secs(7);
/// Answers before the real one (status 1xx) that are read.
const INTERIM_MAX: usize = 8;

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Head(#[from] HeadError),
    #[error("the server did not answer within {} s", ANSWER_LIMIT.as_secs())]
    Timeout,
    #[error("the body of the answer: {0}")]
    Framing(#[from] FramingError),
    #[error("the body of the answer: {0}")]
    Body(#[from] BodyError),
    #[error("the body of the answer was cut off")]
    Cut,
}

impl AskError {
    /// Whether the fault is on our side, so that it says nothing of the line.
    pub(crate) const fn is_probe_fault(&self) -> bool {
        matches!(self, Self::Connect(error) if error.is_probe_fault())
    }
}

/// An answer.
pub(crate) struct Answered {
    pub(crate) head: Response,
    pub(crate) body: Vec<u8>,
    /// From the first octet of the question handed over to the end of the answer's head.
    pub(crate) elapsed: Duration,
    /// Whether a connection was opened for it.
    pub(crate) fresh: bool,
}

/// Asks one server.
pub(crate) struct Asker<'a> {
    plan: ConnectPlan<'a>,
    agent: String,
    wire: Option<(Wire, IpFamily)>,
    /// Octets charged for connections that are over.
    charged: u64,
}

impl<'a> Asker<'a> {
    pub(crate) fn new(plan: ConnectPlan<'a>, software: &Software) -> Self {
        Self { plan, agent: http::agent(software), wire: None, charged: 0 }
    }

    /// What all of it put on the interface, both ways.
    pub(crate) fn charged(&self) -> u64 {
        self.charged + self.wire.as_ref().map_or(0, |wire| self.charge(wire))
    }

    fn charge(&self, (wire, family): &(Wire, IpFamily)) -> u64 {
        let named = matches!(self.plan.server.host(), url::Host::Domain(_));
        TcpInfo::read(wire.tcp()).map_or(0, |info| Tariff::new(*family, named).charged(&info))
    }

    fn drop_wire(&mut self) {
        if let Some(wire) = self.wire.take() {
            self.charged += self.charge(&wire);
        }
    }

    /// Asks for `target`, whose answer may have a body of `body_max` octets.
    ///
    /// # Errors
    /// When there is no answer; a connection that the server had closed meanwhile is opened again once.
    pub(crate) async fn get(&mut self, target: &str, body_max: u64) -> Result<Answered, AskError> {
        let reused = self.wire.is_some();
        let asked = self.get_once(target, body_max).await;
        if asked.is_err() {
            self.drop_wire();
        }
        match asked {
            Err(AskError::Head(HeadError::Ended | HeadError::Io(_))) if reused => {
                let again = self.get_once(target, body_max).await;
                if again.is_err() {
                    self.drop_wire();
                }
                again
            }
            asked => asked,
        }
    }

    async fn get_once(&mut self, target: &str, body_max: u64) -> Result<Answered, AskError> {
        let fresh = self.wire.is_none();
        if fresh {
            let named = matches!(self.plan.server.host(), url::Host::Domain(_));
            let attempt = connect(&self.plan).await;
            let failed = attempt.addresses_tried - u64::from(attempt.result.is_ok());
            self.charged += Tariff::unreached(named && attempt.result.is_err(), failed);
            self.wire = Some(attempt.result?);
        }
        let Some((wire, _)) = &mut self.wire else { return Err(AskError::Cut) };
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: */*\r\nAccept-Encoding: identity\r\n\r\n",
            self.plan.server.authority(),
            self.agent
        );
        let exchange = async {
            let begun = Instant::now();
            http::write_all(wire, &request).await.map_err(HeadError::Io)?;
            let mut received = http::read_response(wire).await?;
            for _ in 0..INTERIM_MAX {
                if !(100..200).contains(&received.head.status) {
                    break;
                }
                received = http::read_next_response(wire, received.rest).await?;
            }
            let elapsed = begun.elapsed();
            let (body, keep_alive) = body(wire, &received.head, received.rest, body_max).await?;
            Ok::<_, AskError>((Answered { head: received.head, body, elapsed, fresh }, keep_alive))
        };
        let (answered, keep_alive) =
            timeout(ANSWER_LIMIT, exchange).await.map_err(|_| AskError::Timeout)??;
        if !keep_alive {
            self.drop_wire();
        }
        Ok(answered)
    }
}

/// Reads a body, and whether the connection goes on.
async fn body(
    wire: &mut Wire,
    head: &Response,
    early: Vec<u8>,
    most: u64,
) -> Result<(Vec<u8>, bool), AskError> {
    let fields = &head.fields;
    let without = matches!(head.status, 204 | 304);
    let framing = if without {
        Framing::Length(0)
    } else {
        let (lengths, codings) = (fields.values("content-length"), fields.values("transfer-encoding"));
        Framing::read(lengths, codings, Framing::UntilEnd)?
    };
    // Of a refusal the status is what counts; a page about it may be as long as it likes, and is left unread.
    let refused = !(200..300).contains(&head.status);
    let mut reader = match BodyReader::new(framing, most) {
        Err(_) if refused => return Ok((Vec::new(), false)),
        reader => reader?,
    };
    // Chunks are told from payload once more below: short answers are kept whole, framing included.
    let (mut raw, mut taken) = (early, 0);
    let mut payload = Vec::new();
    loop {
        while taken < raw.len() && !reader.is_complete() {
            let mut rest = &raw[taken..=taken];
            let count = match reader.read(&mut rest) {
                Err(_) if refused => return Ok((payload, false)),
                count => count?,
            };
            if count == 1 {
                payload.push(raw[taken]);
            }
            taken += 1;
        }
        if reader.is_complete() {
            break;
        }
        // Chunks of one octet each may carry a kilobyte about themselves.
        if raw.len() as u64 > 2 * most + http::HEAD_MAX as u64 {
            return if refused {
                Ok((payload, false))
            } else {
                Err(BodyError::TooLong { limit: most }.into())
            };
        }
        if wire.read_buf(&mut raw).await.map_err(HeadError::Io)? == 0 {
            if reader.may_end() {
                break;
            }
            return Err(AskError::Cut);
        }
    }
    let keep_alive = framing != Framing::UntilEnd && http::keeps_alive(head.version_minor, fields);
    // What comes after an answer that nobody asked for is not waited for, and the connection not used again.
    Ok((payload, keep_alive && taken == raw.len()))
}
