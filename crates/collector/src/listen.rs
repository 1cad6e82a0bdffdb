//! Listening on several addresses at once: one for people on this machine, one for the probes, IPv4 and IPv6. Whoever connects
//! gets a place, within the limits, and time.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// After an error of the system (no file handle left, say) accepting is tried again this much later.
const RETRY: Duration = Duration::from_secs(1);

/// Connections open at once: below the 1,024 files that a process may usually have open, with room for the store's.
const CONNECTIONS_MAX: usize = 768;

/// Of those, the connections of one client (an IPv4 address, or a line's addresses of IPv6): a third, so that a reverse proxy has
/// enough and nobody has all.
const CONNECTIONS_PER_CLIENT: usize = CONNECTIONS_MAX / 3;

/// Bits of an IPv6 address that a provider gives to a line at the least; one subscriber has all addresses below them.
const IPV6_LINE_BITS: u32 = 64;

/// Listeners that are served as one.
pub(crate) struct Listeners {
    listeners: Vec<TcpListener>,
    places: Arc<Semaphore>,
    clients: Arc<Clients>,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client(IpAddr);

impl Client {
    fn new(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                Ipv6Addr::from_bits(address.to_bits() >> IPV6_LINE_BITS << IPV6_LINE_BITS).into()
            }
            address => address,
        })
    }

    /// Its address, or the line that its address belongs to.
    pub(crate) const fn address(self) -> IpAddr {
        self.0
    }
}

/// Open connections by client.
type Clients = Mutex<HashMap<IpAddr, usize>>;

/// A connection's place; dropping it gives the place back.
pub(crate) struct Place {
    client: Client,
    clients: Arc<Clients>,
    permit: OwnedSemaphorePermit,
}

/// Tells whether places are scarce.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<Semaphore>);

impl Places {
    /// Whether fewer than half are free. A probe keeps its connection for twenty seconds after a batch: with 768 places that alone
    /// would let fewer than 40 probes a second in (docs/measurements/swarm.md).
    pub(crate) fn are_scarce(&self) -> bool {
        self.0.available_permits() < CONNECTIONS_MAX / 2
    }
}

impl Place {
    /// All places, this one among them.
    pub(crate) fn all(&self) -> Places {
        Places(Arc::clone(self.permit.semaphore()))
    }

    /// Who has it.
    pub(crate) const fn client(&self) -> Client {
        self.client
    }

    fn take(client: Client, clients: &Arc<Clients>, permit: OwnedSemaphorePermit) -> Option<Self> {
        // Every change is one addition or subtraction, so it stays true whoever panicked beside it.
        let mut open = clients.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.entry(client.0).or_insert(0);
        if *own >= CONNECTIONS_PER_CLIENT {
            return None;
        }
        *own += 1;
        Some(Self { client, clients: Arc::clone(clients), permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.client.0) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.client.0);
            }
        }
    }
}

impl Listeners {
    /// Listens on every address.
    ///
    /// # Errors
    /// With the first address that cannot be listened on.
    pub(crate) async fn bind(addresses: &[SocketAddr]) -> Result<Self, (SocketAddr, io::Error)> {
        let mut listeners = Vec::with_capacity(addresses.len());
        for &address in addresses {
            listeners.push(TcpListener::bind(address).await.map_err(|error| (address, error))?);
        }
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        Ok(Self { listeners, places, clients: Arc::default() })
    }

    /// The addresses listened on, with the ports that the system chose where 0 was asked for.
    pub(crate) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.listeners.iter().map(TcpListener::local_addr).collect()
    }

    async fn next(&self) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|context| {
            let ready =
                self.listeners.iter().map(|listener| listener.poll_accept(context)).find(Poll::is_ready);
            ready.unwrap_or(Poll::Pending)
        })
        .await
    }

    /// The next connection that has a place. While all are taken nobody is accepted; whoever has too many already is hung up on.
    pub(crate) async fn accept(&self) -> (TcpStream, Place) {
        loop {
            let permit = match Arc::clone(&self.places).acquire_owned().await {
                Ok(permit) => permit,
                Err(_) => unreachable!("the semaphore is never closed"),
            };
            match self.next().await {
                Ok((stream, address)) => {
                    if let Some(place) = Place::take(Client::new(address.ip()), &self.clients, permit) {
                        return (stream, place);
                    }
                    tracing::debug!("a client has too many connections; its latest is closed");
                }
                // The client went away before it was accepted: nothing is wrong here.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    tracing::error!(%error, "cannot accept connections");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_all_places_and_each_is_given_back() {
        let (clients, places) = (Arc::<Clients>::default(), Arc::new(Semaphore::new(CONNECTIONS_MAX)));
        let take = |text: &str| {
            let permit = Arc::clone(&places).try_acquire_owned().unwrap();
            Place::take(Client::new(text.parse().unwrap()), &clients, permit)
        };
        // All addresses of a line count together.
        let held: Vec<Place> =
            (0..CONNECTIONS_PER_CLIENT).map(|n| take(&format!("2001:db8::{n:x}")).unwrap()).collect();
        assert!(take("2001:db8::ffff").is_none());
        assert!(take("2001:db8:0:1::1").is_some() && take("::ffff:192.0.2.1").is_some());
        drop(held);
        assert!(take("2001:db8::ffff").is_some());
        assert_eq!(places.available_permits(), CONNECTIONS_MAX);
        assert!(clients.lock().unwrap().is_empty());
    }
}
