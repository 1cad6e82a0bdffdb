//! Throughput runs: a download, then an upload, at the moments of the schedule and within the budget.

use std::time::Duration;

use desserte_measure::{Plan, Purpose, Reservation, affordable_runs_per_week, next_slot};
use desserte_model::{
    CongestionControl, Connection, Course, Direction, Medium, Observation, Protocol, RunOutcome, Server,
    Throughput,
};
use desserte_net::ndt7::RunConfig;
use desserte_units::{ByteCount, Timestamp};

use crate::agent::Agent;
use crate::book::Denied;
use crate::config::MeasurementServer;
use crate::line::Use;
use crate::recorder;

/// The longest sleep at once: the calendar may be corrected meanwhile, or the machine may have slept.
const NAP: Duration = Duration::from_secs(30);

/// A slot missed by more than this (the machine slept, the agent was stopped) is left out: made up for later, it would
/// no longer be a random moment.
const LATE_MAX_S: i64 = 900;

/// The longest that a busy server may make a run wait.
const BUSY_WAIT_MAX: Duration = Duration::from_secs(900);

/// Waited when a busy server names no time.
const BUSY_WAIT_DEFAULT: Duration = Duration::from_secs(60);

/// A run that has not ended by then never will: 7 s of handshakes, 13 s of transfer, 7 s of closing, doubled.
const RUN_GIVES_UP: Duration = Duration::from_secs(54);

/// The pause between the directions, for queues to empty.
const PAUSE: Duration = Duration::from_secs(1);

/// The version of ndt7 that refused runs are recorded under, as those of `desserte-net` are.
const NDT7_VERSION: &str = "0.11.0";

/// What time the schedule goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    Calendar,
    /// Seconds since boot, from an origin that differs from boot to boot.
    Boot,
}

/// Runs at every slot until the agent stops.
pub(crate) async fn keep_schedule(agent: &Agent) {
    if agent.config.servers.is_empty() {
        return std::future::pending().await;
    }
    let mut first_server = agent.seed() % 16;
    loop {
        match agent.config.schedule.every {
            Some(every) => {
                agent.board.borrow_mut().next_run_in(Some(every));
                tokio::time::sleep(every).await;
            }
            None => wait_for_slot(agent).await,
        }
        first_server = first_server.wrapping_add(1);
        both_directions(agent, first_server).await;
    }
}

async fn wait_for_slot(agent: &Agent) {
    'plan: loop {
        let (basis, now) = schedule_time(agent);
        let Some(slot) = next_slot(&plan(agent), now) else {
            // The budget affords none: look again when the month may have turned.
            agent.board.borrow_mut().next_run_in(None);
            tokio::time::sleep(NAP).await;
            continue;
        };
        loop {
            let (present_basis, now) = schedule_time(agent);
            let left_s = slot.as_unix_secs() - now.as_unix_secs();
            if present_basis != basis || left_s < -LATE_MAX_S {
                continue 'plan;
            }
            if left_s <= 0 {
                return;
            }
            let left = Duration::from_secs(left_s.unsigned_abs());
            agent.board.borrow_mut().next_run_in(Some(left));
            tokio::time::sleep(left.min(NAP)).await;
        }
    }
}

fn plan(agent: &Agent) -> Plan {
    let schedule = &agent.config.schedule;
    let book = agent.book.borrow();
    let cost = book
        .expected_run(&agent.config, Direction::Download)
        .saturating_add(book.expected_run(&agent.config, Direction::Upload));
    let affordable = affordable_runs_per_week(book.rules().throughput_share(), cost);
    Plan {
        seed: agent.seed(),
        runs_per_week: schedule.runs_per_week.min(affordable),
        utc_offset_s: schedule.utc_offset_s,
    }
}

fn schedule_time(agent: &Agent) -> (Basis, Timestamp) {
    let stamp = agent.clock.borrow().now();
    match stamp.utc_us {
        Some(utc) => (Basis::Calendar, utc),
        None => {
            let origin = i64::from(stamp.boot.as_uuid().as_u128().to_le_bytes()[0]) * 3600;
            let since_boot = i64::try_from(stamp.monotonic_us.as_micros() / 1_000_000).unwrap_or(0);
            (Basis::Boot, Timestamp::from_unix_secs(origin + since_boot))
        }
    }
}

/// A download and an upload against the same server; the next server if the first cannot be reached.
async fn both_directions(agent: &Agent, first_server: u64) {
    let servers = &agent.config.servers;
    let count = u64::try_from(servers.len()).unwrap_or(1);
    let start = usize::try_from(first_server % count).unwrap_or(0);
    for server in servers.iter().cycle().skip(start).take(servers.len()) {
        let reached = one_direction(agent, server, Direction::Download).await;
        if reached {
            tokio::time::sleep(PAUSE).await;
            one_direction(agent, server, Direction::Upload).await;
            return;
        }
    }
}

/// Runs, and once more if the server asks to come back; returns whether it was reached.
async fn one_direction(agent: &Agent, server: &MeasurementServer, direction: Direction) -> bool {
    let first = run_once(agent, server, direction).await;
    let RunOutcome::ServerBusy { retry_after_s } = first else {
        return !matches!(first, RunOutcome::Unreachable { .. });
    };
    let wait = retry_after_s.map_or(BUSY_WAIT_DEFAULT, Duration::from_secs).min(BUSY_WAIT_MAX);
    tracing::info!(wait_s = wait.as_secs(), "the measurement server is busy and names a time");
    tokio::time::sleep(wait).await;
    run_once(agent, server, direction).await;
    true
}

/// One run: charged, made, settled and recorded.
async fn run_once(agent: &Agent, server: &MeasurementServer, direction: Direction) -> RunOutcome {
    let turn = agent.line.load(Use::Run).await;
    let stamp = agent.clock.borrow().now();
    let medium = agent.medium();
    let charged = reserve(agent, stamp.utc_us, direction);
    let result = match charged {
        Ok(reservation) => {
            let config = run_config(agent, server, direction, reservation.bound(), medium);
            let run = desserte_net::ndt7::run(&config);
            let result = tokio::time::timeout(RUN_GIVES_UP, run).await.unwrap_or_else(|_| {
                let reason = format!("the run did not end within {} s", RUN_GIVES_UP.as_secs());
                let mut nothing = nothing_run(agent, server, direction, config.medium.clone());
                nothing.outcome = RunOutcome::ProbeFault { reason };
                // How much was sent is not known, so all of it counts.
                nothing.connection.bytes_charged = reservation.bound().as_bytes();
                nothing
            });
            let cost = ByteCount::from_bytes(result.connection.bytes_charged);
            let mut book = agent.book.borrow_mut();
            if result.outcome == RunOutcome::Complete {
                book.note_run(direction, cost);
            }
            book.settle(reservation, cost);
            result
        }
        Err(denied) => {
            let mut nothing = nothing_run(agent, server, direction, medium);
            nothing.outcome = match denied {
                Denied::Budget(refused) => RunOutcome::RefusedByBudget {
                    needed_bytes: refused.needed.as_bytes(),
                    left_bytes: refused.left.as_bytes(),
                },
                Denied::Unstorable(error) => RunOutcome::ProbeFault { reason: error.to_string() },
            };
            nothing
        }
    };
    drop(turn);
    let outcome = result.outcome.clone();
    tracing::info!(
        direction = direction.code(),
        outcome = outcome.code(),
        server = %result.server.host,
        bytes_charged = result.connection.bytes_charged,
        "throughput run"
    );
    agent.board.borrow_mut().note_run(stamp, &result);
    agent.record(stamp, Observation::Throughput(result));
    agent.publish();
    outcome
}

/// Charges the run's ceiling, or what is left when that is less, as long as the run is expected to
/// fit.
fn reserve(agent: &Agent, utc: Option<Timestamp>, direction: Direction) -> Result<Reservation, Denied> {
    let mut book = agent.book.borrow_mut();
    book.turn(utc);
    let needed = book.expected_run(&agent.config, direction);
    let left = book.left(Purpose::Throughput);
    let bound = book.run_ceiling(&agent.config).min(left).max(needed);
    book.charge(utc, Purpose::Throughput, bound)
}

fn run_config(
    agent: &Agent,
    server: &MeasurementServer,
    direction: Direction,
    bound: ByteCount,
    medium: Medium,
) -> RunConfig {
    let access = agent.config.access.clone();
    let expected = access.as_ref().and_then(|line| match direction {
        Direction::Download => line.subscribed_download_bits_per_second,
        Direction::Upload => line.subscribed_upload_bits_per_second,
    });
    let mut config = RunConfig::new(server.url.clone(), direction, recorder::software());
    config.duration = agent.config.run.duration;
    config.max_bytes = Some(bound);
    config.family = server.family;
    config.congestion_control = agent.config.run.congestion_control;
    config.interface.clone_from(&agent.config.interface);
    config.trust = Some(agent.trust.clone());
    config.expected = expected;
    config.medium = medium;
    config.access_line = access;
    config
}

/// A run in which nothing was sent.
fn nothing_run(
    agent: &Agent,
    server: &MeasurementServer,
    direction: Direction,
    medium: Medium,
) -> Throughput {
    Throughput {
        direction,
        protocol: Protocol { name: "ndt7".to_owned(), version: NDT7_VERSION.to_owned() },
        outcome: RunOutcome::ProbeFault { reason: String::new() },
        counted_by: None,
        samples: Vec::new(),
        probe_tcp: Vec::new(),
        server_tcp: Vec::new(),
        congestion_control: CongestionControl::default(),
        connection: Connection { family: None, tls: None, bytes_charged: 0 },
        server: Server { id: None, host: server.url.authority(), load_ratio: None, software: None },
        medium,
        access_line: agent.config.access.clone(),
        course: Course::default(),
    }
}
