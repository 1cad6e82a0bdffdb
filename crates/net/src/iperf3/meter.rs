//! What the data connections of one test count together.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use desserte_model::ByteSample;
use desserte_proto::iperf3::{Datagram, FlowCounter};
use desserte_proto::ndt7::ReceiverCounter;
use tokio::sync::Notify;
use tokio::time::Instant;

/// One stream's counts since the origin.
#[derive(Debug, Clone, Default)]
pub(super) struct StreamCount {
    /// Octets sent or received.
    pub(super) bytes: u64,
    /// Of these, in the omitted time.
    pub(super) bytes_omitted: u64,
    /// Datagrams of a UDP flow that is received.
    pub(super) flow: FlowCounter,
    /// Datagrams of a UDP flow that is sent.
    pub(super) packets_sent: u64,
    /// Datagrams in the omitted time: lost, and all.
    pub(super) omitted: Option<(u64, u64)>,
    /// Segments sent again in the omitted time.
    pub(super) retransmits_omitted: u64,
}

#[derive(Debug)]
struct Counts {
    origin: Instant,
    counter: ReceiverCounter,
    readings: Vec<ByteSample>,
    streams: Vec<StreamCount>,
    /// Octets received since the omitted time ended.
    received: u64,
    /// Octets that may still be sent; `None` without a limit.
    budget: Option<u64>,
    /// Octets taken from it that a sender has yet to account for.
    taken: u64,
    /// Octets after which enough was received.
    enough: Option<u64>,
    stopped: bool,
}

/// Counts of all streams of a test. One lock for all: it is taken once for some hundred kilobytes.
#[derive(Debug)]
pub(super) struct Meter {
    counts: Mutex<Counts>,
    /// Told when the octets of the test are through.
    pub(super) through: Notify,
}

/// The counts stay true even if someone panicked beside them.
fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Meter {
    pub(super) fn new(streams: usize) -> Self {
        let counts = Counts {
            origin: Instant::now(),
            counter: ReceiverCounter::default(),
            readings: Vec::new(),
            streams: vec![StreamCount::default(); streams],
            received: 0,
            budget: None,
            taken: 0,
            enough: None,
            stopped: false,
        };
        Self { counts: Mutex::new(counts), through: Notify::new() }
    }

    /// Begins to count, at this moment.
    pub(super) fn start(&self) -> Instant {
        let mut counts = lock(&self.counts);
        counts.begin();
        counts.origin
    }

    /// Leaves out what was counted so far. `retransmits` are the kernel's counts of every stream.
    pub(super) fn end_omit(&self, retransmits: &[u64]) {
        let mut counts = lock(&self.counts);
        for (stream, again) in counts.streams.iter_mut().zip(retransmits) {
            stream.bytes_omitted = stream.bytes;
            stream.retransmits_omitted = *again;
            let packets = stream.packets_sent.max(stream.flow.highest());
            stream.omitted = Some((stream.flow.lost(), packets));
            stream.flow.reset_jitter();
        }
        counts.begin();
    }

    /// Octets that end the test, from now on: those that may be sent, those that are to be received.
    pub(super) fn limit(&self, budget: Option<u64>, enough: Option<u64>) {
        let mut counts = lock(&self.counts);
        counts.budget = budget;
        counts.enough = enough;
    }

    /// Takes up to `most` octets out of what may still be sent; zero when that is nothing.
    pub(super) fn take(&self, most: u64) -> u64 {
        let mut counts = lock(&self.counts);
        let Some(budget) = counts.budget else { return most };
        let taken = most.min(budget);
        counts.budget = Some(budget - taken);
        counts.taken += taken;
        taken
    }

    /// Counts what was sent for `taken`, and gives the rest back; a last datagram may be longer than what was left. Sending is through when the budget is used up and
    /// nothing taken is under way any more, which is what the last to come back sees.
    pub(super) fn sent(&self, stream: usize, taken: u64, sent: u64) {
        let mut counts = lock(&self.counts);
        let mut through = false;
        if let Some(budget) = counts.budget {
            let left = budget + taken.saturating_sub(sent);
            counts.budget = Some(left);
            counts.taken = counts.taken.saturating_sub(taken);
            through = left == 0 && counts.taken == 0;
        }
        if let Some(stream) = counts.streams.get_mut(stream).filter(|_| sent > 0) {
            stream.bytes += sent;
            stream.packets_sent += 1;
        }
        if through {
            self.through.notify_one();
        }
    }

    /// Counts octets received by TCP.
    pub(super) fn received(&self, stream: usize, bytes: u64) {
        lock(&self.counts).arrived(stream, bytes, &self.through);
    }

    /// Counts a datagram received.
    pub(super) fn datagram(&self, stream: usize, header: Datagram, bytes: u64) {
        let mut counts = lock(&self.counts);
        if counts.stopped {
            return;
        }
        let arrival = i64::try_from(counts.origin.elapsed().as_micros()).unwrap_or(i64::MAX);
        if let Some(stream) = counts.streams.get_mut(stream) {
            stream.flow.arrived(header, bytes, arrival);
        }
        counts.arrived(stream, bytes, &self.through);
    }

    /// Says whether the kernel holds octets behind a gap, and lets time pass. Returns the time since the origin.
    pub(super) fn wake(&self, gap_open: Option<bool>) -> Duration {
        let mut counts = lock(&self.counts);
        let elapsed = counts.origin.elapsed();
        if let Some(open) = gap_open {
            counts.counter.gap(open, elapsed);
        }
        if let Some(reading) = counts.counter.wake(elapsed) {
            counts.keep(reading);
        }
        elapsed
    }

    /// Readings from number `from` on.
    pub(super) fn readings(&self, from: usize) -> Vec<ByteSample> {
        lock(&self.counts).readings.get(from..).unwrap_or_default().to_vec()
    }

    /// Counts nothing more that arrives. Returns the time since the origin.
    pub(super) fn stop(&self) -> Duration {
        let mut counts = lock(&self.counts);
        if !counts.stopped {
            counts.stopped = true;
            if let Some(reading) = counts.counter.finish() {
                counts.keep(reading);
            }
        }
        counts.origin.elapsed()
    }

    /// What was counted on each stream.
    pub(super) fn streams(&self) -> Vec<StreamCount> {
        lock(&self.counts).streams.clone()
    }

    /// Octets of all datagrams, sent or received, with so many octets of headers each.
    pub(super) fn datagrams(&self, headers: u64) -> u64 {
        let counts = lock(&self.counts);
        let packets = |stream: &StreamCount| stream.flow.received() + stream.packets_sent;
        counts.streams.iter().map(|stream| stream.bytes + packets(stream) * headers).sum()
    }

    /// Octets of payload that a stream sent so far, the omitted ones included.
    pub(super) fn bytes_of(&self, stream: usize) -> u64 {
        lock(&self.counts).streams.get(stream).map_or(0, |stream| stream.bytes)
    }
}

impl Counts {
    fn begin(&mut self) {
        self.origin = Instant::now();
        self.received = 0;
        self.counter = ReceiverCounter::default();
        self.readings = self.counter.wake(Duration::ZERO).into_iter().collect();
    }

    fn arrived(&mut self, stream: usize, bytes: u64, through: &Notify) {
        if self.stopped {
            return;
        }
        let elapsed = self.origin.elapsed();
        if let Some(stream) = self.streams.get_mut(stream) {
            stream.bytes += bytes;
        }
        self.received += bytes;
        if let Some(reading) = self.counter.arrived(bytes, elapsed) {
            self.keep(reading);
        }
        if self.enough.is_some_and(|enough| self.received >= enough) {
            through.notify_one();
        }
    }

    fn keep(&mut self, reading: ByteSample) {
        // A test may be longer than a run of ndt7; then its readings grow sparse instead of many.
        if self.readings.len() >= READINGS_MAX {
            let mut at = 0_usize;
            self.readings.retain(|_| {
                at += 1;
                at % 2 == 1
            });
        }
        self.readings.push(reading);
    }
}

/// Readings kept of one test: two minutes at ten a second.
const READINGS_MAX: usize = desserte_proto::iperf3::spec::READINGS_MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_used_up_once_and_told_once() {
        let meter = Meter::new(2);
        meter.start();
        meter.limit(Some(100), None);
        assert_eq!((meter.take(80), meter.take(80)), (80, 20));
        assert_eq!(meter.take(80), 0);
        meter.sent(0, 80, 30);
        assert_eq!(meter.take(80), 50);
        meter.sent(1, 20, 20);
        meter.sent(0, 50, 50);
        let streams = meter.streams();
        assert_eq!((streams[0].bytes, streams[1].bytes), (80, 20));
    }

    #[test]
    fn what_was_omitted_is_kept_apart() {
        let meter = Meter::new(1);
        meter.start();
        meter.received(0, 10);
        meter.end_omit(&[3]);
        meter.received(0, 5);
        meter.stop();
        let streams = meter.streams();
        assert_eq!((streams[0].bytes, streams[0].bytes_omitted, streams[0].retransmits_omitted), (15, 10, 3));
        assert_eq!(meter.readings(0).last().map(|reading| reading.bytes), Some(5));
        meter.received(0, 5);
        assert_eq!(meter.streams()[0].bytes, 15);
    }
}
