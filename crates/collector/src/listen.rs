//! Listening on several addresses at once: one for people on this machine, one for the probes, IPv4 and IPv6.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};

/// After an error of the system (no file handle left, say) accepting is tried again this much later.
const RETRY: Duration = Duration::from_secs(1);

/// Listeners that are served as one.
pub(crate) struct Listeners(Vec<TcpListener>);

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
        Ok(Self(listeners))
    }

    /// The addresses listened on, with the ports that the system chose where 0 was asked for.
    pub(crate) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.0.iter().map(TcpListener::local_addr).collect()
    }

    async fn next(&self) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|context| {
            let ready = self.0.iter().map(|listener| listener.poll_accept(context)).find(Poll::is_ready);
            ready.unwrap_or(Poll::Pending)
        })
        .await
    }
}

impl Listener for Listeners {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.next().await {
                Ok(accepted) => return accepted,
                // The client went away before it was accepted: nothing is wrong here.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    tracing::error!(%error, "cannot accept connections");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        let first = self.0.first().ok_or_else(|| io::Error::other("no address is listened on"))?;
        first.local_addr()
    }
}
