//! Runs the client's machine over all connections of a run to its end.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use desserte_model::{ByteSample, Direction, ServerId, StopReason, TcpCounters};
use desserte_proto::librespeed::{Action, Client, Ending, Incoming, Reading, spec};
use desserte_units::{ByteCount, Monotonic};
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep};

use super::RunConfig;
use super::client::{open, together};
use super::latency::unlike;
use super::link::{Event, Link};
use crate::charge::Tariff;
use crate::connect::Attempt;
use crate::drive::{Clock, GAP_INTERVAL};
use crate::http::{self, Response};
use crate::ndt7::Progress;
use crate::steer::STEERING_INTERVAL;
use crate::tcp::{TcpInfo, counters_and_unread, has_gap, limit_receive_buffer};
use crate::{OwnOctets, Steer};

/// Octets read at once.
const READ_BUFFER: usize = 1 << 18;
/// Least that moves between two looks at the ceiling.
const UNWATCHED_LEAST: u64 = 1 << 14;
/// Readings that tell how fast the line is now, for what is still under way when a download is let go.
const RECENT_READINGS: usize = 5;
/// A sender in slow start has twice as much under way as came in during the last round trip, and a queue may grow meanwhile by
/// as much again.
const UNDER_WAY_FACTOR: f64 = 3.0;
/// A burst that no reading has shown yet, on each connection.
const UNDER_WAY_LEAST: u64 = 1 << 16;

/// What a run with a ceiling watches.
#[derive(Debug)]
pub(super) struct Ceiling {
    bytes: u64,
    /// Receive buffer that is asked for on each connection, in octets.
    window_wanted: usize,
    /// What the kernel then holds at the most of what comes in on one connection.
    window_most: u64,
    /// Octets still to move before the kernel is asked again.
    unwatched: u64,
    /// What was charged when it ended the run, what may still come in included.
    stopped_at: Option<u64>,
}

impl Ceiling {
    pub(super) const fn new(bytes: u64, window_wanted: usize, window_most: u64) -> Self {
        Self { bytes, window_wanted, window_most, unwatched: 0, stopped_at: None }
    }
}

/// What a server says of itself.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) id: Option<ServerId>,
    pub(super) software: Option<String>,
    pub(super) load_ratio: Option<f64>,
    pub(super) congestion_control: Option<String>,
}

/// What is kept of a run.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) received: Vec<ByteSample>,
    pub(super) own: Vec<TcpCounters>,
    pub(super) server: Said,
    /// The server was full, and when to come instead.
    pub(super) busy: Option<Option<u64>>,
    /// It took at least one request.
    pub(super) accepted: bool,
    /// What broke a connection.
    pub(super) trouble: Option<String>,
    /// Why the run was ended, if it was.
    pub(super) stopped_for: Option<StopReason>,
}

/// A place for a connection.
enum Place {
    Open(Box<Link>),
    Opening(JoinHandle<Attempt>),
    Gone,
}

/// All connections of a run.
pub(super) struct Crowd<'a> {
    config: &'a RunConfig,
    block: &'static [u8],
    tariff: Tariff,
    places: Vec<Place>,
    buffer: Vec<u8>,
    /// Octets acknowledged on connections that are gone, what those were charged, and what they put on the interface.
    acked_before: u64,
    charged_before: u64,
    own_before: OwnOctets,
    ceiling: Option<Ceiling>,
    steer: &'a mut dyn Steer,
    kept: Kept,
    sleep: Pin<Box<Sleep>>,
}

impl<'a> Crowd<'a> {
    pub(super) fn new(
        config: &'a RunConfig,
        block: &'static [u8],
        tariff: Tariff,
        links: Vec<Link>,
        ceiling: Option<Ceiling>,
        steer: &'a mut dyn Steer,
    ) -> Self {
        Self {
            config,
            block,
            tariff,
            places: links.into_iter().map(|link| Place::Open(Box::new(link))).collect(),
            buffer: vec![0; READ_BUFFER],
            acked_before: 0,
            charged_before: 0,
            own_before: OwnOctets::default(),
            ceiling,
            steer,
            kept: Kept::default(),
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }

    pub(super) fn into_kept(self) -> Kept {
        self.kept
    }

    /// Lets go of every connection; what all of them were charged, what may still come in included.
    pub(super) fn let_go(&mut self) -> u64 {
        let infos: Vec<TcpInfo> = self.infos();
        let charged = self.charged_before + infos.iter().map(|info| self.tariff.charged(info)).sum::<u64>();
        let pending: u64 = match self.config.direction {
            Direction::Upload => infos.iter().map(|info| self.tariff.after_reset(info)).sum(),
            Direction::Download => {
                let open: u64 = infos.iter().map(TcpInfo::window_open).sum();
                self.tariff.still_to_come(self.under_way(&infos).min(open))
            }
        };
        for place in self.places.drain(..) {
            match place {
                Place::Open(link) => link.reset(),
                Place::Opening(task) => task.abort(),
                Place::Gone => {}
            }
        }
        let stopped_at = self.ceiling.as_ref().and_then(|ceiling| ceiling.stopped_at);
        stopped_at.unwrap_or(charged + pending).max(charged)
    }

    fn infos(&self) -> Vec<TcpInfo> {
        self.links().filter_map(|link| TcpInfo::read(link.wire().tcp())).collect()
    }

    fn links(&self) -> impl Iterator<Item = &Link> {
        self.places.iter().filter_map(|place| match place {
            Place::Open(link) => Some(&**link),
            Place::Opening(_) | Place::Gone => None,
        })
    }

    /// Octets that a server may have under way, estimated upwards.
    fn under_way(&self, infos: &[TcpInfo]) -> u64 {
        let recent = &self.kept.received[self.kept.received.len().saturating_sub(RECENT_READINGS)..];
        #[expect(clippy::cast_precision_loss, reason = "an estimate need not be exact")]
        let fastest = recent
            .windows(2)
            .map(|pair| {
                let octets = pair[1].bytes.saturating_sub(pair[0].bytes) as f64;
                octets / Duration::from_micros(pair[1].elapsed_us - pair[0].elapsed_us).as_secs_f64()
            })
            .fold(0.0, f64::max);
        let longest = infos.iter().map(TcpInfo::round_trip).max().unwrap_or_default();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the conversion saturates and nothing here is negative"
        )]
        let octets = (UNDER_WAY_FACTOR * fastest * longest.as_secs_f64()) as u64;
        octets + UNDER_WAY_LEAST * infos.len() as u64
    }

    fn request(&mut self, stream: u16) {
        let Ok(query) = unlike(self.config) else { return };
        let host = self.config.server.origin().authority();
        let agent = http::agent(&self.config.software);
        let (head, bulk) = match self.config.direction {
            Direction::Download => {
                let query = format!("{query}&{}={}", spec::CHUNK_SIZE, spec::CHUNKS_ASKED);
                (format!("GET {} HTTP/1.1\r\n", self.config.server.target("garbage", &query)), 0)
            }
            Direction::Upload => {
                let length = spec::UPLOAD_BODY;
                let fields = "Content-Type: application/octet-stream\r\nContent-Encoding: identity\r\n";
                let target = self.config.server.target("empty", &query);
                (format!("POST {target} HTTP/1.1\r\n{fields}Content-Length: {length}\r\n"), length)
            }
        };
        let head = format!("{head}Host: {host}\r\nUser-Agent: {agent}\r\nAccept-Encoding: identity\r\n\r\n");
        if let Some(Place::Open(link)) = self.places.get_mut(usize::from(stream)) {
            link.request(head, bulk);
        }
    }

    fn reopen(&mut self, stream: u16) {
        let Some(place) = self.places.get_mut(usize::from(stream)) else { return };
        let opening = Place::Opening(tokio::spawn(open(self.config.clone())));
        if let Place::Open(mut link) = std::mem::replace(place, opening) {
            self.acked_before += link.acked();
            self.own_before = self.own_before + link.own(self.tariff);
            let info = TcpInfo::read(link.wire().tcp());
            // A server that says that it closes may still fill the window.
            let open = |info: &TcpInfo| if info.is_let_go() { 0 } else { info.window_open() };
            let charged = |info| self.tariff.charged(&info) + self.tariff.still_to_come(open(&info));
            self.charged_before += info.map_or(0, charged);
            // None of that has crossed for anyone who counts what crosses.
            self.ceiling.iter_mut().for_each(|ceiling| ceiling.unwatched = 0);
        }
    }

    /// What the machine asked the kernels: counters of all connections as one.
    fn counters(&self) -> Option<TcpCounters> {
        let each: Vec<TcpCounters> = self.infos().iter().map(TcpInfo::counters).collect();
        together(&each)
    }

    /// Tells whoever steers what all connections have put on the interface.
    fn show_own(&mut self) {
        let tariff = self.tariff;
        let open = self.places.iter_mut().filter_map(|place| match place {
            Place::Open(link) => Some(link.own(tariff)),
            Place::Opening(_) | Place::Gone => None,
        });
        self.steer.own(self.own_before + open.sum());
    }

    /// Octets acknowledged on all connections, and whether the other end holds some behind a gap.
    fn acknowledged(&self) -> (u64, bool) {
        let bytes = self.acked_before + self.links().map(Link::acked).sum::<u64>();
        (bytes, self.infos().iter().any(TcpInfo::peer_has_gap))
    }

    /// Moves octets on all connections until something happened or `until` has come.
    async fn step(&mut self, until: Instant, events: &mut Vec<(u16, Event)>, opened: &mut Vec<u16>) -> u64 {
        if self.sleep.deadline() != until {
            self.sleep.as_mut().reset(until);
        }
        let before = self.crossed();
        std::future::poll_fn(|cx| self.poll_step(cx, events, opened)).await;
        self.crossed().saturating_sub(before)
    }

    fn crossed(&self) -> u64 {
        self.links().map(|link| link.wire().crossed()).sum()
    }

    fn poll_step(
        &mut self,
        cx: &mut Context<'_>,
        events: &mut Vec<(u16, Event)>,
        opened: &mut Vec<u16>,
    ) -> Poll<()> {
        let mut progress = false;
        let mut own = Vec::new();
        for (stream, place) in (0_u16..).zip(&mut self.places) {
            match place {
                Place::Open(link) => {
                    progress |= link.poll(cx, self.block, &mut self.buffer, &mut own);
                    events.extend(own.drain(..).map(|event| (stream, event)));
                }
                Place::Opening(task) => {
                    let Poll::Ready(joined) = Pin::new(task).poll(cx) else { continue };
                    progress = true;
                    match joined.map(|attempt| attempt.result) {
                        Ok(Ok((wire, _))) => {
                            if let Some(ceiling) = &self.ceiling {
                                limit_receive_buffer(wire.tcp(), ceiling.window_wanted);
                            }
                            *place = Place::Open(Box::new(Link::new(wire)));
                            opened.push(stream);
                        }
                        Ok(Err(error)) => {
                            events.push((stream, Event::Ended(error.to_string())));
                            *place = Place::Gone;
                        }
                        Err(_) => *place = Place::Gone,
                    }
                }
                Place::Gone => {}
            }
        }
        if progress || self.sleep.as_mut().poll(cx).is_ready() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn record(&mut self, reading: Reading) {
        match reading {
            Reading::Received(sample) => {
                self.kept.received.push(sample);
                if let Some(progress) = &self.config.progress {
                    progress.send_replace(Progress {
                        elapsed: Duration::from_micros(sample.elapsed_us),
                        received: ByteCount::from_bytes(sample.bytes),
                    });
                }
                if self.kept.stopped_for.is_none() {
                    self.kept.stopped_for = self.steer.reading(sample);
                }
            }
            Reading::OwnCounters(counters) => {
                self.steer.counters(desserte_model::End::Probe, &counters);
                self.kept.own.push(counters);
            }
        }
    }

    /// Whether the run has to stop for its ceiling.
    fn reached_ceiling(&mut self, octets: u64) -> bool {
        let Some(ceiling) = &self.ceiling else { return false };
        if octets < ceiling.unwatched {
            let left = ceiling.unwatched - octets;
            self.ceiling.iter_mut().for_each(|ceiling| ceiling.unwatched = left);
            return false;
        }
        let window_most = ceiling.window_most;
        let mut charged = self.charged_before;
        let mut pending = 0;
        let mut streams = 0;
        for link in self.links() {
            let Some((info, ahead)) = counters_and_unread(link.wire().tcp()) else { continue };
            charged += self.tariff.charged(&info);
            // What may come in or leave after the run stops here.
            pending += match self.config.direction {
                Direction::Upload => self.tariff.still_to_come(window_most + info.bytes_unsent()),
                Direction::Download => self.tariff.still_to_come(window_most.saturating_sub(ahead)),
            };
            streams += 1;
        }
        // What more may move until the next look.
        let more = self.tariff.still_to_come(2 * octets.max(UNWATCHED_LEAST) + streams * UNWATCHED_LEAST);
        let Some(ceiling) = &mut self.ceiling else { return false };
        let left = ceiling.bytes.saturating_sub(charged + pending + more);
        ceiling.unwatched = (left / 4).max(UNWATCHED_LEAST);
        if left == 0 {
            ceiling.stopped_at = Some(charged + pending);
        }
        left == 0
    }

    /// Keeps what the head of an answer says of its server.
    fn heard(&mut self, head: &Response) {
        let said = &mut self.kept.server;
        let text = |name: &str| head.fields.first(name).map(|text| text.chars().take(64).collect::<String>());
        if said.software.is_none() {
            said.software = text("server");
        }
        if said.id.is_none() {
            said.id = text(http::SERVER_FIELD).and_then(|id| id.parse().ok());
            said.load_ratio = text(http::LOAD_FIELD)
                .and_then(|load| load.parse().ok())
                .filter(|load| (0.0..=1.0).contains(load));
            said.congestion_control = text(http::CONGESTION_FIELD)
                .filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        }
        self.kept.accepted |= (200..300).contains(&head.status);
        if head.status == 503 || head.status == 429 {
            self.kept.busy = Some(http::retry_after(head.fields.first("retry-after")));
        }
    }
}

/// Runs `client` until it finishes.
pub(super) async fn drive(client: &mut Client, crowd: &mut Crowd<'_>, clock: Clock) -> Ending {
    let (mut events, mut opened) = (Vec::new(), Vec::new());
    let (mut gap_open, mut gap_asked) = (false, Monotonic::ORIGIN);
    let mut next_question = Monotonic::ORIGIN;
    loop {
        let wake_at = loop {
            match client.next_action() {
                Action::Request { stream } => crowd.request(stream),
                Action::Reopen { stream } => crowd.reopen(stream),
                Action::ReadCounters => client.counters(crowd.counters(), clock.now()),
                Action::ReadAcknowledged => {
                    let (bytes, open) = crowd.acknowledged();
                    let now = clock.now();
                    client.receive(Incoming::Gap { open }, now);
                    client.receive(Incoming::Acknowledged { bytes }, now);
                }
                Action::Record(reading) => {
                    crowd.record(reading);
                    if crowd.kept.stopped_for.is_some() {
                        client.stop();
                    }
                }
                Action::WakeAt(at) => break at,
                Action::Finish(ending) => return ending,
            }
        };
        let until = wake_at.min(next_question.max(clock.now()));
        let moved = crowd.step(clock.instant(until), &mut events, &mut opened).await;
        let now = clock.now();
        let receives = crowd.config.direction == Direction::Download;
        if receives && (gap_open || now.since(gap_asked) >= GAP_INTERVAL) {
            gap_asked = now;
            gap_open = crowd.links().any(|link| has_gap(link.wire().tcp()));
            client.receive(Incoming::Gap { open: gap_open }, now);
        }
        for stream in opened.drain(..) {
            client.receive(Incoming::Opened { stream }, now);
        }
        for (stream, event) in events.drain(..) {
            match event {
                Event::Payload(bytes) if receives => client.receive(Incoming::Payload { bytes }, now),
                // What a server answers to an upload beside its status.
                Event::Payload(_) => {}
                Event::Head(head) => crowd.heard(&head),
                Event::Answered { head, keep_alive } => {
                    client.receive(Incoming::Answered { stream, status: head.status, keep_alive }, now);
                }
                Event::Ended(trouble) => {
                    crowd.kept.trouble.get_or_insert(trouble);
                    client.receive(Incoming::Ended { stream }, now);
                }
            }
        }
        if moved > 0 && crowd.reached_ceiling(moved) {
            crowd.kept.stopped_for.get_or_insert(StopReason::ByteCeiling);
            client.stop();
        }
        if now >= next_question {
            next_question = now.after(STEERING_INTERVAL);
            if crowd.kept.stopped_for.is_none() {
                crowd.show_own();
                crowd.kept.stopped_for = crowd.steer.tick(now.since(Monotonic::ORIGIN));
                if crowd.kept.stopped_for.is_some() {
                    client.stop();
                }
            }
        }
        if now >= wake_at {
            client.wake(now);
        }
    }
}
