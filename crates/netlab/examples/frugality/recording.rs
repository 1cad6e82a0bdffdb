//! A full run of a line, on which every rule is tried.

use std::time::Duration;

use desserte_measure::Estimate;
use desserte_model::{ByteSample, TcpCounters};
use desserte_netlab::flow::{self, BulkConfig};

use crate::shapes::Case;

/// Length of a full run.
pub(crate) const PLANNED: Duration = Duration::from_secs(10);

/// A full run.
pub(crate) struct Recording {
    pub(crate) class: &'static str,
    pub(crate) name: String,
    /// The receiver's readings, as a record keeps them.
    pub(crate) samples: Vec<ByteSample>,
    /// The sender's counters every 10 ms: the first connection's, with the octets of all.
    pub(crate) counters: Vec<TcpCounters>,
    /// Time for the receiver's word to reach the sender.
    pub(crate) back: Duration,
    /// By how much the receiver's clock is ahead of the sender's; negative in a download.
    pub(crate) ahead_s: f64,
    /// Steady goodput of the full run, in bit/s.
    pub(crate) full: f64,
    /// What the line itself delivered from 2 s on, headers taken off, in bit/s; `None` where others used it.
    pub(crate) oracle: Option<f64>,
}

impl Recording {
    /// `None` if the full run has no steady goodput: nothing can be held against it.
    pub(crate) fn of(case: &Case) -> Option<Self> {
        Self::with(case, &case.config, case.seed)
    }

    /// The same of a case in another variant.
    pub(crate) fn with(case: &Case, config: &BulkConfig, seed: u64) -> Option<Self> {
        Self::of_config(case.class, &case.name, config, seed)
    }

    pub(crate) fn of_config(class: &'static str, name: &str, config: &BulkConfig, seed: u64) -> Option<Self> {
        let run = flow::run(config, seed);
        let full = Estimate::of(&run.samples).steady?.as_bits_per_second();
        let from = Duration::from_secs(2);
        let octets = run.delivered_between(from, PLANNED) as f64 * config.payload_share();
        let oracle = config.cross_traffic.is_empty().then(|| octets * 8.0 / (PLANNED - from).as_secs_f64());
        let counters = first_of_all(&run.sender)?;
        (full > 0.0).then(|| Self {
            class,
            name: name.to_owned(),
            counters,
            back: config.reverse.delay,
            ahead_s: run.origin_lead.as_secs_f64() - run.origin.as_secs_f64(),
            samples: run.samples,
            full,
            oracle,
        })
    }

    /// Octets of payload, retransmissions among them, that leave the sender if the receiver stops at `at`.
    pub(crate) fn cost(&self, at: f64) -> f64 {
        let heard = at - self.ahead_s + self.back.as_secs_f64();
        let sent = self.counters.iter().take_while(|read| read.elapsed_us as f64 / 1e6 <= heard).last();
        let all = self.counters.last();
        let of = |read: Option<&TcpCounters>| read.and_then(|read| read.bytes_sent).unwrap_or(0) as f64;
        of(sent) / of(all).max(1.0)
    }

    /// Distance of a goodput from the full run's, as a share of it.
    pub(crate) fn error_of(&self, estimate: f64) -> f64 {
        (estimate / self.full - 1.0).abs()
    }

    /// When the full run ended.
    pub(crate) fn end(&self) -> f64 {
        self.samples.last().map_or(0.0, |sample| sample.elapsed_us as f64 / 1e6)
    }

    /// The sender's counters on the clock of the readings, as a record has them.
    pub(crate) fn on_receivers_clock(&self) -> Vec<TcpCounters> {
        let shifted = |read: &TcpCounters| {
            let at = read.elapsed_us as f64 + self.ahead_s * 1e6;
            TcpCounters { elapsed_us: at.max(0.0) as u64, ..read.clone() }
        };
        self.counters.iter().map(shifted).collect()
    }

    /// Octets of the full run.
    pub(crate) fn full_octets(&self) -> f64 {
        self.counters.last().and_then(|read| read.bytes_sent).unwrap_or(0) as f64
    }

    /// Octets received until `at`, by the readings.
    pub(crate) fn received(&self, at: f64) -> f64 {
        let points = self.samples.iter().map(|sample| (sample.elapsed_us as f64 / 1e6, sample.bytes as f64));
        interpolate(points, at)
    }

    /// Octets acknowledged until `at` on the sender's clock.
    pub(crate) fn acknowledged(&self, at: f64) -> f64 {
        let points = self
            .counters
            .iter()
            .map(|read| (read.elapsed_us as f64 / 1e6, read.bytes_acked.unwrap_or(0) as f64));
        interpolate(points, at)
    }

    /// The sender's counters at a moment of its clock.
    pub(crate) fn counters_at(&self, at: f64) -> Option<&TcpCounters> {
        self.counters.iter().take_while(|read| read.elapsed_us as f64 / 1e6 <= at).last()
    }
}

/// The first connection's counters with the octets of all: what the rules see of several connections, and what they cost.
fn first_of_all(each: &[Vec<TcpCounters>]) -> Option<Vec<TcpCounters>> {
    let (first, others) = each.split_first()?;
    let mut seen = first.clone();
    for (sum, more) in others.iter().flat_map(|other| std::iter::zip(0.., other)) {
        let Some(sum) = seen.get_mut(sum) else { continue };
        sum.bytes_sent = Some(sum.bytes_sent? + more.bytes_sent?);
        sum.bytes_acked = Some(sum.bytes_acked? + more.bytes_acked?);
    }
    Some(seen)
}

fn interpolate(points: impl Iterator<Item = (f64, f64)>, at: f64) -> f64 {
    let mut before = (0.0, 0.0);
    for point in points {
        if point.0 >= at {
            let width = point.0 - before.0;
            return if width > 0.0 {
                before.1 + (point.1 - before.1) * (at - before.0) / width
            } else {
                point.1
            };
        }
        before = point;
    }
    before.1
}
