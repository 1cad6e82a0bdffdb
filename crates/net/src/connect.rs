//! From a configuration to an open connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use desserte_model::IpFamily;
use rustls::pki_types::{IpAddr as TlsIpAddr, ServerName};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Host;

use crate::counted::Counted;
use crate::tcp::set_congestion;
use crate::wire::Wire;
use crate::{PathChoice, ServerUrl, TlsSetupError, TlsTrust};

/// Time that looking up a name gets.
const RESOLVE_LIMIT: Duration = Duration::from_secs(5);
/// Time that one address gets to answer; SYN is repeated after one and three seconds.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Time that the TLS handshake gets.
const TLS_LIMIT: Duration = Duration::from_secs(7);
/// Addresses that are tried at the most, so that a long list does not hold up the schedule.
const ADDRESSES_MAX: usize = 4;

/// How to connect.
#[derive(Debug, Clone)]
pub(crate) struct ConnectPlan<'a> {
    pub(crate) server: &'a ServerUrl,
    pub(crate) path: &'a PathChoice,
}

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("looking up {host}: {source}")]
    Resolve { host: String, source: io::Error },
    #[error("looking up {host} took longer than {} s", RESOLVE_LIMIT.as_secs())]
    ResolveTimeout { host: String },
    #[error("{host} has no address of the wanted version of IP")]
    NoAddress { host: String },
    #[error("setting up a socket: {0}")]
    Socket(#[source] io::Error),
    #[error("binding to interface {name}: {source}")]
    Interface { name: String, source: io::Error },
    #[error("binding to local address {address}: {source}")]
    LocalAddress { address: IpAddr, source: io::Error },
    #[error("connecting: {0}")]
    Connect(#[source] io::Error),
    #[error("no answer to the connection attempt within {} s", CONNECT_LIMIT.as_secs())]
    ConnectTimeout,
    #[error("setting up TLS: {0}")]
    TlsSetup(#[from] TlsSetupError),
    #[error("TLS handshake: {0}")]
    Tls(#[source] io::Error),
    #[error("the TLS handshake took longer than {} s", TLS_LIMIT.as_secs())]
    TlsTimeout,
    #[error("{host} cannot be named in a certificate")]
    ServerName { host: String },
}

impl ConnectError {
    /// Whether the fault is on our side, so that it says nothing of the line.
    pub(crate) const fn is_probe_fault(&self) -> bool {
        matches!(
            self,
            Self::Socket(_)
                | Self::Interface { .. }
                | Self::LocalAddress { .. }
                | Self::TlsSetup(_)
                | Self::ServerName { .. }
        )
    }
}

/// An open connection, or why there is none, and how many addresses were tried for it.
pub(crate) struct Attempt {
    pub(crate) result: Result<(Wire, IpFamily), ConnectError>,
    pub(crate) addresses_tried: u64,
}

/// Looks up, connects, and shakes hands.
pub(crate) async fn connect(plan: &ConnectPlan<'_>) -> Attempt {
    let mut addresses_tried = 0;
    let result = connect_counting(plan, &mut addresses_tried).await;
    Attempt { result, addresses_tried }
}

async fn connect_counting(plan: &ConnectPlan<'_>, tried: &mut u64) -> Result<(Wire, IpFamily), ConnectError> {
    let mut failure = None;
    for address in addresses(plan).await?.into_iter().take(ADDRESSES_MAX) {
        *tried += 1;
        match connect_to(plan, address, |_| {}).await {
            Ok(tcp) => {
                let family = family_of(address.ip());
                return Ok((secure(plan, tcp).await?, family));
            }
            Err(error @ (ConnectError::Connect(_) | ConnectError::ConnectTimeout)) => failure = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(failure.unwrap_or_else(|| ConnectError::NoAddress { host: plan.server.host().to_string() }))
}

/// Connects to one address, with a socket that `prepare` may still change.
pub(crate) async fn connect_to(
    plan: &ConnectPlan<'_>,
    address: SocketAddr,
    prepare: impl FnOnce(&TcpSocket),
) -> Result<TcpStream, ConnectError> {
    let socket = socket(plan, address)?;
    prepare(&socket);
    let connected = timeout(CONNECT_LIMIT, socket.connect(address)).await;
    connected.map_err(|_| ConnectError::ConnectTimeout)?.map_err(ConnectError::Connect)
}

pub(crate) fn family_of(address: IpAddr) -> IpFamily {
    if address.is_ipv4() { IpFamily::Ipv4 } else { IpFamily::Ipv6 }
}

/// Addresses of the server that may be used, in the resolver's order.
pub(crate) async fn addresses(plan: &ConnectPlan<'_>) -> Result<Vec<SocketAddr>, ConnectError> {
    let port = plan.server.port();
    let mut found: Vec<SocketAddr> = match plan.server.host() {
        Host::Ipv4(address) => vec![(*address, port).into()],
        Host::Ipv6(address) => vec![(*address, port).into()],
        Host::Domain(name) => {
            let host = || name.clone();
            timeout(RESOLVE_LIMIT, lookup_host((name.as_str(), port)))
                .await
                .map_err(|_| ConnectError::ResolveTimeout { host: host() })?
                .map_err(|source| ConnectError::Resolve { host: host(), source })?
                .collect()
        }
    };
    let bound = plan.path.local_address.map(family_of);
    found.retain(|address| {
        let family = family_of(address.ip());
        plan.path.family.allows(family) && bound.is_none_or(|bound| bound == family)
    });
    Ok(found)
}

fn socket(plan: &ConnectPlan<'_>, address: SocketAddr) -> Result<TcpSocket, ConnectError> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(ConnectError::Socket)?;
    if let Some(name) = &plan.path.interface {
        let bound = socket2::SockRef::from(&socket).bind_device(Some(name.as_bytes()));
        bound.map_err(|source| ConnectError::Interface { name: name.to_owned(), source })?;
    }
    if let Some(local) = plan.path.local_address {
        let bound = socket.bind((local, 0).into());
        bound.map_err(|source| ConnectError::LocalAddress { address: local, source })?;
    }
    if let Some(algorithm) = plan.path.congestion_control {
        pin_congestion(&socket, algorithm.name());
    }
    Ok(socket)
}

/// Asks for a congestion control. A kernel without it keeps its own, which is then what the record says.
///
/// That is said once: clients of a server may ask for another one with every connection.
pub(crate) fn pin_congestion(socket: &impl AsFd, name: &str) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if let Err(error) = set_congestion(socket, name) {
        if SAID.swap(true, Ordering::Relaxed) {
            tracing::debug!(wanted = name, %error, "the kernel does not give this congestion control");
        } else {
            tracing::warn!(wanted = name, %error, "the kernel does not give this congestion control");
        }
    }
}

async fn secure(plan: &ConnectPlan<'_>, tcp: TcpStream) -> Result<Wire, ConnectError> {
    if !plan.server.is_secure() {
        return Ok(Wire::Clear(Counted::new(tcp)));
    }
    let config = match &plan.path.trust {
        Some(trust) => trust.client_config(),
        None => TlsTrust::public()?.client_config(),
    };
    let name = match plan.server.host() {
        Host::Domain(name) => ServerName::try_from(name.clone())
            .map_err(|_| ConnectError::ServerName { host: name.chars().take(128).collect() })?,
        Host::Ipv4(address) => ServerName::IpAddress(TlsIpAddr::from(IpAddr::V4(*address))),
        Host::Ipv6(address) => ServerName::IpAddress(TlsIpAddr::from(IpAddr::V6(*address))),
    };
    let connecting = TlsConnector::from(Arc::clone(&config)).connect(name, Counted::new(tcp));
    let tls = timeout(TLS_LIMIT, connecting).await.map_err(|_| ConnectError::TlsTimeout)?;
    Ok(Wire::Tls(Box::new(tls.map_err(ConnectError::Tls)?.into())))
}
