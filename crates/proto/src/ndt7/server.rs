//! The server's end.

use std::collections::VecDeque;
use std::time::Duration;

use desserte_model::{ByteSample, Direction, ServerId, TcpCounters};
use desserte_units::Monotonic;

use super::message::{AppInfo, ConnectionInfo, Measurement, PeerReport};
use super::pace::{MessageSizes, SamplingTimes};
use super::query::RequestParameters;
use super::receiver::{ReceiverCounter, micros};
use super::{Action, Ending, Incoming, Reading, Violation, spec};

/// What a server tells of itself and of the connection.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerFacts {
    /// Its name.
    pub id: ServerId,
    /// Its program and version.
    pub software: String,
    /// Share of its admitted capacity in use as the run begins, this run included; 0 to 1.
    pub load_ratio: f64,
    /// Its congestion control on this connection, absent when the kernel does not say.
    pub congestion_control: Option<String>,
    /// The two ends.
    pub connection: ConnectionInfo,
}

/// What a server is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerPlan {
    /// The way of the payload.
    pub direction: Direction,
    /// Planned length of the transfer.
    pub duration: Duration,
    /// Whether the client named that length, and so will stop by itself.
    pub client_keeps_time: bool,
    /// Payload in octets at which a download stops.
    pub payload_bytes: Option<u64>,
    /// Octets acknowledged at which a download stops at the next sample.
    pub early_exit_bytes: Option<u64>,
    /// Seed of the sampling times.
    pub seed: u64,
}

impl ServerPlan {
    /// The plan that a request asks for.
    #[must_use]
    pub fn for_request(direction: Direction, parameters: &RequestParameters, seed: u64) -> Self {
        Self {
            direction,
            duration: parameters.duration.unwrap_or(spec::DURATION),
            client_keeps_time: parameters.duration.is_some(),
            payload_bytes: parameters.payload_bytes,
            early_exit_bytes: parameters.early_exit_bytes,
            seed,
        }
    }

    /// The age at which a run is over whatever the client does.
    #[must_use]
    pub fn longest(&self) -> Duration {
        spec::DURATION_MAX + spec::CLOSING_GRACE
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Running,
    /// The last message waits for the kernel's counters and for the bulk message under way.
    Reporting,
    /// Close has been sent and the client's is awaited.
    Closing,
    Finished,
}

/// The server's machine. Its origin is the end of the WebSocket handshake, the moment it is made at.
#[derive(Debug)]
pub struct Server {
    plan: ServerPlan,
    facts: ServerFacts,
    origin: Monotonic,
    now: Monotonic,
    state: State,
    ending: Ending,
    counter: ReceiverCounter,
    sizes: MessageSizes,
    /// Payload of the bulk messages handed over whole.
    handed_over: u64,
    bulk_under_way: Option<u64>,
    sampling: SamplingTimes,
    next_sample: Monotonic,
    waiting_for_counters: bool,
    introduced: bool,
    unsent_readings: Vec<ByteSample>,
    client_closed: bool,
    /// The client wanted no more of a download.
    left: bool,
    closing_deadline: Monotonic,
    /// The answer to the latest ping; earlier ones need none any more (RFC 6455, section 5.5.3).
    pong: Option<Vec<u8>>,
    actions: VecDeque<Action>,
}

impl Server {
    /// A server whose handshake ended at `now`.
    #[must_use]
    pub fn new(plan: ServerPlan, facts: ServerFacts, now: Monotonic) -> Self {
        let limit = plan.payload_bytes.filter(|_| plan.direction == Direction::Download);
        Self {
            plan,
            facts,
            origin: now,
            now,
            state: State::Running,
            ending: Ending::Complete,
            counter: ReceiverCounter::default(),
            sizes: MessageSizes::new(limit),
            handed_over: 0,
            bulk_under_way: None,
            sampling: SamplingTimes::new(plan.seed),
            next_sample: now,
            waiting_for_counters: false,
            introduced: false,
            unsent_readings: Vec::new(),
            client_closed: false,
            left: false,
            closing_deadline: now.after(plan.longest()),
            pong: None,
            actions: VecDeque::new(),
        }
    }

    /// Octets of payload received (upload) or handed over (download).
    #[must_use]
    pub const fn payload_bytes(&self) -> u64 {
        match self.plan.direction {
            Direction::Upload => self.counter.bytes(),
            Direction::Download => self.handed_over,
        }
    }

    /// Whether a client that stops by itself took its leave of a download under way. Whatever was not sent yet is then to
    /// be thrown away: delivered, it would cost the client for nothing.
    #[must_use]
    pub const fn is_left(&self) -> bool {
        self.left
    }

    /// Takes in what arrived.
    ///
    /// # Errors
    /// When the client may not send that; the driver then closes the connection, and the machine has already put the
    /// end of the run among its actions.
    pub fn receive(&mut self, incoming: Incoming<'_>, now: Monotonic) -> Result<(), Violation> {
        self.now = now;
        match incoming {
            Incoming::Payload { .. } if self.plan.direction == Direction::Download => {
                self.finish(Ending::CutShort { reason: Violation::UnexpectedBinary.to_string() });
                return Err(Violation::UnexpectedBinary);
            }
            Incoming::Payload { bytes } | Incoming::SkippedText { bytes } => self.count(bytes),
            Incoming::Text(text) => self.count(text.len() as u64),
            Incoming::Ping(payload) if matches!(self.state, State::Running | State::Reporting) => {
                self.pong = Some(payload.to_vec());
            }
            Incoming::Gap { open } => self.counter.gap(open, now.since(self.origin)),
            Incoming::Ping(_) | Incoming::Pong => {}
            Incoming::Close => self.closed_by_client(),
            Incoming::Ended => self.ended(),
        }
        Ok(())
    }

    /// Takes in that the bulk message asked for last has been handed over whole.
    pub fn bulk_sent(&mut self, now: Monotonic) {
        self.now = now;
        self.handed_over += self.bulk_under_way.take().unwrap_or(0);
    }

    /// Takes in the kernel's counters asked for.
    pub fn counters(&mut self, counters: Option<TcpCounters>, now: Monotonic) {
        self.now = now;
        self.waiting_for_counters = false;
        let last = self.state == State::Reporting;
        if !last && self.state != State::Running {
            return;
        }
        let acknowledged = counters.as_ref().and_then(|counters| counters.bytes_acked).unwrap_or(0);
        let text = self.message(counters, last).to_text();
        self.actions.push_back(Action::SendText(text));
        if last {
            self.actions.push_back(Action::SendClose);
            self.state = State::Closing;
            self.set_closing_deadline();
            if self.client_closed {
                self.finish(self.ending.clone());
            }
        } else if self.plan.early_exit_bytes.is_some_and(|limit| acknowledged >= limit) {
            self.end_of_transfer();
        }
    }

    /// Lets time pass.
    pub fn wake(&mut self, now: Monotonic) {
        self.now = now;
        let elapsed = now.since(self.origin);
        match self.state {
            State::Running => {
                if self.plan.direction == Direction::Upload {
                    if let Some(reading) = self.counter.wake(elapsed) {
                        self.keep(reading);
                    }
                }
                if elapsed >= self.transfer_ends() {
                    self.end_of_transfer();
                } else if now >= self.next_sample && !self.waiting_for_counters {
                    self.next_sample = now.after(self.sampling.next_interval());
                    self.ask_counters();
                }
            }
            State::Reporting | State::Closing => {
                if now >= self.closing_deadline {
                    self.finish(self.ending.clone());
                }
            }
            State::Finished => {}
        }
    }

    /// The next thing to do. Asked again until it answers [`Action::WakeAt`] or [`Action::Finish`].
    pub fn next_action(&mut self) -> Action {
        if let Some(payload) = self.pong.take() {
            return Action::SendPong(payload);
        }
        if let Some(action) = self.actions.pop_front() {
            return action;
        }
        let sends = self.plan.direction == Direction::Download
            && self.state == State::Running
            && self.bulk_under_way.is_none()
            && self.now.since(self.origin) < self.transfer_ends();
        if sends {
            if let Some(bytes) = self.sizes.next_size() {
                self.bulk_under_way = Some(bytes);
                return Action::SendBulk { bytes };
            }
            self.end_of_transfer();
        }
        self.actions.pop_front().unwrap_or_else(|| Action::WakeAt(self.next_wake()))
    }

    /// Our sender stops when its time is over. A client that named its own time stops by itself, and what it has sent
    /// by then is let arrive; of another client we count what came within the specification's time.
    fn transfer_ends(&self) -> Duration {
        let waits_for_client = self.plan.direction == Direction::Upload && self.plan.client_keeps_time;
        if waits_for_client { spec::DURATION_MAX } else { self.plan.duration }
    }

    fn next_wake(&self) -> Monotonic {
        match self.state {
            State::Running => {
                let mut at = self.origin.after(self.transfer_ends());
                if !self.waiting_for_counters {
                    at = at.min(self.next_sample);
                }
                if self.plan.direction == Direction::Upload {
                    at = at.min(self.origin.after(self.counter.next_wake()));
                }
                at
            }
            _ => self.closing_deadline,
        }
    }

    fn count(&mut self, bytes: u64) {
        if self.plan.direction == Direction::Upload {
            if let Some(reading) = self.counter.arrived(bytes, self.now.since(self.origin)) {
                self.keep(reading);
            }
        }
    }

    fn keep(&mut self, reading: ByteSample) {
        self.actions.push_back(Action::Record(Reading::Received(reading)));
        self.unsent_readings.push(reading);
    }

    fn ask_counters(&mut self) {
        self.waiting_for_counters = true;
        self.actions.push_back(Action::ReadCounters);
    }

    fn end_of_transfer(&mut self) {
        if self.state != State::Running {
            return;
        }
        if self.plan.direction == Direction::Upload {
            if let Some(reading) = self.counter.finish() {
                self.keep(reading);
            }
        }
        self.state = State::Reporting;
        if !self.waiting_for_counters {
            self.ask_counters();
        }
    }

    fn set_closing_deadline(&mut self) {
        // In a download our Close frame stands behind the whole queue; in an upload only behind a message.
        let grace = match self.plan.direction {
            Direction::Download => self.origin.after(self.plan.longest()),
            Direction::Upload => self.now.after(spec::CLOSING_GRACE),
        };
        self.closing_deadline = grace;
    }

    fn closed_by_client(&mut self) {
        self.client_closed = true;
        match self.state {
            State::Running if self.plan.direction == Direction::Download && self.plan.client_keeps_time => {
                self.left = true;
                self.finish(Ending::Complete);
            }
            State::Running => self.end_of_transfer(),
            State::Closing => self.finish(self.ending.clone()),
            State::Reporting | State::Finished => {}
        }
    }

    fn ended(&mut self) {
        match self.state {
            State::Running => {
                let elapsed = self.now.since(self.origin);
                if self.plan.direction == Direction::Upload {
                    if let Some(reading) = self.counter.finish() {
                        self.keep(reading);
                    }
                }
                let reason =
                    format!("the connection ended after {:.1} s without a Close", elapsed.as_secs_f64());
                let planned = elapsed >= self.plan.duration;
                self.finish(if planned { Ending::Complete } else { Ending::CutShort { reason } });
            }
            State::Reporting | State::Closing => self.finish(self.ending.clone()),
            State::Finished => {}
        }
    }

    fn finish(&mut self, ending: Ending) {
        if self.state != State::Finished {
            self.state = State::Finished;
            self.actions.push_back(Action::Finish(ending));
        }
    }

    /// The message of this moment. The first one introduces the server; the readings not yet sent go with each.
    fn message(&mut self, counters: Option<TcpCounters>, last: bool) -> Measurement {
        let elapsed_us = micros(self.now.since(self.origin));
        let tcp = counters.map(|counters| TcpCounters { elapsed_us, ..counters });
        let app_elapsed_us = match self.plan.direction {
            Direction::Upload if last => micros(self.counter.last_arrival()),
            _ => elapsed_us,
        };
        let mut peer = PeerReport { last, ..PeerReport::default() };
        if !std::mem::replace(&mut self.introduced, true) {
            peer.id = Some(self.facts.id.clone());
            peer.software = Some(self.facts.software.clone());
            peer.load_ratio = Some(self.facts.load_ratio);
            peer.congestion_control.clone_from(&self.facts.congestion_control);
        }
        // The few readings of one interval always fit; what a long silence of the network gathers goes in parts.
        let fits = self.unsent_readings.len().min(spec::READINGS_PER_MESSAGE_MAX);
        peer.readings = self.unsent_readings.drain(..fits).collect();
        Measurement {
            app: Some(AppInfo { elapsed_us: app_elapsed_us, bytes: self.payload_bytes() }),
            connection: Some(self.facts.connection.clone()),
            origin: Some("server".to_owned()),
            test: Some(self.plan.direction),
            tcp,
            peer: (peer != PeerReport::default()).then_some(peer),
        }
    }
}
