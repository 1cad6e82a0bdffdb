//! The header of a UDP datagram, and the datagrams that open a flow.

use super::spec;

/// The header that every datagram of load begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram {
    /// When it was sent, on the sender's clock: whole seconds, of which only 32 bits are sent.
    pub sent_s: u32,
    /// Microseconds beside them.
    pub sent_us: u32,
    /// Its number, from 1.
    pub number: u64,
}

impl Datagram {
    /// Octets of the header.
    #[must_use]
    pub const fn length(counters_64bit: bool) -> usize {
        if counters_64bit { 16 } else { 12 }
    }

    /// Writes the header to the front of `octets`. A number beyond 32 bits is cut where the counters are of 32.
    ///
    /// # Panics
    /// If `octets` is shorter than the header.
    pub fn write(&self, counters_64bit: bool, octets: &mut [u8]) {
        octets[..4].copy_from_slice(&self.sent_s.to_be_bytes());
        octets[4..8].copy_from_slice(&self.sent_us.to_be_bytes());
        let number = self.number.to_be_bytes();
        if counters_64bit {
            octets[8..16].copy_from_slice(&number);
        } else {
            octets[8..12].copy_from_slice(&number[4..]);
        }
    }

    /// Reads the header.
    ///
    /// # Missing data
    /// `None` if the datagram is too short to have one.
    #[must_use]
    pub fn read(counters_64bit: bool, octets: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u32::from_be_bytes(octets.get(at..at + 4)?.try_into().ok()?));
        let number = if counters_64bit {
            u64::from_be_bytes(octets.get(8..16)?.try_into().ok()?)
        } else {
            u64::from(word(8)?)
        };
        Some(Self { sent_s: word(0)?, sent_us: word(4)?, number })
    }
}

/// Whether a datagram asks for a flow to be opened.
#[must_use]
pub fn is_connect_request(octets: &[u8]) -> bool {
    [spec::UDP_CONNECT, spec::UDP_CONNECT_SWAPPED, spec::UDP_CONNECT_LEGACY]
        .iter()
        .any(|known| octets == known)
}

/// Whether a datagram says that a flow is open.
#[must_use]
pub fn is_connect_reply(octets: &[u8]) -> bool {
    [spec::UDP_REPLY, spec::UDP_REPLY_SWAPPED, spec::UDP_REPLY_LEGACY].iter().any(|known| octets == known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_stands_as_the_reference_writes_it() {
        let header = Datagram { sent_s: 1, sent_us: 2, number: 0x1_0000_0003 };
        let mut octets = [0xee; 16];
        header.write(true, &mut octets);
        assert_eq!(octets, [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3]);
        assert_eq!(Datagram::read(true, &octets), Some(header));
        assert_eq!(Datagram::read(true, &octets[..15]), None);
        let mut octets = [0xee; 13];
        header.write(false, &mut octets);
        assert_eq!(octets, [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xee]);
        assert_eq!(Datagram::read(false, &octets), Some(Datagram { number: 3, ..header }));
        assert_eq!(Datagram::read(false, &[]), None);
    }

    #[test]
    fn a_request_is_no_reply_on_machines_of_one_order() {
        assert!(
            is_connect_request(&[0x39, 0x38, 0x37, 0x36]) && is_connect_request(&[0x15, 0xcd, 0x5b, 0x07])
        );
        assert!(is_connect_reply(&[0x36, 0x37, 0x38, 0x39]) && is_connect_reply(&[0xb1, 0x68, 0xde, 0x3a]));
        assert!(!is_connect_request(&[0x39, 0x38, 0x37]) && !is_connect_reply(b""));
    }
}
