//! A UDP socket that tells when the kernel received a packet, and with which TTL.

use std::io;
use std::net::SocketAddr;

use desserte_proto::stamp::{ErrorEstimate, StampTime};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::kernel_clock;
use crate::stamps::{self, unix_nanos};

/// A packet that arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrived {
    pub(super) length: usize,
    pub(super) from: Option<SocketAddr>,
    pub(super) received: StampTime,
    /// Whether the time is the kernel's; else it is that of the reading program, and later.
    pub(super) by_kernel: bool,
    /// 255 when the kernel did not say.
    pub(super) ttl: u8,
}

/// The calendar clock, now.
pub(super) fn now() -> StampTime {
    StampTime::from_unix_nanos(unix_nanos())
}

/// How good the system says that its clock is.
pub(super) fn clock_error() -> ErrorEstimate {
    let clock = kernel_clock();
    let micros = clock
        .map_or(u64::MAX >> 20, |clock| u64::try_from(clock.error_max.as_micros()).unwrap_or(u64::MAX >> 20));
    ErrorEstimate::within(clock.is_some_and(|clock| clock.synchronised), micros)
}

/// Asks the kernel to note arrivals and TTL, and sends with the TTL that RFC 8762 wants (255).
pub(super) fn prepare(socket: &UdpSocket) -> io::Result<()> {
    let ipv4 = socket.local_addr()?.is_ipv4();
    stamps::ask_for_arrivals(socket);
    if ipv4 {
        stamps::set(socket, libc::IPPROTO_IP, libc::IP_RECVTTL, 1);
        stamps::set(socket, libc::IPPROTO_IP, libc::IP_TTL, 255);
    } else {
        stamps::set(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVHOPLIMIT, 1);
        stamps::set(socket, libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS, 255);
    }
    Ok(())
}

/// Waits for a packet. May be dropped while it waits.
pub(super) async fn receive(socket: &UdpSocket, octets: &mut [u8]) -> io::Result<Arrived> {
    let read = socket.async_io(Interest::READABLE, || stamps::receive_now(socket, octets)).await?;
    Ok(Arrived {
        length: read.length,
        from: read.from,
        received: read.stamp.map_or_else(now, StampTime::from_unix_nanos),
        by_kernel: read.stamp.is_some(),
        ttl: read.ttl.unwrap_or(255),
    })
}
