//! Octets that the kernel holds: those to be read, and those that cannot be because some before them were lost.

use std::mem::size_of_val;
use std::os::fd::AsRawFd;

use super::TcpInfo;

/// Numbers in the kernel's answer to `SO_MEMINFO` (`include/uapi/linux/sock_diag.h`), the first being the memory taken by
/// what was received.
const MEMINFO_VARS: usize = 9;

/// Whether something was received that cannot be read: memory is taken although the queue of readable octets is empty.
/// While there is more to read the answer is no: then the reader lags, and gaps are short against what it reads.
///
/// # Missing data
/// `false` when the kernel does not answer (Linux before 4.12).
#[expect(unsafe_code, reason = "no safe wrapper of getsockopt(SO_MEMINFO) among our libraries")]
pub(crate) fn has_gap(socket: &impl AsRawFd) -> bool {
    let mut memory = [0_u32; MEMINFO_VARS];
    let Ok(mut length) = libc::socklen_t::try_from(size_of_val(&memory)) else { return false };
    // SAFETY: the pointer and the length describe `memory`, which the kernel fills with plain numbers.
    let status = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            memory.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if status != 0 || memory[0] == 0 {
        return false;
    }
    readable(socket) == Some(0)
}

/// Octets that were received in order and wait to be read.
///
/// # Missing data
/// `None` when the kernel does not answer.
#[expect(unsafe_code, reason = "no safe wrapper of ioctl(FIONREAD) among our libraries")]
fn readable(socket: &impl AsRawFd) -> Option<u64> {
    let mut readable: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int to the pointer, which is to `readable`.
    let status = unsafe { libc::ioctl(socket.as_raw_fd(), libc::FIONREAD, &raw mut readable) };
    if status == 0 { u64::try_from(readable).ok() } else { None }
}

/// Looks at a connection until nothing comes in between two of them. While nobody reads, what can come in fills up, so that this
/// takes as long as a receive buffer of the least size takes to fill, at the most.
const LOOKS_MAX: u32 = 64;

/// The kernel's counters, and how many of the octets in them were received in order and wait to be read: both of one moment.
///
/// Looked at one after the other they would miss what comes in between, and a busy machine may take as long between them as a whole
/// receive buffer needs.
///
/// # Missing data
/// `None` when the kernel does not tell its counters. When it does not tell what waits, nothing does. When octets never cease to come,
/// those that wait are too few by what came in during the last look.
pub(crate) fn counters_and_unread(socket: &impl AsRawFd) -> Option<(TcpInfo, u64)> {
    let mut unread = readable(socket).unwrap_or(0);
    let mut info = TcpInfo::read(socket)?;
    for _ in 0..LOOKS_MAX {
        let after = readable(socket).unwrap_or(0);
        if after == unread {
            break;
        }
        unread = after;
        info = TcpInfo::read(socket)?;
    }
    Some((info, unread))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn unread_and_read_octets_are_no_gap() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut far, _) = listener.accept().unwrap();
        assert!(!has_gap(&far));
        near.write_all(&[7; 1000]).unwrap();
        let mut octets = [0; 1000];
        far.read_exact(&mut octets[..500]).unwrap();
        assert_eq!(readable(&far), Some(500));
        assert!(!has_gap(&far));
        far.read_exact(&mut octets[500..]).unwrap();
        assert!(!has_gap(&far));
    }
}
