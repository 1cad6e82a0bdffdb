//! A TUN device: a network interface whose wire is a file.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::ioctl::{Setter, ioctl};

/// The interface exists as long as this is open, in whichever namespace it was moved to.
#[derive(Debug)]
pub(crate) struct Device {
    file: OwnedFd,
}

/// The kernel's `struct ifreq` as far as `TUNSETIFF` reads it (`include/uapi/linux/if.h`).
#[repr(C)]
struct InterfaceRequest {
    name: [u8; NAME_LENGTH],
    flags: u16,
    padding: [u8; 22],
}

/// `IFNAMSIZ`.
const NAME_LENGTH: usize = 16;

/// `_IOW('T', 202, int)` and the flags for bare IP packets (`include/uapi/linux/if_tun.h`).
const TUNSETIFF: rustix::ioctl::Opcode = rustix::ioctl::opcode::write::<i32>(b'T', 202);
const IFF_TUN: u16 = 0x0001;
const IFF_NO_PI: u16 = 0x1000;

impl Device {
    /// Makes the interface in this process's namespace. Reads and writes never wait.
    ///
    /// # Errors
    /// Without the right to, without `/dev/net/tun`, or when an interface of this name exists.
    pub(crate) fn create(name: &str) -> io::Result<Self> {
        let file = rustix::fs::open(
            "/dev/net/tun",
            OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let mut request =
            InterfaceRequest { name: [0; NAME_LENGTH], flags: IFF_TUN | IFF_NO_PI, padding: [0; 22] };
        // The last octet stays zero.
        let room = request.name.get_mut(..name.len().min(NAME_LENGTH - 1)).unwrap_or_default();
        room.copy_from_slice(&name.as_bytes()[..room.len()]);
        attach(&file, request)?;
        Ok(Self { file })
    }

    /// Reads one packet; `None` when there is none.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match rustix::io::read(&self.file, buffer) {
            Ok(length) => Ok(Some(length)),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    /// Writes one packet.
    pub(crate) fn write(&self, packet: &[u8]) -> io::Result<()> {
        rustix::io::write(&self.file, packet)?;
        Ok(())
    }
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

#[expect(unsafe_code, reason = "no safe wrapper of TUNSETIFF among our libraries")]
fn attach(file: &OwnedFd, request: InterfaceRequest) -> io::Result<()> {
    // SAFETY: TUNSETIFF reads a `struct ifreq` of 40 octets, which InterfaceRequest is laid out as.
    unsafe { ioctl(file, Setter::<TUNSETIFF, InterfaceRequest>::new(request)) }?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_has_the_size_of_the_kernels() {
        assert_eq!(size_of::<InterfaceRequest>(), 40);
        assert_eq!(TUNSETIFF, 0x4004_54CA);
    }
}
