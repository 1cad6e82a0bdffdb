//! The probe's end of a run.

use desserte_model::{Direction, IpFamily, Protocol, RunOutcome, Throughput};
use desserte_proto::ndt7::{Client, ClientPlan, Ending, RequestParameters, spec};
use desserte_proto::websocket::Sender;
use desserte_units::ByteCount;

use super::RunConfig;
use super::keeper::{Ceiling, Keeper};
use super::upgrade::{UpgradeError, upgrade};
use crate::channel::{Channel, ChannelKind};
use crate::charge::{Tariff, UPLOAD_STEP, UPLOAD_WINDOW};
use crate::connect::{ConnectPlan, connect};
use crate::drive::{Clock, drive};
use crate::outbox::NoRandomness;
use crate::steer::{Steer, ToPlan};
use crate::tcp::{TcpInfo, congestion_in_use, limit_receive_buffer};
use crate::wire::Wire;

/// Runs one direction against one server and returns what was measured.
///
/// A failed measurement is data: the outcome says how the run ended and the samples are kept. The future may be
/// dropped at any time; the connection is then closed.
///
/// # Missing data
/// `samples` is empty when the receiver counted nothing: no connection, a full server, a broken handshake, or an
/// upload to a server that does not say what it received.
pub async fn run(config: &RunConfig) -> Throughput {
    run_steered(config, &mut ToPlan).await
}

/// As [`run`], and lets `steer` end the run before its time; it is asked at every reading and twenty times a second.
/// A run that is ended so is complete, and its record says why in `course.stop_reason`.
///
/// What is charged covers what was still under way when the run was ended. Only a server of another make that sends more
/// than it had any reason to can pass it, by the window that it was offered at the most.
pub async fn run_steered(config: &RunConfig, steer: &mut dyn Steer) -> Throughput {
    let mut record = empty_record(config);
    record.outcome = match measure(config, &mut record, steer).await {
        Ok(outcome) | Err(outcome) => outcome,
    };
    tracing::info!(
        direction = record.direction.code(),
        server = record.server.host,
        outcome = record.outcome.code(),
        bytes = record.samples.last().map(|sample| sample.bytes),
        charged = record.connection.bytes_charged,
        "throughput run ended"
    );
    record
}

fn empty_record(config: &RunConfig) -> Throughput {
    let protocol = Protocol { name: "ndt7".to_owned(), version: spec::VERSION.to_owned() };
    let host = config.server.authority();
    Throughput {
        medium: config.medium.clone(),
        access_line: config.access_line.clone(),
        ..Throughput::unmeasured(config.direction, protocol, host, RunOutcome::Complete)
    }
}

/// Fills `record`; both ways out are the run's outcome.
async fn measure(
    config: &RunConfig,
    record: &mut Throughput,
    steer: &mut dyn Steer,
) -> Result<RunOutcome, RunOutcome> {
    let named = matches!(config.server.host(), url::Host::Domain(_));
    let ceiling = config.max_bytes.map(ByteCount::as_bytes);
    // Before the version of IP is known, the dearer one is assumed.
    let payload_bytes = match ceiling {
        None => None,
        Some(ceiling) => {
            let tariff = Tariff::new(IpFamily::Ipv6, named);
            let held_back = tariff.held_back(config.direction);
            let Some(payload) = tariff.payload_within(ceiling.saturating_sub(held_back)) else {
                let needed_bytes = Tariff::least_ceiling(named) + held_back;
                return Err(RunOutcome::RefusedByBudget { needed_bytes, left_bytes: ceiling });
            };
            Some(payload)
        }
    };
    let attempt = connect(&ConnectPlan { server: &config.server, path: &config.path }).await;
    record.connection.bytes_charged = Tariff::unreached(named, attempt.addresses_tried);
    let (mut wire, family) = attempt.result.map_err(|error| {
        let reason = error.to_string();
        if error.is_probe_fault() {
            RunOutcome::ProbeFault { reason }
        } else {
            RunOutcome::Unreachable { reason }
        }
    })?;
    let failed_before = Tariff::unreached(false, attempt.addresses_tried.saturating_sub(1));
    let tariff = Tariff::new(family, named);
    let charge =
        |wire: &Wire| TcpInfo::read(wire.tcp()).map_or(0, |info| tariff.charged(&info)) + failed_before;
    record.connection.family = Some(family);
    record.connection.tls = wire.tls_version();
    record.congestion_control.probe = congestion_in_use(wire.tcp());

    let duration = config.duration.min(spec::DURATION_MAX);
    let parameters = request_parameters(config, duration, payload_bytes);
    let upgraded = upgrade(&mut wire, &config.server, config.direction, &parameters, &config.software).await;
    record.connection.bytes_charged = charge(&wire);
    let upgraded = upgraded.map_err(|error| match error {
        UpgradeError::Busy { retry_after_s } => RunOutcome::ServerBusy { retry_after_s },
        UpgradeError::NoRandomness(_) => RunOutcome::ProbeFault { reason: error.to_string() },
        _ => RunOutcome::Unreachable { reason: error.to_string() },
    })?;

    record.course.streams = Some(1);
    let clock = Clock::start();
    let kind = ChannelKind {
        role: Sender::Client,
        receives: config.direction == Direction::Download,
        read_at_most: read_within(ceiling, config.direction, upgraded.server_keeps_plan),
        max_message: spec::MESSAGE_MAX,
        max_text: spec::TEXT_MAX,
    };
    let server_keeps_plan = upgraded.server_keeps_plan;
    let window_most = match ceiling {
        Some(_) if config.direction == Direction::Upload => {
            // The kernel doubles what it is asked for.
            limit_receive_buffer(wire.tcp(), usize::try_from(UPLOAD_WINDOW / 2).unwrap_or(usize::MAX))
                .min(UPLOAD_WINDOW)
        }
        Some(ceiling) if !server_keeps_plan => limit_receive_buffer(wire.tcp(), window_within(ceiling)),
        _ => 0,
    };
    let mut channel = Channel::new(wire, upgraded.early, kind).map_err(|error| no_randomness(&error))?;
    let plan = ClientPlan { direction: config.direction, duration, payload_bytes, server_keeps_plan };
    let mut client = Client::new(plan, clock.now());
    let ceiling = ceiling.map(|ceiling| Ceiling {
        bytes: ceiling.saturating_sub(failed_before),
        payload_asked_for: payload_bytes.filter(|_| server_keeps_plan),
        window_most,
        read_at_most: channel.read_at_most() as u64,
        unwatched: 0,
        stopped_at: None,
    });
    let mut keeper = Keeper::new(config, tariff, ceiling, server_keeps_plan, steer);
    let ending = drive(&mut client, &mut channel, clock, &mut keeper).await;
    let reset_charge = keeper.reset_charge(&channel);
    if reset_charge.is_none() && !keeper.has_left() {
        channel.finish().await;
    }
    record.connection.bytes_charged =
        reset_charge.map_or(0, |charged| charged + failed_before).max(charge(channel.wire()));
    if reset_charge.is_some() {
        channel.into_wire().reset();
    }
    keeper.fill(record, &client);
    match ending.map_err(|error| no_randomness(&error))? {
        Ending::CutShort { reason } => Ok(RunOutcome::CutShort { reason }),
        Ending::Complete if record.samples.is_empty() => {
            Ok(RunOutcome::CutShort { reason: "the server did not say what it received".to_owned() })
        }
        Ending::Complete => {
            record.course.stop_reason = Some(keeper.stop_reason(record, payload_bytes));
            Ok(RunOutcome::Complete)
        }
    }
}

fn no_randomness(error: &NoRandomness) -> RunOutcome {
    RunOutcome::ProbeFault { reason: error.to_string() }
}

/// The window offered at the most by a run with a ceiling to a server that does not keep it by itself: what is under
/// way when the run stops still comes in. On a fast long line this can hold the run back; the server's counter
/// `receive_window_limited_us` then says so.
fn window_within(ceiling: u64) -> usize {
    /// Four full segments: below that TCP cannot recover a loss quickly.
    const WINDOW_MIN: u64 = 4 * 1460;
    /// Largest window that TCP can express.
    const WINDOW_MAX: u64 = 1 << 30;
    usize::try_from((ceiling / 16).clamp(WINDOW_MIN, WINDOW_MAX)).unwrap_or(usize::MAX)
}

/// Octets read at once: with a ceiling few enough to stop in time. In an upload only texts come in, and a look at the
/// kernel leaves room for two such steps; a server that keeps the ceiling of a download by itself sends no more.
fn read_within(ceiling: Option<u64>, direction: Direction, server_keeps_plan: bool) -> usize {
    let most = match (ceiling, direction) {
        (Some(_), Direction::Upload) => UPLOAD_STEP,
        (Some(bytes), Direction::Download) if !server_keeps_plan => bytes / 64,
        _ => u64::MAX,
    };
    usize::try_from(most).unwrap_or(usize::MAX)
}

fn request_parameters(
    config: &RunConfig,
    duration: std::time::Duration,
    payload_bytes: Option<u64>,
) -> RequestParameters {
    let said = |key: &str, value: &str| (key.to_owned(), value.chars().take(128).collect::<String>());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is finite and not negative"
    )]
    let whole = |rate: f64| rate as u64;
    RequestParameters {
        early_exit_bytes: None,
        duration: Some(duration),
        payload_bytes,
        congestion_control: config.path.congestion_control.map(|algorithm| algorithm.name().to_owned()),
        expected_bits_per_second: config.expected.map(|rate| whole(rate.as_bits_per_second())),
        metadata: [
            said("client_name", &config.software.name),
            said("client_version", &config.software.version),
            said("client_os", std::env::consts::OS),
            said("client_arch", std::env::consts::ARCH),
            said("client_library_name", "desserte-net"),
            said("client_library_version", env!("CARGO_PKG_VERSION")),
        ]
        .into_iter()
        .chain(config.metadata.iter().cloned())
        .collect(),
    }
}
