//! A measurement server under test.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::{Program, free_port, program};

/// A running `desserte-server` that listens in the clear.
#[derive(Debug)]
pub struct MeasurementServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// The process.
    pub process: Program,
}

impl MeasurementServer {
    /// Starts one at `ip`, its log in `folder`, and waits until it accepts connections.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(folder: &Path, ip: IpAddr, more: &[&str]) -> Self {
        let address = SocketAddr::new(ip, free_port());
        let mut command = Command::new(program("desserte-server"));
        command.args(["--id", "test", "--listen", &address.to_string()]).args(more);
        let process = Program::start(&mut command, &folder.join("server.log"));
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "no server: {}", process.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { address, process }
    }
}
