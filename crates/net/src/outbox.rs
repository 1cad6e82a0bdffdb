//! What waits to be sent: frames in order, their bulk payload taken from one shared block of random octets.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::OnceLock;

use desserte_proto::websocket::{FrameHeader, Opcode, Sender, apply_mask};

/// Octets of the shared block. It stays in a core's second-level cache, so that sending does not wait for memory; a
/// middle box that compresses would need a window as large to gain by its repetition.
const BLOCK: usize = 1 << 18;

/// Blocks offered to the kernel in one call: the longest message.
const SLICES: usize = 5;

/// Octets of short frames that wait at the most, pongs aside. The texts of a whole run are a tenth of it; more waits only
/// for an end that does not read, which will not miss what is left out.
const WAITING_MAX: usize = 1 << 20;

/// Why random octets could not be had.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("asking the system for random octets: {0}")]
pub(crate) struct NoRandomness(getrandom::Error);

/// A block of random octets that everyone shares.
pub(crate) fn random_block() -> Result<&'static [u8], NoRandomness> {
    static RANDOM: OnceLock<Vec<u8>> = OnceLock::new();
    if let Some(block) = RANDOM.get() {
        return Ok(block);
    }
    let mut block = vec![0; BLOCK];
    getrandom::fill(&mut block).map_err(NoRandomness)?;
    Ok(RANDOM.get_or_init(|| block))
}

/// Fresh random octets.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).map_err(NoRandomness)?;
    Ok(octets)
}

#[derive(Debug)]
enum Part {
    /// A frame, or the header of a bulk one, and how much of it is sent.
    Octets { opcode: Opcode, octets: Vec<u8>, sent: usize },
    /// Bulk payload still to be sent.
    Bulk { left: usize },
}

/// What waits to be sent by one end.
#[derive(Debug)]
pub(crate) struct Outbox {
    role: Sender,
    parts: VecDeque<Part>,
    /// Octets of short frames that wait.
    waiting: usize,
    block: &'static [u8],
}

impl Outbox {
    pub(crate) fn new(role: Sender) -> Result<Self, NoRandomness> {
        Ok(Self { role, parts: VecDeque::new(), waiting: 0, block: random_block()? })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether a bulk message is under way or waits.
    pub(crate) fn holds_bulk(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Bulk { .. }))
    }

    /// Queues a frame that carries `payload`.
    ///
    /// A pong takes the place of one that waits (RFC 6455, section 5.5.3); a text that finds [`WAITING_MAX`] octets
    /// waiting is left out.
    pub(crate) fn push(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), NoRandomness> {
        let mask = self.mask()?;
        let mut octets = Vec::with_capacity(payload.len() + 14);
        FrameHeader::whole(opcode, payload.len() as u64, mask).encode(&mut octets);
        let start = octets.len();
        octets.extend_from_slice(payload);
        if let Some(mask) = mask {
            apply_mask(&mut octets[start..], mask, 0);
        }
        if opcode == Opcode::Pong {
            let waiting = self.parts.iter_mut().find_map(|part| match part {
                Part::Octets { opcode: Opcode::Pong, octets, sent: 0 } => Some(octets),
                _ => None,
            });
            if let Some(waiting) = waiting {
                self.waiting = self.waiting - waiting.len() + octets.len();
                *waiting = octets;
                return Ok(());
            }
        }
        if opcode == Opcode::Text && self.waiting + octets.len() > WAITING_MAX {
            tracing::debug!("a text is left out: the other end does not read");
            return Ok(());
        }
        self.waiting += octets.len();
        self.parts.push_back(Part::Octets { opcode, octets, sent: 0 });
        Ok(())
    }

    /// Queues a binary message of `bytes` random octets.
    pub(crate) fn push_bulk(&mut self, bytes: u64) -> Result<(), NoRandomness> {
        let mut octets = Vec::with_capacity(14);
        // The block is taken as what stands on the wire. Random octets are as random after the other end has unmasked
        // them, so masking costs nothing, and the key is as unpredictable as RFC 6455 (section 5.3) asks.
        FrameHeader::whole(Opcode::Binary, bytes, self.mask()?).encode(&mut octets);
        self.waiting += octets.len();
        self.parts.push_back(Part::Octets { opcode: Opcode::Binary, octets, sent: 0 });
        self.parts.push_back(Part::Bulk { left: usize::try_from(bytes).unwrap_or(usize::MAX) });
        Ok(())
    }

    /// Calls `write` with what comes next, as many slices as one call should take.
    pub(crate) fn with_slices<T>(&self, write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut used = 0;
        for part in &self.parts {
            match part {
                Part::Octets { octets, sent, .. } if used < SLICES => {
                    slices[used] = IoSlice::new(&octets[*sent..]);
                    used += 1;
                }
                Part::Octets { .. } => break,
                Part::Bulk { left } => {
                    let mut left = *left;
                    while left > 0 && used < SLICES {
                        let taken = left.min(self.block.len());
                        slices[used] = IoSlice::new(&self.block[..taken]);
                        used += 1;
                        left -= taken;
                    }
                }
            }
        }
        write(&slices[..used])
    }

    /// Notes that `count` octets are sent. Whether a bulk message was completed by them.
    pub(crate) fn sent(&mut self, mut count: usize) -> bool {
        let mut completed = false;
        while let Some(part) = self.parts.front_mut() {
            let left = match part {
                Part::Octets { octets, sent, .. } => {
                    let taken = count.min(octets.len() - *sent);
                    *sent += taken;
                    count -= taken;
                    octets.len() - *sent
                }
                Part::Bulk { left } => {
                    let taken = count.min(*left);
                    *left -= taken;
                    count -= taken;
                    *left
                }
            };
            if left > 0 {
                break;
            }
            match part {
                Part::Octets { octets, .. } => self.waiting -= octets.len(),
                Part::Bulk { .. } => completed = true,
            }
            self.parts.pop_front();
        }
        assert!(count == 0, "no more can be sent than was offered");
        completed
    }

    fn mask(&self) -> Result<Option<[u8; 4]>, NoRandomness> {
        match self.role {
            Sender::Client => random().map(Some),
            Sender::Server => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use desserte_proto::websocket::{FrameReader, Piece};

    use super::*;

    #[test]
    fn one_pong_waits_and_no_more_texts_than_the_limit() {
        let mut outbox = Outbox::new(Sender::Server).unwrap();
        for count in 0..100_000_u32 {
            outbox.push(Opcode::Pong, &count.to_be_bytes()).unwrap();
            outbox.push(Opcode::Text, &[b'x'; 1_000]).unwrap();
        }
        outbox.push(Opcode::Close, b"").unwrap();
        let (mut octets, mut pongs) = (Vec::new(), 0);
        while !outbox.is_empty() {
            let count = outbox.with_slices(|slices| {
                slices.iter().for_each(|slice| octets.extend_from_slice(slice));
                slices.iter().map(|slice| slice.len()).sum()
            });
            outbox.sent(count);
        }
        assert!(octets.len() <= WAITING_MAX + 2, "{}", octets.len());
        assert_eq!(outbox.waiting, 0);
        let (mut reader, mut input) = (FrameReader::new(Sender::Server, 1 << 24, 1_000), octets.as_slice());
        let mut last = None;
        while let Some(piece) = reader.read(&mut input).unwrap() {
            if let Piece::Pong(payload) = &piece {
                pongs += 1;
                assert_eq!(payload, &99_999_u32.to_be_bytes());
            }
            last = Some(piece);
        }
        assert_eq!((pongs, last), (1, Some(Piece::Close { code: None })));
    }

    #[test]
    fn frames_leave_in_order_however_small_the_writes() {
        for (role, step) in [(Sender::Client, 1_000), (Sender::Server, 7)] {
            let mut outbox = Outbox::new(role).unwrap();
            outbox.push_bulk(5_000).unwrap();
            outbox.push(Opcode::Text, b"{}").unwrap();
            outbox.push_bulk(1_024).unwrap();
            let mut reader = FrameReader::new(role, 1 << 24, 100);
            let (mut payload, mut texts, mut bulks) = (0, 0, 0);
            while !outbox.is_empty() {
                let octets = outbox.with_slices(|slices| {
                    let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
                    all[..all.len().min(step)].to_vec()
                });
                let mut input = octets.as_slice();
                while let Some(piece) = reader.read(&mut input).unwrap() {
                    match piece {
                        Piece::Payload { bytes } => payload += bytes,
                        Piece::Text(text) => {
                            assert_eq!((text.as_str(), payload), ("{}", 5_000));
                            texts += 1;
                        }
                        other => panic!("{other:?}"),
                    }
                }
                bulks += u32::from(outbox.sent(octets.len()));
            }
            assert_eq!((payload, texts, bulks), (6_024, 1, 2));
        }
    }
}
