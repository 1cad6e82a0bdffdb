//! What a run is carried by: one of the measurement protocols, ready to be run.

use desserte_model::Throughput;
use desserte_net::locate::{self, Spot};
use desserte_net::ndt7::{self, RunConfig};
use desserte_net::{FamilyChoice, ServerUrl, Steer, iperf3, librespeed};
use desserte_units::ByteCount;

/// A protocol and the plan of a run.
#[derive(Debug, Clone)]
pub(crate) enum Carrier {
    /// ndt7; several connections at once where asked for.
    Ndt7(Box<RunConfig>),
    /// ndt7 over one connection with the first of these servers that will; the plan names the first of them.
    Nearest(Box<RunConfig>, Vec<Spot>),
    /// LibreSpeed's transfers over HTTP.
    LibreSpeed(Box<librespeed::RunConfig>),
    /// iperf3 over TCP.
    Iperf3(Box<iperf3::RunConfig>),
}

impl Carrier {
    /// The server that echoes beside the run go to.
    pub(crate) const fn server(&self) -> &ServerUrl {
        match self {
            Self::Ndt7(config) | Self::Nearest(config, _) => &config.server,
            Self::LibreSpeed(config) => config.server.origin(),
            Self::Iperf3(config) => config.server.url(),
        }
    }

    /// Whether connections may be opened and closed for the sake of their round trip. A server of iperf3 takes any of them
    /// for a client.
    pub(crate) const fn bears_empty_connections(&self) -> bool {
        !matches!(self, Self::Iperf3(_))
    }

    pub(crate) const fn family(&self) -> FamilyChoice {
        match self {
            Self::Ndt7(config) | Self::Nearest(config, _) => config.path.family,
            Self::LibreSpeed(config) => config.path.family,
            Self::Iperf3(config) => config.path.family,
        }
    }

    /// Pins the version of IP to that of the echoes beside the run.
    pub(crate) fn pin(&mut self, family: FamilyChoice) {
        match self {
            Self::Ndt7(config) => config.path.family = family,
            // Another server of the list may have the other version only.
            Self::Nearest(..) => {}
            Self::LibreSpeed(config) => config.path.family = family,
            Self::Iperf3(config) => config.path.family = family,
        }
    }

    pub(crate) const fn max_bytes(&self) -> Option<ByteCount> {
        match self {
            Self::Ndt7(config) | Self::Nearest(config, _) => config.max_bytes,
            Self::LibreSpeed(config) => config.max_bytes,
            Self::Iperf3(config) => config.max_bytes,
        }
    }

    /// Sets aside some of the run's ceiling.
    pub(crate) fn hold_back(&mut self, octets: u64) {
        let most = match self {
            Self::Ndt7(config) | Self::Nearest(config, _) => &mut config.max_bytes,
            Self::LibreSpeed(config) => &mut config.max_bytes,
            Self::Iperf3(config) => &mut config.max_bytes,
        };
        *most = most.map(|most| ByteCount::from_bytes(most.as_bytes().saturating_sub(octets)));
    }

    /// Runs it; `None` when there is no server to run it with.
    pub(crate) async fn run(&self, streams: u16, steer: &mut dyn Steer) -> Option<Throughput> {
        match self {
            Self::Ndt7(config) => Some(ndt7::run_parallel(config, streams, steer).await),
            Self::Nearest(config, spots) => locate::run_nearest(config, spots, steer).await,
            Self::LibreSpeed(config) => {
                let config = librespeed::RunConfig { streams, ..(**config).clone() };
                Some(librespeed::run_steered(&config, steer).await)
            }
            Self::Iperf3(config) => {
                let config = iperf3::RunConfig { streams, ..(**config).clone() };
                Some(iperf3::run(&config, steer).await)
            }
        }
    }
}
