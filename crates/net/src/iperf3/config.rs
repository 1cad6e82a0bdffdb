//! What a run is asked to do.

use std::time::Duration;

use desserte_model::{AccessLine, Direction, Medium};
use desserte_units::{BitRate, ByteCount};

use super::Iperf3Server;
use crate::PathChoice;

/// The plan of one run over TCP. [`RunConfig::new`] gives the usual one; change fields from there.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// The server.
    pub server: Iperf3Server,
    /// The way of the payload; `run_both` takes both whatever stands here.
    pub direction: Direction,
    /// Data connections in each direction, 1 to 128.
    pub streams: u16,
    /// Planned length after the omitted time, in whole seconds as iperf3 has it (rounded up); a [`Steer`](crate::Steer)
    /// may end it sooner.
    pub duration: Duration,
    /// Time at the beginning that is left out of what is counted, in whole seconds.
    pub omit: Duration,
    /// Payload that ends the run instead of its length.
    pub payload: Option<ByteCount>,
    /// Octets that the run may put on the interface in both directions at the most, headers included.
    pub max_bytes: Option<ByteCount>,
    /// Octets written at once.
    pub block_bytes: Option<u32>,
    /// Buffer of every socket at both ends.
    pub window_bytes: Option<u32>,
    /// Rate of each stream.
    pub rate: Option<BitRate>,
    /// How long the server may let us wait for our turn.
    pub patience: Duration,
    /// The way to the server.
    pub path: PathChoice,
    /// How the probe is attached; copied into the record.
    pub medium: Medium,
    /// The subscribed line; copied into the record.
    pub access_line: Option<AccessLine>,
}

impl RunConfig {
    /// Ten seconds over one connection and either version of IP, with the default congestion control and no ceiling.
    #[must_use]
    pub fn new(server: Iperf3Server, direction: Direction) -> Self {
        Self {
            server,
            direction,
            streams: 1,
            duration: Duration::from_secs(10),
            omit: Duration::ZERO,
            payload: None,
            max_bytes: None,
            block_bytes: None,
            window_bytes: None,
            rate: None,
            // A queue of some tests of ten seconds.
            patience: Duration::from_secs(60),
            path: PathChoice::measured(),
            medium: Medium::Unknown,
            access_line: None,
        }
    }
}

/// The plan of one run over UDP.
#[derive(Debug, Clone)]
pub struct UdpConfig {
    /// Server, direction, streams, length, version of IP and so on; what only TCP has is left unread, and there is no
    /// ceiling: rate and length say what a run costs.
    pub base: RunConfig,
    /// Rate of each flow, of UDP payload.
    pub rate: BitRate,
    /// Octets of UDP payload in each datagram, the header of iperf3 (16) included.
    pub datagram_bytes: u32,
}

impl UdpConfig {
    /// Flows of `rate` in datagrams that fit a path of 1280 octets, the least that IPv6 allows.
    #[must_use]
    pub const fn new(base: RunConfig, rate: BitRate) -> Self {
        Self { base, rate, datagram_bytes: 1280 - 40 - 8 }
    }
}
