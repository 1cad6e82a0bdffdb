//! The probe's end of a test.

use std::time::Duration;

use desserte_model::{
    ByteSample, CongestionControl, Connection, CountedBy, CountingLayer, Course, Direction, End, IpFamily,
    Protocol, RunOutcome, Server, StopReason, TcpCounters, Throughput,
};
use desserte_proto::iperf3::{Client, Ending, Mode, Parameters, Results, Transport, spec, stream_id};
use desserte_units::{BitRate, ByteCount};
use tokio::time::Instant;

use super::drive::{CONTROL_WINDOW, Drive};
use super::session::Control;
use super::{RunConfig, UdpConfig};
use crate::charge::Tariff;
use crate::connect::{ConnectError, ConnectPlan, connect, family_of};
use crate::drive::Clock;
use crate::outbox::{NoRandomness, random};
use crate::tcp::{congestion_in_use, limit_receive_buffer};
use crate::wire::Wire;
use crate::{Steer, ToPlan};

/// What the receiver counted of one direction over UDP, all flows together.
///
/// # Units
/// Jitter is the smoothed variation of the transit time of RFC 3550, section 6.4.1: the mean of the flows' last values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UdpFlow {
    /// The way of the payload.
    pub direction: Direction,
    /// Datagrams that the receiver knows of: those that arrived and those that it misses.
    pub packets: u64,
    /// Of these, the ones that it misses.
    pub lost: u64,
    /// Datagrams that the sender says it sent; absent when it did not say.
    pub packets_sent: Option<u64>,
    /// Octets of UDP payload that arrived.
    pub bytes: u64,
    /// Length of the test on the receiver's clock.
    pub duration: Duration,
    /// Smoothed variation of the transit time.
    pub jitter: Duration,
}

impl UdpFlow {
    /// Share of the datagrams that were lost.
    ///
    /// # Missing data
    /// `None` when the receiver knows of no datagram, or says that it lost more than there were.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "numbers of datagrams are far below 2^53")]
    pub fn loss_ratio(&self) -> Option<f64> {
        (self.packets > 0 && self.lost <= self.packets).then(|| self.lost as f64 / self.packets as f64)
    }

    /// Rate of UDP payload that arrived.
    #[must_use]
    pub fn throughput(&self) -> Option<BitRate> {
        BitRate::over(ByteCount::from_bytes(self.bytes), self.duration)
    }
}

/// One run over UDP.
#[derive(Debug, Clone, PartialEq)]
pub struct UdpRun {
    /// How it ended.
    pub outcome: RunOutcome,
    /// What was counted; absent when nothing was.
    pub flow: Option<UdpFlow>,
    /// Octets that it put on the interface, estimated upwards.
    pub bytes_charged: u64,
}

/// Runs one direction over TCP against one server and returns what was measured.
///
/// A failed measurement is data: the outcome says how the run ended and the samples are kept. The future may be
/// dropped at any time; the connections are then closed.
///
/// # Shape
/// In a download `samples` are readings of the probe's counter. In an upload they are the server's: all of its readings
/// if it is ours, else two, the origin and what it counted in the end, since iperf3 tells nothing before.
///
/// # Missing data
/// `samples` is empty when the receiver counted nothing, or never told.
pub async fn run(config: &RunConfig, steer: &mut dyn Steer) -> Throughput {
    let mode = match config.direction {
        Direction::Upload => Mode::Forward,
        Direction::Download => Mode::Reverse,
    };
    let test = Test::run(config, parameters(config, Transport::Tcp, mode), steer).await;
    let record = test.record(config, config.direction);
    tracing::info!(
        direction = record.direction.code(),
        server = record.server.host,
        outcome = record.outcome.code(),
        bytes = record.samples.last().map(|sample| sample.bytes),
        charged = record.connection.bytes_charged,
        "iperf3 run ended"
    );
    record
}

/// Runs both directions at once and returns the download and the upload. Each is charged half of the run.
pub async fn run_both(config: &RunConfig) -> (Throughput, Throughput) {
    let mut test =
        Test::run(config, parameters(config, Transport::Tcp, Mode::Bidirectional), &mut ToPlan).await;
    let half = test.charged / 2;
    test.charged -= half;
    let download = test.record(config, Direction::Download);
    test.charged = half;
    (download, test.record(config, Direction::Upload))
}

/// Runs one direction over UDP.
pub async fn run_udp(config: &UdpConfig) -> UdpRun {
    let mode = match config.base.direction {
        Direction::Upload => Mode::Forward,
        Direction::Download => Mode::Reverse,
    };
    let mut wanted = parameters(&config.base, Transport::Udp, mode);
    wanted.bits_per_second = whole_rate(Some(config.rate));
    wanted.block_bytes = config.datagram_bytes.clamp(spec::UDP_BLOCK_MIN, spec::UDP_BLOCK_MAX);
    wanted.congestion_control = None;
    let test = Test::run(&config.base, wanted, &mut ToPlan).await;
    UdpRun {
        outcome: test.outcome.clone(),
        flow: test.flow(config.base.direction),
        bytes_charged: test.charged,
    }
}

fn parameters(config: &RunConfig, transport: Transport, mode: Mode) -> Parameters {
    let whole_seconds =
        |time: Duration| Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0));
    let mut parameters = Parameters::new(transport, mode);
    parameters.streams = config.streams.clamp(1, spec::STREAMS_MAX);
    parameters.bytes = config.payload.map(ByteCount::as_bytes).filter(|bytes| *bytes > 0);
    let duration = whole_seconds(config.duration).max(Duration::from_secs(1));
    parameters.duration = Some(duration).filter(|_| parameters.bytes.is_none());
    parameters.omit = whole_seconds(config.omit);
    parameters.block_bytes =
        config.block_bytes.unwrap_or(parameters.block_bytes).clamp(1, spec::TCP_BLOCK_MAX);
    parameters.window_bytes = config.window_bytes;
    parameters.bits_per_second = whole_rate(config.rate);
    parameters.congestion_control =
        config.path.congestion_control.map(|algorithm| algorithm.name().to_owned());
    parameters.client_version = Some(concat!("desserte ", env!("CARGO_PKG_VERSION")).to_owned());
    parameters
}

fn whole_rate(rate: Option<BitRate>) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is finite and not negative"
    )]
    let whole = rate.map(|rate| rate.as_bits_per_second() as u64);
    whole.filter(|rate| *rate > 0)
}

/// A test as it went.
pub(super) struct Test {
    pub(super) parameters: Parameters,
    pub(super) outcome: RunOutcome,
    pub(super) stop_reason: Option<StopReason>,
    pub(super) family: Option<IpFamily>,
    pub(super) charged: u64,
    pub(super) own: Option<Results>,
    /// Octets of payload that this end has sent, the omitted time included.
    pub(super) sent: u64,
    pub(super) peer: Option<Results>,
    pub(super) readings: Vec<ByteSample>,
    pub(super) counters: Vec<TcpCounters>,
    pub(super) congestion: Option<String>,
}

impl Test {
    async fn run(config: &RunConfig, parameters: Parameters, steer: &mut dyn Steer) -> Self {
        let mut test = Self {
            parameters,
            outcome: RunOutcome::Complete,
            stop_reason: None,
            family: None,
            charged: 0,
            own: None,
            sent: 0,
            peer: None,
            readings: Vec::new(),
            counters: Vec::new(),
            congestion: None,
        };
        test.outcome = match test.attempt(config, steer).await {
            Ok(outcome) | Err(outcome) => outcome,
        };
        if test.outcome != RunOutcome::Complete {
            test.stop_reason = None;
        }
        test
    }

    /// Both ways out are the run's outcome.
    async fn attempt(&mut self, config: &RunConfig, steer: &mut dyn Steer) -> Result<RunOutcome, RunOutcome> {
        let named = matches!(config.server.url().host(), url::Host::Domain(_));
        let directions = 1 + u64::from(self.parameters.mode == Mode::Bidirectional);
        let connections = u64::from(self.parameters.streams) * directions + 1;
        let ceiling = config.max_bytes.map(ByteCount::as_bytes);
        if let Some(left_bytes) = ceiling {
            let needed_bytes = Tariff::least_ceiling(named) * connections;
            if left_bytes < needed_bytes {
                return Err(RunOutcome::RefusedByBudget { needed_bytes, left_bytes });
            }
        }
        let plan = ConnectPlan { server: config.server.url(), path: &config.path };
        let attempt = connect(&plan).await;
        self.charged = Tariff::unreached(named, attempt.addresses_tried);
        let (wire, family) = attempt.result.map_err(|error| unreached(&error))?;
        let failed_before = Tariff::unreached(false, attempt.addresses_tried.saturating_sub(1));
        let Wire::Clear(counted) = wire else { unreachable!("the address of an iperf3 server is in clear") };
        let tcp = counted.into_tcp();
        let server =
            tcp.peer_addr().map_err(|error| RunOutcome::Unreachable { reason: error.to_string() })?;
        self.family = Some(family_of(server.ip()));
        self.congestion = congestion_in_use(&tcp).filter(|_| self.parameters.transport == Transport::Tcp);
        let cookie = cookie().map_err(|error| RunOutcome::ProbeFault { reason: error.to_string() })?;
        let control_window = ceiling.map_or(0, |_| limit_receive_buffer(&tcp, CONTROL_WINDOW));
        let clock = Clock::start();
        let mut drive = Drive {
            config,
            plan,
            server,
            cookie,
            clock,
            client: Client::new(self.parameters.clone(), &cookie, config.patience, clock.now()),
            control: Control::new(tcp),
            load: None,
            tariff: [Tariff::new(family, named), Tariff::new(family, false)],
            failed_before,
            receive_buffer: ceiling.map(|ceiling| window_within(ceiling, connections)),
            control_window,
            charged_before: 0,
            shown: 0,
            next_counters: Instant::now(),
            next_question: Instant::now(),
            own_meters: Vec::new(),
            running_since: None,
        };
        let ending = drive.finish(self, steer).await;
        let (charged, pending) = drive.charged_and_pending();
        // A server that did not hear of the end, or does not care, may still fill the windows.
        self.charged = if matches!(ending, Ok(Ending::Complete)) { charged } else { charged + pending };
        self.peer = drive.client.peer().cloned();
        Ok(match ending.map_err(|error| RunOutcome::ProbeFault { reason: error.to_string() })? {
            Ending::Complete => RunOutcome::Complete,
            Ending::Denied => RunOutcome::ServerBusy { retry_after_s: None },
            Ending::Refused { code, .. } => RunOutcome::Unreachable {
                reason: format!("the server refused the test (iperf3 error {code})"),
            },
            Ending::CutShort { reason } if drive.running_since.is_none() => {
                RunOutcome::Unreachable { reason }
            }
            Ending::CutShort { reason } => RunOutcome::CutShort { reason },
        })
    }

    /// Picks the streams of one direction by their id.
    fn carries(&self, direction: Direction) -> impl Fn(u64) -> bool + Copy {
        let (streams, mode) = (usize::from(self.parameters.streams), self.parameters.mode);
        let first = if mode == Mode::Bidirectional && direction == Direction::Download { streams } else { 0 };
        move |id| (first..first + streams).any(|index| stream_id(index) == id)
    }

    fn record(&self, config: &RunConfig, direction: Direction) -> Throughput {
        let carries = self.carries(direction);
        let report = self.peer.as_ref().and_then(|peer| peer.report.as_ref());
        let samples = match (direction, &self.peer) {
            (Direction::Download, _) => self.readings.clone(),
            (Direction::Upload, None) => Vec::new(),
            (Direction::Upload, Some(peer)) => self.received_there(peer, carries),
        };
        let end = match direction {
            Direction::Download => End::Probe,
            Direction::Upload => End::Server,
        };
        let by = CountedBy { end, layer: CountingLayer::Application };
        Throughput {
            direction,
            protocol: Protocol { name: "iperf3".to_owned(), version: spec::VERSION.to_owned() },
            outcome: match &self.outcome {
                RunOutcome::Complete if samples.is_empty() => {
                    let reason = match direction {
                        Direction::Upload
                            if self.peer.as_ref().is_some_and(|peer| peer.seconds(carries) > 0.0) =>
                        {
                            "what the server says that it received cannot be"
                        }
                        _ => "the server did not say what it received",
                    };
                    RunOutcome::CutShort { reason: reason.to_owned() }
                }
                outcome => outcome.clone(),
            },
            counted_by: (!samples.is_empty()).then_some(by),
            samples,
            probe_tcp: self.counters.clone(),
            server_tcp: Vec::new(),
            congestion_control: CongestionControl {
                probe: self.congestion.clone(),
                server: self.peer.as_ref().and_then(|peer| peer.congestion_control.clone()),
            },
            connection: Connection { family: self.family, tls: None, bytes_charged: self.charged },
            server: Server {
                id: report.and_then(|report| report.id.clone()),
                host: config.server.authority(),
                load_ratio: report.and_then(|report| report.load_ratio),
                software: report.and_then(|report| report.software.clone()),
            },
            medium: config.medium.clone(),
            access_line: config.access_line.clone(),
            course: Course {
                stop_reason: self.stop_reason,
                streams: Some(self.parameters.streams),
                ..Course::default()
            },
        }
    }

    /// What the server counted of an upload; nothing when that cannot be.
    fn received_there(&self, peer: &Results, carries: impl Fn(u64) -> bool + Copy) -> Vec<ByteSample> {
        // Its time begins before ours and ends after it, but for the resolution of timers.
        let least = seconds(self.own.as_ref().map_or(0.0, |own| own.seconds(carries))) / 2;
        let is_credible = |samples: &[ByteSample]| {
            samples.last().is_some_and(|last| {
                last.bytes <= self.sent && Duration::from_micros(last.elapsed_us) >= least
            })
        };
        let readings = peer.report.as_ref().map(|report| report.readings.clone());
        readings
            .filter(|readings| readings.len() > 1 && is_credible(readings))
            .or_else(|| Some(start_and_end(peer, carries)).filter(|samples| is_credible(samples)))
            .unwrap_or_default()
    }

    fn flow(&self, direction: Direction) -> Option<UdpFlow> {
        let (receiver, sender) = match direction {
            Direction::Download => (self.own.as_ref()?, self.peer.as_ref()),
            Direction::Upload => {
                (self.peer.as_ref().filter(|peer| peer.bytes(|_| true) <= self.sent)?, self.own.as_ref())
            }
        };
        // Totals include the omitted time; what was counted in it is taken off where the receiver tells.
        let sum = |results: &Results, of: &dyn Fn(&desserte_proto::iperf3::StreamResult) -> u64| {
            results.streams.iter().fold(0, |sum: u64, stream| sum.saturating_add(of(stream)))
        };
        #[expect(clippy::cast_precision_loss, reason = "a number of streams")]
        let streams = receiver.streams.len().max(1) as f64;
        let jitter = receiver.streams.iter().map(|stream| stream.jitter_s).sum::<f64>() / streams;
        Some(UdpFlow {
            direction,
            packets: sum(receiver, &|s| {
                s.packets.saturating_sub(s.omitted.map_or(0, |(_, packets)| packets))
            }),
            lost: sum(receiver, &|s| s.lost.saturating_sub(s.omitted.map_or(0, |(lost, _)| lost))),
            packets_sent: sender.map(|sender| {
                sum(sender, &|s| s.packets.saturating_sub(s.omitted.map_or(0, |(_, packets)| packets)))
            }),
            bytes: receiver.bytes(|_| true),
            duration: seconds(receiver.seconds(|_| true)),
            jitter: seconds(jitter),
        })
    }
}

/// What a foreign server counted in the end, as two readings.
fn start_and_end(peer: &Results, carries: impl Fn(u64) -> bool + Copy) -> Vec<ByteSample> {
    let elapsed_us = u64::try_from(seconds(peer.seconds(carries)).as_micros()).unwrap_or(u64::MAX);
    if elapsed_us == 0 {
        return Vec::new();
    }
    vec![ByteSample { elapsed_us: 0, bytes: 0 }, ByteSample { elapsed_us, bytes: peer.bytes(carries) }]
}

/// A time that another program said, which may be anything.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn unreached(error: &ConnectError) -> RunOutcome {
    let reason = error.to_string();
    if error.is_probe_fault() {
        RunOutcome::ProbeFault { reason }
    } else {
        RunOutcome::Unreachable { reason }
    }
}

fn cookie() -> Result<[u8; spec::COOKIE_LENGTH], NoRandomness> {
    let mut cookie: [u8; spec::COOKIE_LENGTH] = random()?;
    for octet in &mut cookie[..spec::COOKIE_LENGTH - 1] {
        *octet = spec::COOKIE_LETTERS[usize::from(*octet) % spec::COOKIE_LETTERS.len()];
    }
    cookie[spec::COOKIE_LENGTH - 1] = 0;
    Ok(cookie)
}

/// Buffer of each socket of a run with a ceiling: what is under way when it stops still comes in.
fn window_within(ceiling: u64, connections: u64) -> usize {
    /// Four full segments: below that TCP cannot recover a loss quickly.
    const WINDOW_MIN: u64 = 4 * 1460;
    /// Largest window that TCP can express.
    const WINDOW_MAX: u64 = 1 << 30;
    // The kernel doubles what it is asked for.
    usize::try_from((ceiling / 16 / connections / 2).clamp(WINDOW_MIN, WINDOW_MAX)).unwrap_or(usize::MAX)
}
