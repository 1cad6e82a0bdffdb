//! The receiving end: order, acknowledgements, and the counter that is read.

use super::ranges::Ranges;

/// What an acknowledgement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ack {
    /// Every segment below this has come.
    pub(super) next: u64,
    /// Ranges beyond it that have come, the latest first; empty ones are (0, 0).
    pub(super) blocks: [(u64, u64); BLOCKS],
}

/// As many as fit beside the time stamps.
const BLOCKS: usize = 3;

/// Segments acknowledged one by one at the start of a connection, so that the window opens sooner.
const QUICK_ACKS: u32 = 32;

/// Longest wait of an acknowledgement for a second segment.
const DELAYED_ACK: u64 = 40_000_000;

/// One connection's receiver. Numbers are of whole segments.
#[derive(Debug, Clone)]
pub(super) struct Receiver {
    next: u64,
    beyond: Ranges,
    recent: [u64; BLOCKS],
    unacknowledged: u32,
    quick: u32,
    /// When a delayed acknowledgement is due.
    due: Option<u64>,
}

impl Receiver {
    pub(super) fn new() -> Self {
        Self {
            next: 0,
            beyond: Ranges::default(),
            recent: [u64::MAX; BLOCKS],
            unacknowledged: 0,
            quick: QUICK_ACKS,
            due: None,
        }
    }

    /// Segments that came in order.
    pub(super) const fn in_order(&self) -> u64 {
        self.next
    }

    /// Whether some that came wait behind one that did not.
    pub(super) fn has_gap(&self) -> bool {
        !self.beyond.is_empty()
    }

    pub(super) const fn due(&self) -> Option<u64> {
        self.due
    }

    /// Takes a segment; gives the acknowledgement to send at once, if one is.
    pub(super) fn arrived(&mut self, number: u64, now: u64) -> Option<Ack> {
        let at_once = if number == self.next {
            let filled = self.has_gap();
            self.next += 1;
            if let Some(end) = self.beyond.take_from(self.next) {
                self.next = end;
            }
            self.unacknowledged += 1;
            filled || self.unacknowledged >= 2 || self.quick > 0
        } else {
            if number > self.next {
                self.beyond.insert(number, number + 1);
                self.remember(number);
            }
            true
        };
        if at_once {
            self.quick = self.quick.saturating_sub(1);
            return Some(self.acknowledge());
        }
        self.due.get_or_insert(now + DELAYED_ACK);
        None
    }

    /// The acknowledgement of everything so far.
    pub(super) fn acknowledge(&mut self) -> Ack {
        self.unacknowledged = 0;
        self.due = None;
        let mut blocks = [(0, 0); BLOCKS];
        if self.has_gap() {
            let mut filled = 0;
            for number in self.recent {
                let range = self.beyond.around(number).filter(|range| !blocks[..filled].contains(range));
                if let Some(range) = range {
                    blocks[filled] = range;
                    filled += 1;
                }
            }
        }
        Ack { next: self.next, blocks }
    }

    fn remember(&mut self, number: u64) {
        // A number of the same range stands for the same block.
        let range = self.beyond.around(number);
        let same = self
            .recent
            .iter()
            .position(|recent| range.is_some_and(|(from, until)| (from..until).contains(recent)));
        let place = same.unwrap_or(BLOCKS - 1);
        self.recent[..=place].rotate_right(1);
        self.recent[0] = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_told_until_it_is_filled() {
        let mut receiver = Receiver { quick: 0, ..Receiver::new() };
        assert_eq!(receiver.arrived(0, 5), None);
        assert_eq!(receiver.due(), Some(5 + DELAYED_ACK));
        assert_eq!(receiver.arrived(1, 6).unwrap().next, 2);
        assert_eq!(receiver.arrived(3, 7).unwrap().blocks[0], (3, 4));
        let ack = receiver.arrived(5, 8).unwrap();
        assert_eq!((ack.next, ack.blocks), (2, [(5, 6), (3, 4), (0, 0)]));
        assert!(receiver.has_gap());
        let ack = receiver.arrived(4, 9).unwrap();
        assert_eq!(ack.blocks, [(3, 6), (0, 0), (0, 0)]);
        let ack = receiver.arrived(2, 10).unwrap();
        assert_eq!((ack.next, ack.blocks[0], receiver.in_order()), (6, (0, 0), 6));
    }
}
