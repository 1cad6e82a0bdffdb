//! One direction: read, hold, write.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::device::Device;
use super::report::{Lateness, Report};
use super::{clock, report};
use crate::command::run;
use crate::link::{Delivered, Fate, Link, Tally};

/// What the thread of one direction works on, and what a report is made of.
#[derive(Debug)]
pub(super) struct Lane {
    link: Link,
    written: Tally,
    refused: Tally,
    cut: Tally,
    delivered: Delivered,
    late: Lateness,
}

impl Lane {
    pub(super) fn new(link: Link) -> Self {
        Self {
            link,
            written: Tally::default(),
            refused: Tally::default(),
            cut: Tally::default(),
            delivered: Delivered::new(SERIES_BIN),
            late: Lateness::default(),
        }
    }

    pub(super) fn replace(&mut self, link: Link) {
        *self = Self::new(link);
    }

    pub(super) fn report(&self) -> Report {
        report::Report {
            counters: *self.link.counters(),
            written: self.written,
            refused: self.refused,
            cut: self.cut,
            delivered: self.delivered.clone(),
            late_mean: self.late.mean(),
            late_max: self.late.max,
        }
    }
}

/// Width of the bins in which writes are recorded.
const SERIES_BIN: Duration = Duration::from_millis(1);

/// Packets taken in one go before those that are due are looked at.
const BATCH: usize = 64;

/// Larger than any packet of a device whose MTU is 1500.
const PACKET_MAX: usize = 2048;

/// While packets are on their way the thread looks no more often than this: at several hundred Mbit/s it would otherwise
/// wake for each packet. It is what a packet can be late on a machine with nothing else to do.
const GRANULE: Duration = Duration::from_micros(100);

/// Longest sleep, after which a stop is seen.
const PATIENCE: Duration = Duration::from_millis(20);

/// Emptied buffers kept for the next packets.
const SPARE_MAX: usize = 4096;

/// Among real-time threads, a modest one.
const PRIORITY: u8 = 10;

/// One direction's thread.
pub(super) struct Mover {
    pub(super) from: Arc<Device>,
    pub(super) to: Arc<Device>,
    pub(super) lane: Arc<Mutex<Lane>>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) cut: Arc<AtomicBool>,
    pub(super) origin: Duration,
}

/// A packet on its way.
struct Held {
    due: Duration,
    packet: Vec<u8>,
}

impl Mover {
    pub(super) fn carry(self) {
        // Without this the kernel adds up to 50 µs to every sleep.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        // Before everything else on the machine, by the tool that the system has for it; niceness would count only among
        // the processes of one session. It sleeps most of the time. Without it packets are later, and the report says so.
        let thread = rustix::thread::gettid().as_raw_nonzero();
        let _ = run(&format!("chrt --fifo --pid {PRIORITY} {thread}"));
        let mut held: VecDeque<Held> = VecDeque::new();
        let mut spare: Vec<Vec<u8>> = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let read = self.take(&mut held, &mut spare);
            self.hand_on(&mut held, &mut spare);
            if read == BATCH {
                continue;
            }
            let wait = held.front().map_or(PATIENCE, |first| {
                first.due.saturating_sub(clock().saturating_sub(self.origin)).min(PATIENCE)
            });
            if read > 0 && !held.is_empty() {
                // More is likely to come at once: a short sleep gathers it.
                std::thread::sleep(wait.min(GRANULE));
            } else {
                self.await_packet(wait.max(GRANULE));
            }
        }
    }

    /// Reads what there is, up to a batch, and asks the link about it.
    fn take(&self, held: &mut VecDeque<Held>, spare: &mut Vec<Vec<u8>>) -> usize {
        let cut = self.cut.load(Ordering::Relaxed);
        let mut lane = self.lane.lock().unwrap_or_else(PoisonError::into_inner);
        for read in 0..BATCH {
            let mut packet = spare.pop().unwrap_or_default();
            packet.resize(PACKET_MAX, 0);
            // An error is an interface that is down; it is asked again later.
            let Ok(Some(length)) = self.from.read(&mut packet) else {
                spare.push(packet);
                return read;
            };
            packet.truncate(length);
            let octets = u32::try_from(length).unwrap_or(u32::MAX);
            if cut {
                lane.cut.add(octets);
                spare.push(packet);
                continue;
            }
            match lane.link.offer(clock().saturating_sub(self.origin), octets) {
                Fate::Delivered(due) => insert(held, Held { due, packet }),
                Fate::Dropped(_) => spare.push(packet),
            }
        }
        BATCH
    }

    /// Writes what is due.
    fn hand_on(&self, held: &mut VecDeque<Held>, spare: &mut Vec<Vec<u8>>) {
        let mut now = clock().saturating_sub(self.origin);
        if held.front().is_none_or(|first| first.due > now) {
            return;
        }
        let mut lane = self.lane.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..BATCH {
            let Some(Held { due, packet }) = held.pop_front_if(|first| first.due <= now) else { return };
            let octets = u32::try_from(packet.len()).unwrap_or(u32::MAX);
            if self.to.write(&packet).is_ok() {
                now = clock().saturating_sub(self.origin);
                lane.written.add(octets);
                lane.delivered.add(now, octets);
                lane.late.add(now.saturating_sub(due));
            } else {
                lane.refused.add(octets);
            }
            if spare.len() < SPARE_MAX {
                spare.push(packet);
            }
        }
    }

    fn await_packet(&self, wait: Duration) {
        let timeout = Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or_default(),
            tv_nsec: i64::from(wait.subsec_nanos()),
        };
        // An interruption is as good as a packet.
        let _ = poll(&mut [PollFd::new(&*self.from, PollFlags::IN)], Some(&timeout));
    }
}

/// Puts a packet in its place by time; it is the last unless the link reorders.
fn insert(held: &mut VecDeque<Held>, packet: Held) {
    let place = held.iter().rposition(|before| before.due <= packet.due).map_or(0, |before| before + 1);
    if place == held.len() { held.push_back(packet) } else { held.insert(place, packet) }
}
