//! iperf3 beside the measurements of probes: the same capacity, a queue instead of a later moment.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use desserte_model::ServerId;
use desserte_net::CongestionAlgorithm;
use desserte_net::iperf3::server::{ConnectionEnd, Host, ServerConfig};
use desserte_net::ndt7::server::Gate;
use desserte_proto::iperf3::Limits;
use desserte_units::BitRate;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::client::client_of;
use crate::lobby::Lobby;

/// Connections of iperf3 at the same time: the longest queue, and two tests of the most streams in both directions.
const CONNECTIONS_MAX: usize = 256;
/// Of these, connections of one client that have not said what they want.
const SILENT_PER_CLIENT: usize = CONNECTIONS_MAX / 4;
/// Pause after the system refused to accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Options about iperf3.
#[derive(Debug, Clone, Args)]
pub(crate) struct Iperf3Arguments {
    /// Address to serve iperf3 clients on, over TCP and UDP, such as 0.0.0.0:5201. May be repeated; none unless given.
    /// Clients wait for their turn, up to five minutes, instead of being refused.
    #[arg(long = "iperf3", value_name = "ADDR")]
    pub(crate) iperf3_listen: Vec<SocketAddr>,

    /// Longest test of an iperf3 client in seconds; longer ones are refused.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=3600))]
    iperf3_max_seconds: u16,

    /// Tests of iperf3 clients that run at the same time; the others wait. A test that shares the server with another may
    /// read the other one.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    iperf3_at_once: u8,
}

/// What iperf3 has from the rest of the server.
pub(crate) struct Shared {
    pub(crate) id: ServerId,
    pub(crate) software: String,
    pub(crate) congestion_control: CongestionAlgorithm,
    pub(crate) capacity: BitRate,
    pub(crate) gate: Arc<dyn Gate>,
}

/// iperf3 as it is served.
pub(crate) struct Service {
    host: Arc<Host>,
    connections: Arc<Semaphore>,
}

impl Service {
    /// Listens, and accepts in `doors` from then on.
    pub(crate) async fn start(
        arguments: &Iperf3Arguments,
        shared: Shared,
        doors: &mut JoinSet<()>,
    ) -> Result<Self> {
        let limits = Limits {
            duration: Duration::from_secs(arguments.iperf3_max_seconds.into()),
            ..Limits::default()
        };
        let host = Host::new(ServerConfig {
            id: shared.id,
            software: shared.software,
            congestion_control: shared.congestion_control,
            limits,
            udp_rate_max: shared.capacity,
            gate: shared.gate,
            tests_at_once: arguments.iperf3_at_once.into(),
        });
        let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let lobby = Lobby::new(SILENT_PER_CLIENT);
        for address in &arguments.iperf3_listen {
            let listener = TcpListener::bind(address)
                .await
                .with_context(|| format!("{address} cannot be listened on for iperf3"))?;
            let address = listener.local_addr()?;
            tracing::info!(%address, "serving iperf3");
            doors.spawn(accept(listener, Arc::clone(&host), Arc::clone(&connections), Arc::clone(&lobby)));
        }
        Ok(Self { host, connections })
    }

    /// Lets running tests finish and turns the others away.
    pub(crate) async fn finish(&self) {
        self.host.drain();
        let everyone = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        let _ = self.connections.acquire_many(everyone).await;
    }
}

async fn accept(listener: TcpListener, host: Arc<Host>, connections: Arc<Semaphore>, lobby: Arc<Lobby>) {
    loop {
        let Ok(place) = Arc::clone(&connections).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((tcp, peer)) => {
                let (seat, sent_away) = lobby.enter(client_of(peer.ip()));
                let visit = host.visit(tcp, peer).with_seat(Box::new(seat));
                let host = Arc::clone(&host);
                tokio::spawn(async move {
                    tokio::select! {
                        end = visit.attend() => tell(&end, peer, host.waiting()),
                        () = sent_away.told() => {
                            tracing::debug!("a client of iperf3 has too many silent connections; its oldest is closed");
                        }
                    }
                    drop(place);
                });
            }
            Err(error) => {
                if error.kind() != std::io::ErrorKind::ConnectionAborted {
                    tracing::error!(%error, "a connection of iperf3 could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

fn tell(end: &ConnectionEnd, peer: SocketAddr, waiting: usize) {
    let family = if peer.is_ipv4() { "ipv4" } else { "ipv6" };
    match end {
        // Whoever never said what to test could otherwise fill the log.
        ConnectionEnd::Test { ending, parameters: None, .. } => {
            tracing::debug!(family, waiting, ?ending, "a test of iperf3 came to nothing");
        }
        ConnectionEnd::Test { ending, parameters, received, sent, waited } => {
            let parameters = parameters.as_deref();
            tracing::info!(
                family,
                transport = ?parameters.map(|parameters| parameters.transport),
                mode = ?parameters.map(|parameters| parameters.mode),
                streams = parameters.map(|parameters| parameters.streams),
                client = parameters.and_then(|parameters| parameters.client_version.as_deref()).unwrap_or("unknown"),
                received_bytes = received.as_bytes(),
                sent_bytes = sent.as_bytes(),
                waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
                waiting,
                ?ending,
                "iperf3 test ended"
            );
        }
        ConnectionEnd::Denied => tracing::info!(family, waiting, "iperf3 client turned away"),
        ConnectionEnd::Left => tracing::debug!(family, waiting, "iperf3 client left the queue"),
        ConnectionEnd::Silent => tracing::debug!(family, "a connection of iperf3 came to nothing"),
        ConnectionEnd::Stream => {}
    }
}
