//! A TCP-like bulk transfer over two [links](crate::link) in virtual time.
//!
//! Enough of TCP to give estimators and stop rules the series that a real run gives them: slow start with its early
//! exit, CUBIC or BBR, selective acknowledgements, loss found by the order of sending, recovery at a proportional rate,
//! tail probes and time-outs, delayed acknowledgements. Segments are all full, the application always has more to send,
//! windows are fixed. Left out: segmentation offload, ECN, undoing of needless reductions, window scaling by
//! autotuning, and everything that a busy processor does to a real transfer.
//!
//! The receiver's readings are taken by the very [`ReceiverCounter`](desserte_proto::ndt7::ReceiverCounter) of the
//! measurement; the sender's are what its kernel's `TCP_INFO` would say. A run is a function of its configuration and
//! seed, and what happens until a time does not depend on what comes later: a rule that stops early is judged on the
//! readings until then.
//!
//! ```
//! use desserte_netlab::flow::{BulkConfig, run};
//! use desserte_netlab::link::LinkConfig;
//! use desserte_units::BitRate;
//!
//! let line = LinkConfig::of(BitRate::from_mbit_per_s(20.0).unwrap());
//! let result = run(&BulkConfig::download(line.clone(), line), 1);
//! let last = result.samples.last().unwrap();
//! assert!(last.elapsed_us > 9_800_000 && last.bytes > 23_000_000);
//! ```

mod bbr;
mod control;
mod cubic;
mod ranges;
mod receiver;
mod scoreboard;
mod sender;
mod simulation;

use std::time::Duration;

use desserte_model::{ByteSample, Direction, TcpCounters};
use desserte_units::BitRate;

use crate::link::{Link, LinkConfig};

/// Congestion control of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// CUBIC with HyStart, as Linux has it (RFC 9438).
    Cubic,
    /// BBR, first version, without its answer to policers.
    Bbr,
}

/// A bulk transfer.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkConfig {
    /// Seen from the probe; decides where the receiver's clock starts, as in ndt7: at its end of the handshake, half a
    /// round trip after the sender's in a download, half a round trip before it in an upload.
    pub direction: Direction,
    /// The way of the payload.
    pub forward: LinkConfig,
    /// The way of the acknowledgements.
    pub reverse: LinkConfig,
    /// Congestion control of the sender.
    pub algorithm: Algorithm,
    /// Whether CUBIC's slow start ends before the first loss (HyStart). Linux means to; a gap of 2 ms between two
    /// acknowledgements, which busy machines and radio links make, keeps it from noticing.
    pub early_exit: bool,
    /// Length on the receiver's clock.
    pub duration: Duration,
    /// Connections, begun together.
    pub streams: usize,
    /// Payload of a segment.
    pub segment_octets: u32,
    /// IP and TCP headers of every packet.
    pub header_octets: u32,
    /// Octets of payload that the application sees at once: a TLS record. `None` for a clear connection.
    pub record_octets: Option<u32>,
    /// Octets that may be under way in one connection: the smaller of the send buffer and the receiver's window.
    pub window_octets: u64,
    /// Others on the way of the payload.
    pub cross_traffic: Vec<CrossTraffic>,
    /// Time between two readings of the sender's counters.
    pub counters_interval: Duration,
}

/// Full packets at a constant rate that share the way of the payload and heed no congestion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CrossTraffic {
    /// When they begin, on the sender's clock.
    pub from: Duration,
    /// When they end.
    pub until: Duration,
    /// Their rate in IP octets.
    pub rate: BitRate,
}

/// TCP over IPv4 with time stamps on Ethernet, as Linux sends it.
const SEGMENT_OCTETS: u32 = 1448;
const HEADER_OCTETS: u32 = 20 + 20 + 12;

/// Under Linux's usual limit of the send buffer (4 MiB) no more than about this is under way.
const WINDOW_OCTETS: u64 = 3 << 20;

impl BulkConfig {
    /// A download of ten seconds over one clear connection with CUBIC.
    #[must_use]
    pub const fn download(forward: LinkConfig, reverse: LinkConfig) -> Self {
        Self {
            direction: Direction::Download,
            forward,
            reverse,
            algorithm: Algorithm::Cubic,
            early_exit: true,
            duration: Duration::from_secs(10),
            streams: 1,
            segment_octets: SEGMENT_OCTETS,
            header_octets: HEADER_OCTETS,
            record_octets: None,
            window_octets: WINDOW_OCTETS,
            cross_traffic: Vec::new(),
            counters_interval: Duration::from_millis(100),
        }
    }

    /// An upload of ten seconds over one clear connection with CUBIC; `forward` is the line's upstream.
    #[must_use]
    pub fn upload(forward: LinkConfig, reverse: LinkConfig) -> Self {
        Self { direction: Direction::Upload, ..Self::download(forward, reverse) }
    }

    /// Share of a full packet that is payload: the theoretical goodput of a line counted in IP octets is this share of
    /// its rate.
    #[must_use]
    pub fn payload_share(&self) -> f64 {
        f64::from(self.segment_octets) / f64::from(self.segment_octets + self.header_octets)
    }
}

/// What a transfer gave to read.
#[derive(Debug, Clone)]
pub struct BulkRun {
    /// The receiver's readings, of all connections together.
    pub samples: Vec<ByteSample>,
    /// The sender's counters of each connection.
    pub sender: Vec<Vec<TcpCounters>>,
    /// When the receiver's clock started, on the links' (which is the sender's). In an upload it started before them, by
    /// as much as `origin_lead` says.
    pub origin: Duration,
    /// By how much the receiver's clock started before the links'.
    pub origin_lead: Duration,
    /// The way of the payload, with its counters.
    pub forward: Link,
    /// The way of the acknowledgements.
    pub reverse: Link,
}

impl BulkRun {
    /// Octets of IP that the way of the payload delivered between two times on the receiver's clock: the oracle.
    #[must_use]
    pub fn delivered_between(&self, from: Duration, until: Duration) -> u64 {
        let on_link = |time: Duration| (time + self.origin).saturating_sub(self.origin_lead);
        self.forward.delivered().octets_between(on_link(from), on_link(until))
    }

    /// Octets of payload that all senders had sent at a time on their clock, retransmissions included: what a stop at
    /// that time costs, but for headers.
    #[must_use]
    pub fn sent_until(&self, time: Duration) -> u64 {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let sent = |counters: &Vec<TcpCounters>| {
            counters
                .iter()
                .take_while(|reading| reading.elapsed_us <= micros)
                .last()
                .and_then(|reading| reading.bytes_sent)
        };
        self.sender.iter().filter_map(sent).sum()
    }
}

/// Runs a transfer to its end.
#[must_use]
pub fn run(config: &BulkConfig, seed: u64) -> BulkRun {
    simulation::Simulation::new(config, seed).run()
}

#[cfg(test)]
mod tests;
