//! Asks resolvers for the addresses of a name over UDP.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use desserte_model::ReachFailure;
use desserte_proto::dns::{addresses, answers, question};
use tokio::net::UdpSocket;

/// Most that an answer over UDP holds without extensions (RFC 1035, section 2.3.4).
const ANSWER_MAX: usize = 512;

/// A resolver that says nothing is asked again after this long, since a packet may be lost.
const AGAIN: Duration = Duration::from_secs(2);

/// Asks a resolver over UDP, twice if need be.
pub(crate) async fn ask(
    server: SocketAddr,
    name: &str,
    number: u16,
    most: Duration,
) -> Result<Vec<IpAddr>, ReachFailure> {
    let question = question(name, number).map_err(|_| ReachFailure::Nonsense)?;
    let asked = async {
        let local: SocketAddr = if server.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
        let socket = UdpSocket::bind(local).await.map_err(|_| ReachFailure::Unreachable)?;
        socket.connect(server).await.map_err(|_| ReachFailure::Unreachable)?;
        loop {
            socket.send(&question).await.map_err(|error| super::of_io(&error))?;
            if let Ok(answer) = tokio::time::timeout(AGAIN, hear(&socket, number)).await {
                return addresses(&answer?);
            }
        }
    };
    tokio::time::timeout(most, asked).await.unwrap_or(Err(ReachFailure::Timeout))
}

async fn hear(socket: &UdpSocket, number: u16) -> Result<Vec<u8>, ReachFailure> {
    let mut answer = vec![0; ANSWER_MAX];
    loop {
        let length = socket.recv(&mut answer).await.map_err(|error| super::of_io(&error))?;
        // What is not an answer to this question is ignored.
        if answers(&answer[..length], number) {
            answer.truncate(length);
            return Ok(answer);
        }
    }
}
