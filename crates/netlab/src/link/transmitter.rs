//! When a packet has left: the server of the queue.

use std::time::Duration;

use super::capacity::{Capacity, OPPORTUNITY_OCTETS};
use super::config::Bucket;
use super::counters::nanos;

/// Picoseconds since the link's origin: a packet's time at 10 Gbit/s is still right to a millionth, and 213 days fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Picos(u64);

const PICOS_PER_SECOND: u64 = 1_000_000_000_000;
const PICOS_PER_MILLI: u64 = 1_000_000_000;
const PICOS_PER_NANO: u64 = 1_000;

impl From<Duration> for Picos {
    fn from(time: Duration) -> Self {
        Self(nanos(time).saturating_mul(PICOS_PER_NANO))
    }
}

impl From<Picos> for Duration {
    /// Rounded up: a packet is there when its last bit is.
    fn from(time: Picos) -> Self {
        Self::from_nanos(time.0.div_ceil(PICOS_PER_NANO))
    }
}

/// Sends packets one after the other.
#[derive(Debug, Clone)]
pub(super) struct Transmitter {
    pace: Pace,
    tokens: Option<Tokens>,
    /// Times in which nothing leaves, sorted and apart.
    held: Vec<(u64, u64)>,
    free_at: u64,
}

impl Transmitter {
    pub(super) fn new(capacity: &Capacity, bucket: Option<Bucket>, held: &[(Duration, Duration)]) -> Self {
        let pace = match capacity {
            Capacity::Unlimited => Pace::Unlimited,
            Capacity::Schedule(schedule) => {
                let (steps, period) = schedule.as_steps();
                let steps = steps
                    .iter()
                    .map(|step| (Picos::from(step.at).0, whole_bits(step.rate.as_bits_per_second())))
                    .collect();
                Pace::Steps { steps, period: period.map(|period| Picos::from(period).0), lap: 0, index: 0 }
            }
            Capacity::Opportunities(opportunities) => Pace::Chances {
                millis: opportunities.as_millis().to_vec(),
                lap: 0,
                index: 0,
                left: OPPORTUNITY_OCTETS,
            },
        };
        let held = held.iter().map(|(from, until)| (Picos::from(*from).0, Picos::from(*until).0)).collect();
        Self { pace, tokens: bucket.map(Tokens::new), held, free_at: 0 }
    }

    /// When a packet that is ready at `now` has left; `None` when it never does.
    pub(super) fn send(&mut self, now: Picos, octets: u32) -> Option<Picos> {
        let start = self.after_hold(self.free_at.max(now.0));
        let mut end = self.pace.finish(start, octets)?;
        if let Some(tokens) = &mut self.tokens {
            end = tokens.ready(end, octets)?;
        }
        // A packet caught by a stop leaves when it is over: a stop loses no more than the packet's own time.
        self.free_at = self.after_hold(end);
        Some(Picos(self.free_at))
    }

    fn after_hold(&self, at: u64) -> u64 {
        let begun = self.held.partition_point(|(from, _)| *from <= at);
        begun.checked_sub(1).map_or(at, |index| at.max(self.held[index].1))
    }
}

#[derive(Debug, Clone)]
enum Pace {
    Unlimited,
    Steps {
        /// Start of each within a lap, and bits per second.
        steps: Vec<(u64, u64)>,
        period: Option<u64>,
        lap: u64,
        index: usize,
    },
    Chances {
        millis: Vec<u32>,
        lap: u64,
        index: usize,
        /// Octets left of the chance at `index`.
        left: u32,
    },
}

impl Pace {
    fn finish(&mut self, start: u64, octets: u32) -> Option<u64> {
        match self {
            Self::Unlimited => Some(start),
            Self::Steps { steps, period, lap, index } => {
                let mut at = start;
                let mut bits = u64::from(octets) * 8;
                if let Some(period) = period
                    && at / *period > *lap
                {
                    (*lap, *index) = (at / *period, 0);
                }
                loop {
                    let origin = period.map_or(0, |period| *lap * period);
                    let end = match (steps.get(*index + 1), *period) {
                        (Some((next, _)), _) => origin + next,
                        (None, Some(period)) => origin + period,
                        (None, None) => u64::MAX,
                    };
                    if at < end {
                        let rate = steps[*index].1;
                        let room = end - at;
                        if let Some(needed) = (bits * PICOS_PER_SECOND).checked_div(rate)
                            && needed <= room
                        {
                            return Some(at + needed);
                        }
                        if end == u64::MAX {
                            return None;
                        }
                        let sent = u128::from(room) * u128::from(rate) / u128::from(PICOS_PER_SECOND);
                        bits = bits.saturating_sub(u64::try_from(sent).unwrap_or(u64::MAX));
                        at = end;
                    }
                    *index += 1;
                    if *index == steps.len() {
                        (*lap, *index) = (*lap + 1, 0);
                    }
                }
            }
            Self::Chances { millis, lap, index, left } => {
                let period = u64::from(millis.last().copied().unwrap_or(1)) * PICOS_PER_MILLI;
                if start / period > *lap + 1 {
                    (*lap, *index, *left) = (start / period - 1, 0, OPPORTUNITY_OCTETS);
                }
                let mut needed = octets;
                loop {
                    let at = *lap * period + u64::from(millis[*index]) * PICOS_PER_MILLI;
                    if at >= start {
                        let used = needed.min(*left);
                        needed -= used;
                        *left -= used;
                        if needed == 0 {
                            return Some(at);
                        }
                    }
                    *left = OPPORTUNITY_OCTETS;
                    *index += 1;
                    if *index == millis.len() {
                        (*lap, *index) = (*lap + 1, 0);
                    }
                }
            }
        }
    }
}

/// A token bucket in picoseconds of its own rate: how much time of filling it holds.
#[derive(Debug, Clone)]
struct Tokens {
    bits_per_second: u64,
    /// When the bucket would have been empty, had it filled at its rate ever since: the later, the fewer tokens.
    empty_at: i128,
    depth: i128,
}

impl Tokens {
    fn new(bucket: Bucket) -> Self {
        let bits_per_second = whole_bits(bucket.rate.as_bits_per_second());
        let depth = Self::time_of(bits_per_second, bucket.burst_octets);
        Self { bits_per_second, empty_at: -depth, depth }
    }

    /// When a packet ready at `at` has its tokens.
    fn ready(&mut self, at: u64, octets: u32) -> Option<u64> {
        if self.bits_per_second == 0 {
            return None;
        }
        let cost = Self::time_of(self.bits_per_second, u64::from(octets));
        // No more than a full bucket counts.
        let empty_at = self.empty_at.max(i128::from(at) - self.depth);
        let leaves = i128::from(at).max(empty_at + cost);
        self.empty_at = empty_at + cost;
        u64::try_from(leaves).ok()
    }

    fn time_of(bits_per_second: u64, octets: u64) -> i128 {
        let picos =
            u128::from(octets) * 8 * u128::from(PICOS_PER_SECOND) / u128::from(bits_per_second.max(1));
        i128::try_from(picos).unwrap_or(i128::MAX)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is finite and not negative, and `as` saturates"
)]
fn whole_bits(rate: f64) -> u64 {
    rate.round() as u64
}
