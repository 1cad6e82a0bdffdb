//! Socket options of a measurement.

use std::io;
use std::os::fd::AsFd;

use socket2::SockRef;

/// Asks for a congestion control by the kernel's name.
pub(crate) fn set_congestion(socket: &impl AsFd, name: &str) -> io::Result<()> {
    SockRef::from(socket).set_tcp_congestion(name.as_bytes())
}

/// Says whether small messages leave at once or wait until a full segment has gathered or all before them is acknowledged.
///
/// At once while hands are shaken: otherwise an answer behind another small one (the 101 behind the tickets of TLS) waits for an
/// acknowledgement, which on a long path moves the run's origin at one end by a round trip. Not during the transfer: every
/// write would end in a small segment, whose headers took 2 % of a 50 Mbit/s line.
pub(crate) fn send_at_once(socket: &impl AsFd, at_once: bool) {
    if let Err(error) = SockRef::from(socket).set_tcp_nodelay(at_once) {
        tracing::debug!(%error, "TCP_NODELAY is not available");
    }
}

/// The congestion control in use, as the kernel names it.
///
/// # Missing data
/// `None` when the kernel does not say.
pub(crate) fn congestion_in_use(socket: &impl AsFd) -> Option<String> {
    let name = SockRef::from(socket).tcp_congestion().ok()?;
    let name = name.split(|octet| *octet == 0).next()?;
    std::str::from_utf8(name).ok().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Keeps the kernel from accepting more than about `bytes` that it cannot send yet, so that little is left to drain
/// when a sender stops. Without effect where the kernel does not know of it.
pub(crate) fn limit_unsent(socket: &impl AsFd, bytes: u32) {
    if let Err(error) = SockRef::from(socket).set_tcp_notsent_lowat(bytes) {
        tracing::debug!(%error, "TCP_NOTSENT_LOWAT is not available");
    }
}

/// Bounds the window that the kernel offers to the sender, and keeps it from growing by itself. (`TCP_WINDOW_CLAMP` does
/// not: the kernel's tuning of the buffer moves the clamp along.) Returns what the kernel
/// then holds at the most.
pub(crate) fn limit_receive_buffer(socket: &impl AsFd, bytes: usize) -> u64 {
    let socket = SockRef::from(socket);
    if let Err(error) = socket.set_recv_buffer_size(bytes) {
        tracing::debug!(%error, "SO_RCVBUF is not available");
    }
    socket.recv_buffer_size().map_or(bytes as u64, |bytes| bytes as u64)
}
