//! Whether the machine kept up while something was measured on it.
//!
//! What an emulated line *may not* do (carry more than its rate) holds on any machine. What it *fills* also depends on the
//! programs at its ends being run in time: where others take the processors away, it stays empty and nobody is at fault.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// How long the watch sleeps at a time.
const SLEEP: Duration = Duration::from_millis(2);
/// Lateness that is normal when the ends of a line share a processor with the watch.
const USUAL: Duration = Duration::from_millis(8);
/// A single wait of this length empties or fills the queue of a usual line (100 to 200 ms).
const LONG: Duration = Duration::from_millis(60);
/// Share of a processor's time, lost in unusual waits, from which a tolerance of some percent means nothing.
const SHARE: f64 = 0.01;
/// Failures on a machine that kept up after which nothing else is to blame: not every stall is seen by the watch.
const FAILURES: usize = 2;
/// Runs that [`judge`] makes at the most.
const ATTEMPTS: usize = 4;

/// Watches how late each processor wakes a thread that asked for a moment, until it is asked.
#[derive(Debug)]
pub struct Stalls {
    stop: Arc<AtomicBool>,
    watches: Vec<JoinHandle<Lateness>>,
    begun: Instant,
}

/// What was lost on one processor.
#[derive(Debug, Clone, Copy, Default)]
struct Lateness {
    worst: Duration,
    /// Over all waits that were longer than usual.
    total: Duration,
}

impl Stalls {
    /// Starts to watch: a thread on each processor that this process may use.
    #[must_use]
    pub fn watch() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let allowed = sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new());
        let processors = (0..CpuSet::MAX_CPU).filter(|&processor| allowed.is_set(processor));
        let watches = processors
            .map(|processor| {
                let stop = Arc::clone(&stop);
                std::thread::spawn(move || {
                    let mut own = CpuSet::new();
                    own.set(processor);
                    // Where it cannot be bound it still sees what the machine as a whole loses.
                    let _ = sched_setaffinity(None, &own);
                    lateness(&stop)
                })
            })
            .collect();
        Self { stop, watches, begun: Instant::now() }
    }

    /// Ends the watch; says what was lost if the machine did not keep up.
    #[must_use]
    pub fn end(mut self) -> Option<String> {
        let watched = self.begun.elapsed();
        self.stop.store(true, Ordering::Relaxed);
        let all: Vec<Lateness> = self.watches.drain(..).filter_map(|watch| watch.join().ok()).collect();
        let worst = all.iter().map(|lateness| lateness.worst).max()?;
        let total = all.iter().map(|lateness| lateness.total).max()?;
        let stalled = worst >= LONG || total.as_secs_f64() > SHARE * watched.as_secs_f64();
        stalled.then(|| {
            format!("a processor was late by {worst:?} at once and by {total:?} in all, of {watched:?}")
        })
    }
}

impl Drop for Stalls {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn lateness(stop: &AtomicBool) -> Lateness {
    let mut seen = Lateness::default();
    while !stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        std::thread::sleep(SLEEP);
        let late = asked.elapsed().saturating_sub(SLEEP);
        seen.worst = seen.worst.max(late);
        if late > USUAL {
            seen.total += late;
        }
    }
    seen
}

/// What came of an expectation that only holds on a machine that keeps up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It held.
    Held,
    /// It did not, and the machine kept up.
    Failed(String),
    /// It did not in any attempt, and the machine kept up in none: nothing can be said. What was seen last, and why.
    Unjudged(String),
}

/// Tries until `attempt` holds, or has failed twice while the machine kept up; four times at the most.
pub fn judge(mut attempt: impl FnMut() -> Result<(), String>) -> Judgement {
    let mut last = String::new();
    let mut failures = 0;
    for _ in 0..ATTEMPTS {
        let stalls = Stalls::watch();
        let Err(seen) = attempt() else { return Judgement::Held };
        last = match stalls.end() {
            None if failures + 1 == FAILURES => return Judgement::Failed(format!("{seen}; before: {last}")),
            None => {
                failures += 1;
                seen
            }
            Some(lost) => format!("{seen}; {lost}"),
        };
    }
    Judgement::Unjudged(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_is_not_tried_again_and_every_watch_ends() {
        let mut tries = 0;
        let judgement = judge(|| {
            tries += 1;
            Ok(())
        });
        assert_eq!((judgement, tries), (Judgement::Held, 1));
    }

    #[test]
    fn what_does_not_hold_fails_or_stays_unjudged() {
        let mut tries = 0;
        let judgement = judge(|| {
            tries += 1;
            std::thread::sleep(Duration::from_millis(20));
            Err("too little".to_owned())
        });
        // Which of the two depends on who else uses the machine.
        match judgement {
            Judgement::Failed(seen) => {
                assert!(tries >= FAILURES && seen.starts_with("too little; before: too little"));
            }
            Judgement::Unjudged(seen) => assert!(tries == ATTEMPTS && seen.starts_with("too little")),
            Judgement::Held => panic!("it never held"),
        }
    }
}
