//! One run of the measurement, in a process of its own inside the line's namespace.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use desserte_model::{ByteSample, Direction, Software, StopReason};
use desserte_net::ndt7::RunConfig;
use desserte_net::{CongestionAlgorithm, Steer, TlsTrust};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

/// Runs and prints the record, with the origin of the probe's clock on the system's monotonic one.
pub(crate) fn run(url: &str, direction: Direction, authority: Option<&Path>) -> anyhow::Result<()> {
    let software =
        Software { name: "desserte-accuracy".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let mut config = RunConfig::new(url.parse().context("reading the URL")?, direction, software);
    config.path.congestion_control = Some(CongestionAlgorithm::Cubic);
    if let Some(path) = authority {
        let pem = std::fs::read(path).context("reading the authority")?;
        config.path.trust = Some(TlsTrust::with_private_ca(&pem).context("trusting the authority")?);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut clocks = Clocks { origin: Duration::MAX };
    let record = runtime.block_on(desserte_net::ndt7::run_steered(&config, &mut clocks));
    let origin = u64::try_from(clocks.origin.as_micros()).unwrap_or(u64::MAX);
    println!("{}", json!({ "origin_us": origin, "record": record }));
    Ok(())
}

/// Never ends a run; sees both clocks at each tick. The least difference is the one that nothing delayed.
struct Clocks {
    origin: Duration,
}

impl Steer for Clocks {
    fn reading(&mut self, _: ByteSample) -> Option<StopReason> {
        None
    }

    fn tick(&mut self, elapsed: Duration) -> Option<StopReason> {
        self.origin = self.origin.min(clock().saturating_sub(elapsed));
        None
    }
}

/// The system's monotonic clock.
pub(crate) fn clock() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or_default(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}
