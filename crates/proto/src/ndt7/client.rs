//! The probe's end.

use std::collections::VecDeque;
use std::time::Duration;

use desserte_model::{ByteSample, Direction, TcpCounters};
use desserte_units::Monotonic;

use super::message::{Measurement, PeerReport};
use super::pace::MessageSizes;
use super::receiver::ReceiverCounter;
use super::{Action, Ending, Incoming, Reading, Violation, spec};

/// What a client sets out to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientPlan {
    /// The way of the payload.
    pub direction: Direction,
    /// Planned length of the transfer.
    pub duration: Duration,
    /// Payload in octets at which an upload stops. In a download the server is asked to, by the query string.
    pub payload_bytes: Option<u64>,
    /// Whether the server said that it keeps to the plan of the query string.
    pub server_keeps_plan: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Running,
    /// The transfer is over and the end of the connection is awaited.
    Closing {
        ending: Ending,
        deadline: Monotonic,
    },
    Finished,
}

/// The client's machine. Its origin is the end of the WebSocket handshake, the moment it is made at.
#[derive(Debug)]
pub struct Client {
    plan: ClientPlan,
    origin: Monotonic,
    now: Monotonic,
    state: State,
    counter: ReceiverCounter,
    sizes: MessageSizes,
    bulk_under_way: bool,
    /// The upload has sent all it wants to.
    sending_over: bool,
    next_counters: Monotonic,
    peer: PeerReport,
    readings_kept: usize,
    last_peer_reading: Option<ByteSample>,
    last_arrival: Monotonic,
    close_received: bool,
    /// The answer to the latest ping; earlier ones need none any more (RFC 6455, section 5.5.3).
    pong: Option<Vec<u8>>,
    actions: VecDeque<Action>,
}

impl Client {
    /// A client whose handshake ended at `now`.
    #[must_use]
    pub fn new(plan: ClientPlan, now: Monotonic) -> Self {
        let limit = plan.payload_bytes.filter(|_| plan.direction == Direction::Upload);
        Self {
            plan,
            origin: now,
            now,
            state: State::Running,
            counter: ReceiverCounter::default(),
            sizes: MessageSizes::new(limit),
            bulk_under_way: false,
            sending_over: false,
            next_counters: now,
            peer: PeerReport::default(),
            readings_kept: 0,
            last_peer_reading: None,
            last_arrival: now,
            close_received: false,
            pong: None,
            actions: VecDeque::new(),
        }
    }

    /// What the server said of itself; readings are not kept here.
    #[must_use]
    pub const fn peer(&self) -> &PeerReport {
        &self.peer
    }

    /// Takes in what arrived.
    ///
    /// # Errors
    /// When the server may not send that; the driver then closes the connection, and the machine has already put the
    /// end of the run among its actions.
    pub fn receive(&mut self, incoming: Incoming<'_>, now: Monotonic) -> Result<(), Violation> {
        self.now = now;
        if let Incoming::Gap { open } = incoming {
            self.counter.gap(open, now.since(self.origin));
            return Ok(());
        }
        self.last_arrival = now;
        match incoming {
            Incoming::Payload { .. } if self.plan.direction == Direction::Upload => {
                self.cut_short(Violation::UnexpectedBinary.to_string());
                return Err(Violation::UnexpectedBinary);
            }
            Incoming::Payload { bytes } | Incoming::SkippedText { bytes } => self.count(bytes),
            Incoming::Text(text) => {
                self.count(text.len() as u64);
                // A text that is no measurement may be ignored, and is.
                if let Ok(measurement) = Measurement::read(text) {
                    self.read_measurement(measurement);
                }
            }
            Incoming::Ping(payload) => self.pong = Some(payload.to_vec()),
            Incoming::Pong | Incoming::Gap { .. } => {}
            Incoming::Close => self.closed_by_server(),
            Incoming::Ended => self.ended(),
        }
        Ok(())
    }

    /// Takes in that the bulk message asked for last has been handed over whole.
    pub fn bulk_sent(&mut self, now: Monotonic) {
        self.now = now;
        self.bulk_under_way = false;
    }

    /// Takes in the kernel's counters asked for.
    pub fn counters(&mut self, counters: Option<TcpCounters>, now: Monotonic) {
        self.now = now;
        if let Some(mut counters) = counters {
            counters.elapsed_us = super::receiver::micros(now.since(self.origin));
            self.record(Reading::OwnCounters(counters));
        }
    }

    /// Lets time pass.
    pub fn wake(&mut self, now: Monotonic) {
        self.now = now;
        if let State::Closing { ending, deadline } = &self.state {
            if now >= *deadline {
                let ending = ending.clone();
                self.finish(ending);
            }
            return;
        }
        if self.state == State::Finished {
            return;
        }
        let elapsed = now.since(self.origin);
        if self.plan.direction == Direction::Download {
            if let Some(reading) = self.counter.wake(elapsed) {
                self.record(Reading::Received(reading));
            }
        }
        if now >= self.next_counters {
            self.next_counters = now.after(spec::CLIENT_COUNTERS_INTERVAL);
            self.actions.push_back(Action::ReadCounters);
        }
        if self.silent_too_long() {
            self.cut_short(format!("nothing arrived for {} s", spec::STALL_LIMIT.as_secs()));
        } else if elapsed >= self.deadline() {
            self.out_of_time();
        }
    }

    /// Stops the run where it is, as planned. The connection may then be reset at any time.
    pub fn stop(&mut self, now: Monotonic) {
        self.now = now;
        if self.state == State::Running {
            self.end_of_transfer();
        }
        self.finish(Ending::Complete);
    }

    /// Takes leave of a server that hears it: what is counted ends here, the server is told, and the machine finishes
    /// when the connection has ended. What is under way meanwhile has crossed the line and can be charged to the octet.
    ///
    /// For downloads from servers that keep the plan; they let go at once ([`super::Server::is_left`]).
    pub fn take_leave(&mut self, now: Monotonic) {
        self.now = now;
        if self.state == State::Running {
            self.end_of_transfer();
            self.actions.push_back(Action::SendClose);
            let deadline = now.after(spec::LEAVING_GRACE);
            self.state = State::Closing { ending: Ending::Complete, deadline };
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
        if self.wants_to_send() {
            if let Some(bytes) = self.next_bulk() {
                return Action::SendBulk { bytes };
            }
        }
        self.actions.pop_front().unwrap_or_else(|| Action::WakeAt(self.next_wake()))
    }

    fn wants_to_send(&self) -> bool {
        self.plan.direction == Direction::Upload
            && self.state == State::Running
            && !self.bulk_under_way
            && !self.sending_over
    }

    /// The next bulk message; when there is none left to send, begins the closing handshake instead.
    fn next_bulk(&mut self) -> Option<u64> {
        let in_time = self.now.since(self.origin) < self.plan.duration;
        let bytes = in_time.then(|| self.sizes.next_size()).flatten();
        if bytes.is_some() {
            self.bulk_under_way = true;
        } else {
            // The server still has to receive what is under way, say what it counted, and close.
            self.sending_over = true;
            self.actions.push_back(Action::ReadCounters);
            self.actions.push_back(Action::SendClose);
        }
        bytes
    }

    fn next_wake(&self) -> Monotonic {
        if let State::Closing { deadline, .. } = &self.state {
            return *deadline;
        }
        let mut at = self.origin.after(self.deadline()).min(self.next_counters);
        if self.plan.direction == Direction::Download {
            at = at.min(self.stall_at()).min(self.origin.after(self.counter.next_wake()));
        }
        at
    }

    /// When the run must be over whatever the server does. A server of ours keeps to the plan by itself and needs time
    /// to empty its queue; another may not know of a plan shorter than its own.
    fn deadline(&self) -> Duration {
        let download = self.plan.direction == Direction::Download;
        if download && !self.plan.server_keeps_plan && self.plan.duration < spec::DURATION {
            self.plan.duration
        } else {
            spec::DURATION_MAX
        }
    }

    fn stall_at(&self) -> Monotonic {
        self.last_arrival.after(spec::STALL_LIMIT)
    }

    /// An upload to a server that never speaks is not a stall: such servers exist.
    fn silent_too_long(&self) -> bool {
        self.plan.direction == Direction::Download && self.now >= self.stall_at()
    }

    fn count(&mut self, bytes: u64) {
        if self.plan.direction == Direction::Download {
            if let Some(reading) = self.counter.arrived(bytes, self.now.since(self.origin)) {
                self.record(Reading::Received(reading));
            }
        }
    }

    fn read_measurement(&mut self, measurement: Measurement) {
        let Measurement { app, tcp, peer, .. } = measurement;
        let mut readings = Vec::new();
        if let Some(peer) = peer {
            readings = peer.readings;
            self.peer.id = peer.id.or(self.peer.id.take());
            self.peer.software = peer.software.or(self.peer.software.take());
            self.peer.load_ratio = peer.load_ratio.or(self.peer.load_ratio);
            self.peer.congestion_control = peer.congestion_control.or(self.peer.congestion_control.take());
            self.peer.last |= peer.last;
        }
        let ours = self.peer.id.is_some() || self.peer.software.is_some();
        if self.plan.direction == Direction::Upload {
            if !ours {
                if let Some(app) = app {
                    readings.push(ByteSample { elapsed_us: app.elapsed_us, bytes: app.bytes });
                }
            }
            for reading in readings {
                self.record_peer_reading(reading);
            }
            if let Some(TcpCounters { elapsed_us, bytes_received: Some(bytes), .. }) = tcp {
                let sent = self.sizes.sent();
                if bytes <= sent.saturating_add(sent / spec::WRAPPING_FRACTION + spec::WRAPPING_LEAST) {
                    self.record(Reading::ReceivedByKernel(ByteSample { elapsed_us, bytes }));
                }
            }
        }
        if let Some(tcp) = tcp {
            self.record(Reading::PeerCounters(tcp));
        }
    }

    /// Keeps a reading of the server's counter unless it runs backwards, which no counter does, or is ahead of what was
    /// handed over, which no receiver can be.
    fn record_peer_reading(&mut self, reading: ByteSample) {
        if reading.bytes > self.sizes.sent() {
            return;
        }
        let rises = self
            .last_peer_reading
            .is_none_or(|last| reading.elapsed_us > last.elapsed_us && reading.bytes >= last.bytes);
        if rises {
            self.last_peer_reading = Some(reading);
            self.record(Reading::Received(reading));
        }
    }

    fn record(&mut self, reading: Reading) {
        // Four kinds of reading share the limit.
        if self.readings_kept < 4 * spec::READINGS_MAX {
            self.readings_kept += 1;
            self.actions.push_back(Action::Record(reading));
        }
    }

    fn end_of_transfer(&mut self) {
        if self.plan.direction == Direction::Download {
            if let Some(reading) = self.counter.finish() {
                self.record(Reading::Received(reading));
            }
        }
        if !self.sending_over {
            self.actions.push_back(Action::ReadCounters);
        }
    }

    fn closed_by_server(&mut self) {
        self.close_received = true;
        match &self.state {
            State::Running => {
                self.end_of_transfer();
                if self.bulk_under_way {
                    // The server has what it wants; a Close frame of ours cannot overtake the message under way.
                    self.finish(Ending::Complete);
                    return;
                }
                if !self.sending_over {
                    self.actions.push_back(Action::SendClose);
                }
                let deadline = self.now.after(spec::CLOSING_GRACE);
                self.state = State::Closing { ending: Ending::Complete, deadline };
            }
            State::Closing { .. } | State::Finished => {}
        }
    }

    fn ended(&mut self) {
        match &self.state {
            State::Closing { ending, .. } => {
                let ending = ending.clone();
                self.finish(ending);
            }
            State::Running => {
                let elapsed = self.now.since(self.origin);
                self.end_of_transfer();
                let planned = elapsed >= self.plan.duration || self.sending_over;
                if self.peer.last || (planned && self.is_told_all()) {
                    self.finish(Ending::Complete);
                } else {
                    let reason =
                        format!("the connection ended after {:.1} s without a Close", elapsed.as_secs_f64());
                    self.finish(Ending::CutShort { reason });
                }
            }
            State::Finished => {}
        }
    }

    /// The upper bound on a run's length has come, or the plan's end with a server that does not know of it.
    fn out_of_time(&mut self) {
        let elapsed = self.now.since(self.origin);
        let enough = match self.plan.direction {
            // A line that went silent before the planned end did not carry the run to it. A server that keeps the plan
            // fills it to its end; another may have paused just there.
            Direction::Download => {
                let slack = if self.plan.server_keeps_plan { Duration::ZERO } else { spec::RECEIVER_SILENCE };
                self.last_arrival.since(self.origin) + slack >= self.plan.duration.min(elapsed)
            }
            Direction::Upload => self.is_told_all() && (self.sending_over || elapsed >= self.plan.duration),
        };
        self.end_of_transfer();
        if enough {
            self.finish(Ending::Complete);
        } else {
            self.finish(Ending::CutShort { reason: "the time for a run was over".to_owned() });
        }
    }

    /// Whether an upload's readings are whole: a server of ours marks its last word, others have none.
    fn is_told_all(&self) -> bool {
        self.plan.direction == Direction::Download || self.peer.last || !self.plan.server_keeps_plan
    }

    fn cut_short(&mut self, reason: String) {
        if self.state != State::Finished {
            self.end_of_transfer();
            self.finish(Ending::CutShort { reason });
        }
    }

    fn finish(&mut self, ending: Ending) {
        if self.state != State::Finished {
            self.state = State::Finished;
            self.actions.push_back(Action::Finish(ending));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_cannot_have_received_what_was_not_sent() {
        let plan = ClientPlan {
            direction: Direction::Upload,
            duration: spec::DURATION,
            payload_bytes: None,
            server_keeps_plan: false,
        };
        let mut client = Client::new(plan, Monotonic::ORIGIN);
        let Action::SendBulk { bytes } = client.next_action() else { panic!("an upload sends") };
        for (elapsed, said) in [(100, bytes / 2), (200, bytes + 1), (300, 1 << 50), (400, bytes)] {
            let text = format!(
                r#"{{"AppInfo":{{"ElapsedTime":{elapsed},"NumBytes":{said}}},"TCPInfo":{{"ElapsedTime":{elapsed},"BytesReceived":{}}}}}"#,
                said.saturating_mul(50)
            );
            client.receive(Incoming::Text(&text), Monotonic::from_micros(elapsed)).unwrap();
        }
        let mut kept = Vec::new();
        while let action @ (Action::Record(_) | Action::ReadCounters) = client.next_action() {
            match action {
                Action::Record(Reading::Received(sample)) => kept.push((sample.elapsed_us, sample.bytes)),
                Action::Record(Reading::ReceivedByKernel(sample)) => assert!(sample.bytes < 1 << 40),
                _ => {}
            }
        }
        assert_eq!(kept, [(100, bytes / 2), (400, bytes)]);
    }
}
