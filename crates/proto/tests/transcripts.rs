//! Plays the conversations of `tests/transcripts/ndt7` against the machines, in virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "this test reads files, the machines do not"
)]

mod transcript;

use std::collections::VecDeque;
use std::time::Duration;

use desserte_model::{Direction, TcpCounters};
use desserte_proto::ndt7::{
    Action, Client, ClientPlan, ConnectionInfo, Ending, Incoming, Measurement, Reading, Server, ServerFacts,
    ServerPlan, Violation, spec,
};
use desserte_units::Monotonic;
use transcript::{Play, holds, play_all};

enum Machine {
    Client(Box<Client>),
    Server(Box<Server>),
}

macro_rules! both {
    ($machine:expr, $name:ident => $call:expr) => {
        match $machine {
            Machine::Client($name) => $call,
            Machine::Server($name) => $call,
        }
    };
}

struct Conversation {
    machine: Machine,
    now: Monotonic,
    counters: TcpCounters,
    violation: Option<Violation>,
    /// Actions wanted but not yet asked for by the transcript.
    wanted: VecDeque<Action>,
}

impl Conversation {
    fn gather(&mut self) {
        loop {
            match both!(&mut self.machine, machine => machine.next_action()) {
                Action::ReadCounters => {
                    let counters = Some(self.counters.clone());
                    both!(&mut self.machine, machine => machine.counters(counters, self.now));
                }
                Action::Record(Reading::OwnCounters(_) | Reading::PeerCounters(_)) => {}
                Action::WakeAt(_) => return,
                finish @ Action::Finish(_) => {
                    self.wanted.push_back(finish);
                    return;
                }
                action => self.wanted.push_back(action),
            }
        }
    }

    fn next(&mut self) -> Option<Action> {
        if self.wanted.is_empty() {
            self.gather();
        }
        self.wanted.pop_front()
    }

    fn hear(&mut self, what: &str) {
        let (kind, rest) = what.split_once(' ').unwrap_or((what, ""));
        let incoming = match kind {
            "payload" => Incoming::Payload { bytes: rest.parse().unwrap() },
            "text" => Incoming::Text(rest),
            "ping" => Incoming::Ping(rest.as_bytes()),
            "close" => Incoming::Close,
            "ended" => Incoming::Ended,
            "gap" => Incoming::Gap { open: rest == "open" },
            other => panic!("{other}"),
        };
        self.violation = both!(&mut self.machine, machine => machine.receive(incoming, self.now)).err();
    }

    fn expect_send(&mut self, what: &str) {
        let (kind, rest) = what.split_once(' ').unwrap_or((what, ""));
        // Readings may come in between; a transcript names those that it is about.
        let action = loop {
            match self.next() {
                Some(Action::Record(_)) if matches!(self.machine, Machine::Server(_)) => {}
                other => break other,
            }
        };
        match (kind, action) {
            ("bulk", Some(Action::SendBulk { bytes })) => assert_eq!(bytes, rest.parse::<u64>().unwrap()),
            ("pong", Some(Action::SendPong(payload))) => assert_eq!(payload, rest.as_bytes()),
            ("close", Some(Action::SendClose)) => {}
            ("text", Some(Action::SendText(text))) => {
                let (expected, sent) =
                    (serde_json::from_str(rest).unwrap(), serde_json::from_str(&text).unwrap());
                assert!(holds(&sent, &expected), "{expected} is not in {text}");
            }
            (_, action) => panic!("{action:?}"),
        }
    }

    fn expect_reading(&mut self, what: &str, by_kernel: bool) {
        let (ms, bytes) = what.split_once(' ').unwrap();
        let expected = (ms.parse::<u64>().unwrap() * 1000, bytes.parse::<u64>().unwrap());
        let sample = match self.next() {
            Some(Action::Record(Reading::Received(sample))) if !by_kernel => sample,
            Some(Action::Record(Reading::ReceivedByKernel(sample))) if by_kernel => sample,
            other => panic!("{other:?}"),
        };
        assert_eq!((sample.elapsed_us, sample.bytes), expected);
    }
}

impl Play for Conversation {
    fn begin(words: &str) -> Self {
        let mut words = words.split(' ');
        let end = words.next().unwrap();
        let direction = match words.next().unwrap() {
            "download" => Direction::Download,
            "upload" => Direction::Upload,
            other => panic!("{other}"),
        };
        let (mut duration, mut payload, mut early_exit, mut keeps_plan) = (spec::DURATION, None, None, false);
        for word in words {
            match word.split_once('=') {
                Some(("duration_ms", value)) => duration = Duration::from_millis(value.parse().unwrap()),
                Some(("payload", value)) => payload = Some(value.parse().unwrap()),
                Some(("early_exit", value)) => early_exit = Some(value.parse().unwrap()),
                None if word == "keeps_plan" => keeps_plan = true,
                _ => panic!("{word}"),
            }
        }
        let machine = match end {
            "client" => {
                let plan =
                    ClientPlan { direction, duration, payload_bytes: payload, server_keeps_plan: keeps_plan };
                Machine::Client(Box::new(Client::new(plan, Monotonic::ORIGIN)))
            }
            "server" => {
                let plan = ServerPlan {
                    direction,
                    duration,
                    client_keeps_time: keeps_plan,
                    payload_bytes: payload,
                    early_exit_bytes: early_exit,
                    seed: 1,
                };
                let connection = ConnectionInfo {
                    client: "192.0.2.1:5".into(),
                    server: "[2001:db8::1]:443".into(),
                    start_time: "2026-11-21T00:00:00Z".into(),
                };
                let facts = ServerFacts {
                    id: "t-1".parse().unwrap(),
                    software: "test".into(),
                    load_ratio: 0.5,
                    congestion_control: None,
                    connection,
                };
                Machine::Server(Box::new(Server::new(plan, facts, Monotonic::ORIGIN)))
            }
            other => panic!("{other}"),
        };
        let counters = TcpCounters::default();
        Self { machine, now: Monotonic::ORIGIN, counters, violation: None, wanted: VecDeque::new() }
    }

    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "@" => {
                self.now = Monotonic::ORIGIN.after(Duration::from_millis(rest.parse().unwrap()));
                both!(&mut self.machine, machine => machine.wake(self.now));
            }
            "<" => self.hear(rest),
            "!" => {
                let violation = self.violation.take().expect("a violation").to_string();
                assert!(violation.contains(rest), "{violation}");
            }
            ">" => self.expect_send(rest),
            "=" => self.expect_reading(rest, false),
            "=kernel" => self.expect_reading(rest, true),
            "counters" => {
                let pairs: Vec<String> = rest
                    .split(' ')
                    .map(|pair| {
                        let (key, value) = pair.split_once('=').unwrap();
                        format!("\"{key}\":{value}")
                    })
                    .collect();
                let text = format!("{{\"TCPInfo\":{{{}}}}}", pairs.join(","));
                self.counters = Measurement::read(&text).unwrap().tcp.unwrap();
            }
            "sent" => both!(&mut self.machine, machine => machine.bulk_sent(self.now)),
            "finish" => match (self.next(), rest) {
                (Some(Action::Finish(Ending::Complete)), "complete")
                | (Some(Action::Finish(Ending::CutShort { .. })), "cut_short") => {}
                (other, _) => panic!("{other:?}"),
            },
            "quiet" => assert_eq!(self.next(), None),
            "skip" => while self.next().is_some_and(|action| !matches!(action, Action::Finish(_))) {},
            other => panic!("unknown word {other:?}"),
        }
    }
}

#[test]
fn every_transcript_is_held() {
    play_all::<Conversation>("ndt7");
}
