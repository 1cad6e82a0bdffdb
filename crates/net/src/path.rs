//! Over which way a server is reached.

use std::net::{IpAddr, SocketAddr};

use crate::{CongestionAlgorithm, FamilyChoice, TlsTrust};

/// What holds for every connection and every datagram to a server, whatever the protocol.
#[derive(Debug, Clone, Default)]
pub struct PathChoice {
    /// Version of IP.
    pub family: FamilyChoice,
    /// Name of the interface to bind to (`eth0`); needs the right to do so. `None` lets routing choose.
    pub interface: Option<String>,
    /// Local address to bind to. `None` lets the system choose.
    pub local_address: Option<IpAddr>,
    /// Congestion control asked for; what each end really used is recorded. `None` leaves the system's own. Means nothing to
    /// datagrams.
    pub congestion_control: Option<CongestionAlgorithm>,
    /// Who may vouch for the server over TLS; the public authorities when `None`. Means nothing to protocols in clear.
    pub trust: Option<TlsTrust>,
}

impl PathChoice {
    /// Any way, with the default congestion control and the public authorities.
    #[must_use]
    pub fn measured() -> Self {
        Self { congestion_control: Some(CongestionAlgorithm::default()), ..Self::default() }
    }

    /// What a socket for datagrams to `peer` is bound to.
    pub(crate) fn datagrams_from(&self, peer: SocketAddr) -> SocketAddr {
        match (self.local_address, peer) {
            (Some(address), _) => (address, 0).into(),
            (None, SocketAddr::V4(_)) => ([0, 0, 0, 0], 0).into(),
            (None, SocketAddr::V6(_)) => ([0_u16; 8], 0).into(),
        }
    }
}
