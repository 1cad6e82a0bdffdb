//! What a run is asked to do.

use std::time::Duration;

use desserte_model::{AccessLine, Direction, Medium, Software};
use desserte_units::{BitRate, ByteCount};
use tokio::sync::watch;

use crate::{PathChoice, ServerUrl};

/// The plan of one run in one direction. [`RunConfig::new`] gives the usual one; change fields from there.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// The measurement server.
    pub server: ServerUrl,
    /// The way of the payload.
    pub direction: Direction,
    /// Planned length of the transfer from the end of the handshake; at most 13 s, as the protocol has it.
    pub duration: Duration,
    /// Octets that the run may put on the interface in both directions at the most, headers included; the run stops
    /// early, as planned, rather than pass it. `None` sets no limit.
    pub max_bytes: Option<ByteCount>,
    /// The way to the server.
    pub path: PathChoice,
    /// The rate that the line is expected to have, told to the server so that it can admit by capacity.
    pub expected: Option<BitRate>,
    /// Keys and values that whoever named the server wants it to be told, such as `access_token`.
    pub metadata: Vec<(String, String)>,
    /// The program that measures; sent as `client_name` and `client_version`.
    pub software: Software,
    /// How the probe is attached; copied into the record.
    pub medium: Medium,
    /// The subscribed line; copied into the record.
    pub access_line: Option<AccessLine>,
    /// Where each reading of the receiver's counter is shown while the run goes on.
    pub progress: Option<watch::Sender<Progress>>,
}

impl RunConfig {
    /// A run of ten seconds over either version of IP with the default congestion control and no ceiling.
    #[must_use]
    pub fn new(server: ServerUrl, direction: Direction, software: Software) -> Self {
        Self {
            server,
            direction,
            duration: Duration::from_secs(10),
            max_bytes: None,
            path: PathChoice::measured(),
            expected: None,
            metadata: Vec::new(),
            software,
            medium: Medium::Unknown,
            access_line: None,
            progress: None,
        }
    }
}

/// The state of a run that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Time since the end of the handshake, on the receiver's clock.
    pub elapsed: Duration,
    /// Octets of payload that the receiver counted.
    pub received: ByteCount,
}
