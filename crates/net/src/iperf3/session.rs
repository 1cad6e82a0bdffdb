//! The control connection, at either end.

use std::io;

use desserte_proto::iperf3::spec;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Octets read at once: the longest parameters.
pub(super) const READ_MAX: usize = spec::PARAMETERS_MAX;

/// The control connection.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) tcp: TcpStream,
    octets: Vec<u8>,
}

impl Control {
    pub(super) fn new(tcp: TcpStream) -> Self {
        if let Err(error) = tcp.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY is not available");
        }
        Self { tcp, octets: vec![0; READ_MAX] }
    }

    /// What arrived; nothing at the end of the connection. May be dropped while it waits.
    pub(super) async fn read(&mut self) -> io::Result<&[u8]> {
        let count = self.tcp.read(&mut self.octets).await?;
        Ok(&self.octets[..count])
    }

    /// Sends octets, within the time of one step.
    pub(super) async fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        timeout(spec::STEP_LIMIT, self.tcp.write_all(octets)).await?
    }
}
