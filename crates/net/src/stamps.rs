//! When the kernel let a packet out and when it took one in: moments that no wait for the processor lengthens.

use std::io;
use std::mem::{size_of, zeroed};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use socket2::SockAddr;

/// Room for the kernel's notes to a packet: three times (48), a TTL (4) and an error (16 and an address), each with a
/// header, aligned.
const NOTES: usize = 256;

/// Notes about departures that are read at the most to find one: more than are ever waited for at once.
const DEPARTURES_MAX: usize = 64;

/// The note of a departure (`SO_EE_ORIGIN_TIMESTAMPING` in the kernel's `errqueue.h`).
const ORIGIN_STAMPS: u8 = 4;

/// Nanoseconds since 1970 on the calendar clock, which is the one that the kernel's notes are in.
pub(crate) type UnixNanos = i128;

/// What one reading brought.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    pub(crate) length: usize,
    pub(crate) from: Option<SocketAddr>,
    /// When the kernel took it in; absent when it did not note that.
    pub(crate) stamp: Option<UnixNanos>,
    pub(crate) ttl: Option<u8>,
    /// If this is about a packet of ours: its number on this socket, from 0.
    departed: Option<u32>,
}

/// The calendar clock, now.
pub(crate) fn unix_nanos() -> UnixNanos {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i128::try_from(since.as_nanos()).unwrap_or(i128::MAX)
}

/// What the kernel is to note.
const ARRIVALS: libc::c_uint = libc::SOF_TIMESTAMPING_SOFTWARE | libc::SOF_TIMESTAMPING_RX_SOFTWARE;
/// The same, and when a packet comes to the queue of the interface: before it and not after, because what our own traffic
/// queues up there is part of the delay. Every kind of interface has this moment, mostly before the sending call returns.
const BOTH: libc::c_uint = ARRIVALS
    | libc::SOF_TIMESTAMPING_TX_SCHED
    | libc::SOF_TIMESTAMPING_OPT_ID
    | libc::SOF_TIMESTAMPING_OPT_TSONLY;

/// Asks the kernel to note when packets of this socket arrive.
///
/// They carry no note until a moment after the first such socket was opened: the kernel begins only when asked.
pub(crate) fn ask_for_arrivals(socket: &impl AsRawFd) {
    set(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPING, libc::c_int::try_from(ARRIVALS).unwrap_or(0));
}

/// Asks for departures too. Each has to be read with [`departure`]: notes left lying take the place of packets.
pub(crate) fn ask_for_both(socket: &impl AsRawFd) {
    set(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPING, libc::c_int::try_from(BOTH).unwrap_or(0));
}

/// Sets a whole number. A kernel that cannot leaves the note out, which is seen where it is read.
#[expect(unsafe_code, reason = "no safe wrapper of these options among our libraries")]
pub(crate) fn set(socket: &impl AsRawFd, level: libc::c_int, option: libc::c_int, value: libc::c_int) {
    let length = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
    // SAFETY: the pointer and the length describe one int, which lives until the call returns.
    let status =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), length) };
    if status != 0 {
        tracing::debug!(level, option, "a socket option is not available");
    }
}

/// When the packet with this number on its socket left, counted from 0 over those that the kernel took.
///
/// `told` is the moment before it was handed over: a note from before it, or from the future, is not about it.
///
/// # Missing data
/// `None` when the kernel made no note, or not yet.
pub(crate) fn departure(socket: &impl AsRawFd, number: u32, told: UnixNanos) -> Option<UnixNanos> {
    let flags = libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT;
    let left = (0..DEPARTURES_MAX)
        .map_while(|_| receive(socket, &mut [], flags).ok())
        .filter(|note| note.departed == Some(number))
        .find_map(|note| note.stamp)?;
    (told..=unix_nanos()).contains(&left).then_some(left)
}

/// Reads a packet, without waiting for one.
pub(crate) fn receive_now(socket: &impl AsRawFd, octets: &mut [u8]) -> io::Result<Received> {
    receive(socket, octets, libc::MSG_DONTWAIT)
}

#[expect(unsafe_code, reason = "no safe wrapper of recvmsg with its notes among our libraries")]
fn receive(socket: &impl AsRawFd, octets: &mut [u8], flags: libc::c_int) -> io::Result<Received> {
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
            let count = libc::recvmsg(socket.as_raw_fd(), &raw mut message, flags);
            *length = message.msg_namelen;
            if count < 0 { Err(io::Error::last_os_error()) } else { Ok(count) }
        })
    };
    let (count, from) = received?;
    let mut read = Received {
        length: usize::try_from(count).unwrap_or(0),
        from: from.as_socket(),
        stamp: None,
        ttl: None,
        departed: None,
    };
    // SAFETY: the macros walk through the notes that the kernel wrote, within the length it set in `message`; each value is
    // read unaligned and only where its header says that it is of that kind.
    unsafe {
        let mut note = libc::CMSG_FIRSTHDR(&raw const message);
        while let Some(header) = note.as_ref() {
            let data = libc::CMSG_DATA(note);
            match (header.cmsg_level, header.cmsg_type) {
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPING) => {
                    // Of its three times the first is the system's, the last an interface card's own, not asked for.
                    let time = data.cast::<libc::timespec>().read_unaligned();
                    let nanos = i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec);
                    read.stamp = (nanos > 0).then_some(nanos);
                }
                (libc::IPPROTO_IP, libc::IP_TTL) | (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
                    read.ttl = u8::try_from(data.cast::<libc::c_int>().read_unaligned()).ok();
                }
                (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR) => {
                    let error = data.cast::<libc::sock_extended_err>().read_unaligned();
                    read.departed = (error.ee_origin == ORIGIN_STAMPS).then_some(error.ee_data);
                }
                _ => {}
            }
            note = libc::CMSG_NXTHDR(&raw const message, note);
        }
    }
    Ok(read)
}

/// Keeps the kernel at noting arrivals while no echo is under way: without any socket that wants the notes it stops, and
/// begins again too late for the first answer.
#[derive(Debug)]
pub struct StampsKept(#[expect(dead_code, reason = "open, it does its work")] std::net::UdpSocket);

impl StampsKept {
    /// Begins.
    ///
    /// # Errors
    /// When the system gives no socket.
    pub fn begin() -> io::Result<Self> {
        let socket = std::net::UdpSocket::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
        ask_for_arrivals(&socket);
        Ok(Self(socket))
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn the_kernel_tells_when_each_packet_left_and_when_it_came() {
        let pair = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
        pair.iter().for_each(ask_for_both);
        pair[0].connect(pair[1].local_addr().unwrap()).unwrap();
        let told = unix_nanos();
        let mut octets = [0; 4];
        // The kernel may need a moment until it notes arrivals.
        for number in 0..1_000 {
            pair[0].send(b"abc").unwrap();
            let left = departure(&pair[0], number, told).expect("noted before the call returned");
            pair[1].set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            pair[1].peek(&mut octets).unwrap();
            let arrived = receive_now(&pair[1], &mut octets).unwrap();
            assert_eq!((arrived.length, arrived.from), (3, pair[0].local_addr().ok()));
            if let Some(came) = arrived.stamp {
                assert!(told <= left && left <= came && came <= unix_nanos());
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("no arrival was noted");
    }

    #[test]
    fn a_note_about_another_packet_tells_nothing() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        ask_for_both(&socket);
        socket.connect(socket.local_addr().unwrap()).unwrap();
        socket.send(b"abc").unwrap();
        assert_eq!(departure(&socket, 1, 0), None);
        socket.send(b"abc").unwrap();
        assert_eq!(departure(&socket, 1, unix_nanos() + 1_000_000_000), None);
    }
}
