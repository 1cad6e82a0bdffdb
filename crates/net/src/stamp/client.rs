//! The probe's end.

use std::net::SocketAddr;
use std::time::Duration;

use desserte_model::RunOutcome;
use desserte_proto::stamp::{BASE_LENGTH, Figures, Probe, Sender, SenderPlan, StampTime};
use tokio::net::UdpSocket;
use tokio::time::sleep_until;

use super::{ReflectorAddress, socket};
use crate::PathChoice;
use crate::charge::Tariff;
use crate::connect::{ConnectPlan, addresses};
use crate::drive::Clock;
use crate::kernel_clock;
use crate::stamps::{ask_for_both, departure, unix_nanos};

/// Packets of one session at the most: a day of one a second.
const COUNT_MAX: u32 = 86_400;
/// Shortest time between two: a thousand a second is what a reflector of ours lets one source send.
const INTERVAL_MIN: Duration = Duration::from_millis(1);
/// Longest packet: what Ethernet carries over IPv6.
const PACKET_MAX: usize = 1_500 - 40 - 8;
/// Change of the calendar clock against the monotonic one that is more than steering of the clock.
const STEP_MIN: Duration = Duration::from_millis(2);
/// Headers of Ethernet, IPv6 and UDP.
const HEADERS: u64 = 14 + 40 + 8;

/// The plan of one session. [`StampConfig::new`] gives the usual one.
#[derive(Debug, Clone)]
pub struct StampConfig {
    /// The reflector.
    pub reflector: ReflectorAddress,
    /// Packets.
    pub count: u32,
    /// Time from one to the next.
    pub interval: Duration,
    /// Octets of UDP payload in each, 44 to 1452.
    pub packet_bytes: usize,
    /// Time that answers get after the last packet.
    pub patience: Duration,
    /// Whether the reflector is known to keep state; ours does. Without it loss may not be told by direction.
    pub reflector_is_stateful: bool,
    /// The way to the server.
    pub path: PathChoice,
}

impl StampConfig {
    /// A hundred packets in ten seconds, each as short as may be, to a reflector of which nothing is known.
    #[must_use]
    pub fn new(reflector: ReflectorAddress) -> Self {
        Self {
            reflector,
            count: 100,
            interval: Duration::from_millis(100),
            packet_bytes: BASE_LENGTH,
            patience: Duration::from_secs(2),
            reflector_is_stateful: false,
            path: PathChoice::default(),
        }
    }
}

/// One session.
///
/// # Missing data
/// `probes` is empty when nothing could be sent. A session without any answer is `Unreachable`, with its probes.
#[derive(Debug, Clone, PartialEq)]
pub struct StampRun {
    /// How it ended.
    pub outcome: RunOutcome,
    /// Every packet and what became of it, in order of sending, with all times as they were read.
    pub probes: Vec<Probe>,
    /// What follows from them; delays of one direction only as far as both clocks say that they are right.
    pub figures: Figures,
    /// Answers that came again.
    pub doubled: u64,
    /// Whether the probe's calendar clock was set meanwhile; round trips across that moment are wrong then.
    pub clock_was_set: bool,
    /// Whether the kernel noted the time of every departure and arrival; else the program noted some, departures before they
    /// were and arrivals after.
    pub kernel_times: bool,
    /// Octets that the session put on the interface both ways, estimated upwards.
    pub bytes_charged: u64,
}

/// Runs one session against one reflector.
///
/// A failed measurement is data: the outcome says how it ended. The future may be dropped at any time.
pub async fn run(config: &StampConfig) -> StampRun {
    let named = matches!(config.reflector.url().host(), url::Host::Domain(_));
    let mut run = StampRun {
        outcome: RunOutcome::Complete,
        probes: Vec::new(),
        figures: Figures::of(&[], false, false),
        doubled: 0,
        clock_was_set: false,
        kernel_times: true,
        bytes_charged: Tariff::unreached(named, 0),
    };
    if let Err(outcome) = measure(config, &mut run).await {
        run.outcome = outcome;
    }
    tracing::info!(
        reflector = config.reflector.authority(),
        outcome = run.outcome.code(),
        sent = run.figures.sent,
        answered = run.figures.answered,
        "STAMP session ended"
    );
    run
}

async fn measure(config: &StampConfig, run: &mut StampRun) -> Result<(), RunOutcome> {
    let fault = |error: &dyn std::fmt::Display| RunOutcome::ProbeFault { reason: error.to_string() };
    let plan = ConnectPlan { server: config.reflector.url(), path: &config.path };
    let unreachable = |reason: String| RunOutcome::Unreachable { reason };
    let found = addresses(&plan).await.map_err(|error| unreachable(error.to_string()))?;
    let reflector = found
        .into_iter()
        .next()
        .ok_or_else(|| unreachable("no address of the wanted version of IP".to_owned()))?;
    let udp = open(config, reflector).await.map_err(|error| fault(&error))?;
    let clock = Clock::start();
    let offset = || unix_nanos() - i128::from(clock.now().as_micros()) * 1_000;
    let offset_before = offset();
    let packet_bytes = config.packet_bytes.clamp(BASE_LENGTH, PACKET_MAX);
    let mut sender = Sender::new(
        SenderPlan {
            count: config.count.clamp(1, COUNT_MAX),
            interval: config.interval.max(INTERVAL_MIN),
            packet_bytes,
            patience: config.patience,
            session: 0,
        },
        clock.now(),
    );
    let error = socket::clock_error();
    let mut octets = [0; PACKET_MAX + 1];
    let (mut refused, mut taken) = (false, 0);
    while let Some(at) = sender.next_wake(clock.now()) {
        let now = clock.now();
        if let Some(number) = sender.due(now) {
            let told = unix_nanos();
            let packet = sender.send(StampTime::from_unix_nanos(told), error, now);
            run.bytes_charged += packet.len() as u64 + HEADERS;
            if let Err(error) = udp.send(&packet).await {
                refused |= error.kind() == std::io::ErrorKind::ConnectionRefused;
                tracing::debug!(%error, "a packet could not be sent");
                continue;
            }
            match departure(&udp, taken, told) {
                Some(left) => sender.left(number, StampTime::from_unix_nanos(left)),
                None => run.kernel_times = false,
            }
            taken += 1;
            continue;
        }
        tokio::select! {
            arrived = socket::receive(&udp, &mut octets) => match arrived {
                Ok(arrived) => {
                    run.bytes_charged += arrived.length as u64 + HEADERS;
                    run.kernel_times &= arrived.by_kernel;
                    sender.receive(&octets[..arrived.length], arrived.received);
                }
                Err(error) => {
                    refused |= error.kind() == std::io::ErrorKind::ConnectionRefused;
                    tracing::debug!(%error, "nothing could be received");
                    // An error comes once for each packet that was sent; none of them is worth a busy loop.
                    tokio::time::sleep(INTERVAL_MIN).await;
                }
            },
            () = sleep_until(clock.instant(at)) => {}
        }
    }
    run.clock_was_set = (offset() - offset_before).unsigned_abs() > STEP_MIN.as_nanos();
    run.doubled = sender.doubled();
    run.probes = sender.probes().to_vec();
    let synchronised = kernel_clock().is_some_and(|clock| clock.synchronised);
    run.figures = Figures::of(&run.probes, config.reflector_is_stateful, synchronised);
    if run.figures.answered == 0 {
        let reason = if refused { "nobody listens there" } else { "no answer came" };
        return Err(unreachable(reason.to_owned()));
    }
    Ok(())
}

async fn open(config: &StampConfig, reflector: SocketAddr) -> std::io::Result<UdpSocket> {
    let udp = UdpSocket::bind(config.path.datagrams_from(reflector)).await?;
    if let Some(name) = &config.path.interface {
        socket2::SockRef::from(&udp).bind_device(Some(name.as_bytes()))?;
    }
    socket::prepare(&udp)?;
    ask_for_both(&udp);
    udp.connect(reflector).await?;
    Ok(udp)
}
