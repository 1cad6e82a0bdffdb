//! Whether others use the line beside a run: the interface's octets less the run's own.
//!
//! Two counters are compared that cannot be read at the same moment, on a machine that may be busy. So a single look
//! proves nothing: the excess has to stand in two looks in a row, over a window that is long against the time between the
//! two readings.
//!
//! Where the probe's own interface is the bottleneck of an upload, the run's octets are counted when they are queued and the
//! interface's when they leave. A queue that drains then looks like others. So the excess is counted from the highest point
//! it has stood at before, not from where it stood at the window's beginning: a queue only ever lowers it.

use std::collections::VecDeque;
use std::time::Duration;

use crate::parameters::{Mark, Parameter};

/// When others are said to use the line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OthersParameters {
    /// Length of the window for little traffic.
    pub slow_window: Duration,
    /// Share of what the interface carried in it, from which the rest is said to be of others.
    pub slow_share: f64,
    /// Length of the window for much traffic, short enough to make way within half a second.
    pub fast_window: Duration,
    /// Share of what the interface carried in it.
    pub fast_share: f64,
    /// Octets in a second that any site's machines exchange without anyone using the line (name lookups, time, discovery).
    pub murmur_bytes_per_second: f64,
}

/// When others are said to use the line.
pub const OTHERS: Parameter<OthersParameters> = Parameter {
    name: "others",
    value: OthersParameters {
        slow_window: Duration::from_millis(800),
        slow_share: 0.035,
        fast_window: Duration::from_millis(250),
        fast_share: 0.15,
        murmur_bytes_per_second: 2_000.0,
    },
    unit: "time; share of the interface's octets; octets in a second",
    since: "2026-11-22",
    source: "finds 5 % of the line used for a second, see the simulation in crates/measure/src/others.rs",
    mark: Mark::Proposal,
};

/// One look at the line, in the direction of the run. Both counters are cumulative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineReading {
    /// Time since the run's origin.
    pub elapsed: Duration,
    /// Octets that the interface carried, headers included.
    pub interface_bytes: u64,
    /// Octets of the run itself among them, headers included.
    pub own_bytes: u64,
}

/// A look, and how high the excess had stood by then in two looks in a row.
#[derive(Debug, Clone, Copy)]
struct Look {
    reading: LineReading,
    highest: f64,
}

/// Compares the interface with the run, look by look.
#[derive(Debug, Clone, Default)]
pub struct OthersRule {
    readings: VecDeque<Look>,
    first: Option<LineReading>,
    /// The most that the interface carried in a second so far, over a slow window.
    busiest: f64,
    in_a_row: u32,
}

/// Looks in a row that must agree.
const AGREEING: u32 = 2;

impl OthersRule {
    /// Takes a look; whether others use the line now.
    ///
    /// # Shape
    /// Looks rise in `elapsed`. Meant for ten to thirty looks in a second.
    pub fn reading(&mut self, reading: LineReading) -> bool {
        let rule = OTHERS.value;
        let first = *self.first.get_or_insert(reading);
        let excess = excess(first, reading);
        let before = self.readings.back().copied();
        let stood = before.map_or(excess, |before| excess.min(self::excess(first, before.reading)));
        let highest = before.map_or(stood, |before| before.highest.max(stood));
        self.readings.push_back(Look { reading, highest });
        // One look older than the window is kept, so that the window is whole.
        while self
            .readings
            .get(1)
            .is_some_and(|second| reading.elapsed - second.reading.elapsed >= rule.slow_window)
        {
            self.readings.pop_front();
        }
        let slow = self.exceeds(rule.slow_window, rule.slow_share);
        let fast = self.exceeds(rule.fast_window, rule.fast_share);
        self.in_a_row = if slow || fast { self.in_a_row + 1 } else { 0 };
        self.in_a_row >= AGREEING
    }

    /// Octets of others since the first look, as far as the counters tell.
    ///
    /// # Missing data
    /// `None` before the first look.
    #[must_use]
    pub fn others_bytes(&self) -> Option<u64> {
        let (first, last) = (self.first?, self.readings.back()?.reading);
        let carried = last.interface_bytes.saturating_sub(first.interface_bytes);
        Some(carried.saturating_sub(last.own_bytes.saturating_sub(first.own_bytes)))
    }

    fn exceeds(&mut self, window: Duration, share: f64) -> bool {
        let (Some(first), Some(now)) = (self.first, self.readings.back()) else { return false };
        let now = now.reading;
        let long_ago = |look: &&Look| now.elapsed - look.reading.elapsed >= window;
        let Some(Look { reading: then, highest }) = self.readings.iter().rev().find(long_ago).copied() else {
            return false;
        };
        let seconds = (now.elapsed - then.elapsed).as_secs_f64();
        let carried = octets(now.interface_bytes, then.interface_bytes);
        let excess = excess(first, now) - highest;
        if window == OTHERS.value.slow_window {
            self.busiest = self.busiest.max(carried / seconds);
        }
        let whole = carried.max(self.busiest * seconds);
        excess >= (share * whole).max(OTHERS.value.murmur_bytes_per_second * seconds)
    }
}

/// What the interface carried since the first look beyond what the run did; negative while the run's own wait in a queue.
fn excess(first: LineReading, now: LineReading) -> f64 {
    octets(now.interface_bytes, first.interface_bytes) - octets(now.own_bytes, first.own_bytes)
}

fn octets(later: u64, earlier: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "octets of a second are far below 2^52")]
    let octets = later.saturating_sub(earlier) as f64;
    octets
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    /// Time between two looks in the simulation, as in the probe.
    const LOOK: f64 = 0.05;
    const RUN_S: f64 = 5.0;

    struct Chance(ChaCha8Rng);

    impl Chance {
        fn between(&mut self, low: f64, high: f64) -> f64 {
            low + (high - low) * f64::from(self.0.next_u32()) / f64::from(u32::MAX)
        }

        fn exponential(&mut self, mean: f64) -> f64 {
            -mean * self.between(1e-9, 1.0).ln()
        }
    }

    /// One simulated run on a line of 0.5 to 500 Mbit/s that others may use; the moment of the alarm.
    ///
    /// What is hard about it: slow start, a line that wavers by 20 %, the run's own octets known only to within 0.7 %, the
    /// interface read up to some milliseconds after the run's counters (once in fifty looks up to 25 ms, as on a machine that
    /// was busy elsewhere), looks late by up to 20 ms, in every other run a queue of 200 ms at the interface itself that fills
    /// and drains again and again, and a murmur of 4 kbit/s.
    fn alarm(chance: &mut Chance, others: Option<(f64, f64, f64)>) -> Option<f64> {
        let capacity = 62_500.0 * (1000.0_f64).powf(chance.between(0.0, 1.0));
        let (bias, ramp) = (chance.between(0.993, 1.007), chance.between(0.1, 1.5));
        let (mut interface, mut own) = (0.0, 0.0);
        let (mut at, mut next_look) = (0.0, LOOK);
        let mut rule = OthersRule::default();
        let mut rate = capacity;
        let queue_at_interface = chance.between(0.0, 1.0) < 0.5 && others.is_none();
        let mut murmur = chance.exponential(1.0);
        while at < RUN_S {
            at += 0.001;
            if chance.between(0.0, 1.0) < 0.01 {
                rate = capacity * chance.between(0.8, 1.0);
            }
            let theirs = others.map_or(
                0.0,
                |(share, from, until)| {
                    if (from..until).contains(&at) { share * capacity } else { 0.0 }
                },
            );
            let ours = (rate * (at / ramp).min(1.0)).min(capacity - theirs);
            own += ours * 0.001;
            interface += (ours + theirs) * 0.001;
            if at >= murmur {
                interface += 250.0;
                murmur += chance.exponential(0.5);
            }
            if at >= next_look {
                next_look = at + LOOK + chance.between(0.0, 0.02);
                let queued = if queue_at_interface { 0.2 * capacity * (at / 0.7).fract() } else { 0.0 };
                let late = if chance.between(0.0, 1.0) < 0.02 {
                    chance.between(0.0, 0.025)
                } else {
                    chance.exponential(0.001)
                };
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "octets of a test"
                )]
                let reading = LineReading {
                    elapsed: Duration::from_secs_f64(at),
                    interface_bytes: (interface + late * (ours + theirs)) as u64,
                    own_bytes: (own * bias + queued) as u64,
                };
                if rule.reading(reading) {
                    return Some(at);
                }
            }
        }
        None
    }

    #[test]
    fn others_are_found_in_time_and_not_where_there_are_none() {
        const RUNS: u32 = 1_000;
        let mut chance = Chance(ChaCha8Rng::seed_from_u64(62));
        let false_alarms = (0..RUNS).filter(|_| alarm(&mut chance, None).is_some()).count();
        let mut found = 0;
        let mut in_time = 0;
        for _ in 0..RUNS {
            let from = chance.between(0.0, RUN_S - 1.2);
            let lasts = chance.between(1.0, 1.2);
            let share = chance.between(0.05, 0.10);
            found +=
                u32::from(alarm(&mut chance, Some((share, from, from + lasts))).is_some_and(|at| at >= from));
            let share = chance.between(0.25, 0.7);
            let from = chance.between(0.5, RUN_S - 1.2);
            let at = alarm(&mut chance, Some((share, from, from + 1.0)));
            in_time += u32::from(at.is_some_and(|at| at >= from && at <= from + 0.45));
        }
        let said = format!("{false_alarms} false alarms, {found} found, {in_time} in time, of {RUNS}");
        assert!(false_alarms <= 10 && found >= 950 && in_time >= 950, "{said}");
    }

    #[test]
    fn what_others_moved_is_the_difference() {
        let mut rule = OthersRule::default();
        assert_eq!(rule.others_bytes(), None);
        for (ms, interface_bytes, own_bytes) in [(0, 1_000, 0), (100, 11_000, 9_000), (200, 21_000, 19_500)] {
            rule.reading(LineReading { elapsed: Duration::from_millis(ms), interface_bytes, own_bytes });
        }
        assert_eq!(rule.others_bytes(), Some(500));
    }
}
