//! How many octets a connection put on the interface, estimated upwards: what a data budget is charged.

use desserte_model::{Direction, IpFamily};

use crate::steer::OwnOctets;
use crate::tcp::TcpInfo;

/// Ethernet header; other links (PPP, LTE) have less.
const LINK_HEADER: u64 = 14;
/// IPv4 header without options.
const IPV4_HEADER: u64 = 20;
/// IPv6 header without extensions.
const IPV6_HEADER: u64 = 40;
/// TCP header without options.
const TCP_HEADER: u64 = 20;
/// Time stamps, padded.
const TIMESTAMP_OPTION: u64 = 12;
/// Selective acknowledgements in the answer to each segment out of order, at the most that fits beside time stamps.
const SACK_OPTION: u64 = 28;
/// What the counters do not show: longer options on SYN segments, FIN and RST and their acknowledgements after the last
/// reading, a keep-alive, the link's own address resolution. Sixteen bare segments.
const CLOSING_SEGMENTS: u64 = 16;
/// A question and its answer for either version of IP, each as long as a plain DNS datagram may be, twice.
const NAME_RESOLUTION: u64 = 4 * (2 * 512);
/// A connection that never came about: SYN and its repetitions for each address tried.
pub(crate) const FAILED_CONNECT: u64 = 8 * (LINK_HEADER + IPV6_HEADER + TCP_HEADER + 20);

/// The prices of one connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tariff {
    family: IpFamily,
    base: u64,
}

impl Tariff {
    /// Prices of a connection over `family`; `named` if its host had to be looked up.
    pub(crate) const fn new(family: IpFamily, named: bool) -> Self {
        let tariff = Self { family, base: 0 };
        let base = CLOSING_SEGMENTS * tariff.header(true) + if named { NAME_RESOLUTION } else { 0 };
        Self { base, ..tariff }
    }

    /// Price of an attempt that reached no one.
    pub(crate) const fn unreached(named: bool, attempts: u64) -> u64 {
        attempts * FAILED_CONNECT + if named { NAME_RESOLUTION } else { 0 }
    }

    const fn header(&self, timestamps: bool) -> u64 {
        let ip = match self.family {
            IpFamily::Ipv4 => IPV4_HEADER,
            IpFamily::Ipv6 => IPV6_HEADER,
        };
        LINK_HEADER + ip + TCP_HEADER + if timestamps { TIMESTAMP_OPTION } else { 0 }
    }

    /// Octets on the interface so far, both directions.
    pub(crate) fn charged(&self, info: &TcpInfo) -> u64 {
        let payload = info.bytes_sent() + info.bytes_arrived();
        let headers = info.segments() * self.header(info.has_timestamps());
        let selective = info.segments_out_of_order() * SACK_OPTION;
        self.base + payload + headers + selective
    }

    /// Octets on the interface so far each way, as near as the kernel's counters tell and never above what is charged for the
    /// payload. `segment_payload` is the mean payload of a segment that carries any: segments are counted when they
    /// arrive, octets only once none before them is missing.
    fn carried(&self, info: &TcpInfo, segment_payload: f64) -> OwnOctets {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "octets of a run are far below 2^52"
        )]
        let payload = ((info.data_segments_in() as f64 * segment_payload) as u64).min(info.bytes_arrived());
        let header = self.header(info.has_timestamps());
        OwnOctets {
            received: payload + info.segments_in() * header,
            sent: info.bytes_sent() + info.segments_out() * header,
        }
    }

    /// Octets on the interface if `window` octets of payload still come in after this end has let go of the connection:
    /// those, their headers, and a RST in answer to each segment.
    pub(crate) const fn still_to_come(&self, window: u64) -> u64 {
        window + window.div_ceil(SMALLEST_FULL_SEGMENT) * 2 * self.header(true)
    }

    /// Octets on the interface once this end has reset a connection that it was sending on: an acknowledgement for each
    /// segment under way, a RST in answer to each, a text that was coming, and what left between the last look and the
    /// reset.
    pub(crate) fn after_reset(&self, info: &TcpInfo) -> u64 {
        let answers = info.segments_under_way() * 2 * self.header(true);
        answers + self.still_to_come(TEXT_UNDER_WAY + info.bytes_unsent().min(UPLOAD_STEP))
    }

    /// What a ceiling has to hold back in an upload, in which a server may send as much as it is let.
    pub(crate) const fn held_back(&self, direction: Direction) -> u64 {
        match direction {
            Direction::Download => 0,
            Direction::Upload => self.still_to_come(UPLOAD_WINDOW) + 2 * UPLOAD_STEP,
        }
    }

    /// Whether a server has sent far more than the payload that it said it would keep to.
    pub(crate) const fn breaks_plan(payload_asked_for: u64, received: u64) -> bool {
        received > Self::with_framing(payload_asked_for).saturating_add(HANDSHAKE_AND_TEXTS)
    }

    /// Payload with frames and TLS, which add less than a sixty-fourth to it.
    pub(crate) const fn with_framing(payload: u64) -> u64 {
        payload.saturating_add(payload / 64)
    }

    /// Payload that a sender may be asked for so that the whole connection stays within `ceiling`; `None` when there is
    /// no room for a run. Safe for segments of [`SMALLEST_FULL_SEGMENT`] octets, an acknowledgement each, TLS, and one
    /// segment in fifty sent again.
    pub(crate) fn payload_within(&self, ceiling: u64) -> Option<u64> {
        let per_segment = SMALLEST_FULL_SEGMENT + 2 * self.header(true);
        let room = ceiling.checked_sub(self.base + HANDSHAKE_AND_TEXTS)?;
        let payload =
            u128::from(room) * u128::from(SMALLEST_FULL_SEGMENT) * 49 / 50 / u128::from(per_segment);
        u64::try_from(payload).ok().filter(|payload| *payload >= SMALLEST_RUN)
    }
}

/// Reads what one connection has put on the interface, look by look.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OwnMeter {
    /// Mean payload of the segments received: the largest mean seen, since a gap in what was received only lowers it.
    segment_payload: f64,
    /// What was said last: what came in does not become less, whatever is thought of a segment's length by now.
    received: u64,
}

impl OwnMeter {
    /// Octets so far each way.
    pub(crate) fn read(&mut self, tariff: Tariff, info: &TcpInfo) -> OwnOctets {
        #[expect(clippy::cast_precision_loss, reason = "octets of a run are far below 2^52")]
        let mean = info.bytes_received() as f64 / info.data_segments_in().max(1) as f64;
        self.segment_payload = self.segment_payload.max(mean);
        let carried = tariff.carried(info, self.segment_payload);
        self.received = self.received.max(carried.received);
        OwnOctets { received: self.received, ..carried }
    }
}

impl Tariff {
    /// The least ceiling that has room for a run, over either version of IP.
    pub(crate) fn least_ceiling(named: bool) -> u64 {
        let tariff = Self::new(IpFamily::Ipv6, named);
        let per_segment = SMALLEST_FULL_SEGMENT + 2 * tariff.header(true);
        let payload = (SMALLEST_RUN * per_segment * 50).div_ceil(SMALLEST_FULL_SEGMENT * 49);
        tariff.base + HANDSHAKE_AND_TEXTS + payload + 1
    }
}

/// Payload of a full segment on the narrowest path that IPv6 allows (1280), with time stamps.
const SMALLEST_FULL_SEGMENT: u64 = 1280 - IPV6_HEADER - TCP_HEADER - TIMESTAMP_OPTION;

/// What may come in during an upload without having been read: some forty texts of the reference server, which sends ten
/// a second at the most; no less, since that much is offered before the direction of the load matters.
pub(crate) const UPLOAD_WINDOW: u64 = 1 << 16;

/// What an upload may move between two looks at the kernel, however little it moved before the last one: what the kernel
/// takes at once from a sender that it holds back.
pub(crate) const UPLOAD_STEP: u64 = 1 << 14;

/// TLS handshake with a chain of certificates, upgrade, and about fifty measurement messages of 700 octets.
const HANDSHAKE_AND_TEXTS: u64 = 16_000 + 50 * 800;

/// A text of the server and its TLS record.
const TEXT_UNDER_WAY: u64 = 2_048;

/// A run of less payload says nothing: not even the first sixteen messages.
const SMALLEST_RUN: u64 = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_asked_for_leaves_room_for_headers_and_handshake() {
        let tariff = Tariff::new(IpFamily::Ipv6, true);
        assert_eq!(tariff.payload_within(100_000), None);
        let payload = tariff.payload_within(10_000_000).unwrap();
        assert!((7_500_000..9_000_000).contains(&payload), "{payload}");
        assert!(tariff.payload_within(u64::MAX).is_some());
        assert!(tariff.payload_within(Tariff::least_ceiling(true)).is_some());
    }
}
