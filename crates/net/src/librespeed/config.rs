//! What a run is asked to do.

use std::time::Duration;

use desserte_model::{AccessLine, Direction, Medium, Software};
use desserte_units::{BitRate, ByteCount};
use tokio::sync::watch;

use super::LibreSpeedUrl;
use crate::PathChoice;
use crate::connect::ConnectPlan;
use crate::ndt7::Progress;

/// The plan of one run in one direction. [`RunConfig::new`] gives the usual one; change fields from there.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// The server.
    pub server: LibreSpeedUrl,
    /// The way of the payload.
    pub direction: Direction,
    /// Planned length of the transfer from the moment at which all connections are open; at most 15 s.
    pub duration: Duration,
    /// Connections that carry the payload at once, 1 to 16.
    pub streams: u16,
    /// Octets that the run may put on the interface in both directions at the most, headers included; the run stops
    /// early, as planned, rather than pass it. `None` sets no limit.
    pub max_bytes: Option<ByteCount>,
    /// The way to the server.
    pub path: PathChoice,
    /// The rate that the line is expected to have, told to the server so that one of ours can admit by capacity.
    pub expected: Option<BitRate>,
    /// The program that measures; sent as `User-Agent`.
    pub software: Software,
    /// How the probe is attached; copied into the record.
    pub medium: Medium,
    /// The subscribed line; copied into the record.
    pub access_line: Option<AccessLine>,
    /// Where each reading of the receiver's counter is shown while the run goes on.
    pub progress: Option<watch::Sender<Progress>>,
}

impl RunConfig {
    /// A run of ten seconds over either version of IP, with the web client's streams (six down, three up) and no ceiling.
    #[must_use]
    pub fn new(server: LibreSpeedUrl, direction: Direction, software: Software) -> Self {
        Self {
            server,
            direction,
            duration: Duration::from_secs(10),
            streams: match direction {
                Direction::Download => 6,
                Direction::Upload => 3,
            },
            max_bytes: None,
            path: PathChoice::measured(),
            expected: None,
            software,
            medium: Medium::Unknown,
            access_line: None,
            progress: None,
        }
    }

    pub(super) fn connect_plan(&self) -> ConnectPlan<'_> {
        ConnectPlan { server: self.server.origin(), path: &self.path }
    }
}
