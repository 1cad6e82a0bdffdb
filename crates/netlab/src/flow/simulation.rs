//! Both ends and both links, event by event.

use std::collections::VecDeque;
use std::time::Duration;

use desserte_model::{ByteSample, Direction, TcpCounters};
use desserte_proto::ndt7::ReceiverCounter;

use super::receiver::{Ack, Receiver};
use super::sender::Sender;
use super::{BulkConfig, BulkRun, CrossTraffic};
use crate::link::{Fate, Link};

/// The reverse link draws from a seed of its own.
const REVERSE_SEED: u64 = 0x5EED;

/// Octets of IP in a packet of cross traffic.
const CROSS_OCTETS: u32 = 1500;

/// A transfer under way. Times are nanoseconds on the sender's clock.
pub(super) struct Simulation<'a> {
    config: &'a BulkConfig,
    forward: Link,
    reverse: Link,
    ends: Vec<Ends>,
    arriving: VecDeque<(u64, usize, u64)>,
    returning: VecDeque<(u64, usize, Ack)>,
    cross: Vec<(u64, CrossTraffic)>,
    counter: ReceiverCounter,
    counted: u64,
    samples: Vec<ByteSample>,
    next_counters: u64,
    /// Time of the receiver's origin, and by how much it lies before the sender's.
    origin: u64,
    lead: u64,
}

/// The two ends of one connection.
struct Ends {
    sender: Sender,
    receiver: Receiver,
    counters: Vec<TcpCounters>,
}

/// What happens next.
enum Event {
    Data,
    Ack,
    Delayed(usize),
    Sender(usize),
    Cross(usize),
    Silence,
    Counters,
}

impl<'a> Simulation<'a> {
    pub(super) fn new(config: &'a BulkConfig, seed: u64) -> Self {
        let ends = || Ends { sender: Sender::new(config), receiver: Receiver::new(), counters: Vec::new() };
        let (origin, lead) = match config.direction {
            Direction::Download => (nanos(config.forward.delay), 0),
            Direction::Upload => (0, nanos(config.reverse.delay)),
        };
        Self {
            config,
            forward: Link::new(&config.forward, seed),
            reverse: Link::new(&config.reverse, seed ^ REVERSE_SEED),
            ends: (0..config.streams).map(|_| ends()).collect(),
            arriving: VecDeque::new(),
            returning: VecDeque::new(),
            cross: config.cross_traffic.iter().map(|cross| (nanos(cross.from), *cross)).collect(),
            counter: ReceiverCounter::default(),
            counted: 0,
            samples: Vec::new(),
            next_counters: nanos(config.counters_interval),
            origin,
            lead,
        }
    }

    pub(super) fn run(mut self) -> BulkRun {
        let end = (self.origin + nanos(self.config.duration)).saturating_sub(self.lead);
        self.samples.extend(self.counter.wake(Duration::ZERO));
        for stream in 0..self.ends.len() {
            self.send(stream, 0);
        }
        let mut now = 0;
        loop {
            let (at, event) = self.next_event(now);
            if at > end {
                break;
            }
            now = at.max(now);
            self.handle(&event, now);
        }
        self.samples.extend(self.counter.finish());
        for ends in &mut self.ends {
            ends.counters.push(ends.sender.counters(end));
        }
        BulkRun {
            samples: self.samples,
            sender: self.ends.into_iter().map(|ends| ends.counters).collect(),
            origin: Duration::from_nanos(self.origin),
            origin_lead: Duration::from_nanos(self.lead),
            forward: self.forward,
            reverse: self.reverse,
        }
    }

    fn next_event(&self, now: u64) -> (u64, Event) {
        let silence = (nanos(self.counter.next_wake()) + self.origin).saturating_sub(self.lead);
        let mut best = (self.next_counters, Event::Counters);
        let mut consider = |at: u64, event: Event| {
            if at < best.0 {
                best = (at, event);
            }
        };
        // A reading of silence that a gap puts off is asked for again a little later.
        consider(silence.max(now + 1_000_000), Event::Silence);
        if let Some((at, _, _)) = self.arriving.front() {
            consider(*at, Event::Data);
        }
        if let Some((at, _, _)) = self.returning.front() {
            consider(*at, Event::Ack);
        }
        for (index, ends) in self.ends.iter().enumerate() {
            if let Some(at) = ends.receiver.due() {
                consider(at, Event::Delayed(index));
            }
            if let Some(at) = ends.sender.next_wake(now) {
                consider(at, Event::Sender(index));
            }
        }
        for (index, (at, cross)) in self.cross.iter().enumerate() {
            if *at < nanos(cross.until) {
                consider(*at, Event::Cross(index));
            }
        }
        best
    }

    fn handle(&mut self, event: &Event, now: u64) {
        match *event {
            Event::Data => {
                let Some((_, stream, number)) = self.arriving.pop_front() else { return };
                if let Some(ack) = self.ends[stream].receiver.arrived(number, now) {
                    self.acknowledge(stream, ack, now);
                }
                self.count(now);
            }
            Event::Ack => {
                let Some((_, stream, ack)) = self.returning.pop_front() else { return };
                self.ends[stream].sender.acknowledged(&ack, now);
                self.send(stream, now);
            }
            Event::Delayed(stream) => {
                let ack = self.ends[stream].receiver.acknowledge();
                self.acknowledge(stream, ack, now);
            }
            Event::Sender(stream) => {
                if let Some(probe) = self.ends[stream].sender.wake(now) {
                    self.depart(stream, probe, now);
                }
                self.send(stream, now);
            }
            Event::Cross(index) => {
                let (at, cross) = &mut self.cross[index];
                self.forward.offer(Duration::from_nanos(now), CROSS_OCTETS);
                let bytes_per_second = cross.rate.as_bytes_per_second().max(1.0);
                *at += nanos(Duration::from_secs_f64(f64::from(CROSS_OCTETS) / bytes_per_second));
            }
            Event::Silence => {
                let elapsed = self.elapsed(now);
                self.samples.extend(self.counter.wake(elapsed));
            }
            Event::Counters => {
                for ends in &mut self.ends {
                    ends.counters.push(ends.sender.counters(now));
                }
                self.next_counters += nanos(self.config.counters_interval).max(1);
            }
        }
    }

    fn send(&mut self, stream: usize, now: u64) {
        while let Some(number) = self.ends[stream].sender.next_departure(now) {
            self.depart(stream, number, now);
        }
    }

    fn depart(&mut self, stream: usize, number: u64, now: u64) {
        let octets = self.config.segment_octets + self.config.header_octets;
        if let Fate::Delivered(at) = self.forward.offer(Duration::from_nanos(now), octets) {
            insert(&mut self.arriving, (nanos(at), stream, number), |entry| entry.0);
        }
    }

    fn acknowledge(&mut self, stream: usize, ack: Ack, now: u64) {
        if let Fate::Delivered(at) = self.reverse.offer(Duration::from_nanos(now), self.config.header_octets)
        {
            insert(&mut self.returning, (nanos(at), stream, ack), |entry| entry.0);
        }
    }

    /// Shows the counter what the application can read now.
    fn count(&mut self, now: u64) {
        let elapsed = self.elapsed(now);
        let gap = self.ends.iter().any(|ends| ends.receiver.has_gap());
        self.counter.gap(gap, elapsed);
        let readable: u64 = self.ends.iter().map(|ends| self.readable(ends.receiver.in_order())).sum();
        let fresh = readable - self.counted;
        self.counted = readable;
        self.samples.extend(self.counter.arrived(fresh, elapsed));
    }

    fn readable(&self, segments: u64) -> u64 {
        let octets = segments * u64::from(self.config.segment_octets);
        self.config.record_octets.map_or(octets, |record| {
            let record = u64::from(record.max(1));
            octets / (record + TLS_RECORD_OVERHEAD) * record
        })
    }

    fn elapsed(&self, now: u64) -> Duration {
        Duration::from_nanos((now + self.lead).saturating_sub(self.origin))
    }
}

/// Header, content type and tag of a record of TLS 1.3.
const TLS_RECORD_OVERHEAD: u64 = 5 + 1 + 16;

/// Puts an entry in its place by time; it is the last unless the link reorders.
fn insert<T>(queue: &mut VecDeque<T>, entry: T, time: impl Fn(&T) -> u64) {
    let mut place = queue.len();
    while place > 0 && time(&queue[place - 1]) > time(&entry) {
        place -= 1;
    }
    if place == queue.len() { queue.push_back(entry) } else { queue.insert(place, entry) }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
