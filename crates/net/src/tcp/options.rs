//! Socket options of a measurement.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd};

use socket2::SockRef;

/// Asks for a congestion control by the kernel's name.
pub(crate) fn set_congestion(socket: &impl AsFd, name: &str) -> io::Result<()> {
    SockRef::from(socket).set_tcp_congestion(name.as_bytes())
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

/// Bounds the window that the kernel offers to the sender.
#[expect(unsafe_code, reason = "no safe wrapper of setsockopt(TCP_WINDOW_CLAMP) among our libraries")]
pub(crate) fn clamp_window(socket: &impl AsRawFd, bytes: u32) -> io::Result<()> {
    let value = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
    let length = libc::socklen_t::try_from(size_of::<libc::c_int>()).map_err(io::Error::other)?;
    // SAFETY: the pointer and the length describe `value`, which outlives the call.
    let status = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_WINDOW_CLAMP,
            (&raw const value).cast(),
            length,
        )
    };
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
