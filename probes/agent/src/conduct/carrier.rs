//! What a run is carried by: one of the measurement protocols, ready to be run.

use desserte_model::Throughput;
use desserte_net::ndt7::{self, RunConfig};
use desserte_net::{FamilyChoice, ServerUrl, Steer};
use desserte_units::ByteCount;

/// A protocol and the plan of a run.
#[derive(Debug, Clone)]
pub(crate) enum Carrier {
    /// ndt7; several connections at once where asked for.
    Ndt7(Box<RunConfig>),
}

impl Carrier {
    /// The server that echoes beside the run go to.
    pub(crate) fn server(&self) -> &ServerUrl {
        match self {
            Self::Ndt7(config) => &config.server,
        }
    }

    pub(crate) fn family(&self) -> FamilyChoice {
        match self {
            Self::Ndt7(config) => config.family,
        }
    }

    /// Pins the version of IP to that of the echoes beside the run.
    pub(crate) fn pin(&mut self, family: FamilyChoice) {
        match self {
            Self::Ndt7(config) => config.family = family,
        }
    }

    pub(crate) fn max_bytes(&self) -> Option<ByteCount> {
        match self {
            Self::Ndt7(config) => config.max_bytes,
        }
    }

    /// Sets aside some of the run's ceiling.
    pub(crate) fn hold_back(&mut self, octets: u64) {
        match self {
            Self::Ndt7(config) => {
                let less = |most: ByteCount| ByteCount::from_bytes(most.as_bytes().saturating_sub(octets));
                config.max_bytes = config.max_bytes.map(less);
            }
        }
    }

    /// Runs it.
    pub(crate) async fn run(&self, streams: u16, steer: &mut dyn Steer) -> Throughput {
        match self {
            Self::Ndt7(config) => ndt7::run_parallel(config, streams, steer).await,
        }
    }
}
