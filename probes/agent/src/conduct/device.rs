//! What the probe's own machine can do: processor time, and its ceiling as measured against itself.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use desserte_measure::Estimate;
use desserte_model::{Direction, ServerId};
use desserte_net::CongestionAlgorithm;
use desserte_net::ndt7::server::{
    Decision, Gate, Health, ServerConfig, SessionRequest, Waiting, serve_connection,
};
use desserte_net::ndt7::{self, RunConfig};
use serde::{Deserialize, Serialize};

use crate::{files, recorder};

const FILE: &str = "device.json";

/// Length of each direction of the self-test: ten readings.
const SELF_TEST: Duration = Duration::from_millis(1_200);

/// Longest that a direction of it may take.
const SELF_TEST_GIVES_UP: Duration = Duration::from_secs(5);

/// Processor time of this program since a moment.
#[derive(Debug)]
pub(crate) struct CpuMeter {
    begun: Instant,
    used: Duration,
}

impl CpuMeter {
    pub(crate) fn start() -> Self {
        Self { begun: Instant::now(), used: used() }
    }

    /// Processor time over the time passed: 1 is one core without a pause.
    pub(crate) fn ratio(&self) -> f64 {
        let passed = self.begun.elapsed().as_secs_f64();
        if passed > 0.0 { used().saturating_sub(self.used).as_secs_f64() / passed } else { 0.0 }
    }
}

fn used() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or(0), nanos.unwrap_or(0))
}

/// What the device measured against itself, in bit/s of goodput. What a line reads near it may be the device's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeviceCeiling {
    pub(crate) download_bits_per_second: u64,
    pub(crate) upload_bits_per_second: u64,
}

impl DeviceCeiling {
    pub(crate) fn towards(self, direction: Direction) -> u64 {
        match direction {
            Direction::Download => self.download_bits_per_second,
            Direction::Upload => self.upload_bits_per_second,
        }
    }

    /// The ceiling found at installation.
    ///
    /// # Missing data
    /// `None` when it was never tried or cannot be read.
    pub(crate) fn read(state_dir: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(state_dir.join(FILE)).ok()?).ok()
    }

    pub(crate) fn write(self, state_dir: &Path) -> io::Result<()> {
        files::replace(&state_dir.join(FILE), &serde_json::to_vec(&self)?, 0o644)
    }

    /// Measures over the loopback interface, the server in a thread of its own. Where there is but one core it has half of
    /// it, and the ceiling is understated accordingly: a tag too many, never one too few.
    ///
    /// # Errors
    /// When no connection to oneself can be made, or it carries nothing.
    pub(crate) async fn measure() -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let url = format!("ws://{}", listener.local_addr()?);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = std::thread::Builder::new().name("self-test".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                tokio::select! {
                    served = serve(&listener) => served,
                    _ = stopped => Ok(()),
                }
            })
        })?;
        let download = one_direction(&url, Direction::Download).await;
        let upload = one_direction(&url, Direction::Upload).await;
        drop(stop);
        let served: io::Result<()> =
            server.join().unwrap_or_else(|_| Err(io::Error::other("the server fell")));
        served?;
        Ok(Self { download_bits_per_second: download?, upload_bits_per_second: upload? })
    }
}

async fn one_direction(url: &str, direction: Direction) -> io::Result<u64> {
    let url = url.parse().map_err(io::Error::other)?;
    let mut config = RunConfig::new(url, direction, recorder::software());
    config.duration = SELF_TEST;
    let record = tokio::time::timeout(SELF_TEST_GIVES_UP, ndt7::run(&config)).await?;
    let estimate = Estimate::of(&record.samples);
    let rate = estimate.steady.or(estimate.mean).map(|rate| rate.as_bits_per_second());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is finite and not negative"
    )]
    let rate = rate.map(|rate| rate as u64).filter(|rate| *rate > 0);
    rate.ok_or_else(|| io::Error::other(format!("the self-test ended as {}", record.outcome.code())))
}

/// Serves the two directions, one after the other.
async fn serve(listener: &tokio::net::TcpListener) -> io::Result<()> {
    let id: ServerId = "self-test".parse().map_err(io::Error::other)?;
    let config = ServerConfig {
        id,
        software: recorder::software().name,
        congestion_control: CongestionAlgorithm::default(),
        gate: Arc::new(Open),
        librespeed: None,
    };
    loop {
        let (tcp, peer) = listener.accept().await?;
        // What the client says of the run counts, not what its server does.
        let _ = serve_connection(tcp, peer, None, &config, Waiting::default()).await;
    }
}

/// Admits whoever comes: only this program knows the port.
struct Open;

impl Gate for Open {
    fn admit(&self, _: &SessionRequest) -> Decision {
        Decision::Admit { load_ratio: 0.0, permit: Box::new(()) }
    }

    fn health(&self) -> Health {
        Health { ok: true, text: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_device_measures_itself_and_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(DeviceCeiling::read(folder.path()), None);
        let cpu = CpuMeter::start();
        let ceiling = DeviceCeiling::measure().await.unwrap();
        assert!(ceiling.download_bits_per_second > 10_000_000 && ceiling.upload_bits_per_second > 10_000_000);
        assert!(cpu.ratio() > 0.0);
        ceiling.write(folder.path()).unwrap();
        assert_eq!(DeviceCeiling::read(folder.path()), Some(ceiling));
    }
}
