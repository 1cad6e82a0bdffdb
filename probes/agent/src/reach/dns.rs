//! Questions for the addresses of a name, over UDP and over HTTPS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use desserte_model::ReachFailure;
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};
use tokio::net::UdpSocket;

/// Most that an answer over UDP holds without extensions (RFC 1035, section 2.3.4).
const ANSWER_MAX: usize = 512;

/// A resolver that says nothing is asked again after this long, since a packet may be lost.
const AGAIN: Duration = Duration::from_secs(2);

/// A question for the IPv4 address of a name.
pub(crate) fn question(name: &str, number: u16) -> Result<Vec<u8>, String> {
    let name = Name::new(name).map_err(|error| error.to_string())?;
    let mut packet = Packet::new_query(number);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    packet.questions.push(Question::new(name, QTYPE::TYPE(TYPE::A), QCLASS::CLASS(CLASS::IN), false));
    packet.build_bytes_vec().map_err(|error| error.to_string())
}

/// Whether these octets answer the question of this number.
pub(crate) fn answers(octets: &[u8], number: u16) -> bool {
    simple_dns::header_buffer::id(octets).is_ok_and(|id| id == number)
}

/// The addresses in an answer.
pub(crate) fn addresses(octets: &[u8]) -> Result<Vec<IpAddr>, ReachFailure> {
    let packet = Packet::parse(octets).map_err(|_| ReachFailure::Nonsense)?;
    match packet.rcode() {
        RCODE::NoError => {}
        RCODE::NameError => return Err(ReachFailure::NameUnknown),
        _ => return Err(ReachFailure::NameFailed),
    }
    let found: Vec<IpAddr> = packet
        .answers
        .iter()
        .filter_map(|answer| match &answer.rdata {
            RData::A(a) => Some(IpAddr::V4(Ipv4Addr::from(a.address))),
            RData::AAAA(aaaa) => Some(IpAddr::V6(Ipv6Addr::from(aaaa.address))),
            _ => None,
        })
        .collect();
    if found.is_empty() { Err(ReachFailure::NameFailed) } else { Ok(found) }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_as_the_protocol_has_it() {
        // RFC 1035, section 4.1: header, then the name in labels, type A, class IN.
        let expected =
            [&[0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1][..], b"a", &[4], b"test", &[0, 0, 1, 0, 1]].concat();
        assert_eq!(question("a.test", 7).unwrap(), expected);
    }
}
