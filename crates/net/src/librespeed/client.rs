//! The probe's end of a run.

use desserte_model::{
    CountedBy, CountingLayer, Direction, End, Protocol, RunOutcome, StopReason, TcpCounters, Throughput,
};
use desserte_proto::librespeed::{Client, ClientPlan, Ending, spec};
use desserte_units::ByteCount;
use tokio::task::JoinSet;

use super::RunConfig;
use super::drive::{Ceiling, Crowd, drive};
use super::latency::settle;
use super::link::Link;
use crate::Steer;
use crate::ask::Asker;
use crate::charge::{Tariff, UPLOAD_WINDOW};
use crate::connect::{Attempt, connect};
use crate::drive::Clock;
use crate::outbox::random_block;
use crate::steer::ToPlan;
use crate::tcp::{congestion_in_use, limit_receive_buffer};

/// Runs one direction against one server and returns what was measured.
///
/// A failed measurement is data: the outcome says how the run ended and the samples are kept. The future may be
/// dropped at any time; the connections are then closed.
///
/// # Shape
/// `samples` count all connections together. In a download they are payload, as this end received it; in an upload they are
/// what the other end's kernel has acknowledged, TLS and the heads of requests included, on this end's clock
/// (`docs/spec/librespeed.md`).
pub async fn run(config: &RunConfig) -> Throughput {
    run_steered(config, &mut ToPlan).await
}

/// As [`run`], and lets `steer` end the run before its time; it is asked at every reading and twenty times a second.
pub async fn run_steered(config: &RunConfig, steer: &mut dyn Steer) -> Throughput {
    let mut record = empty_record(config);
    record.outcome = match measure(config, &mut record, steer).await {
        Ok(outcome) | Err(outcome) => outcome,
    };
    tracing::info!(
        direction = record.direction.code(),
        protocol = "librespeed",
        server = record.server.host,
        outcome = record.outcome.code(),
        bytes = record.samples.last().map(|sample| sample.bytes),
        charged = record.connection.bytes_charged,
        "throughput run ended"
    );
    record
}

fn empty_record(config: &RunConfig) -> Throughput {
    let protocol = Protocol { name: "librespeed".to_owned(), version: spec::VERSION.to_owned() };
    let host = config.server.origin().authority();
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
    let streams = config.streams.clamp(1, spec::STREAMS_MAX);
    let named = matches!(config.server.origin().host(), url::Host::Domain(_));
    let ceiling = config.max_bytes.map(ByteCount::as_bytes);
    if let Some(ceiling) = ceiling {
        // Before the version of IP is known, the dearer one is assumed. One more connection asks where the names are.
        let tariff = Tariff::new(desserte_model::IpFamily::Ipv6, named);
        let each = Tariff::least_ceiling(named) + tariff.held_back(config.direction);
        let needed_bytes = each * (u64::from(streams) + 1);
        if needed_bytes > ceiling {
            return Err(RunOutcome::RefusedByBudget { needed_bytes, left_bytes: ceiling });
        }
    }
    let block = random_block().map_err(|error| RunOutcome::ProbeFault { reason: error.to_string() })?;
    let mut config = config.clone();
    if !config.server.is_settled() {
        let mut asker = Asker::new(config.connect_plan(), &config.software);
        let settled = settle(&mut asker, &config).await;
        let server = settled.map_err(|failure| {
            record.connection.bytes_charged = failure.charged;
            failure.outcome
        })?;
        record.connection.bytes_charged = asker.charged();
        drop(asker);
        config.server = server;
    }
    let before = record.connection.bytes_charged;
    let opened = open_all(&config, streams).await;
    record.connection.bytes_charged = before + opened.charged_for_failures;
    if let Some(failure) = opened.failure {
        // Connections that did come about are let go unused; what they cost is known to the kernel only now.
        let used = opened.links.iter().map(|(link, family)| {
            crate::tcp::TcpInfo::read(link.wire().tcp())
                .map_or(0, |info| Tariff::new(*family, named).charged(&info))
        });
        record.connection.bytes_charged += used.sum::<u64>();
        return Err(failure);
    }
    let Some((first, family)) = opened.links.first() else { unreachable!("there is at least one stream") };
    let family = *family;
    record.connection.family = Some(family);
    record.connection.tls = first.wire().tls_version();
    record.congestion_control.probe = congestion_in_use(first.wire().tcp());

    let spent = record.connection.bytes_charged;
    let ceiling = ceiling.map(|ceiling| {
        let wanted = match config.direction {
            // The kernel doubles what it is asked for.
            Direction::Upload => UPLOAD_WINDOW / 2,
            // What is under way when the run stops still comes in, on every connection.
            Direction::Download => (ceiling / 16 / u64::from(streams)).clamp(4 * 1460, 1 << 30),
        };
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let windows = opened.links.iter().map(|(link, _)| limit_receive_buffer(link.wire().tcp(), wanted));
        let window_most = windows.max().unwrap_or(0);
        Ceiling::new(ceiling.saturating_sub(spent), wanted, window_most)
    });
    let tariff = Tariff::new(family, named);
    let links = opened.links.into_iter().map(|(link, _)| link).collect();
    let mut crowd = Crowd::new(&config, block, tariff, links, ceiling, steer);
    let clock = Clock::start();
    let plan = ClientPlan {
        direction: config.direction,
        duration: config.duration.min(spec::DURATION_MAX),
        streams,
    };
    let mut client = Client::new(plan, clock.now());
    let ending = drive(&mut client, &mut crowd, clock).await;
    record.connection.bytes_charged = spent + crowd.let_go();
    record.course.streams = Some(streams);
    let end = match config.direction {
        Direction::Download => (End::Probe, CountingLayer::Application),
        Direction::Upload => (End::Server, CountingLayer::Kernel),
    };
    let kept = crowd.into_kept();
    record.samples = kept.received;
    record.counted_by = (!record.samples.is_empty()).then_some(CountedBy { end: end.0, layer: end.1 });
    record.probe_tcp = kept.own;
    record.congestion_control.server = kept.server.congestion_control;
    record.server.id = kept.server.id;
    record.server.load_ratio = kept.server.load_ratio;
    record.server.software = kept.server.software;
    match (ending, kept.busy) {
        // What a server's kernel took of an upload that the server itself refused is no measurement.
        (Ending::CutShort { .. }, Some(retry_after_s)) if !kept.accepted => {
            record.samples.clear();
            record.counted_by = None;
            Err(RunOutcome::ServerBusy { retry_after_s })
        }
        (Ending::CutShort { reason }, _) => {
            let reason = kept.trouble.map_or(reason.clone(), |trouble| format!("{reason}: {trouble}"));
            Ok(RunOutcome::CutShort { reason })
        }
        (Ending::Complete, _) => {
            record.course.stop_reason = Some(kept.stopped_for.unwrap_or(StopReason::PlannedEnd));
            Ok(RunOutcome::Complete)
        }
    }
}

/// What came of opening all connections.
struct Opened {
    links: Vec<(Link, desserte_model::IpFamily)>,
    failure: Option<RunOutcome>,
    charged_for_failures: u64,
}

/// Opens all connections at the same time.
async fn open_all(config: &RunConfig, streams: u16) -> Opened {
    let named = matches!(config.server.origin().host(), url::Host::Domain(_));
    let mut attempts = JoinSet::new();
    for _ in 0..streams {
        attempts.spawn(open(config.clone()));
    }
    let mut opened = Opened { links: Vec::new(), failure: None, charged_for_failures: 0 };
    while let Some(joined) = attempts.join_next().await {
        let Ok(attempt) = joined else {
            opened.failure =
                Some(RunOutcome::ProbeFault { reason: "opening a connection was given up".to_owned() });
            continue;
        };
        let failed = attempt.addresses_tried - u64::from(attempt.result.is_ok());
        let named = named && attempt.result.is_err();
        opened.charged_for_failures += Tariff::unreached(named, failed);
        match attempt.result {
            Ok((wire, family)) => opened.links.push((Link::new(wire), family)),
            Err(error) => {
                let reason = error.to_string();
                opened.failure = Some(if error.is_probe_fault() {
                    RunOutcome::ProbeFault { reason }
                } else {
                    RunOutcome::Unreachable { reason }
                });
            }
        }
    }
    opened
}

/// Opens one connection; owns what it needs, so that it can go on beside others.
pub(super) async fn open(config: RunConfig) -> Attempt {
    connect(&config.connect_plan()).await
}

/// The counters of several connections as those of one.
///
/// # Shape
/// Octets, segments, windows and rates are sums. Round trips are those of the slowest connection, `rtt_min_us` of the
/// quickest; times are those of the connection that has the longest.
pub(super) fn together(each: &[TcpCounters]) -> Option<TcpCounters> {
    let sum = |field: fn(&TcpCounters) -> Option<u64>| {
        let known: Vec<u64> = each.iter().filter_map(field).collect();
        (!known.is_empty()).then(|| known.iter().sum())
    };
    let most = |field: fn(&TcpCounters) -> Option<u64>| each.iter().filter_map(field).max();
    let least = |field: fn(&TcpCounters) -> Option<u64>| each.iter().filter_map(field).min();
    (!each.is_empty()).then(|| TcpCounters {
        elapsed_us: 0,
        rtt_us: most(|c| c.rtt_us),
        rtt_var_us: most(|c| c.rtt_var_us),
        rtt_min_us: least(|c| c.rtt_min_us),
        bytes_acked: sum(|c| c.bytes_acked),
        bytes_received: sum(|c| c.bytes_received),
        bytes_sent: sum(|c| c.bytes_sent),
        bytes_retransmitted: sum(|c| c.bytes_retransmitted),
        segments_retransmitted: sum(|c| c.segments_retransmitted),
        busy_us: most(|c| c.busy_us),
        receive_window_limited_us: most(|c| c.receive_window_limited_us),
        send_buffer_limited_us: most(|c| c.send_buffer_limited_us),
        congestion_window_segments: sum(|c| c.congestion_window_segments),
        segment_bytes: most(|c| c.segment_bytes),
        delivery_rate_bytes_per_second: sum(|c| c.delivery_rate_bytes_per_second),
    })
}
