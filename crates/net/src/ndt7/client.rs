//! The probe's end of a run.

use desserte_model::{CongestionControl, Connection, Protocol, RunOutcome, Server, Throughput};

use super::RunConfig;

/// Runs one direction against one server and returns what was measured.
///
/// A failed measurement is data: the outcome says how the run ended and the samples are kept. The future may be
/// dropped at any time; the connection is then reset.
///
/// # Missing data
/// `samples` is empty when the receiver counted nothing: no connection, a full server, or a broken handshake.
pub async fn run(config: &RunConfig) -> Throughput {
    Throughput {
        direction: config.direction,
        protocol: Protocol { name: "ndt7".to_owned(), version: "0.11.0".to_owned() },
        outcome: RunOutcome::ProbeFault { reason: "not yet written".to_owned() },
        counted_by: None,
        samples: Vec::new(),
        probe_tcp: Vec::new(),
        server_tcp: Vec::new(),
        congestion_control: CongestionControl::default(),
        connection: Connection { family: None, tls: None, bytes_charged: 0 },
        server: Server { id: None, host: config.server.authority(), load_ratio: None, software: None },
        medium: config.medium.clone(),
        access_line: config.access_line.clone(),
    }
}
