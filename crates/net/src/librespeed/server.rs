//! The server's end: requests of one connection, one after the other.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use desserte_model::Direction;
use desserte_proto::librespeed::{
    Answer, Asked, BodyError, BodyReader, Framing, Method, Parameters, What, spec,
};
use desserte_units::BitRate;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout, timeout_at};

use super::desk::{Desk, Session};
use crate::http::{self, HeadError, Received, Request};
use crate::ndt7::server::{ServeError, ServerConfig, Waiting};
use crate::outbox::random_block;
use crate::tcp::congestion_in_use;
use crate::wire::Wire;

/// Time between two requests of a connection that does not measure.
const IDLE_MAX: Duration = Duration::from_secs(10);
/// The same while a measurement goes on: between a download and an upload the web client waits a second. Then the place is
/// given to others.
const PAUSE_MAX: Duration = Duration::from_secs(3);
/// How often an idle connection looks whether the server is about to end.
const DRAIN_LOOK: Duration = Duration::from_millis(500);
/// Time that a body gets that is no measurement, and an answer.
const SHORT_LIMIT: Duration = Duration::from_secs(5);
/// Octets of a POST from which on it is a measurement: no form and no blank request is as long, and the least blob that the
/// web client sends is 256 KiB.
const MEASURES_FROM: u64 = 1 << 16;
/// How long an answer is held back that tells a client to come later: the web client would ask again at once, for 15 s.
const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// Octets of a refused body that are thrown away, and time for that, so that the refusal arrives before the connection is reset.
const REFUSED_READ: u64 = 64 << 20;
const REFUSED_LIMIT: Duration = Duration::from_secs(2);
/// Octets read at once.
const READ_BUFFER: usize = 1 << 18;

/// What a connection did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests answered.
    pub requests: u64,
    /// Octets of payload handed over.
    pub downloaded_bytes: u64,
    /// Octets of payload received.
    pub uploaded_bytes: u64,
}

/// One connection.
pub(crate) struct Counter<'a> {
    wire: &'a mut Wire,
    peer: SocketAddr,
    config: &'a ServerConfig,
    desk: &'a Desk,
    waiting: Option<Waiting>,
    session: Option<(Direction, Arc<Session>)>,
    buffer: Vec<u8>,
    tally: Tally,
}

/// What comes after a request.
enum Next {
    Request(Vec<u8>),
    Close,
}

impl<'a> Counter<'a> {
    pub(crate) fn new(
        wire: &'a mut Wire,
        peer: SocketAddr,
        config: &'a ServerConfig,
        desk: &'a Desk,
        waiting: Waiting,
    ) -> Self {
        let waiting = Some(waiting);
        Self { wire, peer, config, desk, waiting, session: None, buffer: Vec::new(), tally: Tally::default() }
    }

    /// Answers `first` and what comes after it.
    pub(crate) async fn serve(mut self, first: Received<Request>) -> Result<Tally, ServeError> {
        let mut received = first;
        loop {
            let Next::Request(early) = self.answer(received).await? else { break };
            self.tally.requests += 1;
            match self.next_request(early).await? {
                Some(next) => received = next,
                None => break,
            }
        }
        // Whoever closed first has nothing to hear.
        let _ = timeout(SHORT_LIMIT, self.wire.shutdown()).await;
        Ok(self.tally)
    }

    /// Waits for the next request; `None` when there is none to come.
    async fn next_request(&mut self, early: Vec<u8>) -> Result<Option<Received<Request>>, ServeError> {
        // Small requests would otherwise keep the place of a measurement for as long as they come.
        if self.session.as_ref().is_some_and(|(_, session)| session.until() <= Instant::now()) {
            return Ok(None);
        }
        let patience = if self.session.is_some() { PAUSE_MAX } else { IDLE_MAX };
        let reading = timeout(patience, http::read_next_request(&mut *self.wire, early));
        tokio::pin!(reading);
        loop {
            tokio::select! {
                read = &mut reading => return match read {
                    Ok(Ok(received)) => Ok(Some(received)),
                    // A connection that is not used again ends like this.
                    Err(_) | Ok(Err(HeadError::Ended | HeadError::Io(_))) => Ok(None),
                    Ok(Err(error)) => Err(error.into()),
                },
                () = tokio::time::sleep(DRAIN_LOOK) => {
                    if !self.config.gate.health().ok {
                        return Ok(None);
                    }
                }
            }
        }
    }

    async fn answer(&mut self, received: Received<Request>) -> Result<Next, ServeError> {
        let Received { head, rest } = received;
        let Some(asked) = Asked::read(self.desk.base(), &head.path, &head.query) else {
            return self.refuse("404 Not Found", plain(), "there is nothing here", &[]).await;
        };
        let Some(method) = Method::read(&head.method) else {
            let allow = [("Allow", Method::ALLOWED)];
            return self
                .refuse("405 Method Not Allowed", asked.parameters, "this method means nothing here", &allow)
                .await;
        };
        let fields = &head.fields;
        let (lengths, codings) = (fields.values("content-length"), fields.values("transfer-encoding"));
        let framing = match Framing::read(lengths, codings, Framing::Length(0)) {
            Ok(Framing::Chunked) if head.version_minor == 0 => {
                return self.refuse("400 Bad Request", asked.parameters, "HTTP/1.0 has no chunks", &[]).await;
            }
            Ok(framing) => framing,
            Err(error) => {
                return self.refuse("400 Bad Request", asked.parameters, &error.to_string(), &[]).await;
            }
        };
        let keep_alive = http::keeps_alive(head.version_minor, fields) && self.config.gate.health().ok;
        let upload = asked.what == What::Empty && method == Method::Post;
        let measures = match framing {
            Framing::Length(length) => length >= MEASURES_FROM,
            Framing::Chunked | Framing::UntilEnd => true,
        };
        let session = if upload && measures {
            match self.join(Direction::Upload, asked.parameters).await? {
                Ok(session) => Some(session),
                Err(next) => return Ok(next),
            }
        } else {
            None
        };
        let limit = if upload { spec::BODY_MAX } else { spec::REFUSED_BODY_MAX };
        let too_large = |limit: u64| format!("this server takes bodies of {limit} octets at the most");
        let mut body = match BodyReader::new(framing, limit) {
            Ok(body) => body,
            Err(_) => {
                return self.refuse("413 Content Too Large", asked.parameters, &too_large(limit), &[]).await;
            }
        };
        if !body.is_complete() && fields.lists("expect", "100-continue") {
            self.write("HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let until = session.as_ref().map_or_else(|| Instant::now() + SHORT_LIMIT, |session| session.until());
        let rest = match self.read_body(&mut body, rest, until).await? {
            Ok(rest) => rest,
            Err(Fault::Body(BodyError::TooLong { limit })) => {
                return self.refuse("413 Content Too Large", asked.parameters, &too_large(limit), &[]).await;
            }
            Err(Fault::Body(error)) => {
                return self.refuse("400 Bad Request", asked.parameters, &error.to_string(), &[]).await;
            }
            Err(Fault::Ended) => return Ok(Next::Close),
            Err(Fault::Slow) => {
                return self
                    .refuse("408 Request Timeout", asked.parameters, "the body took too long", &[])
                    .await;
            }
        };
        if upload {
            self.tally.uploaded_bytes += body.payload();
        }
        match (method, asked.what) {
            (Method::Options, _) => self.write(&Answer::preflight(asked.parameters).text(keep_alive)).await?,
            (_, What::Garbage) => return self.garbage(asked, method, keep_alive, rest).await,
            (_, What::Empty) => {
                let answer = Answer::new("200 OK", asked.parameters, None, 0);
                self.write(&self.signed(answer, session.as_deref()).text(keep_alive)).await?;
            }
            (_, What::GetIp) => {
                // Who provides the address is asked of nobody: that would tell a third party who measures.
                let address = self.peer.ip().to_canonical();
                let body = format!("{{\"processedString\":\"{address}\",\"rawIspInfo\":\"\"}}");
                self.say("200 OK", asked.parameters, "application/json", &body, method, keep_alive).await?;
            }
            (Method::Post, What::Results) => {
                let body = "this server keeps no results";
                self.say("403 Forbidden", asked.parameters, TEXT, body, method, keep_alive).await?;
            }
            (_, What::Results) => {
                let body = "this server keeps no results";
                self.say("404 Not Found", asked.parameters, TEXT, body, method, keep_alive).await?;
            }
        }
        Ok(if keep_alive { Next::Request(rest) } else { Next::Close })
    }

    /// Sends the octets of a download.
    async fn garbage(
        &mut self,
        asked: Asked,
        method: Method,
        keep_alive: bool,
        rest: Vec<u8>,
    ) -> Result<Next, ServeError> {
        let session = match self.join(Direction::Download, asked.parameters).await? {
            Ok(session) => session,
            Err(next) => return Ok(next),
        };
        let length = asked.parameters.chunks * spec::CHUNK;
        let answer = Answer::new("200 OK", asked.parameters, Some("application/octet-stream"), length);
        self.write(&self.signed(answer, Some(&session)).text(keep_alive)).await?;
        if method != Method::Head {
            let block = random_block()?;
            let (wire, tally) = (&mut *self.wire, &mut self.tally);
            let sending = async {
                let mut left = length;
                while left > 0 {
                    let most = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    let sent = wire.write(&block[..most]).await? as u64;
                    left -= sent;
                    tally.downloaded_bytes += sent;
                }
                wire.flush().await
            };
            // A client that has measured enough hangs up in the middle; that is the usual end.
            if !matches!(timeout_at(session.until(), sending).await, Ok(Ok(()))) {
                return Ok(Next::Close);
            }
        }
        Ok(if keep_alive { Next::Request(rest) } else { Next::Close })
    }

    /// Makes this connection part of a measurement, or tells the client when to come instead.
    async fn join(
        &mut self,
        direction: Direction,
        parameters: Parameters,
    ) -> Result<Result<Arc<Session>, Next>, ServeError> {
        let known =
            self.session.take_if(|(of, session)| *of == direction && session.until() > Instant::now());
        if let Some((_, session)) = known {
            self.session = Some((direction, Arc::clone(&session)));
            return Ok(Ok(session));
        }
        self.session = None;
        #[expect(clippy::cast_precision_loss, reason = "an expectation need not be exact")]
        let expected =
            parameters.expected_bits_per_second.and_then(|rate| BitRate::from_bits_per_second(rate as f64));
        match self.desk.join(self.peer.ip(), direction, expected, &*self.config.gate) {
            Ok(session) => {
                self.session = Some((direction, Arc::clone(&session)));
                self.waiting = None;
                Ok(Ok(session))
            }
            Err(wait) => {
                tokio::time::sleep(BUSY_PAUSE).await;
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                let text = format!("this server is busy with other measurements; come back in {seconds} s");
                let seconds = seconds.to_string();
                let fields = [("Retry-After", seconds.as_str())];
                self.refuse("503 Service Unavailable", parameters, &text, &fields).await.map(Err)
            }
        }
    }

    /// Reads a body to its end; gives back what came after it.
    async fn read_body(
        &mut self,
        body: &mut BodyReader,
        early: Vec<u8>,
        until: Instant,
    ) -> Result<Result<Vec<u8>, Fault>, ServeError> {
        if body.is_complete() {
            return Ok(Ok(early));
        }
        let mut octets = early.as_slice();
        if let Err(error) = body.read(&mut octets) {
            return Ok(Err(Fault::Body(error)));
        }
        if body.is_complete() {
            return Ok(Ok(octets.to_vec()));
        }
        // Decrypted octets are taken where they are; in clear they need a place.
        if matches!(self.wire, Wire::Clear(_)) && self.buffer.is_empty() {
            self.buffer = vec![0; READ_BUFFER];
        }
        let (wire, buffer) = (&mut *self.wire, &mut self.buffer);
        let mut rest = Vec::new();
        let reading = async {
            while !body.is_complete() {
                let mut fault = None;
                let count = std::future::poll_fn(|cx| {
                    wire.poll_take(cx, buffer, &mut |mut octets| {
                        fault = body.read(&mut octets).err();
                        rest.extend_from_slice(octets);
                    })
                })
                .await;
                match (fault, count) {
                    (Some(fault), _) => return Err(Fault::Body(fault)),
                    (None, Ok(0) | Err(_)) => return Err(Fault::Ended),
                    (None, Ok(_)) => {}
                }
            }
            Ok(())
        };
        let read = timeout_at(until, reading).await;
        Ok(read.unwrap_or(Err(Fault::Slow)).map(|()| rest))
    }

    /// Adds who answers, and with what: only to answers of a measurement, and read by our own client.
    fn signed(&self, answer: Answer, session: Option<&Session>) -> Answer {
        let Some(session) = session else { return answer };
        let answer = answer
            .with("Server", &self.config.software.replace(' ', "/"))
            .with(http::SERVER_FIELD, self.config.id.as_str())
            .with(http::LOAD_FIELD, &format!("{:.3}", session.load_ratio()));
        match congestion_in_use(self.wire.tcp()) {
            Some(name) => answer.with(http::CONGESTION_FIELD, &name),
            None => answer,
        }
    }

    async fn say(
        &mut self,
        status: &str,
        parameters: Parameters,
        media_type: &str,
        body: &str,
        method: Method,
        keep_alive: bool,
    ) -> Result<(), ServeError> {
        let mut text = Answer::new(status, parameters, Some(media_type), body.len() as u64).text(keep_alive);
        if method != Method::Head {
            text.push_str(body);
        }
        self.write(&text).await
    }

    /// Refuses a request and ends the connection, in a way that lets the refusal arrive although the client still sends.
    async fn refuse(
        &mut self,
        status: &str,
        parameters: Parameters,
        text: &str,
        fields: &[(&str, &str)],
    ) -> Result<Next, ServeError> {
        let mut answer = Answer::new(status, parameters, Some(TEXT), text.len() as u64);
        for (name, value) in fields {
            answer = answer.with(name, value);
        }
        self.write(&(answer.text(false) + text)).await?;
        // From here on nothing can go wrong that anyone would want to know of.
        let _ = timeout(SHORT_LIMIT, self.wire.shutdown()).await;
        if self.buffer.is_empty() {
            self.buffer = vec![0; READ_BUFFER];
        }
        let (wire, buffer) = (&mut *self.wire, &mut self.buffer);
        let discarding = async {
            let mut left = REFUSED_READ;
            while left > 0 {
                match std::future::poll_fn(|cx| wire.poll_take(cx, buffer, &mut |_| {})).await {
                    Ok(count) if count > 0 => left = left.saturating_sub(count as u64),
                    _ => break,
                }
            }
        };
        let _ = timeout(REFUSED_LIMIT, discarding).await;
        Ok(Next::Close)
    }

    async fn write(&mut self, text: &str) -> Result<(), ServeError> {
        let written = timeout(SHORT_LIMIT, http::write_all(Pin::new(&mut *self.wire).get_mut(), text)).await;
        written.map_err(|_| ServeError::Slow("answer"))?.map_err(|error| HeadError::Io(error).into())
    }
}

const TEXT: &str = "text/plain; charset=utf-8";

/// Why a body was not read to its end.
enum Fault {
    Body(BodyError),
    Ended,
    Slow,
}

/// What a request says whose query could not be read.
const fn plain() -> Parameters {
    Parameters { chunks: spec::CHUNKS_DEFAULT, cors: false, expected_bits_per_second: None }
}
