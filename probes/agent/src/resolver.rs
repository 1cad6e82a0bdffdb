//! The resolver of names, asked by the watch: does it answer at all?

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use desserte_proto::dns;
use desserte_units::ByteCount;
use simple_dns::Name;
use tokio::net::UdpSocket;

use crate::agent::Agent;
use crate::book::hour_of_echoes;
use crate::echo::Echo;
use desserte_net::echo::RoundTrip;

/// How often a resolver beyond the site is asked while all is well.
pub(crate) const OFF_SITE_EVERY: Duration = Duration::from_secs(30);

/// Port of the Domain Name System.
pub(crate) const PORT: u16 = 53;

/// What a question and its answer cost on the line: headers of IPv6, UDP and the link twice, a name of 60 octets in both,
/// and an answer without extensions, which RFC 1035 (section 2.3.4) limits to 512.
pub(crate) const QUESTION_COST: ByteCount = ByteCount::from_bytes(2 * (40 + 8 + 18) + 76 + 512);

/// Most that an answer over UDP holds without extensions.
const ANSWER_MAX: usize = 512;

/// Asks for the address of one name.
#[derive(Debug)]
pub(crate) struct Resolver {
    server: SocketAddr,
    name: String,
    number: Cell<u16>,
}

impl Resolver {
    /// The system's resolver and the name to ask for; `None` without either.
    pub(crate) fn of(server: Option<SocketAddr>, name: Option<&str>) -> Option<Self> {
        let name = name.filter(|name| name.parse::<IpAddr>().is_err() && Name::new(name).is_ok())?;
        Some(Self { server: server?, name: name.to_owned(), number: Cell::new(1) })
    }

    /// Whether asking it costs the line nothing: it is the site's router or the machine itself.
    pub(crate) fn is_on_site(&self) -> bool {
        match self.server.ip() {
            IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_loopback() || v6.is_unicast_link_local() || v6.is_unique_local(),
        }
    }

    /// Charges one question, if it leaves the site.
    pub(crate) fn charge(&self, agent: &Agent) -> Result<(), String> {
        if self.is_on_site() {
            return Ok(());
        }
        let utc = agent.clock.borrow().utc();
        let hour = hour_of_echoes(&agent.config);
        let charged = agent.book.borrow_mut().charge_echoes(utc, QUESTION_COST.as_bytes(), hour);
        charged.map_err(|denied| denied.to_string())
    }

    /// Asks once. Any answer to the question, even that it failed, shows that the resolver is there.
    pub(crate) async fn ask(&self, patience: Duration) -> Echo {
        let number = self.number.get();
        self.number.set(number.wrapping_add(1));
        let begun = Instant::now();
        match tokio::time::timeout(patience, ask(self.server, &self.name, number)).await {
            Ok(Ok(())) => Echo::Answered(RoundTrip { time: begun.elapsed(), by_kernel: false }),
            // A refused port is a resolver that does not run.
            Err(_) | Ok(Err(AskError::Socket)) => Echo::Lost,
            Ok(Err(AskError::Question(reason))) => Echo::NotSent(reason),
        }
    }
}

enum AskError {
    Socket,
    Question(String),
}

impl From<std::io::Error> for AskError {
    fn from(_: std::io::Error) -> Self {
        Self::Socket
    }
}

async fn ask(server: SocketAddr, name: &str, number: u16) -> Result<(), AskError> {
    let question = dns::question(name, number).map_err(AskError::Question)?;
    let local: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(local).await?;
    socket.connect(server).await?;
    socket.send(&question).await?;
    let mut answer = [0; ANSWER_MAX];
    loop {
        let length = socket.recv(&mut answer).await?;
        // What is not an answer to this question is ignored.
        if dns::answers(&answer[..length], number) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_no_resolver_and_a_router_is_on_the_site() {
        let router = Some("192.168.1.1:53".parse().unwrap());
        assert!(Resolver::of(router, Some("198.18.0.1")).is_none());
        assert!(Resolver::of(None, Some("desserte.test")).is_none());
        assert!(Resolver::of(router, Some("desserte.test")).unwrap().is_on_site());
        let far = Some("198.18.0.53:53".parse().unwrap());
        assert!(!Resolver::of(far, Some("desserte.test")).unwrap().is_on_site());
    }
}
