//! Client and server of ndt7 against each other in one thread and in virtual time, over a line of given rate and delay.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "helpers of tests")]

use std::collections::VecDeque;
use std::time::Duration;

use desserte_model::{ByteSample, Direction, TcpCounters};
use desserte_proto::ndt7::{
    Action, Client, ClientPlan, ConnectionInfo, Ending, Incoming, Reading, RequestParameters, Server,
    ServerFacts, ServerPlan, spec,
};
use desserte_units::Monotonic;
use proptest::prelude::*;

/// Grain of the machines' clock, in seconds: what is due within it is due now.
const MICROSECOND: f64 = 1e-6;

/// What the line carries in one direction.
#[derive(Debug, Clone, Copy)]
struct Line {
    bytes_per_second: f64,
    delay: Duration,
}

#[derive(Debug, Clone)]
enum Item {
    /// Part of a bulk message; the last part says so.
    Payload {
        bytes: u64,
        last: bool,
    },
    Text(String),
    Close,
}

impl Item {
    fn bytes(&self) -> u64 {
        match self {
            Self::Payload { bytes, .. } => *bytes,
            Self::Text(text) => text.len() as u64 + 8,
            Self::Close => 20,
        }
    }
}

/// One direction: a queue at the sender, a line, and what is on its way.
#[derive(Debug)]
struct Pipe {
    line: Line,
    queue: VecDeque<Item>,
    free_at: f64,
    flying: VecDeque<(f64, Item)>,
}

impl Pipe {
    fn new(line: Line) -> Self {
        Self { line, queue: VecDeque::new(), free_at: 0.0, flying: VecDeque::new() }
    }

    /// Octets sent at once: a segment, or two milliseconds of a fast line.
    fn step(&self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and small")]
        let step = (self.line.bytes_per_second / 500.0) as u64;
        step.max(1448)
    }

    fn push_bulk(&mut self, mut bytes: u64) {
        let step = self.step();
        while bytes > 0 {
            let part = bytes.min(step);
            bytes -= part;
            self.queue.push_back(Item::Payload { bytes: part, last: bytes == 0 });
        }
    }

    /// Puts on the line what has its turn; whether a bulk message left whole.
    fn send(&mut self, now: f64) -> bool {
        let mut bulk_sent = false;
        while self.free_at <= now + MICROSECOND {
            let Some(item) = self.queue.pop_front() else { break };
            let seconds = item.bytes() as f64 / self.line.bytes_per_second;
            self.free_at = self.free_at.max(now) + seconds;
            bulk_sent |= matches!(item, Item::Payload { last: true, .. });
            self.flying.push_back((self.free_at + self.line.delay.as_secs_f64(), item));
        }
        bulk_sent
    }

    fn next_event(&self) -> f64 {
        let sends = if self.queue.is_empty() { f64::INFINITY } else { self.free_at };
        self.flying.front().map_or(f64::INFINITY, |(at, _)| *at).min(sends)
    }

    fn arrived(&mut self, now: f64) -> Option<Item> {
        if self.flying.front().is_some_and(|(at, _)| *at <= now + MICROSECOND) {
            self.flying.pop_front().map(|(_, item)| item)
        } else {
            None
        }
    }
}

#[derive(Debug, Default)]
struct Outcome {
    client: Option<Ending>,
    server: Option<Ending>,
    received: Vec<ByteSample>,
    sent_payload: u64,
    took: f64,
}

/// One run: the line from the server to the client, the one back, and what the client asks for.
#[derive(Debug, Clone)]
struct Scenario {
    direction: Direction,
    down: Line,
    up: Line,
    duration: Duration,
    payload: Option<u64>,
    seed: u64,
    /// When the line dies for good.
    dies_at: Option<f64>,
    /// Whether the connection's ends notice that at once.
    noticed: bool,
}

fn monotonic(seconds: f64) -> Monotonic {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and small")]
    let micros = (seconds * 1e6).round() as u64;
    Monotonic::from_micros(micros)
}

trait Machine {
    fn next_action(&mut self) -> Action;
    fn counters(&mut self, counters: Option<TcpCounters>, now: Monotonic);
}

impl Machine for Client {
    fn next_action(&mut self) -> Action {
        self.next_action()
    }
    fn counters(&mut self, counters: Option<TcpCounters>, now: Monotonic) {
        self.counters(counters, now);
    }
}

impl Machine for Server {
    fn next_action(&mut self) -> Action {
        self.next_action()
    }
    fn counters(&mut self, counters: Option<TcpCounters>, now: Monotonic) {
        self.counters(counters, now);
    }
}

/// Does what a machine wants; returns when it wants to be woken, or how it ended.
fn act(
    machine: &mut impl Machine,
    out: &mut Pipe,
    now: f64,
    keep: &mut impl FnMut(Reading),
    sent: &mut u64,
) -> Result<f64, Ending> {
    loop {
        match machine.next_action() {
            Action::SendBulk { bytes } => {
                *sent += bytes;
                out.push_bulk(bytes);
            }
            Action::SendText(text) => out.queue.push_back(Item::Text(text)),
            Action::SendPong(_) => unreachable!("nobody pings here"),
            Action::SendClose => out.queue.push_back(Item::Close),
            Action::ReadCounters => machine.counters(Some(TcpCounters::default()), monotonic(now)),
            Action::Record(reading) => keep(reading),
            Action::WakeAt(at) => return Ok(at.as_micros() as f64 / 1e6),
            Action::Finish(ending) => return Err(ending),
        }
    }
}

fn incoming(item: &Item) -> Incoming<'_> {
    match item {
        Item::Payload { bytes, .. } => Incoming::Payload { bytes: *bytes },
        Item::Text(text) => Incoming::Text(text),
        Item::Close => Incoming::Close,
    }
}

fn run(scenario: &Scenario) -> Outcome {
    let facts = ServerFacts {
        id: "virtual".parse().unwrap(),
        software: "test".into(),
        load_ratio: 0.1,
        congestion_control: None,
        connection: ConnectionInfo::default(),
    };
    let parameters = RequestParameters {
        duration: Some(scenario.duration),
        payload_bytes: scenario.payload,
        ..RequestParameters::default()
    };
    let mut server = Server::new(
        ServerPlan::for_request(scenario.direction, &parameters, scenario.seed),
        facts,
        Monotonic::ORIGIN,
    );
    // The answer to the upgrade takes one delay to arrive: the client's clock starts later.
    let handshake = scenario.down.delay.as_secs_f64();
    let plan = ClientPlan {
        direction: scenario.direction,
        duration: scenario.duration,
        payload_bytes: scenario.payload,
        server_keeps_plan: true,
    };
    let mut client = Client::new(plan, monotonic(handshake));
    let (mut down, mut up) = (Pipe::new(scenario.down), Pipe::new(scenario.up));
    let mut outcome = Outcome::default();
    let (mut now, mut client_wake, mut server_wake) = (0.0_f64, handshake, 0.0_f64);
    for _ in 0..2_000_000_u64 {
        let alive = scenario.dies_at.is_none_or(|at| now < at);
        let at = now;
        if outcome.server.is_none() {
            if now + MICROSECOND > server_wake {
                server.wake(monotonic(at));
            }
            let mut none = 0;
            let sent =
                if scenario.direction == Direction::Download { &mut outcome.sent_payload } else { &mut none };
            match act(&mut server, &mut down, now, &mut |_| {}, sent) {
                Ok(wake) => server_wake = wake,
                Err(ending) => outcome.server = Some(ending),
            }
            if down.send(now) {
                server.bulk_sent(monotonic(at));
                server_wake = now;
            }
        } else {
            down.send(now);
        }
        if outcome.client.is_none() && now >= handshake {
            if now + MICROSECOND > client_wake {
                client.wake(monotonic(at));
            }
            let mut none = 0;
            let received = &mut outcome.received;
            let mut keep = |reading| {
                if let Reading::Received(sample) = reading {
                    received.push(sample)
                }
            };
            let sent =
                if scenario.direction == Direction::Upload { &mut outcome.sent_payload } else { &mut none };
            match act(&mut client, &mut up, now, &mut keep, sent) {
                Ok(wake) => client_wake = wake,
                Err(ending) => outcome.client = Some(ending),
            }
            if up.send(now) {
                client.bulk_sent(monotonic(at));
                client_wake = now;
            }
        } else {
            up.send(now);
        }
        while let Some(item) = down.arrived(now) {
            if alive {
                client.receive(incoming(&item), monotonic(at)).unwrap();
                client_wake = now;
            }
        }
        while let Some(item) = up.arrived(now) {
            if alive {
                server.receive(incoming(&item), monotonic(at)).unwrap();
                server_wake = now;
            }
        }
        let hang_up = |ending: &Option<Ending>, pipe: &Pipe| {
            ending.is_some() && pipe.queue.is_empty() && pipe.flying.is_empty()
        };
        let broken = !alive && scenario.noticed;
        if outcome.client.is_none() && (broken || hang_up(&outcome.server, &down)) {
            client.receive(Incoming::Ended, monotonic(at)).unwrap();
            client_wake = now;
        }
        if outcome.server.is_none() && (broken || hang_up(&outcome.client, &up)) {
            server.receive(Incoming::Ended, monotonic(at)).unwrap();
            server_wake = now;
        }
        if outcome.client.is_some() && outcome.server.is_some() {
            outcome.took = now;
            return outcome;
        }
        let client_next = if outcome.client.is_some() { f64::INFINITY } else { client_wake.max(handshake) };
        let server_next = if outcome.server.is_some() { f64::INFINITY } else { server_wake };
        let death = scenario.dies_at.filter(|at| *at > now).unwrap_or(f64::INFINITY);
        let next = [client_next, server_next, down.next_event(), up.next_event(), death]
            .into_iter()
            .fold(f64::INFINITY, f64::min);
        // Machines count in whole microseconds.
        now = if next > now { ((next * 1e6).ceil() / 1e6).max(now) } else { now };
    }
    panic!(
        "the run does not end at {now}: {client_wake} {server_wake} {} {} {scenario:?}",
        down.next_event(),
        up.next_event()
    );
}

fn rate_after(samples: &[ByteSample], from_us: u64) -> f64 {
    let first = samples.iter().find(|sample| sample.elapsed_us >= from_us).unwrap();
    let last = samples.last().unwrap();
    (last.bytes - first.bytes) as f64 / ((last.elapsed_us - first.elapsed_us) as f64 / 1e6)
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let line = (50_000_f64.ln()..40e6_f64.ln(), 0_u64..300)
        .prop_map(|(rate, ms)| Line { bytes_per_second: rate.exp(), delay: Duration::from_millis(ms) });
    (
        prop_oneof![Just(Direction::Download), Just(Direction::Upload)],
        line.clone(),
        line,
        2_000_u64..10_000,
        any::<u64>(),
    )
        .prop_map(|(direction, down, up, ms, seed)| Scenario {
            direction,
            down,
            up,
            duration: Duration::from_millis(ms),
            payload: None,
            seed,
            dies_at: None,
            noticed: false,
        })
}

fn check_honest(outcome: &Outcome) -> Result<(), TestCaseError> {
    let samples = &outcome.received;
    prop_assert!(
        samples.is_sorted_by(|a, b| a.elapsed_us < b.elapsed_us && a.bytes <= b.bytes),
        "{samples:?}"
    );
    prop_assert!(samples.len() <= spec::READINGS_MAX);
    let texts = 10_000;
    prop_assert!(samples.last().is_none_or(|last| last.bytes <= outcome.sent_payload + 60 * texts));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whatever_the_line_the_receivers_count_reads_its_rate(scenario in scenario()) {
        let outcome = run(&scenario);
        check_honest(&outcome)?;
        prop_assert_eq!(&outcome.client, &Some(Ending::Complete));
        prop_assert_eq!(&outcome.server, &Some(Ending::Complete));
        let line = if scenario.direction == Direction::Download { scenario.down } else { scenario.up };
        // Half a second in, the pipe is full on every one of these lines; frames are not counted, which is under 1 %.
        let read = rate_after(&outcome.received, 700_000) / line.bytes_per_second;
        prop_assert!((0.985..=1.0005).contains(&read), "{read} {:?}", outcome.received);
        prop_assert!(outcome.took <= 15.0, "{}", outcome.took);
    }

    #[test]
    fn a_line_that_dies_leaves_a_cut_run_and_both_ends_let_go(scenario in scenario(), share in 0.1_f64..0.9, noticed: bool) {
        let dies_at = scenario.down.delay.as_secs_f64() + scenario.duration.as_secs_f64() * share;
        let scenario = Scenario { dies_at: Some(dies_at), noticed, ..scenario };
        let outcome = run(&scenario);
        check_honest(&outcome)?;
        let cut = matches!(&outcome.client, Some(Ending::CutShort { .. }));
        prop_assert!(cut, "{:?}", outcome.client);
        prop_assert!(outcome.received.last().is_none_or(|last| last.bytes == 0 || last.elapsed_us as f64 / 1e6 <= outcome.took));
        prop_assert!(outcome.took <= 15.0, "{}", outcome.took);
    }

    #[test]
    fn a_payload_limit_is_kept_and_nearly_filled(scenario in scenario(), limit in 20_000_u64..2_000_000) {
        let outcome = run(&Scenario { payload: Some(limit), ..scenario });
        check_honest(&outcome)?;
        prop_assert!(outcome.sent_payload <= limit);
        prop_assert_eq!(&outcome.client, &Some(Ending::Complete));
        prop_assert_eq!(&outcome.server, &Some(Ending::Complete));
    }
}

#[test]
fn a_seed_gives_the_same_run_again() {
    let line = Line { bytes_per_second: 250_000.0, delay: Duration::from_millis(20) };
    let scenario = Scenario {
        direction: Direction::Upload,
        down: line,
        up: line,
        duration: Duration::from_secs(10),
        payload: None,
        seed: 42,
        dies_at: None,
        noticed: false,
    };
    assert_eq!(run(&scenario).received, run(&scenario).received);
    assert_ne!(run(&scenario).received, Vec::new());
}
