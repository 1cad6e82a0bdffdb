//! Plays the conversations of `tests/transcripts/iperf3` against the machines, in virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "this test reads files, the machines do not"
)]

mod transcript;

use std::time::Duration;

use desserte_proto::iperf3::{
    Action, Client, Ending, Limits, Mode, Parameters, Results, Server, StreamResult, Transport, Violation,
    spec,
};
use desserte_units::Monotonic;
use serde_json::Value;
use transcript::{Play, holds, play_all};

const COOKIE: [u8; spec::COOKIE_LENGTH] = *b"abcdefghijklmnopqrstuvwxyz234567abcd\0";

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
    violation: Option<Violation>,
    /// Octets that it wants to send and the transcript has not yet named.
    sending: Vec<u8>,
}

fn results() -> Results {
    Results {
        counts_retransmits: Some(true),
        streams: vec![StreamResult { id: 1, bytes: 10, ..StreamResult::default() }],
        ..Results::default()
    }
}

impl Conversation {
    fn next(&mut self) -> Option<Action> {
        match both!(&mut self.machine, machine => machine.next_action()) {
            Action::WakeAt(at) => {
                assert!(at > self.now, "it wants to be woken at once, for ever");
                None
            }
            action => Some(action),
        }
    }

    fn sends(&mut self, expected: &[u8]) {
        while self.sending.len() < expected.len() {
            match self.next() {
                Some(Action::Send(octets)) => self.sending.extend(octets),
                other => panic!("{other:?} after {:?}", self.sending),
            }
        }
        let sent: Vec<u8> = self.sending.drain(..expected.len()).collect();
        assert_eq!(sent, expected);
    }

    fn sends_json(&mut self, expected: &str) {
        if self.sending.is_empty() {
            match self.next() {
                Some(Action::Send(octets)) => self.sending = octets,
                other => panic!("{other:?}"),
            }
        }
        let header: Vec<u8> = self.sending.drain(..4).collect();
        let length = u32::from_be_bytes(header.try_into().unwrap());
        let text: Vec<u8> = self.sending.drain(..usize::try_from(length).unwrap()).collect();
        let (sent, expected): (Value, Value) =
            (serde_json::from_slice(&text).unwrap(), serde_json::from_str(expected).unwrap());
        assert!(holds(&sent, &expected), "{expected} is not in {sent}");
    }

    fn hear(&mut self, octets: &[u8]) {
        self.violation = both!(&mut self.machine, machine => machine.receive(octets, self.now)).err();
    }

    fn say(&mut self, what: &str) {
        let now = self.now;
        match (&mut self.machine, what) {
            (Machine::Client(client), "open") => client.streams_open(now),
            (Machine::Client(client), "stop") => client.stop(now),
            (Machine::Client(client), "stopped") => client.stopped(results(), now),
            (Machine::Server(server), "admitted") => server.admitted(now),
            (Machine::Server(server), "denied") => server.deny(now),
            (Machine::Server(server), "open") => server.streams_open(now),
            (Machine::Server(server), "stopped") => server.stopped(results(), now),
            (Machine::Server(server), "terminate") => server.terminate(now),
            (_, other) => panic!("{other}"),
        }
    }
}

impl Play for Conversation {
    fn begin(words: &str) -> Self {
        let mut words = words.split(' ');
        let machine = match words.next().unwrap() {
            "server" => Machine::Server(Box::new(Server::new(Limits::default(), Monotonic::ORIGIN))),
            "client" => {
                let mode = match words.next().unwrap() {
                    "forward" => Mode::Forward,
                    "reverse" => Mode::Reverse,
                    "bidirectional" => Mode::Bidirectional,
                    other => panic!("{other}"),
                };
                let mut parameters = Parameters::new(Transport::Tcp, mode);
                parameters.duration = None;
                let mut patience = Duration::from_secs(60);
                for word in words {
                    let (key, value) = word.split_once('=').unwrap();
                    let value: u64 = value.parse().unwrap();
                    match key {
                        "time" => parameters.duration = Some(Duration::from_secs(value)),
                        "omit" => parameters.omit = Duration::from_secs(value),
                        "num" => parameters.bytes = Some(value),
                        "streams" => parameters.streams = value.try_into().unwrap(),
                        "patience" => patience = Duration::from_secs(value),
                        other => panic!("{other}"),
                    }
                }
                Machine::Client(Box::new(Client::new(parameters, &COOKIE, patience, Monotonic::ORIGIN)))
            }
            other => panic!("{other}"),
        };
        Self { machine, now: Monotonic::ORIGIN, violation: None, sending: Vec::new() }
    }

    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let numbers = || {
            rest.split(' ')
                .skip_while(|word| *word == "raw")
                .map(|word| word.parse::<u8>().unwrap())
                .collect::<Vec<u8>>()
        };
        match (word, rest) {
            ("@", ms) => {
                self.now = Monotonic::ORIGIN.after(Duration::from_millis(ms.parse().unwrap()));
                both!(&mut self.machine, machine => machine.wake(self.now));
            }
            ("<", "ended") => both!(&mut self.machine, machine => machine.ended(self.now)),
            ("<", rest) => match rest.strip_prefix("json ") {
                Some(text) => {
                    let mut octets = u32::try_from(text.len()).unwrap().to_be_bytes().to_vec();
                    octets.extend(text.as_bytes());
                    self.hear(&octets);
                }
                None => self.hear(&numbers()),
            },
            (">", "cookie") => self.sends(&COOKIE),
            (">", rest) => {
                if let Some(text) = rest.strip_prefix("json ") {
                    self.sends_json(text);
                } else if let Some(code) = rest.strip_prefix("error ") {
                    let code: i32 = code.parse().unwrap();
                    let mut octets = vec![254];
                    octets.extend(code.to_be_bytes());
                    octets.extend([0; 4]);
                    self.sends(&octets);
                } else {
                    self.sends(&numbers());
                }
            }
            ("admit", _) => assert!(matches!(self.next(), Some(Action::Admit(_)))),
            ("open", _) => assert_eq!(self.next(), Some(Action::OpenStreams)),
            ("start", _) => assert_eq!(self.next(), Some(Action::Start)),
            ("end_omit", _) => assert_eq!(self.next(), Some(Action::EndOmit)),
            ("stop", _) => assert_eq!(self.next(), Some(Action::Stop)),
            ("say", what) => self.say(what),
            ("!", name) => {
                let violation = format!("{:?}", self.violation.take().expect("a violation"));
                assert!(violation.starts_with(name), "{violation}");
            }
            ("finish", how) => match (self.next(), how) {
                (Some(Action::Finish(Ending::Complete)), "complete")
                | (Some(Action::Finish(Ending::Denied)), "denied")
                | (Some(Action::Finish(Ending::CutShort { .. })), "cut_short") => {}
                (Some(Action::Finish(Ending::Refused { code, .. })), how) => {
                    assert_eq!(format!("refused {code}"), how);
                }
                (other, _) => panic!("{other:?}"),
            },
            ("quiet", _) => {
                assert!(self.sending.is_empty());
                assert_eq!(self.next(), None);
            }
            (other, _) => panic!("unknown word {other:?}"),
        }
        if !matches!(word, "<" | "!") {
            assert!(self.violation.is_none(), "{:?}", self.violation);
        }
    }
}

#[test]
fn every_transcript_is_held() {
    play_all::<Conversation>("iperf3");
}
