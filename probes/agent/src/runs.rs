//! Throughput runs: a download, then an upload, at the moments of the schedule and within the budget.

#[cfg(feature = "mobile")]
mod ordered;

use std::sync::Arc;
use std::time::Duration;

use desserte_measure::{Plan, Purpose, Reservation, calls_for_more_streams, is_audited, next_slot};
use desserte_model::{ClockStamp, Direction, Medium, Observation, Protocol, RunMode, RunOutcome, Throughput};
use desserte_net::ndt7::RunConfig;
use desserte_units::{ByteCount, Timestamp};

use crate::aboard::Transfer;
use crate::agent::Agent;
use crate::book::Denied;
use crate::conduct::{
    Before, Carrier, Conduct, Conducted, DeviceCeiling, InterfaceCounters, MORE_STREAMS, Shared,
};
use crate::config::{MeasurementServer, ScheduledMode};
use crate::line::Use;
use crate::recorder;
#[cfg(feature = "mobile")]
pub(crate) use ordered::{Order, Placed, ordered};

/// The longest sleep at once: the calendar may be corrected meanwhile, or the machine may have slept.
const NAP: Duration = Duration::from_secs(30);

/// A slot missed by more than this (the machine slept, the agent was stopped) is left out: made up for later, it would
/// no longer be a random moment.
const LATE_MAX_S: i64 = 900;

/// The longest that a busy server may make a run wait.
const BUSY_WAIT_MAX: Duration = Duration::from_secs(900);

/// Waited when a busy server names no time.
const BUSY_WAIT_DEFAULT: Duration = Duration::from_secs(60);

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
    let ceiling = device_ceiling(agent).await;
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
        let slot = Slot { mode: mode(agent), ceiling };
        both_directions(agent, first_server, slot).await;
    }
}

/// What is the same for all runs of one moment of the schedule.
#[derive(Debug, Clone, Copy)]
struct Slot {
    mode: RunMode,
    ceiling: Option<DeviceCeiling>,
}

/// What the runs of this moment are meant to do. Which are audited can be checked by whoever knows the seed and the moment.
fn mode(agent: &Agent) -> RunMode {
    let moment = schedule_time(agent).1.as_unix_secs().unsigned_abs();
    match agent.config.run.mode {
        ScheduledMode::Full => RunMode::Full,
        ScheduledMode::Adaptive if is_audited(agent.seed(), moment) => RunMode::Audit,
        ScheduledMode::Adaptive => RunMode::Adaptive,
    }
}

/// What this device can do, measured against itself when that was never done.
pub(crate) async fn device_ceiling(agent: &Agent) -> Option<DeviceCeiling> {
    let state_dir = &agent.config.state_dir;
    if let Some(known) = DeviceCeiling::read(state_dir) {
        return Some(known);
    }
    // No echo is timed while the processor is busy with it.
    let _turn = agent.line.load(Use::Run).await;
    match DeviceCeiling::measure().await {
        Ok(ceiling) => {
            tracing::info!(
                download_bits_per_second = ceiling.download_bits_per_second,
                upload_bits_per_second = ceiling.upload_bits_per_second,
                "what this device can do"
            );
            if let Err(error) = ceiling.write(state_dir) {
                tracing::warn!(%error, "what this device can do could not be kept");
            }
            Some(ceiling)
        }
        Err(error) => {
            tracing::warn!(%error, "this device could not be measured against itself");
            None
        }
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
    let (_, now) = schedule_time(agent);
    let local = now.saturating_add_micros(i64::from(schedule.utc_offset_s) * 1_000_000);
    let affordable = agent.book.borrow_mut().runs_a_week(&agent.config, local);
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
async fn both_directions(agent: &Agent, first_server: u64, slot: Slot) {
    let servers = &agent.config.servers;
    let count = u64::try_from(servers.len()).unwrap_or(1);
    let start = usize::try_from(first_server % count).unwrap_or(0);
    for server in servers.iter().cycle().skip(start).take(servers.len()) {
        let reached = one_direction(agent, server, Direction::Download, slot).await;
        if reached {
            tokio::time::sleep(PAUSE).await;
            one_direction(agent, server, Direction::Upload, slot).await;
            return;
        }
    }
}

/// Runs, and once more if the server asks to come back or one connection could not fill the line; over several connections
/// at once where that is remembered of the line. Returns whether the server was reached.
async fn one_direction(agent: &Agent, server: &MeasurementServer, direction: Direction, slot: Slot) -> bool {
    let first = first_connections(agent, direction, slot.mode);
    let mut result = run_once(agent, server, direction, slot, first).await;
    if let RunOutcome::ServerBusy { retry_after_s } = result.outcome {
        let wait = retry_after_s.map_or(BUSY_WAIT_DEFAULT, Duration::from_secs).min(BUSY_WAIT_MAX);
        tracing::info!(wait_s = wait.as_secs(), "the measurement server is busy and names a time");
        tokio::time::sleep(wait).await;
        result = run_once(agent, server, direction, slot, first).await;
    }
    if first == 1 && calls_for_more_streams(&result.limited_by) {
        tokio::time::sleep(PAUSE).await;
        run_once(agent, server, direction, slot, MORE_STREAMS).await;
    }
    !matches!(result.outcome, RunOutcome::Unreachable { .. })
}

/// Connections to begin with. A run that may end early saves the one that would only say that one connection is too few;
/// audits and lessons find out whether it still is.
fn first_connections(agent: &Agent, direction: Direction, mode: RunMode) -> u16 {
    let memory = agent.memory.borrow();
    let line = memory.towards(direction);
    let several = mode == RunMode::Adaptive && line.one_leaves_room && !line.lessons(1).ask_for_more();
    if several { MORE_STREAMS } else { 1 }
}

/// What a run is meant to do: the moment's mode, but to its planned end where the memory of the line asks for a lesson.
fn mode_of_run(agent: &Agent, direction: Direction, streams: u16, mode: RunMode) -> RunMode {
    let asks = agent.memory.borrow().towards(direction).lessons(streams).ask_for_more();
    if mode == RunMode::Adaptive && asks { RunMode::Full } else { mode }
}

/// What is to be known of a run for the next.
struct Ended {
    outcome: RunOutcome,
    limited_by: Vec<desserte_model::LimitedBy>,
}

/// One run: waited for, charged, made, settled and recorded.
async fn run_once(
    agent: &Agent,
    server: &MeasurementServer,
    direction: Direction,
    slot: Slot,
    streams: u16,
) -> Ended {
    let slot = Slot { mode: mode_of_run(agent, direction, streams, slot.mode), ..slot };
    let Run { stamp, result, .. } = one_run(agent, server, direction, slot, streams).await;
    if agent.config.run.mode == ScheduledMode::Adaptive {
        agent.memory.borrow_mut().note_run(&result, agent.config.run.duration);
    }
    let ended = Ended { outcome: result.outcome.clone(), limited_by: result.course.limited_by.clone() };
    agent.record(stamp, Observation::Throughput(result));
    agent.publish();
    ended
}

/// A run that is over and not yet recorded.
struct Run {
    stamp: ClockStamp,
    result: Throughput,
    /// What the budget was charged for it, echoes included.
    #[cfg_attr(
        not(feature = "mobile"),
        expect(dead_code, reason = "drives alone have a bound of their own")
    )]
    cost: ByteCount,
}

/// One run: waited for, charged, made and settled.
async fn one_run(
    agent: &Agent,
    server: &MeasurementServer,
    direction: Direction,
    slot: Slot,
    streams: u16,
) -> Run {
    let before = gate(agent, server, direction).await;
    let turn = agent.line.load(Use::Run).await;
    let attempt = Attempt { server, direction, slot, streams, before, shared: Arc::default() };
    let run = async {
        let stamp = agent.clock.borrow().now();
        let (result, cost) = attempt.make(agent, stamp).await;
        let transfer = attempt.transfer(&result);
        (Run { stamp, result, cost }, transfer)
    };
    let (mut run, mobile) = agent.beside(run).await;
    run.result.course.mobile = mobile;
    drop(turn);
    let result = &run.result;
    tracing::info!(
        direction = direction.code(),
        outcome = result.outcome.code(),
        mode = slot.mode.code(),
        stop_reason = result.course.stop_reason.map(desserte_model::StopReason::code),
        server = %result.server.host,
        bytes_charged = result.connection.bytes_charged,
        "throughput run"
    );
    agent.board.borrow_mut().note_run(run.stamp, result);
    run
}

/// One run that is about to be made.
struct Attempt<'a> {
    server: &'a MeasurementServer,
    direction: Direction,
    slot: Slot,
    streams: u16,
    before: Option<Before>,
    shared: Arc<Shared>,
}

impl Attempt<'_> {
    /// Makes it, or says why nothing was sent.
    async fn make(&self, agent: &Agent, stamp: ClockStamp) -> (Throughput, ByteCount) {
        let Self { server, direction, slot, .. } = *self;
        let medium = agent.medium();
        let politeness = &agent.config.politeness;
        if let Some(before) = self.before.filter(|before| before.is_busy && politeness.skips) {
            return (left_out(agent, server, direction, medium, slot, before), ByteCount::ZERO);
        }
        match reserve(agent, stamp.utc_us, direction) {
            Ok(reservation) => {
                let config = run_config(agent, server, direction, reservation.bound(), medium);
                let hold =
                    agent.memory.borrow().towards(direction).lessons(self.streams).hold(config.duration);
                let conduct = Conduct {
                    mode: slot.mode,
                    direction,
                    duration: config.duration,
                    streams: self.streams,
                    hold,
                    interface: agent.way_out().filter(|_| !server.url.is_loopback()).map(|way| way.interface),
                    before: self.before,
                    yields: politeness.yields,
                    echoes: true,
                    ceiling: slot.ceiling,
                    shared: Arc::clone(&self.shared),
                    live: None,
                };
                conducted(agent, server, &conduct, config, reservation).await
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
                (nothing, ByteCount::ZERO)
            }
        }
    }

    /// When its payload was under way: from the run's origin to the last reading of it.
    fn transfer(&self, result: &Throughput) -> Option<Transfer> {
        let began = self.shared.begun()?;
        let last_us = result.samples.last()?.elapsed_us;
        Some(Transfer { began, lasted: Duration::from_micros(last_us) })
    }
}

/// A run that was charged: made and settled.
async fn conducted(
    agent: &Agent,
    server: &MeasurementServer,
    conduct: &Conduct,
    config: RunConfig,
    reservation: Reservation,
) -> (Throughput, ByteCount) {
    let medium = config.medium.clone();
    let direction = conduct.direction;
    let (result, cost) = match conduct.run(Carrier::Ndt7(Box::new(config)), &agent.echoer).await {
        Some(Conducted { record, bytes_charged, .. }) => (record, ByteCount::from_bytes(bytes_charged)),
        None => {
            let mut nothing = nothing_run(agent, server, direction, medium);
            nothing.outcome = RunOutcome::ProbeFault { reason: "the run did not come to its end".to_owned() };
            // How much was sent is not known, so all of it counts.
            nothing.connection.bytes_charged = reservation.bound().as_bytes();
            (nothing, reservation.bound())
        }
    };
    let mut book = agent.book.borrow_mut();
    // A run in full among others that end early is no measure of what the next will cost, nor is a second one.
    let usual = match agent.config.run.mode {
        ScheduledMode::Full => RunMode::Full,
        ScheduledMode::Adaptive => RunMode::Adaptive,
    };
    let is_first = conduct.streams == first_connections(agent, direction, usual);
    if result.outcome == RunOutcome::Complete && conduct.mode == usual && is_first {
        book.note_run(direction, cost);
    }
    book.settle(reservation, cost);
    (result, cost)
}

/// Watches the line, and waits while others use it; not for a server on this machine, which no line leads to.
async fn gate(agent: &Agent, server: &MeasurementServer, direction: Direction) -> Option<Before> {
    let way = agent.way_out().filter(|_| !server.url.is_loopback())?;
    let counters = InterfaceCounters::open(&way.interface)?;
    let line = agent.board.borrow().steady(direction);
    agent.config.politeness.wait(&counters, direction, line).await
}

/// A run that was left out because others did not leave the line free.
fn left_out(
    agent: &Agent,
    server: &MeasurementServer,
    direction: Direction,
    medium: Medium,
    slot: Slot,
    before: Before,
) -> Throughput {
    let mut nothing = nothing_run(agent, server, direction, medium);
    let waited_s = before.waited.as_secs();
    let reason = format!("others used the line for {waited_s} s; nothing was sent");
    nothing.outcome = RunOutcome::CutShort { reason };
    nothing.course.plan = Some(slot.mode);
    nothing.course.others_traffic = Some(before.traffic);
    nothing.course.limited_by = vec![desserte_model::LimitedBy::CrossTraffic];
    nothing
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
    config.path.family = server.family;
    config.path.congestion_control = agent.config.run.congestion_control;
    config.path.interface.clone_from(&agent.config.interface);
    config.path.trust = Some(agent.trust.clone());
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
    let protocol = Protocol { name: "ndt7".to_owned(), version: NDT7_VERSION.to_owned() };
    let outcome = RunOutcome::ProbeFault { reason: String::new() };
    Throughput {
        medium,
        access_line: agent.config.access.clone(),
        ..Throughput::unmeasured(direction, protocol, server.url.authority(), outcome)
    }
}
