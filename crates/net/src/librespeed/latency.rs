//! Where a server's names stand, and how long its empty answer takes.

use std::time::Duration;

use desserte_model::RunOutcome;
use desserte_proto::librespeed::spec;

use super::{LibreSpeedUrl, RunConfig};
use crate::ask::{AskError, Asker};
use crate::outbox::random;

/// The round trips of an empty request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latency {
    /// From the first octet of the request to the end of the answer's head, in the order of asking, on a connection that was
    /// open already: one round trip and what the server takes to answer.
    pub round_trips: Vec<Duration>,
    /// The server's address, with the place that answered.
    pub server: LibreSpeedUrl,
    /// Octets that all of it put on the interface, estimated upwards.
    pub bytes_charged: u64,
}

/// Asks a server for nothing, several times.
///
/// # Errors
/// With the outcome that a run would have: unreachable, or a fault of the probe.
pub async fn latency(config: &RunConfig) -> Result<Latency, RunOutcome> {
    let mut asker = Asker::new(config.connect_plan(), &config.software);
    let server = settle(&mut asker, config).await.map_err(|failure| failure.outcome)?;
    let mut round_trips = Vec::with_capacity(spec::PINGS);
    for _ in 0..spec::PINGS {
        let answered =
            asker.get(&server.target("empty", &unlike(config)?), 0).await.map_err(|error| outcome(&error))?;
        // The first one on a connection also waits for what opening it took.
        if !answered.fresh {
            round_trips.push(answered.elapsed);
        }
    }
    Ok(Latency { round_trips, server, bytes_charged: asker.charged() })
}

/// Why a server could not be asked, and what trying cost.
pub(super) struct Unsettled {
    pub(super) outcome: RunOutcome,
    pub(super) charged: u64,
}

/// Finds where a server's names stand.
pub(super) async fn settle(asker: &mut Asker<'_>, config: &RunConfig) -> Result<LibreSpeedUrl, Unsettled> {
    let mut last = None;
    for place in config.server.candidates() {
        let query = unlike(config).map_err(|outcome| Unsettled { outcome, charged: asker.charged() })?;
        match asker.get(&place.target("empty", &query), 0).await {
            Ok(answered) if (200..300).contains(&answered.head.status) => return Ok(place),
            Ok(answered) => last = last.or(Some(format!("status {}", answered.head.status))),
            // A page where an empty answer should be.
            Err(AskError::Body(_)) => last = last.or(Some("an answer that is not empty".to_owned())),
            Err(error) => return Err(Unsettled { outcome: outcome(&error), charged: asker.charged() }),
        }
    }
    let reason = format!("no LibreSpeed server at {}: {}", config.server, last.unwrap_or_default());
    Err(Unsettled { outcome: RunOutcome::Unreachable { reason }, charged: asker.charged() })
}

fn outcome(error: &AskError) -> RunOutcome {
    let reason = error.to_string();
    if error.is_probe_fault() {
        RunOutcome::ProbeFault { reason }
    } else {
        RunOutcome::Unreachable { reason }
    }
}

/// A query that no cache has seen, and what our servers are told.
pub(super) fn unlike(config: &RunConfig) -> Result<String, RunOutcome> {
    let random: [u8; 8] = random().map_err(|error| RunOutcome::ProbeFault { reason: error.to_string() })?;
    let query = format!("r={:016x}", u64::from_le_bytes(random));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is finite and not negative"
    )]
    let expected = config.expected.map(|rate| rate.as_bits_per_second() as u64);
    Ok(match expected {
        Some(expected) => format!("{query}&{}={expected}", spec::EXPECTED_RATE),
        None => query,
    })
}
