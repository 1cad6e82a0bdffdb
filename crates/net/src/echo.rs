//! One round trip: an ICMP echo (RFC 792, RFC 4443), or the opening of a TCP connection.
//!
//! Both are timed by what the kernel noted, so that a device which is busy says the delay of the line and not how long the
//! program waited for the processor. Where the kernel noted nothing the program's own clock serves, and the result says so.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::net::{TcpStream, UdpSocket};

use crate::stamps::{self, UnixNanos, departure, unix_nanos};
use crate::tcp::TcpInfo;

/// Longest answer that is read: the longest header of IPv4, and an echo without payload.
const ANSWER_MAX: usize = 60 + ECHO_BYTES;
/// An echo without payload.
const ECHO_BYTES: usize = 8;

/// How long a packet took there and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundTrip {
    /// The time.
    pub time: Duration,
    /// Whether the kernel noted both ends of it; else the program did, and waits for the processor are in it.
    pub by_kernel: bool,
}

/// Sends one ICMP echo without payload; `scope` is the interface's number for a link-local address. `None` when no answer
/// came within `patience`.
///
/// # Errors
/// When the echo could not be sent; that is no loss.
pub async fn icmp(to: IpAddr, scope: u32, patience: Duration) -> io::Result<Option<RoundTrip>> {
    let echo = Icmp::open(to, scope)?;
    let asked = Moment::now();
    // Sent at once: the runtime would first wait to be told that it can be.
    SockRef::from(&echo.socket).send(&echo.request())?;
    // The note is mostly there by now; while a neighbour is looked up, it comes later.
    let left = departure(&echo.socket, 0, asked.unix);
    let Ok(answered) = tokio::time::timeout(patience, echo.answer()).await else { return Ok(None) };
    // What a router or our own system says of the echo ("host unreachable") is that it was lost.
    let Ok(came) = answered else { return Ok(None) };
    let left = left.or_else(|| departure(&echo.socket, 0, asked.unix));
    Ok(Some(asked.until(Moment::now(), left, came)).filter(|trip| trip.time <= patience))
}

/// Opens a TCP connection and closes it; a refusal is an answer as well. `None` when none came within `patience`, or a
/// router said that the address cannot be reached.
///
/// # Errors
/// When nothing could be sent; that is no loss.
pub async fn connect(to: SocketAddr, patience: Duration) -> io::Result<Option<RoundTrip>> {
    let begun = Instant::now();
    let connected = tokio::time::timeout(patience, TcpStream::connect(to)).await;
    let elapsed = RoundTrip { time: begun.elapsed(), by_kernel: false };
    match connected {
        Ok(Ok(connection)) => Ok(Some(noted(&connection, elapsed.time).unwrap_or(elapsed))),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(Some(elapsed)),
        Err(_) => Ok(None),
        Ok(Err(error)) => match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable => Ok(None),
            _ => Err(error),
        },
    }
}

/// The kernel's own time of the handshake; none if the opening had to be sent again, as it is not known then which of them
/// was answered.
fn noted(connection: &TcpStream, elapsed: Duration) -> Option<RoundTrip> {
    let counters = TcpInfo::read(connection)?.counters();
    let time = Duration::from_micros(counters.rtt_us.filter(|rtt| *rtt > 0)?);
    let once = counters.segments_retransmitted == Some(0);
    (once && time <= elapsed).then_some(RoundTrip { time, by_kernel: true })
}

/// The sockets and numbers of one echo. Each has a socket of its own: the kernel then sorts the answers, and one that an
/// interface took with it when it went away does no harm to the next.
#[derive(Debug)]
struct Icmp {
    socket: UdpSocket,
    ipv4: bool,
    /// Whether it gets every ICMP packet from that address, with its IPv4 header.
    raw: bool,
    identifier: u16,
}

impl Icmp {
    /// An unprivileged socket where the system allows them (`ping_group_range`), else a raw one.
    fn open(to: IpAddr, scope: u32) -> io::Result<Self> {
        /// Tells echoes under way from each other; other programs are told by the address and the process.
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let (domain, protocol) = match to {
            IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
            IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
        };
        let (socket, raw) = match Socket::new(domain, Type::DGRAM, Some(protocol)) {
            Ok(socket) => (socket, false),
            Err(_) => (Socket::new(domain, Type::RAW, Some(protocol))?, true),
        };
        socket.set_nonblocking(true)?;
        stamps::ask_for_both(&socket);
        let to = match to {
            IpAddr::V4(_) => SocketAddr::new(to, 0),
            IpAddr::V6(to) => SocketAddrV6::new(to, 0, 0, scope).into(),
        };
        socket.connect(&to.into())?;
        let process = u16::try_from(std::process::id() & 0xFFFF).unwrap_or(0);
        let identifier = process.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        // A socket for whole packets is what the runtime calls one of UDP.
        let socket = UdpSocket::from_std(socket.into())?;
        Ok(Self { socket, ipv4: to.is_ipv4(), raw, identifier })
    }

    fn request(&self) -> [u8; ECHO_BYTES] {
        let kind = if self.ipv4 { 8 } else { 128 };
        let [high, low] = self.identifier.to_be_bytes();
        // The number is the identifier again: each socket sends one echo. All but raw IPv4 sockets have the kernel fill in
        // the checksum.
        let sum = !ones_complement_sum([kind << 8, self.identifier, self.identifier]);
        let [sum_high, sum_low] = if self.ipv4 { sum.to_be_bytes() } else { [0, 0] };
        [kind.to_be_bytes()[1], 0, sum_high, sum_low, high, low, high, low]
    }

    /// Waits for the answer, and says when the kernel took it in.
    async fn answer(&self) -> io::Result<Option<UnixNanos>> {
        let mut octets = [0; ANSWER_MAX];
        loop {
            let read =
                self.socket.async_io(Interest::READABLE, || stamps::receive_now(&self.socket, &mut octets));
            let read = read.await?;
            let packet = &octets[..read.length.min(ANSWER_MAX)];
            if is_reply(packet, self.ipv4, self.raw, self.identifier) {
                return Ok(read.stamp);
            }
        }
    }
}

/// Whether a packet is the reply to an echo: type 0, of ICMPv6 129. Raw sockets of IPv4 hand over its header as well. On
/// unprivileged sockets the kernel puts in an identifier of its own, and hands over what carries it.
fn is_reply(packet: &[u8], ipv4: bool, raw: bool, identifier: u16) -> bool {
    let header =
        if raw && ipv4 { packet.first().map_or(0, |first| usize::from(first & 0x0F) * 4) } else { 0 };
    let Some([kind, code, _, _, i1, i2, s1, s2]) = packet.get(header..header + ECHO_BYTES) else {
        return false;
    };
    let own = identifier.to_be_bytes();
    (*kind, *code) == (if ipv4 { 0 } else { 129 }, 0) && [*s1, *s2] == own && (!raw || [*i1, *i2] == own)
}

/// The sum that checksums of the Internet are made of (RFC 1071).
fn ones_complement_sum<const N: usize>(words: [u16; N]) -> u16 {
    words.into_iter().fold(0_u16, |sum, word| {
        let (sum, carried) = sum.overflowing_add(word);
        sum + u16::from(carried)
    })
}

/// A moment on both clocks, and how far apart in time the two were read.
#[derive(Debug, Clone, Copy)]
struct Moment {
    before: Instant,
    unix: UnixNanos,
    after: Instant,
}

impl Moment {
    fn now() -> Self {
        let before = Instant::now();
        Self { before, unix: unix_nanos(), after: Instant::now() }
    }

    /// The time from a departure after this moment to an arrival before `end`: by the kernel's notes, unless one is
    /// absent or the calendar clock, which they are in, was set meanwhile.
    fn until(self, end: Self, left: Option<UnixNanos>, came: Option<UnixNanos>) -> RoundTrip {
        let program = RoundTrip { time: end.before.duration_since(self.after), by_kernel: false };
        let (Some(left), Some(came)) = (left, came) else { return program };
        let passed = end.unix - self.unix;
        let nanos = |time: Duration| i128::try_from(time.as_nanos()).unwrap_or(i128::MAX);
        let least = nanos(end.before.saturating_duration_since(self.after));
        let most = nanos(end.after.duration_since(self.before));
        let noted = u64::try_from(came - left).ok().filter(|noted| i128::from(*noted) <= most);
        match noted {
            Some(noted) if (least..=most).contains(&passed) => {
                RoundTrip { time: Duration::from_nanos(noted), by_kernel: true }
            }
            _ => program,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::StampsKept;

    const PATIENCE: Duration = Duration::from_secs(5);
    const MS: UnixNanos = 1_000_000;

    #[tokio::test]
    async fn an_open_and_a_closed_port_both_answer() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        assert!(connect(open, PATIENCE).await.unwrap().unwrap().by_kernel);
        drop(listener);
        assert!(!connect(open, PATIENCE).await.unwrap().unwrap().by_kernel);
    }

    /// The program reads each answer 300 ms late. A stall of the machine may lengthen some of the round trips, not all.
    #[tokio::test]
    async fn how_late_the_program_reads_an_answer_is_no_part_of_the_round_trip() {
        let _kept = StampsKept::begin().unwrap();
        let mut trips = Vec::new();
        for _ in 0..5 {
            let mut echo = Box::pin(icmp("127.0.0.1".parse().unwrap(), 0, PATIENCE));
            match echo.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Err(reason)) if std::env::var_os("CI").is_none() => {
                    eprintln!("SKIPPED: no echoes here: {reason}");
                    return;
                }
                Poll::Ready(other) => panic!("{other:?}"),
                Poll::Pending => std::thread::sleep(Duration::from_millis(300)),
            }
            trips.push(echo.await.unwrap().expect("we answer ourselves"));
        }
        let noted = trips.iter().filter(|trip| trip.by_kernel).map(|trip| trip.time).min();
        assert!(noted.is_some_and(|shortest| shortest < Duration::from_millis(200)), "{trips:?}");
    }

    #[test]
    fn what_others_are_told_or_a_router_says_of_an_echo_is_not_its_answer() {
        const OWN: u16 = 0x1234;
        let header = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1];
        let raw = |packet: &[u8]| [&header, packet].concat();
        let reply = [0, 0, 0, 0, 0x12, 0x34, 0x12, 0x34];
        let (raw4, own4, raw6, own6) = ((true, true), (true, false), (false, true), (false, false));
        let answers = |(ipv4, raw): (bool, bool), packet: &[u8]| is_reply(packet, ipv4, raw, OWN);
        assert!(answers(own4, &reply) && answers(raw4, &raw(&reply)));
        let reply6 = [129, 0, 0, 0, 0x12, 0x34, 0x12, 0x34];
        assert!(answers(own6, &reply6) && answers(raw6, &reply6));
        assert!(!answers(own4, &reply6) && !answers(own6, &reply));
        // The request itself, which a raw socket sees on the loopback interface.
        assert!(!answers(raw4, &raw(&[8, 0, 0, 0, 0x12, 0x34, 0x12, 0x34])));
        // Another number; another identifier, which the kernel has set on an unprivileged socket.
        assert!(!answers(own4, &[0, 0, 0, 0, 0x12, 0x34, 0x12, 0x35]));
        assert!(!answers(raw4, &raw(&[0, 0, 0, 0, 0x12, 0x35, 0x12, 0x34])));
        assert!(answers(own4, &[0, 0, 0, 0, 0x77, 0x77, 0x12, 0x34]));
        // "Host unreachable" (RFC 792), quoting our packet.
        assert!(!answers(raw4, &raw(&[&[3, 1, 0, 0, 0, 0, 0, 0][..], &raw(&reply)].concat())));
        for cut in 0..reply.len() {
            assert!(!answers(own4, &reply[..cut]) && !answers(raw4, &raw(&reply)[..20 + cut]));
        }
    }

    #[test]
    fn the_checksum_of_a_request_is_that_of_rfc_1071() {
        for identifier in [0, 7, 0xF800, 0xFFFF] {
            let words = [0x0800, identifier, identifier];
            let sum = !ones_complement_sum(words);
            let whole: u32 = words.iter().chain([&sum]).map(|word| u32::from(*word)).sum();
            assert_eq!((whole & 0xFFFF) + (whole >> 16), 0xFFFF, "{identifier}");
        }
    }

    #[test]
    fn notes_from_a_clock_that_was_set_are_not_used() {
        let begun = Instant::now();
        let moment = |after_ms: u64, unix: UnixNanos| {
            let at = begun + Duration::from_millis(after_ms);
            Moment { before: at, unix, after: at + Duration::from_micros(1) }
        };
        let asked = moment(0, 1_000 * MS);
        let said = |end: Moment, left, came| asked.until(end, left, came);
        let end = moment(50, 1_050 * MS);
        let trip = said(end, Some(1_001 * MS), Some(1_021 * MS));
        assert_eq!(trip, RoundTrip { time: Duration::from_millis(20), by_kernel: true });
        let program = RoundTrip { time: Duration::from_micros(49_999), by_kernel: false };
        assert_eq!(said(end, None, Some(1_021 * MS)), program);
        assert_eq!(said(end, Some(1_001 * MS), None), program);
        assert_eq!(said(end, Some(1_021 * MS), Some(1_001 * MS)), program);
        // Set forward and back by a tenth of a second meanwhile.
        assert_eq!(said(moment(50, 1_150 * MS), Some(1_001 * MS), Some(1_021 * MS)), program);
        assert_eq!(said(moment(50, 950 * MS), Some(1_001 * MS), Some(1_021 * MS)), program);
    }
}
