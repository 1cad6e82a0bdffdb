//! The data connections of one test, at either end.

use std::sync::Arc;
use std::time::Duration;

use desserte_model::ByteSample;
use desserte_proto::iperf3::{Parameters, Results, StreamResult, Transport, stream_id};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::flows::{self, FlowPlan};
use super::meter::Meter;
use super::pump::{self, Phase};
use crate::outbox::{NoRandomness, random_block};
use crate::tcp::{TcpInfo, congestion_in_use, has_gap};

/// Time that the pumps get to see that they are to stop; each looks after some calls that do not wait.
const PUMPS_LIMIT: Duration = Duration::from_secs(1);

/// One data connection.
#[derive(Debug, Clone)]
pub(super) enum Socket {
    /// Of TCP.
    Tcp(Arc<TcpStream>),
    /// A connected socket of UDP.
    Udp(Arc<UdpSocket>),
}

/// Which end of the test this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

/// All data connections of a test.
#[derive(Debug)]
pub(super) struct Load {
    role: Role,
    parameters: Parameters,
    sockets: Vec<Socket>,
    phase: watch::Sender<Phase>,
    pumps: JoinSet<()>,
    pub(super) meter: Arc<Meter>,
    processor: Option<(Processor, Instant)>,
}

impl Load {
    /// Load over `sockets`, in the order in which the client opened them; nothing flows yet.
    pub(super) fn new(
        role: Role,
        parameters: &Parameters,
        sockets: Vec<Socket>,
    ) -> Result<Self, NoRandomness> {
        let meter = Arc::new(Meter::new(sockets.len()));
        let (phase, _) = watch::channel(Phase::Waiting);
        let mut load = Self {
            role,
            parameters: parameters.clone(),
            sockets,
            phase,
            pumps: JoinSet::new(),
            meter,
            processor: None,
        };
        let random = random_block()?;
        let block = usize::try_from(parameters.block_bytes).unwrap_or(usize::MAX).min(random.len());
        let rate = parameters.bits_per_second;
        let plan = FlowPlan {
            datagram_bytes: usize::try_from(parameters.block_bytes).unwrap_or(usize::MAX),
            counters_64bit: parameters.counters_64bit,
            bits_per_second: rate,
        };
        for (index, socket) in load.sockets.clone().into_iter().enumerate() {
            let (meter, phase) = (Arc::clone(&load.meter), load.phase.subscribe());
            match (socket, load.sends(index)) {
                (Socket::Tcp(socket), true) => {
                    load.pumps.spawn(pump::send(socket, index, meter, phase, &random[..block], rate))
                }
                (Socket::Tcp(socket), false) => load.pumps.spawn(pump::receive(socket, index, meter, phase)),
                (Socket::Udp(socket), true) => {
                    load.pumps.spawn(flows::send(socket, index, meter, phase, random, plan))
                }
                (Socket::Udp(socket), false) => {
                    load.pumps.spawn(flows::receive(socket, index, meter, phase, plan))
                }
            };
        }
        Ok(load)
    }

    /// Whether this end sends on connection `index`: those on which the client sends come first.
    pub(super) fn sends(&self, index: usize) -> bool {
        let client_sends =
            self.parameters.mode.client_sends() && index < usize::from(self.parameters.streams);
        client_sends == (self.role == Role::Client)
    }

    /// The TCP connections, with their numbers.
    pub(super) fn tcp(&self) -> impl Iterator<Item = (usize, &TcpStream)> {
        self.sockets.iter().enumerate().filter_map(|(index, socket)| match socket {
            Socket::Tcp(socket) => Some((index, &**socket)),
            Socket::Udp(_) => None,
        })
    }

    /// Whether the load is carried by TCP.
    pub(super) fn is_tcp(&self) -> bool {
        self.parameters.transport == Transport::Tcp
    }

    /// Octets of all datagrams with so many octets of headers each; nothing of TCP.
    pub(super) fn datagrams(&self, headers: u64) -> u64 {
        match self.parameters.transport {
            Transport::Tcp => 0,
            Transport::Udp => self.meter.datagrams(headers),
        }
    }

    /// Whether every pump has ended although the test goes on: the connections broke.
    pub(super) fn is_broken(&mut self) -> bool {
        while self.pumps.try_join_next().is_some() {}
        self.pumps.is_empty()
    }

    /// Lets the payload flow.
    pub(super) fn start(&mut self) {
        self.processor = Some((Processor::now(), Instant::now()));
        self.meter.start();
        if self.parameters.omit.is_zero() {
            self.limit();
        }
        self.phase.send_replace(Phase::Running);
    }

    /// Leaves out what was counted so far.
    pub(super) fn end_omit(&mut self) {
        let again: Vec<u64> =
            (0..self.sockets.len()).map(|index| self.retransmits(index).unwrap_or(0)).collect();
        self.meter.end_omit(&again);
        self.limit();
    }

    /// Looks for gaps and lets time pass. Only with a single connection do gaps hold readings back: of several, what
    /// waits behind one is a small part, and one of them may have a gap at any time.
    pub(super) fn tick(&self) -> Duration {
        let mut receiving = self.tcp().filter(|(index, _)| !self.sends(*index));
        let gap = match (receiving.next(), receiving.next()) {
            (Some((_, socket)), None) => Some(has_gap(socket)),
            _ => None,
        };
        self.meter.wake(gap)
    }

    /// Readings of the receiver's counter from number `from` on.
    pub(super) fn readings(&self, from: usize) -> Vec<ByteSample> {
        self.meter.readings(from)
    }

    /// Octets of payload that this end has sent, the omitted ones included.
    pub(super) fn sent(&self) -> u64 {
        let sending = (0..self.sockets.len()).filter(|index| self.sends(*index));
        sending.map(|index| self.meter.bytes_of(index)).sum()
    }

    /// Whether the other end's kernel has everything that was sent.
    pub(super) fn is_drained(&self) -> bool {
        self.tcp().filter(|(index, _)| self.sends(*index)).all(|(index, socket)| {
            let acknowledged = TcpInfo::read(socket).and_then(|info| info.counters().bytes_acked);
            acknowledged.is_none_or(|octets| octets >= self.meter.bytes_of(index))
        })
    }

    /// Counts and moves no more, and says what was counted. What is received stops to count at once; what is sent when the
    /// last block that was under way has been counted.
    pub(super) async fn stop(&mut self) -> Results {
        self.phase.send_replace(Phase::Stopped);
        let elapsed = self.meter.stop();
        let all_ended = async { while self.pumps.join_next().await.is_some() {} };
        if timeout(PUMPS_LIMIT, all_ended).await.is_err() {
            self.pumps.abort_all();
        }
        let retransmits: Vec<Option<u64>> =
            (0..self.sockets.len()).map(|index| self.retransmits(index)).collect();
        let counts = self.meter.streams();
        let sends_anything = (0..self.sockets.len()).any(|index| self.sends(index));
        let result = |index: usize| {
            let count = &counts[index];
            StreamResult {
                id: stream_id(index),
                bytes: count.bytes - count.bytes_omitted,
                retransmits: retransmits[index].map(|again| again.saturating_sub(count.retransmits_omitted)),
                jitter_s: count.flow.jitter_us() / 1e6,
                lost: count.flow.lost(),
                packets: match self.parameters.transport {
                    Transport::Tcp => 0,
                    Transport::Udp => count.packets_sent.max(count.flow.highest()),
                },
                omitted: count.omitted.filter(|_| self.parameters.transport == Transport::Udp),
                seconds: elapsed.as_secs_f64(),
            }
        };
        Results {
            cpu_percent: self
                .processor
                .as_ref()
                .map_or([0.0; 3], |(before, begun)| before.percent_since(*begun)),
            counts_retransmits: sends_anything.then_some(self.parameters.transport == Transport::Tcp),
            congestion_control: self.tcp().next().and_then(|(_, socket)| congestion_in_use(socket)),
            streams: (0..counts.len()).map(result).collect(),
            report: None,
        }
    }

    /// Says on every TCP connection on which this end sends that no more comes. The reference's client needs it: it reads
    /// whole blocks until the end, and would wait for the rest of one for ever.
    pub(super) fn end_sending(&self) {
        for (_, socket) in self.tcp().filter(|(index, _)| self.sends(*index)) {
            if let Err(error) = socket2::SockRef::from(socket).shutdown(std::net::Shutdown::Write) {
                tracing::debug!(%error, "a data connection was already closed");
            }
        }
    }

    /// Octets that end the test. A server does not end it, but sends no more TCP than was asked for.
    fn limit(&self) {
        let blocks =
            self.parameters.blocks.map(|blocks| blocks.saturating_mul(self.parameters.block_bytes.into()));
        let octets = self.parameters.bytes.or(blocks);
        match self.role {
            Role::Client => self.meter.limit(octets, octets),
            Role::Server => {
                let sure = self.parameters.transport == Transport::Tcp && self.parameters.omit.is_zero();
                self.meter.limit(octets.filter(|_| sure), None);
            }
        }
    }

    fn retransmits(&self, index: usize) -> Option<u64> {
        match &self.sockets[index] {
            Socket::Tcp(socket) if self.sends(index) => {
                TcpInfo::read(&**socket).and_then(|info| info.counters().segments_retransmitted)
            }
            _ => None,
        }
    }
}

/// Processor time of this program, user and system.
#[derive(Debug, Clone, Copy)]
struct Processor {
    user: Duration,
    system: Duration,
}

impl Processor {
    #[expect(unsafe_code, reason = "the standard library does not wrap getrusage")]
    fn now() -> Self {
        // SAFETY: `rusage` is plain numbers, for which all zeroes are a value; the kernel fills it.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
            usage
        };
        let time = |time: libc::timeval| {
            let (secs, micros) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_usec));
            Duration::from_secs(secs.unwrap_or(0)) + Duration::from_micros(micros.unwrap_or(0))
        };
        Self { user: time(usage.ru_utime), system: time(usage.ru_stime) }
    }

    /// Percent of the time since `begun`: all, user, system.
    fn percent_since(&self, begun: Instant) -> [f64; 3] {
        let (now, wall) = (Self::now(), begun.elapsed().as_secs_f64());
        if wall <= 0.0 {
            return [0.0; 3];
        }
        let user = now.user.saturating_sub(self.user).as_secs_f64() / wall * 100.0;
        let system = now.system.saturating_sub(self.system).as_secs_f64() / wall * 100.0;
        [user + system, user, system]
    }
}
