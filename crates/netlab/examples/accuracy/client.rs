//! One run of the measurement, in a process of its own inside the line's namespace.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use desserte_model::{Direction, Software};
use desserte_net::ndt7::{Progress, RunConfig};
use desserte_net::{CongestionAlgorithm, TlsTrust};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use tokio::sync::watch;

/// Runs and prints the record, with the run's origin on the system's monotonic clock: the least difference, over all
/// readings shown, between when a reading was seen and what it says of the time since the origin.
pub(crate) fn run(url: &str, direction: Direction, authority: Option<&Path>) -> anyhow::Result<()> {
    let software =
        Software { name: "desserte-accuracy".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let mut config = RunConfig::new(url.parse().context("reading the URL")?, direction, software);
    config.congestion_control = Some(CongestionAlgorithm::Cubic);
    if let Some(path) = authority {
        let pem = std::fs::read(path).context("reading the authority")?;
        config.trust = Some(TlsTrust::with_private_ca(&pem).context("trusting the authority")?);
    }
    let (show, mut shown) = watch::channel(Progress::default());
    config.progress = Some(show);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (record, origin) = runtime.block_on(async {
        let watching = tokio::spawn(async move {
            let mut origin = Duration::MAX;
            while shown.changed().await.is_ok() {
                let elapsed = shown.borrow_and_update().elapsed;
                origin = origin.min(clock().saturating_sub(elapsed));
            }
            origin
        });
        let record = desserte_net::ndt7::run(&config).await;
        // The watcher ends when the last sender is gone.
        drop(config);
        (record, watching.await)
    });
    let origin = origin.context("watching the run")?;
    println!(
        "{}",
        json!({ "origin_us": u64::try_from(origin.as_micros()).unwrap_or(u64::MAX), "record": record })
    );
    Ok(())
}

fn clock() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or_default(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}
