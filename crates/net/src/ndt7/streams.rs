//! Several connections at once, for a line that one cannot fill.
//!
//! The protocol knows of one connection. Each of ours is a whole ndt7 run of its own; what their receivers counted is
//! summed afterwards, and while they run, on the probe's clock.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use desserte_model::{ByteSample, RunOutcome, StopReason, TcpCounters, Throughput};
use desserte_model::{CountedBy, End};
use desserte_units::ByteCount;

use super::client::run_steered;
use super::{Progress, RunConfig};
use crate::{OwnOctets, Steer};

/// The most connections at once: as many as iperf3 users and the large public tests take on fast lines; more say no more
/// about the line and are hard on whoever shares it.
pub const STREAMS_MAX: u16 = 8;

/// Time between two summed readings at the least: half of that between the readings of one connection.
const SUMMED_INTERVAL_US: u64 = 50_000;

/// As [`run_steered`], over several connections that begin at the same time; the ceiling is shared out evenly among them.
///
/// # Shape
/// `samples` are sums over all connections, each interpolated between its readings, from the origin of the first to the
/// last moment that all of them tell of. Kernel counters and what the server says of itself are those of the first
/// connection. `streams` is held within [`STREAMS_MAX`]; one is a plain run.
///
/// # Missing data
/// The outcome is complete only if every connection's is; else it is that of the first that was not.
pub async fn run_parallel(config: &RunConfig, streams: u16, steer: &mut dyn Steer) -> Throughput {
    let streams = streams.clamp(1, STREAMS_MAX);
    if streams == 1 {
        return run_steered(config, steer).await;
    }
    let mut each = config.clone();
    each.progress = None;
    each.max_bytes = config.max_bytes.map(|most| ByteCount::from_bytes(most.as_bytes() / u64::from(streams)));
    let sum = Mutex::new(Sum {
        begun: Instant::now(),
        parts: vec![Part::default(); usize::from(streams)],
        shown_us: None,
        asked: None,
        steer,
        config,
    });
    let mut proxies: Vec<Proxy<'_, '_>> =
        (0..usize::from(streams)).map(|index| Proxy { index, sum: &sum }).collect();
    let runs = proxies.iter_mut().map(|proxy| {
        let (index, sum, each) = (proxy.index, proxy.sum, &each);
        async move {
            let record = run_steered(each, proxy).await;
            let mut sum = lock(sum);
            sum.parts[index].over = true;
            sum.show();
            record
        }
    });
    let records =
        join_all(runs.map(|run| Box::pin(run) as Pin<Box<dyn Future<Output = Throughput> + Send>>)).await;
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    let origins: Vec<Option<u64>> = sum.parts.iter().map(|part| part.origin_us).collect();
    combined(records, &origins, sum.asked)
}

/// One connection, on the clock that all share.
#[derive(Debug, Clone, Default)]
struct Part {
    /// Microseconds from the call to the end of the handshake.
    origin_us: Option<u64>,
    readings: Vec<ByteSample>,
    own: OwnOctets,
    over: bool,
}

/// What the connections have counted together.
struct Sum<'a> {
    begun: Instant,
    parts: Vec<Part>,
    /// The moment of the last sum shown.
    shown_us: Option<u64>,
    asked: Option<StopReason>,
    steer: &'a mut dyn Steer,
    config: &'a RunConfig,
}

impl Sum<'_> {
    /// Shows the sum up to where every connection that still runs has been read.
    fn show(&mut self) {
        if self.parts.iter().any(|part| part.origin_us.is_none() && !part.over) {
            return;
        }
        let Some(zero) = self.parts.iter().filter_map(|part| part.origin_us).min() else { return };
        let read_until = |part: &Part| Some(part.origin_us? + part.readings.last()?.elapsed_us);
        let running = self.parts.iter().filter(|part| !part.over);
        let Some(until) = running.map(|part| read_until(part).unwrap_or(zero)).min() else { return };
        if until < self.shown_us.map_or(zero, |shown| shown + SUMMED_INTERVAL_US) {
            return;
        }
        self.shown_us = Some(until);
        let bytes =
            self.parts.iter().filter_map(|part| counted(&part.readings, until.checked_sub(part.origin_us?)?));
        let sample = ByteSample { elapsed_us: until - zero, bytes: bytes.sum() };
        if let Some(progress) = &self.config.progress {
            let elapsed = Duration::from_micros(sample.elapsed_us);
            progress.send_replace(Progress { elapsed, received: ByteCount::from_bytes(sample.bytes) });
        }
        if self.asked.is_none() {
            self.asked = self.steer.reading(sample);
        }
    }
}

fn lock<'a, 'b>(sum: &'a Mutex<Sum<'b>>) -> MutexGuard<'a, Sum<'b>> {
    sum.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one connection tells to the sum of all.
struct Proxy<'a, 'b> {
    index: usize,
    sum: &'a Mutex<Sum<'b>>,
}

impl Steer for Proxy<'_, '_> {
    fn reading(&mut self, sample: ByteSample) -> Option<StopReason> {
        let mut sum = lock(self.sum);
        sum.parts[self.index].readings.push(sample);
        sum.show();
        sum.asked
    }

    fn counters(&mut self, end: End, counters: &TcpCounters) {
        if self.index == 0 {
            lock(self.sum).steer.counters(end, counters);
        }
    }

    fn own(&mut self, octets: OwnOctets) {
        let mut sum = lock(self.sum);
        sum.parts[self.index].own = octets;
        if self.index == 0 {
            let total = sum.parts.iter().map(|part| part.own).sum();
            sum.steer.own(total);
        }
    }

    fn tick(&mut self, elapsed: Duration) -> Option<StopReason> {
        let mut sum = lock(self.sum);
        let since_begun = sum.begun.elapsed();
        let index = self.index;
        sum.parts[index].origin_us.get_or_insert_with(|| micros(since_begun.saturating_sub(elapsed)));
        // Only one of them asks; which, does not matter.
        if index == 0 && sum.asked.is_none() {
            sum.asked = sum.steer.tick(elapsed);
        }
        sum.asked
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The count at a moment, interpolated between two readings; the last one's beyond it.
fn counted(readings: &[ByteSample], at_us: u64) -> Option<u64> {
    let after = readings.partition_point(|reading| reading.elapsed_us <= at_us);
    let before = match after.checked_sub(1) {
        None => ByteSample { elapsed_us: 0, bytes: 0 },
        Some(index) => readings[index],
    };
    let Some(next) = readings.get(after) else { return readings.last().map(|last| last.bytes) };
    let octets = u128::from(next.bytes.saturating_sub(before.bytes));
    let share =
        octets * u128::from(at_us - before.elapsed_us) / u128::from(next.elapsed_us - before.elapsed_us);
    Some(before.bytes + u64::try_from(share).unwrap_or(0))
}

/// One record of many.
fn combined(records: Vec<Throughput>, origins: &[Option<u64>], asked: Option<StopReason>) -> Throughput {
    let bytes_charged = records.iter().map(|record| record.connection.bytes_charged).sum();
    let samples = summed(&records, origins);
    let failed = records.iter().find(|record| record.outcome != RunOutcome::Complete);
    let outcome = failed.map_or(RunOutcome::Complete, |record| record.outcome.clone());
    let ceiling =
        records.iter().find_map(|record| record.course.stop_reason.filter(|r| *r != StopReason::PlannedEnd));
    let counted_by: Option<CountedBy> = records.iter().find_map(|record| record.counted_by);
    let stop_reason =
        (outcome == RunOutcome::Complete).then(|| asked.or(ceiling).unwrap_or(StopReason::PlannedEnd));
    let carried = records.iter().filter(|record| record.course.streams.is_some()).count();
    let Some(mut first) = records.into_iter().next() else { unreachable!("there is a first of several") };
    first.course.streams = u16::try_from(carried).ok().filter(|carried| *carried > 0);
    first.course.stop_reason = stop_reason;
    first.outcome = outcome;
    first.counted_by = counted_by;
    first.samples = samples;
    first.connection.bytes_charged = bytes_charged;
    first
}

/// The sums at the moments of all readings, thinned.
fn summed(records: &[Throughput], origins: &[Option<u64>]) -> Vec<ByteSample> {
    let parts: Vec<(u64, &[ByteSample])> = records
        .iter()
        .zip(origins)
        .filter_map(|(record, origin)| Some(((*origin)?, &record.samples[..])))
        .filter(|(_, samples)| !samples.is_empty())
        .collect();
    let Some(zero) = parts.iter().map(|(origin, _)| *origin).min() else { return Vec::new() };
    let last_of =
        |(origin, samples): &(u64, &[ByteSample])| origin + samples.last().map_or(0, |last| last.elapsed_us);
    let until = parts.iter().map(last_of).min().unwrap_or(zero);
    let mut moments: Vec<u64> = parts
        .iter()
        .flat_map(|(origin, samples)| samples.iter().map(move |sample| origin + sample.elapsed_us))
        .filter(|moment| *moment < until)
        .collect();
    moments.sort_unstable();
    let mut kept: Vec<u64> = Vec::new();
    for moment in moments {
        if kept.last().is_none_or(|last| moment >= last + SUMMED_INTERVAL_US) {
            kept.push(moment);
        }
    }
    if kept.last().is_some_and(|last| last + SUMMED_INTERVAL_US > until) && kept.len() > 1 {
        kept.pop();
    }
    kept.push(until);
    let at = |moment: u64| {
        let counts =
            parts.iter().filter_map(|(origin, samples)| counted(samples, moment.checked_sub(*origin)?));
        ByteSample { elapsed_us: moment - zero, bytes: counts.sum() }
    };
    kept.into_iter().map(at).collect()
}

/// Waits for all of them, on this task.
async fn join_all<T>(futures: impl Iterator<Item = Pin<Box<dyn Future<Output = T> + Send + '_>>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.map(|future| (Some(future), None)).collect();
    std::future::poll_fn(|cx| {
        for (future, done) in &mut waiting {
            if let Some(Poll::Ready(value)) = future.as_mut().map(|future| future.as_mut().poll(cx)) {
                *future = None;
                *done = Some(value);
            }
        }
        if waiting.iter().all(|(_, done)| done.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(pairs: &[(u64, u64)]) -> Vec<ByteSample> {
        pairs.iter().map(|&(ms, bytes)| ByteSample { elapsed_us: ms * 1000, bytes }).collect()
    }

    #[test]
    fn a_count_is_interpolated_between_two_readings_and_holds_after_the_last() {
        let one = readings(&[(0, 0), (100, 1000), (200, 3000)]);
        for (at_ms, expected) in [(0, 0), (50, 500), (100, 1000), (175, 2500), (900, 3000)] {
            assert_eq!(counted(&one, at_ms * 1000), Some(expected), "{at_ms}");
        }
        assert_eq!(counted(&[], 5), None);
        assert_eq!(counted(&readings(&[(100, 1000)]), 50_000), Some(500));
    }
}
