//! Working beside something more important: steps that are told, priority and memory that are bounded.

use anyhow::{Context as _, anyhow};
use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};

use crate::out::line;

/// What adds to the priority's number: the lowest there is.
const LOWEST: i32 = 19;

/// Tells steps, or nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Steps {
    told: bool,
}

impl Steps {
    /// Steps of a work in the background are told.
    pub(super) const fn of(background: bool) -> Self {
        Self { told: background }
    }

    /// Tells that a step begins.
    pub(super) fn tell(self, step: &str) {
        if self.told {
            // Who follows may be gone: the work goes on.
            let _ = line(&format!("step {step}"));
        }
    }

    /// Tells how much of the batches was read, a hundred times at the most.
    pub(super) fn tell_reading(self, done: usize, all: usize) {
        if done.is_multiple_of(all.div_ceil(100).max(1)) {
            self.tell(&format!("reading {done} {all}"));
        }
    }
}

/// Takes the lowest priority, which the programs that are started inherit.
pub(super) fn lower_priority() -> anyhow::Result<()> {
    nice(LOWEST).map(|_| ()).context("cannot take a lower priority")
}

/// Bounds the memory of this program and of those that it starts, each.
pub(super) fn bound_memory(mib: u64) -> anyhow::Result<()> {
    let octets = mib.checked_mul(1_024 * 1_024).ok_or_else(|| anyhow!("{mib} MiB is no amount of memory"))?;
    let now = getrlimit(Resource::As);
    let bounded = Rlimit { current: Some(octets), maximum: now.maximum };
    setrlimit(Resource::As, bounded).with_context(|| format!("cannot bound the memory to {mib} MiB"))
}
