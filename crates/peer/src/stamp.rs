//! A STAMP reflector beside the measurements of probes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use desserte_net::stamp::reflector::{StampReflector, Tally};
use desserte_proto::stamp::ReflectorLimits;
use tokio::task::JoinSet;

/// Time between two lines in the log about what was reflected.
const TOLD_EVERY: Duration = Duration::from_secs(300);

/// Options about STAMP.
#[derive(Debug, Clone, Args)]
pub(crate) struct StampArguments {
    /// Address to reflect STAMP packets on (RFC 8762, unauthenticated), such as 0.0.0.0:862. May be repeated; none unless
    /// given. Answers are never longer than what they answer.
    #[arg(long = "stamp", value_name = "ADDR")]
    stamp_listen: Vec<SocketAddr>,

    /// Packets a second that one source (an IPv4 address, or a /64 of IPv6) is answered.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    stamp_rate: u32,
}

/// Listens, and answers in `doors` from then on.
pub(crate) async fn start(arguments: &StampArguments, doors: &mut JoinSet<()>) -> Result<()> {
    let tally = Arc::new(Tally::default());
    let limits = ReflectorLimits { packets_per_second: arguments.stamp_rate, ..ReflectorLimits::default() };
    for address in &arguments.stamp_listen {
        let reflector = StampReflector::bind(*address, limits)
            .await
            .with_context(|| format!("{address} cannot be listened on for STAMP"))?;
        let address = reflector.local_addr()?;
        tracing::info!(%address, "reflecting STAMP");
        let tally = Arc::clone(&tally);
        doors.spawn(async move { reflector.run(&tally).await });
    }
    if !arguments.stamp_listen.is_empty() {
        doors.spawn(async move {
            let mut told = 0;
            loop {
                tokio::time::sleep(TOLD_EVERY).await;
                let (reflected, left_unanswered) = (tally.reflected(), tally.left_unanswered());
                if reflected + left_unanswered > told {
                    told = reflected + left_unanswered;
                    tracing::info!(reflected, left_unanswered, "STAMP packets since the start");
                }
            }
        });
    }
    Ok(())
}
