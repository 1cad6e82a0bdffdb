//! A UDP socket that tells when the kernel received a packet, and with which TTL.

use std::io;
use std::mem::{size_of, zeroed};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use desserte_proto::stamp::{ErrorEstimate, StampTime};
use socket2::SockAddr;
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::kernel_clock;

/// Room for the kernel's notes to a packet: a time (16) and a TTL (4), each with a header, aligned.
const NOTES: usize = 128;

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

/// Nanoseconds since 1970.
pub(super) fn unix_nanos() -> i128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i128::try_from(since.as_nanos()).unwrap_or(i128::MAX)
}

/// How good the system says that its clock is.
pub(super) fn clock_error() -> ErrorEstimate {
    let clock = kernel_clock();
    let micros = clock
        .map_or(u64::MAX >> 20, |clock| u64::try_from(clock.error_max.as_micros()).unwrap_or(u64::MAX >> 20));
    ErrorEstimate::within(clock.is_some_and(|clock| clock.synchronised), micros)
}

/// Asks the kernel to note time and TTL on what arrives, and sends with the TTL that RFC 8762 wants (255).
pub(super) fn prepare(socket: &UdpSocket) -> io::Result<()> {
    let ipv4 = socket.local_addr()?.is_ipv4();
    set(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1);
    if ipv4 {
        set(socket, libc::IPPROTO_IP, libc::IP_RECVTTL, 1);
        set(socket, libc::IPPROTO_IP, libc::IP_TTL, 255);
    } else {
        set(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVHOPLIMIT, 1);
        set(socket, libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS, 255);
    }
    Ok(())
}

/// Sets a whole number. A kernel that cannot leaves the note out, which is seen where it is read.
#[expect(unsafe_code, reason = "no safe wrapper of these options among our libraries")]
fn set(socket: &UdpSocket, level: libc::c_int, option: libc::c_int, value: libc::c_int) {
    let length = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
    // SAFETY: the pointer and the length describe one int, which lives until the call returns.
    let status =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), length) };
    if status != 0 {
        tracing::debug!(level, option, "a socket option is not available");
    }
}

/// Waits for a packet. May be dropped while it waits.
pub(super) async fn receive(socket: &UdpSocket, octets: &mut [u8]) -> io::Result<Arrived> {
    socket.async_io(Interest::READABLE, || receive_now(socket, octets)).await
}

#[expect(unsafe_code, reason = "no safe wrapper of recvmsg with its notes among our libraries")]
fn receive_now(socket: &UdpSocket, octets: &mut [u8]) -> io::Result<Arrived> {
    #[repr(C, align(8))]
    struct Notes([u8; NOTES]);
    let mut notes = Notes([0; NOTES]);
    let mut part = libc::iovec { iov_base: octets.as_mut_ptr().cast(), iov_len: octets.len() };
    // SAFETY: `msghdr` is pointers and numbers, for which all zeroes are a value.
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = (&raw mut notes).cast();
    message.msg_controllen = NOTES as _;
    // SAFETY: `message` points to `octets`, `notes` and the address storage, each with its true length, and all of them
    // live until the call returns; the kernel writes no more than these lengths.
    let received = unsafe {
        SockAddr::try_init(|storage, length| {
            message.msg_name = storage.cast();
            message.msg_namelen = *length;
            let count = libc::recvmsg(socket.as_raw_fd(), &raw mut message, 0);
            *length = message.msg_namelen;
            if count < 0 { Err(io::Error::last_os_error()) } else { Ok(count) }
        })
    };
    let (count, from) = received?;
    let (mut time, mut ttl) = (None, 255);
    // SAFETY: the macros walk through the notes that the kernel wrote, within the length it set in `message`; each value is
    // read unaligned and only where its header says that it is of that kind.
    unsafe {
        let mut note = libc::CMSG_FIRSTHDR(&raw const message);
        while let Some(header) = note.as_ref() {
            let data = libc::CMSG_DATA(note);
            match (header.cmsg_level, header.cmsg_type) {
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                    time = Some(data.cast::<libc::timespec>().read_unaligned());
                }
                (libc::IPPROTO_IP, libc::IP_TTL) | (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
                    ttl = data.cast::<libc::c_int>().read_unaligned();
                }
                _ => {}
            }
            note = libc::CMSG_NXTHDR(&raw const message, note);
        }
    }
    let by_kernel = time.map(|time| i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec));
    Ok(Arrived {
        length: usize::try_from(count).unwrap_or(0),
        from: from.as_socket(),
        received: by_kernel.map_or_else(now, StampTime::from_unix_nanos),
        by_kernel: by_kernel.is_some(),
        ttl: u8::try_from(ttl).unwrap_or(255),
    })
}
