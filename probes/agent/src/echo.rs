//! Single echoes: ICMP, or the opening of a TCP connection.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use desserte_model::IpFamily;
use desserte_net::FamilyChoice;
use surge_ping::{Client, ICMP, IcmpPacket, PingIdentifier, PingSequence, SurgeError};

use crate::book::{ECHO_PAYLOAD_BYTES, family_of};
use crate::config::{Method, Target};

/// How long an address found for a name is used before it is looked up again.
const ADDRESS_KEPT: Duration = Duration::from_secs(600);

/// After a name could not be resolved, its last address serves for this long.
const RESOLVE_AGAIN: Duration = Duration::from_secs(60);

/// How long the resolver may take; beyond, the last address serves.
const RESOLVE_MAX: Duration = Duration::from_secs(2);

/// What became of one echo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Echo {
    /// It came back after so many microseconds.
    Answered(u32),
    /// It was sent and did not come back in time.
    Lost,
    /// It could not be sent, for this reason: not a loss.
    NotSent(String),
}

/// Where an echo goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) address: IpAddr,
    /// The interface's number, for a link-local address.
    pub(crate) scope: u32,
}

/// Sends echoes. The sockets are opened when first needed.
#[derive(Default)]
pub(crate) struct Echoer {
    sockets: RefCell<[Option<Client>; 2]>,
    sequence: Cell<u16>,
    addresses: RefCell<HashMap<String, (IpAddr, Instant)>>,
}

impl Echoer {
    /// The address of a target: as configured, or found for its name and kept for when names cannot be resolved.
    pub(crate) async fn address(&self, target: &Target) -> Option<IpAddr> {
        if let Ok(address) = target.host.parse::<IpAddr>() {
            return target.family.allows(family_of(address)).then_some(address);
        }
        let kept = self.addresses.borrow().get(&target.host).copied();
        if let Some((address, _)) = kept.filter(|(_, found)| found.elapsed() < ADDRESS_KEPT) {
            return Some(address);
        }
        match resolve(&target.host, target.family).await {
            Some(address) => {
                self.addresses.borrow_mut().insert(target.host.clone(), (address, Instant::now()));
                Some(address)
            }
            None => {
                // Names are not asked for again at once: while they cannot be resolved each try takes its time.
                let (address, _) = kept?;
                let tried = Instant::now();
                let found = tried.checked_sub(ADDRESS_KEPT - RESOLVE_AGAIN).unwrap_or(tried);
                self.addresses.borrow_mut().insert(target.host.clone(), (address, found));
                Some(address)
            }
        }
    }

    /// Sends one echo and waits for it at most `patience`.
    pub(crate) async fn send(&self, method: Method, to: Destination, patience: Duration) -> Echo {
        match method {
            Method::Icmp => self.icmp(to, patience).await,
            Method::Tcp(port) => tcp(SocketAddr::new(to.address, port), patience).await,
        }
    }

    async fn icmp(&self, to: Destination, patience: Duration) -> Echo {
        let socket = match self.socket(family_of(to.address)) {
            Ok(socket) => socket,
            Err(error) => return Echo::NotSent(format!("ICMP: {}", first_line(&error.to_string()))),
        };
        let sequence = self.sequence.get().wrapping_add(1);
        self.sequence.set(sequence);
        // Only raw sockets use the identifier; on the others the kernel sets it.
        let identifier = PingIdentifier(u16::try_from(std::process::id() & 0xFFFF).unwrap_or(0));
        let mut pinger = socket.pinger(to.address, identifier).await;
        pinger.timeout(patience).scope_id(to.scope);
        match pinger.ping(PingSequence(sequence), &[0; ECHO_PAYLOAD_BYTES as usize]).await {
            Ok((packet, rtt)) if is_reply(&packet) => Echo::Answered(micros(rtt)),
            // The library also hands over what routers say of the echo ("host unreachable"): that is a loss.
            Ok(_) => Echo::Lost,
            Err(SurgeError::Timeout { .. }) => Echo::Lost,
            Err(error) => {
                // A dead socket (an interface that went away) is replaced for the next echo.
                self.forget(family_of(to.address));
                Echo::NotSent(first_line(&error.to_string()).to_owned())
            }
        }
    }

    fn socket(&self, family: IpFamily) -> io::Result<Client> {
        let place = place(family);
        if let Some(client) = &self.sockets.borrow()[place] {
            return Ok(client.clone());
        }
        let kind = match family {
            IpFamily::Ipv4 => ICMP::V4,
            IpFamily::Ipv6 => ICMP::V6,
        };
        // An unprivileged socket if `ping_group_range` allows it, else a raw one.
        let client = Client::new(&surge_ping::Config::builder().kind(kind).build())?;
        self.sockets.borrow_mut()[place] = Some(client.clone());
        Ok(client)
    }

    fn forget(&self, family: IpFamily) {
        self.sockets.borrow_mut()[place(family)] = None;
    }
}

/// Whether it is an echo reply (type 0 in RFC 792, 129 in RFC 4443).
fn is_reply(packet: &IcmpPacket) -> bool {
    match packet {
        IcmpPacket::V4(packet) => packet.get_icmp_type().0 == 0,
        IcmpPacket::V6(packet) => packet.get_icmpv6_type().0 == 129,
    }
}

const fn place(family: IpFamily) -> usize {
    match family {
        IpFamily::Ipv4 => 0,
        IpFamily::Ipv6 => 1,
    }
}

async fn resolve(host: &str, family: FamilyChoice) -> Option<IpAddr> {
    let found = tokio::time::timeout(RESOLVE_MAX, tokio::net::lookup_host((host, 0))).await;
    found.ok()?.ok()?.map(|address| address.ip()).find(|address| family.allows(family_of(*address)))
}

async fn tcp(to: SocketAddr, patience: Duration) -> Echo {
    let begun = Instant::now();
    match tokio::time::timeout(patience, tokio::net::TcpStream::connect(to)).await {
        Ok(Ok(_connection)) => Echo::Answered(micros(begun.elapsed())),
        // A refusal is an answer: the packet went there and back.
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Echo::Answered(micros(begun.elapsed()))
        }
        Err(_) => Echo::Lost,
        // The packet left and a router said that it could not be delivered: lost, as an ICMP echo would be.
        Ok(Err(error))
            if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable) =>
        {
            Echo::Lost
        }
        Ok(Err(error)) => Echo::NotSent(error.to_string()),
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(2);

    #[tokio::test]
    async fn an_open_and_a_closed_port_both_answer() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        assert!(matches!(tcp(open, PATIENCE).await, Echo::Answered(_)));
        drop(listener);
        assert!(matches!(tcp(open, PATIENCE).await, Echo::Answered(_)));
    }

    #[tokio::test]
    async fn an_echo_to_oneself_comes_back_where_the_system_allows_echoes() {
        let to = Destination { address: "127.0.0.1".parse().unwrap(), scope: 0 };
        match Echoer::default().send(Method::Icmp, to, PATIENCE).await {
            Echo::Answered(rtt) => assert!(rtt < 1_000_000),
            Echo::NotSent(reason) if std::env::var_os("CI").is_none() => eprintln!("SKIPPED: {reason}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_a_router_says_of_an_echo_is_not_an_answer() {
        // ICMP type and code, checksum, unused; the start of the packet it is about: IPv4 header, echo request.
        let quoted = [
            &[0x45, 0, 0, 36, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 2, 192, 0, 2, 1][..],
            &[8, 0, 0, 0, 0, 7, 0, 9],
        ];
        let unreachable = [&[3, 1, 0, 0, 0, 0, 0, 0][..], &quoted.concat()].concat();
        let reply = [0, 0, 0, 0, 0, 7, 0, 9];
        let read = |octets: &[u8]| {
            let (router, probe) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
            let packet =
                surge_ping::Icmpv4Packet::decode(octets, socket2::Type::DGRAM, router, probe).unwrap();
            assert_eq!(packet.get_sequence(), PingSequence(9), "both belong to the same echo");
            is_reply(&IcmpPacket::V4(packet))
        };
        assert!(read(&reply));
        assert!(!read(&unreachable));
    }

    #[tokio::test]
    async fn a_family_that_the_address_does_not_have_gives_no_address() {
        let target = Target {
            id: "a".parse().unwrap(),
            host: "192.0.2.1".to_owned(),
            method: Method::Icmp,
            family: FamilyChoice::Only(IpFamily::Ipv6),
        };
        assert_eq!(Echoer::default().address(&target).await, None);
    }
}
