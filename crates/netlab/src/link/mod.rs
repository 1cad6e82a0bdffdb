//! One direction of an emulated line: packets in, the time of their delivery or the cause of their loss out.
//!
//! A [`Link`] has no clock, thread or socket. Time is an argument, counted from the link's own origin, so the same
//! object serves simulations in virtual time and the shim that carries real packets. The same configuration, seed and
//! packets give the same fates, always.
//!
//! A packet passes, in this order: the outage script, the drop-tail buffer, the capacity (and the token bucket, if there is
//! one), random loss, delay and jitter. Loss comes after the capacity: a packet that the air swallows has used the
//! air. What became of each packet is counted in [`Counters`], and what was delivered when in [`Delivered`]: the oracle
//! against which estimates are judged.
//!
//! ```
//! use std::time::Duration;
//! use desserte_netlab::link::{Fate, Link, LinkConfig};
//! use desserte_units::BitRate;
//!
//! let rate = BitRate::from_mbit_per_s(12.0).unwrap();
//! let config = LinkConfig { delay: Duration::from_millis(50), ..LinkConfig::of(rate) };
//! let mut link = Link::new(&config, 1);
//! // 1500 octets take a millisecond at 12 Mbit/s, and 50 ms to arrive.
//! assert_eq!(link.offer(Duration::ZERO, 1500), Fate::Delivered(Duration::from_millis(51)));
//! assert_eq!(link.offer(Duration::ZERO, 1500), Fate::Delivered(Duration::from_millis(52)));
//! assert_eq!(link.delivered().octets_between(Duration::ZERO, Duration::from_millis(60)), 3000);
//! ```

mod capacity;
mod chance;
mod config;
mod counters;
mod schedule;
pub mod spec;
mod trace;
mod transmitter;

use std::collections::VecDeque;
use std::time::Duration;

pub use capacity::{Capacity, OPPORTUNITY_OCTETS, Opportunities};
pub use config::{Bucket, Jitter, LinkConfig, Loss, Outage, OutageKind};
pub use counters::{Counters, Delivered, Tally};
pub use schedule::{Schedule, ScheduleError, Step};
pub use trace::{TraceError, cooked, irish_5g, mahimahi};

use chance::{LossState, Wander};
use transmitter::{Picos, Transmitter};

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives at this time. Times rise from packet to packet unless the jitter may reorder.
    Delivered(Duration),
    /// It never arrives.
    Dropped(DropCause),
}

/// Why a packet never arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropCause {
    /// The buffer was full.
    Queue,
    /// Random loss.
    Loss,
    /// The line was cut, or its capacity never comes back.
    Outage,
}

/// One direction of an emulated line.
#[derive(Debug, Clone)]
pub struct Link {
    transmitter: Transmitter,
    /// Packets that have not left yet: when each leaves, and its octets.
    waiting: VecDeque<(Picos, u32)>,
    waiting_octets: u64,
    queue_octets: u64,
    framing_octets: u32,
    /// Sorted and apart.
    cuts: Vec<(Duration, Duration)>,
    loss: LossState,
    wander: Option<Wander>,
    delay: Duration,
    now: Duration,
    last_delivery: Duration,
    counters: Counters,
    delivered: Delivered,
}

impl Link {
    /// A link at its origin. `seed` decides loss and jitter.
    #[must_use]
    pub fn new(config: &LinkConfig, seed: u64) -> Self {
        // A line that holds its packets during an outage has no capacity in it; one that loses them is checked apart.
        let held = Outage::times(&config.outages, OutageKind::Hold);
        Self {
            transmitter: Transmitter::new(&config.capacity, config.bucket, &held),
            waiting: VecDeque::new(),
            waiting_octets: 0,
            queue_octets: config.queue_octets,
            framing_octets: config.framing_octets,
            cuts: Outage::times(&config.outages, OutageKind::Lose),
            loss: LossState::new(config.loss, seed),
            wander: config.jitter.map(|jitter| Wander::new(jitter, seed)),
            delay: config.delay,
            now: Duration::ZERO,
            last_delivery: Duration::ZERO,
            counters: Counters::default(),
            delivered: Delivered::new(config.series_bin),
        }
    }

    /// Takes a packet of `octets` (IP header included) and tells its fate.
    ///
    /// `now` counts from the link's origin; an earlier one than that of the packet before is taken to be the same.
    pub fn offer(&mut self, now: Duration, octets: u32) -> Fate {
        self.now = self.now.max(now);
        let fate = self.decide(octets);
        self.counters.offered.add(octets);
        match fate {
            Fate::Delivered(at) => {
                self.counters.delivered.add(octets);
                self.delivered.add(at, octets);
            }
            Fate::Dropped(DropCause::Queue) => self.counters.dropped_queue.add(octets),
            Fate::Dropped(DropCause::Loss) => self.counters.dropped_loss.add(octets),
            Fate::Dropped(DropCause::Outage) => self.counters.dropped_outage.add(octets),
        }
        fate
    }

    /// Octets that wait or are being sent at `now`, framing included.
    pub fn queued_octets(&mut self, now: Duration) -> u64 {
        self.now = self.now.max(now);
        self.drain();
        self.waiting_octets
    }

    /// What became of the packets offered so far. A packet on its way counts as delivered.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What is delivered when. Times later than the last packet offered are not complete yet.
    #[must_use]
    pub const fn delivered(&self) -> &Delivered {
        &self.delivered
    }

    fn decide(&mut self, octets: u32) -> Fate {
        if self.is_cut(self.now) {
            return Fate::Dropped(DropCause::Outage);
        }
        self.drain();
        let charged = octets.saturating_add(self.framing_octets);
        // A packet always fits into an empty buffer, or a short queue could carry nothing.
        if !self.waiting.is_empty() && self.waiting_octets + u64::from(charged) > self.queue_octets {
            return Fate::Dropped(DropCause::Queue);
        }
        let Some(departure) = self.transmitter.send(Picos::from(self.now), charged) else {
            return Fate::Dropped(DropCause::Outage);
        };
        self.waiting.push_back((departure, charged));
        self.waiting_octets += u64::from(charged);
        let left_at = Duration::from(departure);
        if self.is_cut(left_at) {
            return Fate::Dropped(DropCause::Outage);
        }
        if self.loss.takes() {
            return Fate::Dropped(DropCause::Loss);
        }
        let (extra, may_reorder) = self
            .wander
            .as_mut()
            .map_or((Duration::ZERO, false), |wander| (wander.at(left_at), wander.reorders()));
        let arrival = left_at + self.delay + extra;
        let arrival = if may_reorder { arrival } else { arrival.max(self.last_delivery) };
        self.last_delivery = arrival;
        Fate::Delivered(arrival)
    }

    /// Forgets the packets that have left.
    fn drain(&mut self) {
        let now = Picos::from(self.now);
        while let Some((departure, octets)) = self.waiting.front().copied()
            && departure <= now
        {
            self.waiting.pop_front();
            self.waiting_octets -= u64::from(octets);
        }
    }

    fn is_cut(&self, at: Duration) -> bool {
        let begun = self.cuts.partition_point(|(from, _)| *from <= at);
        begun.checked_sub(1).is_some_and(|index| at < self.cuts[index].1)
    }
}

#[cfg(test)]
mod tests;
