//! Measures with the first of several servers that will.

use desserte_model::{Direction, RunOutcome, Throughput};
use desserte_proto::locate::{Nearest, Place};
use desserte_proto::ndt7::spec as ndt7_spec;
use url::Url;

use crate::ndt7::{self, RunConfig};
use crate::{ServerUrl, Steer};

/// A server to measure with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Name of the machine.
    pub machine: String,
    /// Its address.
    pub server: ServerUrl,
    /// What it wants to be told, its access token among it.
    pub metadata: Vec<(String, String)>,
}

/// The servers of an answer for one direction of ndt7, in its order; those whose address is not one of ndt7's are left out.
#[must_use]
pub fn spots(nearest: &Nearest, direction: Direction, secure: bool) -> Vec<Spot> {
    nearest.ndt7(direction, secure).into_iter().filter_map(|place| spot(place, direction, secure)).collect()
}

fn spot(place: Place, direction: Direction, secure: bool) -> Option<Spot> {
    let url = Url::parse(&place.url).ok()?;
    let path = match direction {
        Direction::Download => ndt7_spec::DOWNLOAD_PATH,
        Direction::Upload => ndt7_spec::UPLOAD_PATH,
    };
    let scheme = if secure { "wss" } else { "ws" };
    if url.scheme() != scheme || url.path() != path {
        return None;
    }
    let server = ServerUrl::from_parts(secure, url.host()?.to_owned(), url.port_or_known_default()?);
    let metadata = url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
    Some(Spot { machine: place.machine, server, metadata })
}

/// Runs `config` with the first of `spots` that is neither unreachable nor full; its own server is not used.
///
/// # Missing data
/// `None` when there are no spots. When none of them will, the record of the last.
pub async fn run_nearest(config: &RunConfig, spots: &[Spot], steer: &mut dyn Steer) -> Option<Throughput> {
    let mut charged = 0;
    let mut last = None;
    for spot in spots {
        let mut config = config.clone();
        config.server = spot.server.clone();
        config.metadata.extend(spot.metadata.iter().cloned());
        // What was spent on others is no longer there for this one.
        config.max_bytes = config
            .max_bytes
            .map(|most| desserte_units::ByteCount::from_bytes(most.as_bytes().saturating_sub(charged)));
        let mut record = ndt7::run_steered(&config, steer).await;
        charged += record.connection.bytes_charged;
        record.connection.bytes_charged = charged;
        let next = matches!(record.outcome, RunOutcome::Unreachable { .. } | RunOutcome::ServerBusy { .. });
        if !next {
            return Some(record);
        }
        last = Some(record);
    }
    last
}
