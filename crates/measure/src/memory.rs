//! What a probe remembers of its line: how long a run must be watched there before it may end early, and over how many
//! connections.
//!
//! A line that is fast in the beginning of a transfer and throttled afterwards shows nothing of it to a run that ends before.
//! Runs that last their planned time do: the memory is taught by them and by nothing else, least of all by a server.

use std::time::Duration;

use desserte_model::{ByteSample, TcpCounters};
use serde::{Deserialize, Serialize};

use crate::{Estimate, MEMORY, Terms, replay};

/// What is remembered of a line in one direction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LineMemory {
    /// Of runs over one connection.
    pub one: Lessons,
    /// Of runs over several.
    pub several: Lessons,
    /// Whether the latest lesson over one connection was held back by its window or the receiver's buffer, and by nothing else:
    /// one connection then says little of the line, and several say it with fewer octets.
    pub one_leaves_room: bool,
}

impl LineMemory {
    /// The lessons of runs over so many connections.
    #[must_use]
    pub const fn lessons(&self, connections: u16) -> &Lessons {
        if connections == 1 { &self.one } else { &self.several }
    }

    /// Learns from a run that lasted its planned time, or as long as its ceiling of octets let it; `leaves_room` tells whether
    /// it [calls for more connections](crate::calls_for_more_streams).
    ///
    /// # Shape
    /// As [`replay`].
    ///
    /// # Missing data
    /// A run without a steady goodput teaches nothing.
    pub fn learn(
        &mut self,
        samples: &[ByteSample],
        counters: &[TcpCounters],
        terms: Terms,
        leaves_room: bool,
    ) {
        if terms.connections == 1 {
            self.one_leaves_room = leaves_room;
            self.one.learn(samples, counters, terms);
        } else {
            self.several.learn(samples, counters, terms);
        }
    }
}

/// How long runs must last before they may end early, learnt from runs that lasted their planned time.
///
/// Every full run is a lesson: the stop rule is replayed over it, and where it would have been too far off, the time is noted from
/// which on no end of the run would have been. The longest of the latest lessons, and somewhat more, is what adaptive
/// runs last at least. Too few lessons ask for more, and so does a surprise: a lesson that wanted more than all before it is
/// followed by others until one is no surprise.
///
/// Lessons only ever make runs longer, so that a wrong one costs octets and no truth.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lessons {
    /// Microseconds that each of the latest lessons wanted, the oldest first; zero where the rule was right.
    wanted_us: Vec<u64>,
    /// Whether the latest lesson wanted more than those before it.
    surprised: bool,
}

impl Lessons {
    fn learn(&mut self, samples: &[ByteSample], counters: &[TcpCounters], terms: Terms) {
        let Some(wanted) = wanted(samples, counters, terms) else { return };
        self.surprised = !self.wanted_us.is_empty() && wanted > self.hold(terms.planned);
        if self.wanted_us.len() >= MEMORY.value.lessons_kept {
            self.wanted_us.remove(0);
        }
        self.wanted_us.push(u64::try_from(wanted.as_micros()).unwrap_or(u64::MAX));
    }

    /// The least time that an adaptive run lasts on this line; `planned` at the most.
    #[must_use]
    pub fn hold(&self, planned: Duration) -> Duration {
        let longest = self.wanted_us.iter().copied().max().unwrap_or(0);
        Duration::from_micros(longest).min(planned).mul_f64(MEMORY.value.margin).min(planned)
    }

    /// Whether the next run should last its planned time, to be learnt from.
    #[must_use]
    pub fn ask_for_more(&self) -> bool {
        self.surprised || self.wanted_us.len() < MEMORY.value.lessons_first
    }
}

/// From when on a full run could have ended anywhere without being far off; zero where the stop rule was right by itself.
fn wanted(samples: &[ByteSample], counters: &[TcpCounters], terms: Terms) -> Option<Duration> {
    let rule = &MEMORY.value;
    let replayed = replay(samples, counters, Terms { hold: Duration::ZERO, ..terms })?;
    if replayed.error_ratio() <= rule.error_max {
        return Some(Duration::ZERO);
    }
    let full = replayed.full.as_bits_per_second();
    let is_off = |until: &usize| {
        let early = Estimate::of(&samples[..*until]).steady.map_or(0.0, |rate| rate.as_bits_per_second());
        (early / full - 1.0).abs() > rule.settled_max
    };
    // The whole is never off, so that there is a reading after the last that is.
    let last_off = (1..=samples.len()).rev().find(is_off).unwrap_or(0);
    samples.get(last_off).map(|sample| Duration::from_micros(sample.elapsed_us))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLANNED: Duration = Duration::from_secs(10);

    /// A run of a line at 2.5 MB in a tenth of a second, and at half of that from a moment on.
    fn throttled_after(tenths: u64) -> Vec<ByteSample> {
        let mut bytes = 0;
        (1..=100)
            .map(|tenth| {
                bytes += if tenth <= tenths { 2_500_000 } else { 1_250_000 };
                ByteSample { elapsed_us: tenth * 100_000, bytes }
            })
            .collect()
    }

    const TERMS: Terms = Terms::planned(PLANNED);

    fn taught(runs: impl IntoIterator<Item = u64>) -> Lessons {
        let mut lessons = Lessons::default();
        for tenths in runs {
            lessons.learn(&throttled_after(tenths), &[], TERMS);
        }
        lessons
    }

    #[test]
    fn a_steady_line_asks_for_nothing_but_its_first_lessons() {
        assert!(Lessons::default().ask_for_more() && taught([100]).ask_for_more());
        let lessons = taught([100, 100]);
        assert!(!lessons.ask_for_more());
        assert_eq!(lessons.hold(PLANNED), Duration::ZERO);
    }

    #[test]
    fn a_line_that_is_throttled_later_is_watched_until_the_throttle_shows() {
        let lessons = taught([30, 30]);
        assert!(!lessons.ask_for_more());
        let hold = lessons.hold(PLANNED);
        assert!(hold > Duration::from_secs(6), "{hold:?}");
        let replayed = replay(&throttled_after(30), &[], Terms { hold, ..TERMS }).expect("a line");
        assert!(replayed.error_ratio() <= 0.025, "{replayed:?}");
    }

    #[test]
    fn a_throttle_that_is_new_asks_for_lessons_until_it_is_known() {
        let mut lessons = taught([100, 100, 100, 30]);
        assert!(lessons.ask_for_more());
        lessons.learn(&throttled_after(30), &[], TERMS);
        assert!(!lessons.ask_for_more());
    }

    #[test]
    fn a_throttle_that_is_gone_is_forgotten_with_the_lessons_that_told_of_it() {
        let clean = [100; MEMORY.value.lessons_kept];
        let nearly = taught([30, 30].into_iter().chain(clean.into_iter().skip(1)));
        assert!(nearly.hold(PLANNED) > Duration::ZERO);
        assert_eq!(taught([30, 30].into_iter().chain(clean)).hold(PLANNED), Duration::ZERO);
    }

    #[test]
    fn one_connection_and_several_are_remembered_apart() {
        let mut memory = LineMemory::default();
        memory.learn(&throttled_after(30), &[], TERMS, true);
        assert!(memory.one_leaves_room && memory.lessons(1).hold(PLANNED) > Duration::ZERO);
        assert_eq!(*memory.lessons(4), Lessons::default());
        memory.learn(&throttled_after(30), &[], Terms { connections: 4, ..TERMS }, false);
        assert!(memory.one_leaves_room && memory.lessons(4).hold(PLANNED) > Duration::ZERO);
        memory.learn(&throttled_after(100), &[], TERMS, false);
        assert!(!memory.one_leaves_room);
    }

    #[test]
    fn a_silent_run_teaches_nothing() {
        assert_eq!(taught([]), Lessons::default());
        let mut lessons = Lessons::default();
        lessons.learn(&[ByteSample { elapsed_us: 10_000_000, bytes: 0 }], &[], TERMS);
        assert_eq!(lessons, Lessons::default());
    }

    #[test]
    fn a_memory_is_the_same_after_it_was_stored() {
        let memory = LineMemory { one: taught([30, 100]), one_leaves_room: true, ..LineMemory::default() };
        let stored = serde_json::to_string(&memory).unwrap();
        assert_eq!(serde_json::from_str::<LineMemory>(&stored).unwrap(), memory);
        assert_eq!(serde_json::from_str::<LineMemory>("{}").unwrap(), LineMemory::default());
    }
}
