//! Waiting until others leave the line free.

use std::time::{Duration, Instant};

use desserte_model::{Direction, OthersTraffic};

use super::interface::InterfaceCounters;

/// How a run behaves towards others on the line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Politeness {
    /// Time watched before a run.
    pub(crate) watch: Duration,
    /// Share of the line's known rate above which others are said to use it.
    pub(crate) share: f64,
    /// The rate that says so where the line's is not known, in bit/s.
    pub(crate) bits_per_second: u64,
    /// The longest wait for others to end; then the run is made and marked, or left out.
    pub(crate) wait_max: Duration,
    /// Whether a run for which the line did not become free is left out.
    pub(crate) skips: bool,
    /// Whether a run under way ends when others begin.
    pub(crate) yields: bool,
}

/// What was found before a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) traffic: OthersTraffic,
    /// Whether others used the line when the watch, and all waiting, was over.
    pub(crate) is_busy: bool,
    pub(crate) waited: Duration,
}

impl Politeness {
    /// The rate of others from which they are said to use the line, in bit/s.
    #[expect(clippy::cast_precision_loss, reason = "no line comes near 2^53 bit/s")]
    fn limit(&self, line: Option<u64>) -> f64 {
        line.map_or(self.bits_per_second as f64, |line| self.share * line as f64)
    }

    /// Watches the line, and waits while others use it; `line` is its rate in bit/s as far as it is known.
    ///
    /// # Missing data
    /// `None` when the interface shows no counters.
    pub(crate) async fn wait(
        &self,
        counters: &InterfaceCounters,
        direction: Direction,
        line: Option<u64>,
    ) -> Option<Before> {
        let begun = Instant::now();
        loop {
            let traffic = watch(counters, direction, self.watch).await?;
            let is_busy = rate(traffic.before_bytes, traffic.before_us) > self.limit(line);
            let waited = begun.elapsed();
            if !is_busy || waited >= self.wait_max {
                return Some(Before { traffic, is_busy, waited });
            }
        }
    }
}

/// What the interface carries in a while, in the direction of the run.
async fn watch(counters: &InterfaceCounters, direction: Direction, time: Duration) -> Option<OthersTraffic> {
    let (begun, first) = (Instant::now(), counters.read()?);
    tokio::time::sleep(time).await;
    let (passed, last) = (begun.elapsed(), counters.read()?);
    Some(OthersTraffic {
        before_us: u64::try_from(passed.as_micros()).unwrap_or(u64::MAX),
        before_bytes: last.towards(direction).saturating_sub(first.towards(direction)),
        during_bytes: 0,
    })
}

#[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
fn rate(bytes: u64, micros: u64) -> f64 {
    bytes as f64 * 8e6 / micros.max(1) as f64
}
