//! Accepts connections until told to end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use desserte_boot::signals;
use desserte_net::TlsIdentity;
use desserte_net::librespeed::{Desk, Tally};
use desserte_net::ndt7::server::{ConnectionEnd, ServeError, ServerConfig, Waiting, serve_connection};
use desserte_proto::librespeed::spec::STREAMS_PER_SESSION;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::arguments::{Door, Plan};
use crate::client::client_of;
use crate::gate::CapacityGate;
use crate::iperf3;
use crate::lobby::Lobby;
use crate::stamp;

/// Connections beyond the sessions that may shake hands or be told to come later at the same time.
const SPARE_CONNECTIONS: usize = 256;
/// Of those, connections without a session that one client (an address, or a line's addresses of IPv6) may have: room for
/// more probes behind one address than would ever come at once, and three quarters left to others.
const WAITING_PER_CLIENT: usize = SPARE_CONNECTIONS / 4;
/// Free places below which newcomers are given less time.
const SCARCE_PLACES: usize = SPARE_CONNECTIONS / 4;
/// Time that a client then gets for its handshake, and again for its request: three round trips of a slow line.
const SCARCE_LIMIT: Duration = Duration::from_secs(2);
/// Time that running measurements get when the server ends: the longest run, and a little.
const DRAIN_LIMIT: Duration = Duration::from_secs(16);
/// Pause after the system refused to accept, so that a full table of files does not turn into a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until SIGTERM or SIGINT, then lets running measurements finish; a second signal ends them.
pub(crate) async fn serve(plan: Plan) -> Result<()> {
    let gate = Arc::new(CapacityGate::new(plan.capacity));
    let config = ServerConfig {
        id: plan.id,
        software: concat!("desserte-server ", env!("CARGO_PKG_VERSION")).to_owned(),
        congestion_control: plan.congestion_control,
        gate: Arc::<CapacityGate>::clone(&gate),
        librespeed: plan.librespeed.map(Desk::new),
    };
    // A measurement of LibreSpeed is several connections.
    let streams = if config.librespeed.is_some() { STREAMS_PER_SESSION } else { 1 };
    let places = plan.capacity.sessions * streams + SPARE_CONNECTIONS;
    let connections = Arc::new(Semaphore::new(places));
    let lobby = Lobby::new(WAITING_PER_CLIENT);
    let mut doors = JoinSet::new();
    for Door { address, tls } in plan.doors {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("{address} cannot be listened on"))?;
        let address = listener.local_addr()?;
        let scheme = if tls.is_some() { "wss" } else { "ws" };
        tracing::info!(%address, scheme, server = config.id.as_str(), "serving measurements");
        doors.spawn(accept(listener, tls, config.clone(), Arc::clone(&connections), Arc::clone(&lobby)));
    }
    let shared = iperf3::Shared {
        id: config.id.clone(),
        software: config.software.clone(),
        congestion_control: config.congestion_control,
        capacity: plan.capacity.rate,
        gate: Arc::<CapacityGate>::clone(&gate),
    };
    let iperf3 = iperf3::Service::start(&plan.iperf3, shared, &mut doors).await?;
    stamp::start(&plan.stamp, &mut doors).await?;
    let signal = signals::shutdown().await.context("listening to signals")?;
    tracing::info!(signal, "no new measurements; waiting for running ones");
    gate.drain();
    doors.shutdown().await;
    let everyone = u32::try_from(places).unwrap_or(u32::MAX);
    let all_ended = async { tokio::join!(connections.acquire_many(everyone), iperf3.finish()) };
    tokio::select! {
        _ = all_ended => tracing::info!("all measurements have ended"),
        () = tokio::time::sleep(DRAIN_LIMIT) => tracing::warn!("some measurements were cut short"),
        _ = signals::shutdown() => tracing::warn!("told twice; running measurements are cut short"),
    }
    Ok(())
}

/// Accepts at one door for ever.
async fn accept(
    listener: TcpListener,
    tls: Option<TlsIdentity>,
    config: ServerConfig,
    connections: Arc<Semaphore>,
    lobby: Arc<Lobby>,
) {
    let tls = Arc::new(tls);
    loop {
        let Ok(place) = Arc::clone(&connections).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((tcp, peer)) => {
                let scarce = connections.available_permits() < SCARCE_PLACES;
                let limit = if scarce { SCARCE_LIMIT } else { Waiting::LIMIT };
                let (seat, sent_away) = lobby.enter(client_of(peer.ip()));
                let waiting = Waiting { limit, seat: Some(Box::new(seat)) };
                let attended = attend(tcp, peer, Arc::clone(&tls), config.clone(), waiting);
                tokio::spawn(async move {
                    tokio::select! {
                        () = attended => {}
                        () = sent_away.told() => {
                            tracing::debug!("a client has too many connections; its oldest is closed");
                        }
                    }
                    drop(place);
                });
            }
            Err(error) => {
                // A client that hung up while it waited says nothing about us.
                if error.kind() != io::ErrorKind::ConnectionAborted {
                    tracing::error!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn attend(
    tcp: TcpStream,
    peer: SocketAddr,
    tls: Arc<Option<TlsIdentity>>,
    config: ServerConfig,
    waiting: Waiting,
) {
    let family = if peer.is_ipv4() { "ipv4" } else { "ipv6" };
    match serve_connection(tcp, peer, tls.as_ref().as_ref(), &config, waiting).await {
        Ok(ConnectionEnd::Session { direction, ending, payload_bytes, client, .. }) => {
            let client = client.as_deref().unwrap_or("unknown");
            tracing::info!(
                direction = direction.code(),
                family,
                payload_bytes,
                client,
                ?ending,
                "measurement ended"
            );
        }
        Ok(ConnectionEnd::Busy { retry_after_s }) => {
            tracing::info!(family, retry_after_s, "full; told to come later")
        }
        Ok(ConnectionEnd::LibreSpeed(Tally { requests, downloaded_bytes, uploaded_bytes })) => {
            if downloaded_bytes + uploaded_bytes > 0 {
                tracing::info!(family, requests, downloaded_bytes, uploaded_bytes, "LibreSpeed stream ended");
            } else {
                tracing::debug!(family, requests, "LibreSpeed connection ended");
            }
        }
        Ok(ConnectionEnd::Refused { status }) => tracing::debug!(family, status, "refused"),
        Ok(ConnectionEnd::Health) => tracing::trace!("asked how it is"),
        Err(error @ ServeError::NoRandomness(_)) => {
            tracing::error!(%error, "a measurement could not be served")
        }
        Err(error) => tracing::debug!(%error, family, "a connection came to nothing"),
    }
}
