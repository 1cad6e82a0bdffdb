//! The two packets (RFC 8762, sections 4.2.1 and 4.3.1) and what may follow them (RFC 8972, section 4).

use super::StampTime;

/// Octets of either packet without extensions.
pub const BASE_LENGTH: usize = 44;

/// Octets of a header of an extension: flags, type, length.
const TLV_HEADER: usize = 4;

/// The flag by which a reflector says that it does not know an extension (RFC 8972, section 4: U).
pub const UNRECOGNISED_TLV: u8 = 0x80;

/// The flag of an extension that is malformed (RFC 8972, section 4: M).
const MALFORMED_TLV: u8 = 0x40;

/// How good a clock is, as its owner says (RFC 4656, section 4.1.2, with the format bit of RFC 8186).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorEstimate {
    /// Whether the clock follows an outside source.
    pub synchronised: bool,
    /// Whether the times beside it are in PTP's format instead of NTP's.
    pub ptp: bool,
    /// The error is `multiplier` times 2^(`scale` - 32) seconds.
    pub scale: u8,
    /// At least 1; zero means that nothing may be concluded from the packet.
    pub multiplier: u8,
}

impl ErrorEstimate {
    /// For a clock known to within `micros`; for one that is not disciplined by anything, whatever it is believed.
    #[must_use]
    pub fn within(synchronised: bool, micros: u64) -> Self {
        // In units of 2^-32 s, rounded up.
        let units = (u128::from(micros) << 32).div_ceil(1_000_000).max(1);
        let mut scale = 0;
        while scale < 63 && units.div_ceil(1 << scale) > 255 {
            scale += 1;
        }
        let multiplier = u8::try_from(units.div_ceil(1 << scale)).unwrap_or(u8::MAX);
        Self { synchronised, ptp: false, scale, multiplier }
    }

    const fn to_octets(self) -> [u8; 2] {
        let flags = (if self.synchronised { 0x80 } else { 0 }) | (if self.ptp { 0x40 } else { 0 });
        [flags | (self.scale & 0x3f), self.multiplier]
    }

    const fn from_octets(octets: [u8; 2]) -> Self {
        Self {
            synchronised: octets[0] & 0x80 != 0,
            ptp: octets[0] & 0x40 != 0,
            scale: octets[0] & 0x3f,
            multiplier: octets[1],
        }
    }
}

/// What a sender sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestPacket {
    /// Number of the packet, from 0.
    pub sequence: u32,
    /// When it was sent.
    pub sent: StampTime,
    /// How good that clock is.
    pub error: ErrorEstimate,
    /// Which of the sessions between two ports this is (RFC 8972, section 3); 0 without sessions.
    pub session: u16,
}

impl TestPacket {
    /// Writes the packet; what follows the base is zero, as RFC 8762 asks of padding that stays within it.
    #[must_use]
    pub fn to_octets(&self) -> [u8; BASE_LENGTH] {
        let mut octets = [0; BASE_LENGTH];
        octets[..4].copy_from_slice(&self.sequence.to_be_bytes());
        octets[4..12].copy_from_slice(&self.sent.to_bits().to_be_bytes());
        octets[12..14].copy_from_slice(&self.error.to_octets());
        octets[14..16].copy_from_slice(&self.session.to_be_bytes());
        octets
    }

    /// Reads a packet; whatever follows the base is for the extensions.
    ///
    /// # Missing data
    /// `None` when it is shorter than the base: a reflector of RFC 8762 answers no such packet, since its answer would
    /// be the longer one.
    #[must_use]
    pub fn read(octets: &[u8]) -> Option<Self> {
        let base: &[u8; BASE_LENGTH] = octets.get(..BASE_LENGTH)?.try_into().ok()?;
        Some(Self {
            sequence: word(base, 0),
            sent: time(base, 4),
            error: ErrorEstimate::from_octets([base[12], base[13]]),
            session: half(base, 14),
        })
    }
}

/// What a reflector answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReflectedPacket {
    /// The reflector's own number, from 0 for each session, when it is stateful.
    pub sequence: u32,
    /// When the answer was sent.
    pub sent: StampTime,
    /// How good the reflector's clock is.
    pub error: ErrorEstimate,
    /// As in the packet that is answered.
    pub session: u16,
    /// When that packet arrived.
    pub received: StampTime,
    /// That packet's number.
    pub sender_sequence: u32,
    /// Its time.
    pub sender_sent: StampTime,
    /// Its clock.
    pub sender_error: ErrorEstimate,
    /// The TTL or hop limit with which it arrived.
    pub sender_ttl: u8,
}

impl ReflectedPacket {
    /// Writes the packet to the front of `octets`.
    ///
    /// # Panics
    /// If `octets` is shorter than [`BASE_LENGTH`].
    pub fn write(&self, octets: &mut [u8]) {
        let base = &mut octets[..BASE_LENGTH];
        base.fill(0);
        base[..4].copy_from_slice(&self.sequence.to_be_bytes());
        base[4..12].copy_from_slice(&self.sent.to_bits().to_be_bytes());
        base[12..14].copy_from_slice(&self.error.to_octets());
        base[14..16].copy_from_slice(&self.session.to_be_bytes());
        base[16..24].copy_from_slice(&self.received.to_bits().to_be_bytes());
        base[24..28].copy_from_slice(&self.sender_sequence.to_be_bytes());
        base[28..36].copy_from_slice(&self.sender_sent.to_bits().to_be_bytes());
        base[36..38].copy_from_slice(&self.sender_error.to_octets());
        base[40] = self.sender_ttl;
    }

    /// Reads a packet.
    ///
    /// # Missing data
    /// `None` when it is too short to be one.
    #[must_use]
    pub fn read(octets: &[u8]) -> Option<Self> {
        let base: &[u8; BASE_LENGTH] = octets.get(..BASE_LENGTH)?.try_into().ok()?;
        Some(Self {
            sequence: word(base, 0),
            sent: time(base, 4),
            error: ErrorEstimate::from_octets([base[12], base[13]]),
            session: half(base, 14),
            received: time(base, 16),
            sender_sequence: word(base, 24),
            sender_sent: time(base, 28),
            sender_error: ErrorEstimate::from_octets([base[36], base[37]]),
            sender_ttl: base[40],
        })
    }
}

/// Goes through the extensions that came with a packet and marks each as one that this reflector does not know, as RFC
/// 8972 (section 4) asks; `octets` is what follows the base and is sent back as it stands.
///
/// One whose length passes the end of the packet is marked as malformed, and nothing after it is looked at.
pub fn mark_extensions(octets: &mut [u8]) {
    let mut rest = octets;
    while rest.len() >= TLV_HEADER {
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        // Padding of RFC 8762's own kind, all zero, is no extension.
        if rest.iter().all(|octet| *octet == 0) {
            return;
        }
        if rest.len() < TLV_HEADER + length {
            rest[0] |= MALFORMED_TLV;
            return;
        }
        rest[0] |= UNRECOGNISED_TLV;
        rest = &mut std::mem::take(&mut rest)[TLV_HEADER + length..];
    }
}

fn word(base: &[u8; BASE_LENGTH], at: usize) -> u32 {
    u32::from_be_bytes([base[at], base[at + 1], base[at + 2], base[at + 3]])
}

fn half(base: &[u8; BASE_LENGTH], at: usize) -> u16 {
    u16::from_be_bytes([base[at], base[at + 1]])
}

fn time(base: &[u8; BASE_LENGTH], at: usize) -> StampTime {
    StampTime::from_bits(u64::from(word(base, at)) << 32 | u64::from(word(base, at + 4)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CLOCK: ErrorEstimate = ErrorEstimate { synchronised: true, ptp: false, scale: 5, multiplier: 9 };

    #[test]
    fn the_test_packet_stands_as_figure_2_of_rfc_8762_draws_it() {
        let packet = TestPacket {
            sequence: 0x0102_0304,
            sent: StampTime::from_bits(0x0506_0708_090a_0b0c),
            error: CLOCK,
            session: 0x0d0e,
        };
        let octets = packet.to_octets();
        assert_eq!(octets[..16], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x85, 9, 13, 14]);
        assert!(octets[16..].iter().all(|octet| *octet == 0));
        assert_eq!(TestPacket::read(&octets), Some(packet));
        assert_eq!(TestPacket::read(&octets[..43]), None);
    }

    #[test]
    fn the_reflected_packet_stands_as_figure_5_of_rfc_8762_draws_it() {
        let packet = ReflectedPacket {
            sequence: 1,
            sent: StampTime::from_bits(2),
            error: CLOCK,
            session: 3,
            received: StampTime::from_bits(4),
            sender_sequence: 5,
            sender_sent: StampTime::from_bits(6),
            sender_error: ErrorEstimate { synchronised: false, ptp: true, scale: 63, multiplier: 1 },
            sender_ttl: 64,
        };
        let mut octets = [0xee; 50];
        packet.write(&mut octets);
        let mut expected = vec![0, 0, 0, 1];
        expected.extend([0, 0, 0, 0, 0, 0, 0, 2, 0x85, 9, 0, 3]);
        expected.extend([0, 0, 0, 0, 0, 0, 0, 4]);
        expected.extend([0, 0, 0, 5]);
        expected.extend([0, 0, 0, 0, 0, 0, 0, 6, 0x7f, 1, 0, 0]);
        expected.extend([64, 0, 0, 0]);
        assert_eq!(octets[..44], expected);
        assert_eq!(octets[44..], [0xee; 6]);
        assert_eq!(ReflectedPacket::read(&octets), Some(packet));
    }

    #[test]
    fn extensions_come_back_marked_as_unknown_and_otherwise_as_they_were() {
        let mut octets = vec![0, 1, 0, 2, 7, 7, 0, 9, 0, 0, 0, 3, 0, 9, 5];
        mark_extensions(&mut octets);
        assert_eq!(octets, [0x80, 1, 0, 2, 7, 7, 0x80, 9, 0, 0, 0x40, 3, 0, 9, 5]);
        let mut padding = vec![0; 100];
        mark_extensions(&mut padding);
        assert_eq!(padding, [0; 100]);
    }

    #[test]
    fn an_estimate_is_never_better_than_the_clock() {
        for micros in [0, 1, 100, 16_000, 500_000, 16_000_000] {
            let ErrorEstimate { scale, multiplier, .. } = ErrorEstimate::within(true, micros);
            let said = f64::from(multiplier) * 2_f64.powi(i32::from(scale) - 32) * 1e6;
            let micros = f64::from(u32::try_from(micros).unwrap());
            assert!(said >= micros && said <= micros * 1.02 + 0.001, "{micros} {said}");
        }
    }

    proptest! {
        #[test]
        fn extensions_of_any_kind_end(mut octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let length = octets.len();
            mark_extensions(&mut octets);
            prop_assert_eq!(octets.len(), length);
        }
    }
}
