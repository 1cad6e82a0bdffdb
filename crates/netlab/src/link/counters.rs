//! What became of the packets: the oracle.

use std::time::Duration;

/// Packets and their IP octets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets.
    pub packets: u64,
    /// Octets, IP headers included, framing not.
    pub octets: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, octets: u32) {
        self.packets += 1;
        self.octets += u64::from(octets);
    }
}

/// Every packet offered is in exactly one of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Handed to the link.
    pub offered: Tally,
    /// Arrived, or on their way.
    pub delivered: Tally,
    /// Dropped at the tail of a full buffer.
    pub dropped_queue: Tally,
    /// Taken by random loss.
    pub dropped_loss: Tally,
    /// Sent into an outage.
    pub dropped_outage: Tally,
}

/// Octets delivered over time.
///
/// # Shape
/// One entry for each bin in which something arrived, rising: the number of the bin, and the octets delivered from the
/// origin to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    bin: Duration,
    ends: Vec<(u64, u64)>,
}

impl Delivered {
    pub(crate) fn new(bin: Duration) -> Self {
        Self { bin: bin.max(Duration::from_micros(1)), ends: Vec::new() }
    }

    pub(crate) fn add(&mut self, at: Duration, octets: u32) {
        let bin = nanos(at) / nanos(self.bin);
        match self.ends.last_mut() {
            // A packet that was overtaken counts in the later bin: it moves by no more than the jitter.
            Some((last, total)) if *last >= bin => *total += u64::from(octets),
            last => {
                let before = last.map_or(0, |(_, total)| *total);
                self.ends.push((bin, before + u64::from(octets)));
            }
        }
    }

    /// Octets delivered until `at`; a bin that `at` cuts counts in proportion.
    #[must_use]
    pub fn octets_until(&self, at: Duration) -> u64 {
        let width = nanos(self.bin);
        let (bin, into) = (nanos(at) / width, nanos(at) % width);
        let past = self.ends.partition_point(|(number, _)| *number < bin);
        let before = past.checked_sub(1).map_or(0, |index| self.ends[index].1);
        match self.ends.get(past) {
            Some((number, total)) if *number == bin => before + (total - before) * into / width,
            _ => before,
        }
    }

    /// Octets delivered in a window.
    #[must_use]
    pub fn octets_between(&self, from: Duration, until: Duration) -> u64 {
        self.octets_until(until).saturating_sub(self.octets_until(from))
    }

    /// The series itself: the end of each bin in which something arrived, and the octets delivered until then.
    pub fn series(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let width = nanos(self.bin);
        self.ends.iter().map(move |(bin, total)| (Duration::from_nanos((bin + 1) * width), *total))
    }
}

/// Nanoseconds; a link lives no longer than 584 years.
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
