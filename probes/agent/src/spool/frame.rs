//! One record on disk: a frame that can be found again after damage before it.

/// Begins every frame. As text it is not UTF-8, so it never occurs inside a record, which is JSON: after damage, the
/// next place where it stands is the next frame.
const MAGIC: [u8; 4] = [0xD5, 0x5E, 0x27, 0x7E];

/// Magic, checksum, length, kind, sequence, time.
const HEADER_BYTES: usize = 4 + 4 + 4 + 1 + 8 + 8;

/// Longest payload: what the wire format lets a record have. A run of 13 s with its counters stays below 64 KiB.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The head of the chain when the segment was begun.
    Head,
    /// A record.
    Record,
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::Head => 0,
            Self::Record => 1,
        }
    }

    const fn of(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Head),
            1 => Some(Self::Record),
            _ => None,
        }
    }
}

/// A frame in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: Kind,
    /// Position in the probe's chain.
    pub(crate) sequence: u64,
    /// When it was stored, in seconds since the Unix epoch; 0 while the calendar was unknown.
    pub(crate) stored_s: i64,
    pub(crate) payload: &'a [u8],
}

impl Frame<'_> {
    /// Octets on disk.
    pub(crate) const fn encoded_len(&self) -> usize {
        HEADER_BYTES + self.payload.len()
    }

    /// Appends the frame to `out`. The payload is within [`PAYLOAD_BYTES_MAX`], which the spool checks.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let length = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        let start = out.len();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&length.to_le_bytes());
        out.push(self.kind.code());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&self.stored_s.to_le_bytes());
        out.extend_from_slice(self.payload);
        let checksum = crc32c::crc32c(&out[start + 8..]);
        out[start + 4..start + 8].copy_from_slice(&checksum.to_le_bytes());
    }
}

/// A stretch of a segment: a frame, or octets that are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Frame(Frame<'a>),
    /// Damage: where it starts and its octets.
    Damaged(usize, &'a [u8]),
}

/// Cuts a segment into frames and damage, in order; every octet is in exactly one piece.
pub(crate) fn pieces(bytes: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= bytes.len() {
            return None;
        }
        if let Some(frame) = decode(&bytes[at..]) {
            at += frame.encoded_len();
            return Some(Piece::Frame(frame));
        }
        let start = at;
        at += 1;
        while at < bytes.len() && decode(&bytes[at..]).is_none() {
            at += 1;
        }
        Some(Piece::Damaged(start, &bytes[start..at]))
    })
}

fn decode(bytes: &[u8]) -> Option<Frame<'_>> {
    let header = bytes.get(..HEADER_BYTES).filter(|header| header.starts_with(&MAGIC))?;
    let length = usize::try_from(u32::from_le_bytes(header[8..12].try_into().ok()?)).ok()?;
    let payload = bytes[HEADER_BYTES..].get(..length).filter(|_| length <= PAYLOAD_BYTES_MAX)?;
    let stated = u32::from_le_bytes(header[4..8].try_into().ok()?);
    (crc32c::crc32c(&bytes[8..HEADER_BYTES + length]) == stated).then_some(())?;
    Some(Frame {
        kind: Kind::of(header[12])?,
        sequence: u64::from_le_bytes(header[13..21].try_into().ok()?),
        stored_s: i64::from_le_bytes(header[21..29].try_into().ok()?),
        payload,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> (Vec<u8>, [usize; 4]) {
        let mut bytes = Vec::new();
        let mut ends = [0; 4];
        for (place, payload) in (0..).zip([&b"{\"a\":1}"[..], b"", b"{\"b\":\"deux\"}"]) {
            let frame = Frame { kind: Kind::Record, sequence: place, stored_s: 5, payload };
            frame.encode(&mut bytes);
            ends[usize::try_from(place).unwrap() + 1] = bytes.len();
        }
        (bytes, ends)
    }

    fn sequences(bytes: &[u8]) -> Vec<u64> {
        let frames = pieces(bytes).filter_map(|piece| match piece {
            Piece::Frame(frame) => Some(frame.sequence),
            Piece::Damaged(..) => None,
        });
        frames.collect()
    }

    #[test]
    fn a_flipped_bit_costs_the_frame_it_is_in_and_no_other() {
        let (bytes, ends) = three();
        assert_eq!(sequences(&bytes), [0, 1, 2]);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                let hit = u64::try_from(ends.iter().rposition(|&end| end <= at).unwrap()).unwrap();
                let expected: Vec<u64> = (0..3).filter(|&sequence| sequence != hit).collect();
                assert_eq!(sequences(&damaged), expected, "octet {at} bit {bit}");
            }
        }
    }

    #[test]
    fn a_cut_costs_the_frames_behind_it_and_no_other() {
        let (bytes, ends) = three();
        for at in 0..bytes.len() {
            let whole = u64::try_from(ends[1..].iter().filter(|&&end| end <= at).count()).unwrap();
            assert_eq!(sequences(&bytes[..at]), (0..whole).collect::<Vec<_>>(), "cut at {at}");
        }
    }

    #[test]
    fn every_octet_is_in_one_piece() {
        let (mut bytes, _) = three();
        bytes[3] ^= 1;
        bytes.extend_from_slice(&MAGIC);
        let total: usize = pieces(&bytes)
            .map(|piece| match piece {
                Piece::Frame(frame) => frame.encoded_len(),
                Piece::Damaged(_, octets) => octets.len(),
            })
            .sum();
        assert_eq!(total, bytes.len());
    }
}
