//! What a radio link has agreed with its access point, asked of the kernel (nl80211): signal and rates.
//!
//! Our own reader of one answer, not a library: docs/adr/0022-probe-size.md.

mod message;

use std::os::fd::OwnedFd;
use std::time::Duration;

use message::Said;
use rustix::net::netlink::{GENERIC, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

/// The kernel answers at once; this only keeps a broken driver from holding the probe up.
const PATIENCE: Duration = Duration::from_millis(200);

/// Longest datagram that is read: the kernel fills 32 KiB at the most, and one station takes less than 2 KiB.
const DATAGRAM_MAX: usize = 32 * 1024;

/// Datagrams that are read for one answer: a client's interface has one station.
const DATAGRAMS_MAX: usize = 4;

/// A link to an access point. What the driver does not tell is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Station {
    pub(crate) signal_dbm: Option<i16>,
    /// Rate agreed for what comes in.
    pub(crate) receive_bits_per_second: Option<u64>,
    /// Rate agreed for what goes out.
    pub(crate) transmit_bits_per_second: Option<u64>,
}

/// Asks for the access point of the interface with this number.
///
/// # Missing data
/// `None` when the interface is no radio, has no access point, or the kernel does not tell.
pub(crate) fn station(interface: u32) -> Option<Station> {
    let socket = open()?;
    let family = ask(&socket, &message::family_question("nl80211"), message::family)?;
    ask(&socket, &message::station_question(family, interface), message::station)
}

fn open() -> Option<OwnedFd> {
    let socket =
        socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(GENERIC)).ok()?;
    set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE)).ok()?;
    Some(socket)
}

fn ask<T>(socket: &OwnedFd, question: &[u8], read: impl Fn(&[u8]) -> Said<T>) -> Option<T> {
    // Port 0 is the kernel's.
    sendto(socket, question, SendFlags::empty(), &SocketAddrNetlink::new(0, 0)).ok()?;
    let mut datagram = vec![0; DATAGRAM_MAX];
    for _ in 0..DATAGRAMS_MAX {
        let (length, _) = recv(socket, &mut datagram[..], RecvFlags::empty()).ok()?;
        match read(&datagram[..length]) {
            Said::Answer(answer) => return Some(answer),
            Said::More => {}
            Said::Nothing => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_understands_our_questions() {
        let Some(socket) = open() else {
            eprintln!("SKIPPED: no netlink here");
            return;
        };
        // The one family that every kernel has, by the number that the headers give it.
        let number = ask(&socket, &message::family_question("nlctrl"), message::family);
        assert_eq!(number, Some(message::CONTROL));
        assert_eq!(ask(&socket, &message::family_question("no-such-family"), message::family), None);
        // The loopback interface has no access point, whatever radios there are.
        assert_eq!(station(1), None);
    }
}
