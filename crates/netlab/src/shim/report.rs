//! What one direction of a shim did.

use std::time::Duration;

use serde_json::{Value, json};

use crate::link::{Counters, Delivered, Tally};

/// What one direction did since it began.
#[derive(Debug, Clone)]
pub struct Report {
    /// What the link decided.
    pub counters: Counters,
    /// Handed to the far kernel.
    pub written: Tally,
    /// Not taken by the far kernel: its interface is down.
    pub refused: Tally,
    /// Lost to [`Shim::set_cut`](super::Shim::set_cut).
    pub cut: Tally,
    /// Octets handed to the far kernel over time, at the times at which they really were: the oracle of real runs.
    pub delivered: Delivered,
    /// How much later than the link said packets were handed over, on average.
    pub late_mean: Duration,
    /// The same at worst.
    pub late_max: Duration,
}

impl Report {
    /// The report as JSON, its series thinned to one entry for each `step`: `[microseconds, octets until then]`.
    #[must_use]
    pub fn to_json(&self, step: Duration) -> Value {
        let tally = |tally: Tally| json!({ "packets": tally.packets, "octets": tally.octets });
        json!({
            "offered": tally(self.counters.offered),
            "delivered": tally(self.written),
            "dropped_queue": tally(self.counters.dropped_queue),
            "dropped_loss": tally(self.counters.dropped_loss),
            "dropped_outage": tally(self.counters.dropped_outage),
            "dropped_cut": tally(self.cut),
            "refused": tally(self.refused),
            "late_mean_us": micros(self.late_mean),
            "late_max_us": micros(self.late_max),
            "series": self.series(step),
        })
    }

    /// Octets handed over, one entry for each `step` in which there were some: its end in microseconds, octets until then.
    #[must_use]
    pub fn series(&self, step: Duration) -> Vec<(u64, u64)> {
        let step = micros(step).max(1);
        let mut thinned: Vec<(u64, u64)> = Vec::new();
        for (at, octets) in self.delivered.series() {
            let at = micros(at).div_ceil(step) * step;
            match thinned.last_mut() {
                Some(last) if last.0 == at => last.1 = octets,
                _ => thinned.push((at, octets)),
            }
        }
        thinned
    }
}

/// How late packets were.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lateness {
    sum: Duration,
    packets: u32,
    pub(super) max: Duration,
}

impl Lateness {
    pub(super) fn add(&mut self, late: Duration) {
        self.sum += late;
        self.packets += 1;
        self.max = self.max.max(late);
    }

    pub(super) fn mean(&self) -> Duration {
        self.sum.checked_div(self.packets).unwrap_or_default()
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
