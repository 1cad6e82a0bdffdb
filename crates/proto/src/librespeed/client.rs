//! The probe's end of one direction, over any number of connections.

use std::collections::VecDeque;
use std::time::Duration;

use desserte_model::{ByteSample, Direction, TcpCounters};
use desserte_units::Monotonic;

use super::spec;
use crate::ndt7::{ReceiverCounter, spec as shared};

/// What a client sets out to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientPlan {
    /// The way of the payload.
    pub direction: Direction,
    /// Planned length of the transfer.
    pub duration: Duration,
    /// Connections, at least one.
    pub streams: u16,
}

/// What happened on one of the connections, or to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming {
    /// Octets of payload of a download.
    Payload {
        /// How many.
        bytes: u64,
    },
    /// What the other end's kernel has acknowledged on all connections since the origin, in an upload.
    Acknowledged {
        /// How many octets.
        bytes: u64,
    },
    /// Whether a kernel holds octets behind a gap: ours in a download, the other end's in an upload.
    Gap {
        /// Whether it does, on any connection.
        open: bool,
    },
    /// A request came to its end: the body of a download, or the answer to an upload.
    Answered {
        /// On which connection.
        stream: u16,
        /// Its status.
        status: u16,
        /// Whether the connection goes on.
        keep_alive: bool,
    },
    /// A connection ended or broke.
    Ended {
        /// Which one.
        stream: u16,
    },
    /// A connection is open again.
    Opened {
        /// Which one.
        stream: u16,
    },
}

/// One thing to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "readings are taken one at a time and never stored in bulk")]
pub enum Reading {
    /// The receiver's count: payload in a download, acknowledged octets in an upload.
    Received(ByteSample),
    /// Kernel counters of this end, all connections together.
    OwnCounters(TcpCounters),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// After its planned time, or where it was told to stop.
    Complete,
    /// Before that.
    CutShort {
        /// What happened, for people.
        reason: String,
    },
}

/// What the driver is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "actions are taken one at a time and never stored in bulk")]
pub enum Action {
    /// Send the next request on a connection: a GET, or a POST with its body.
    Request {
        /// Which one.
        stream: u16,
    },
    /// Open a connection anew, then say `Opened` or `Ended`.
    Reopen {
        /// Which one.
        stream: u16,
    },
    /// Read the kernel's counters of all connections and say `counters`.
    ReadCounters,
    /// Ask the kernel what was acknowledged and whether there is a gap, then say so.
    ReadAcknowledged,
    /// Keep this.
    Record(Reading),
    /// Nothing more until something happens or this moment comes.
    WakeAt(Monotonic),
    /// The run is over; let the connections go.
    Finish(Ending),
}

/// The client's machine. Its origin is the moment it is made at, when all connections are open and nothing was asked yet.
#[derive(Debug)]
pub struct Client {
    plan: ClientPlan,
    origin: Monotonic,
    counter: ReceiverCounter,
    acknowledged: u64,
    next_counters: Monotonic,
    next_acknowledged: Monotonic,
    last_arrival: Monotonic,
    reopens_left: u32,
    readings_kept: usize,
    ending: Option<Ending>,
    actions: VecDeque<Action>,
}

impl Client {
    /// A client whose connections are open at `now`.
    #[must_use]
    pub fn new(plan: ClientPlan, now: Monotonic) -> Self {
        assert!(
            (1..=spec::STREAMS_MAX).contains(&plan.streams),
            "a run has from one to {} streams",
            spec::STREAMS_MAX
        );
        Self {
            plan,
            origin: now,
            counter: ReceiverCounter::default(),
            acknowledged: 0,
            next_counters: now,
            next_acknowledged: now.after(spec::ACKNOWLEDGED_INTERVAL),
            last_arrival: now,
            reopens_left: spec::REOPENS_MAX,
            readings_kept: 0,
            ending: None,
            actions: (0..plan.streams).map(|stream| Action::Request { stream }).collect(),
        }
    }

    /// Takes in what happened.
    pub fn receive(&mut self, incoming: Incoming, now: Monotonic) {
        if self.ending.is_some() {
            return;
        }
        let elapsed = now.since(self.origin);
        match incoming {
            Incoming::Gap { open } => self.counter.gap(open, elapsed),
            Incoming::Payload { bytes } => self.arrived(bytes, now),
            Incoming::Acknowledged { bytes } => {
                let more = bytes.saturating_sub(self.acknowledged);
                self.acknowledged = self.acknowledged.max(bytes);
                self.arrived(more, now);
            }
            Incoming::Answered { status, .. } if !(200..300).contains(&status) => {
                self.cut_short(format!("the server answered with status {status}"));
            }
            Incoming::Answered { stream, keep_alive: true, .. } | Incoming::Opened { stream } => {
                self.actions.push_back(Action::Request { stream });
            }
            Incoming::Answered { stream, .. } => match self.reopens_left.checked_sub(1) {
                Some(left) => {
                    self.reopens_left = left;
                    self.actions.push_back(Action::Reopen { stream });
                }
                None => self.cut_short("the server closed too many connections".to_owned()),
            },
            Incoming::Ended { .. } => {
                // With fewer streams than planned the figure would not be the one that was asked for.
                self.cut_short("a connection broke".to_owned());
            }
        }
    }

    /// Takes in the kernel's counters asked for.
    pub fn counters(&mut self, counters: Option<TcpCounters>, now: Monotonic) {
        if let Some(mut counters) = counters {
            let elapsed = now.since(self.origin).as_micros();
            counters.elapsed_us = u64::try_from(elapsed).unwrap_or(u64::MAX);
            self.record(Reading::OwnCounters(counters));
        }
    }

    /// Lets time pass.
    pub fn wake(&mut self, now: Monotonic) {
        if self.ending.is_some() {
            return;
        }
        let elapsed = now.since(self.origin);
        if let Some(reading) = self.counter.wake(elapsed) {
            self.record(Reading::Received(reading));
        }
        if now >= self.next_counters {
            self.next_counters = now.after(shared::CLIENT_COUNTERS_INTERVAL);
            self.actions.push_back(Action::ReadCounters);
        }
        if self.plan.direction == Direction::Upload && now >= self.next_acknowledged {
            self.next_acknowledged = now.after(spec::ACKNOWLEDGED_INTERVAL);
            self.actions.push_back(Action::ReadAcknowledged);
        }
        if elapsed >= self.plan.duration {
            self.finish(Ending::Complete);
        } else if now.since(self.last_arrival) >= shared::STALL_LIMIT {
            let limit = shared::STALL_LIMIT.as_secs();
            self.cut_short(match self.plan.direction {
                Direction::Download => format!("nothing arrived for {limit} s"),
                Direction::Upload => format!("nothing was acknowledged for {limit} s"),
            });
        }
    }

    /// Stops the run where it is, as planned: someone has seen enough, or a ceiling was reached.
    pub fn stop(&mut self) {
        self.finish(Ending::Complete);
    }

    /// The next thing to do. Asked again until it answers [`Action::WakeAt`] or [`Action::Finish`].
    pub fn next_action(&mut self) -> Action {
        if let Some(action) = self.actions.pop_front() {
            return action;
        }
        match &self.ending {
            Some(ending) => Action::Finish(ending.clone()),
            None => Action::WakeAt(self.next_wake()),
        }
    }

    fn next_wake(&self) -> Monotonic {
        let mut next = self
            .origin
            .after(self.plan.duration)
            .min(self.next_counters)
            .min(self.last_arrival.after(shared::STALL_LIMIT))
            .min(self.origin.after(self.counter.next_wake()));
        if self.plan.direction == Direction::Upload {
            next = next.min(self.next_acknowledged);
        }
        next
    }

    fn arrived(&mut self, bytes: u64, now: Monotonic) {
        if bytes == 0 {
            return;
        }
        self.last_arrival = now;
        if let Some(reading) = self.counter.arrived(bytes, now.since(self.origin)) {
            self.record(Reading::Received(reading));
        }
    }

    fn cut_short(&mut self, reason: String) {
        self.finish(Ending::CutShort { reason });
    }

    fn finish(&mut self, ending: Ending) {
        if self.ending.is_some() {
            return;
        }
        // What was asked for but not yet done has no place after the end.
        self.actions.retain(|action| matches!(action, Action::Record(_)));
        if let Some(reading) = self.counter.finish() {
            self.record(Reading::Received(reading));
        }
        self.ending = Some(ending);
    }

    fn record(&mut self, reading: Reading) {
        if self.readings_kept < 2 * shared::READINGS_MAX {
            self.readings_kept += 1;
            self.actions.push_back(Action::Record(reading));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Monotonic {
        Monotonic::from_micros(ms * 1_000)
    }

    fn client(direction: Direction, streams: u16) -> Client {
        Client::new(ClientPlan { direction, duration: Duration::from_secs(10), streams }, at(0))
    }

    /// What the machine wants now: its readings of the receiver's counter, and the rest.
    fn wants(client: &mut Client) -> (Vec<(u64, u64)>, Vec<Action>) {
        let (mut readings, mut others) = (Vec::new(), Vec::new());
        loop {
            match client.next_action() {
                Action::Record(Reading::Received(sample)) => readings.push((sample.elapsed_us, sample.bytes)),
                Action::Record(Reading::OwnCounters(_)) | Action::ReadCounters => {}
                last @ (Action::WakeAt(_) | Action::Finish(_)) => {
                    others.push(last);
                    return (readings, others);
                }
                other => others.push(other),
            }
        }
    }

    #[test]
    fn every_stream_asks_and_asks_again_and_all_count_together() {
        let mut client = client(Direction::Download, 2);
        client.wake(at(0));
        let (readings, actions) = wants(&mut client);
        assert_eq!(readings, [(0, 0)]);
        assert_eq!(actions[..2], [Action::Request { stream: 0 }, Action::Request { stream: 1 }]);
        client.receive(Incoming::Payload { bytes: 10 }, at(50));
        client.receive(Incoming::Payload { bytes: 20 }, at(120));
        client.receive(Incoming::Answered { stream: 1, status: 200, keep_alive: true }, at(120));
        client.receive(Incoming::Answered { stream: 0, status: 200, keep_alive: false }, at(121));
        let (readings, actions) = wants(&mut client);
        assert_eq!(readings, [(120_000, 30)]);
        assert_eq!(actions[..2], [Action::Request { stream: 1 }, Action::Reopen { stream: 0 }]);
        client.receive(Incoming::Opened { stream: 0 }, at(130));
        assert_eq!(wants(&mut client).1[0], Action::Request { stream: 0 });
        client.receive(Incoming::Payload { bytes: 5 }, at(9_990));
        client.receive(Incoming::Payload { bytes: 5 }, at(9_995));
        client.wake(at(10_000));
        let (readings, actions) = wants(&mut client);
        assert_eq!(readings, [(9_990_000, 35), (9_995_000, 40)]);
        assert_eq!(actions, [Action::Finish(Ending::Complete)]);
    }

    #[test]
    fn an_upload_counts_what_was_acknowledged_and_not_while_there_is_a_gap() {
        let mut client = client(Direction::Upload, 1);
        client.wake(at(0));
        wants(&mut client);
        client.wake(at(100));
        assert!(wants(&mut client).1.contains(&Action::ReadAcknowledged));
        client.receive(Incoming::Acknowledged { bytes: 1_000 }, at(100));
        client.receive(Incoming::Gap { open: true }, at(200));
        client.receive(Incoming::Acknowledged { bytes: 1_500 }, at(200));
        client.receive(Incoming::Gap { open: false }, at(300));
        client.receive(Incoming::Acknowledged { bytes: 9_000 }, at(300));
        client.receive(Incoming::Acknowledged { bytes: 10_000 }, at(400));
        // An old answer does not take anything back.
        client.receive(Incoming::Acknowledged { bytes: 9_500 }, at(401));
        assert_eq!(wants(&mut client).0, [(100_000, 1_000), (400_000, 10_000)]);
    }

    #[test]
    fn errors_and_silence_end_a_run_and_what_was_read_is_kept() {
        for (incoming, expected) in [
            (Incoming::Answered { stream: 0, status: 413, keep_alive: false }, "status 413"),
            (Incoming::Ended { stream: 0 }, "a connection broke"),
        ] {
            let mut client = client(Direction::Download, 1);
            client.wake(at(0));
            client.receive(Incoming::Payload { bytes: 7 }, at(10));
            client.receive(incoming, at(20));
            let (readings, actions) = wants(&mut client);
            assert_eq!(readings.last(), Some(&(10_000, 7)));
            let Some(Action::Finish(Ending::CutShort { reason })) = actions.last() else {
                panic!("{actions:?}")
            };
            assert!(reason.contains(expected), "{reason}");
        }
        let mut client = client(Direction::Upload, 1);
        client.wake(at(0));
        client.wake(at(7_000));
        let (_, actions) = wants(&mut client);
        assert!(matches!(actions.last(), Some(Action::Finish(Ending::CutShort { .. }))), "{actions:?}");
    }

    #[test]
    fn a_server_that_closes_after_every_answer_is_not_followed_for_ever() {
        let mut client = client(Direction::Download, 1);
        let mut reopened = 0;
        for n in 0..2_000 {
            client.receive(Incoming::Answered { stream: 0, status: 200, keep_alive: false }, at(n));
            match wants(&mut client).1.last() {
                Some(Action::Finish(_)) => break,
                _ => reopened += 1,
            }
            client.receive(Incoming::Opened { stream: 0 }, at(n));
        }
        assert_eq!(reopened, spec::REOPENS_MAX);
    }
}
