//! Whether days are sealed as they should be.

use prometheus::{IntCounter, IntGauge, Opts, Registry};

/// What the task that seals counts.
pub(crate) struct SealMetrics {
    /// When it last looked and sealed whatever was to be sealed; registered with its first pass.
    last_pass: IntGauge,
    failures: IntCounter,
    registry: Registry,
}

impl SealMetrics {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let last_pass = IntGauge::with_opts(Opts::new(
            "desserte_custody_last_pass_timestamp_seconds",
            "When the daily seal was last looked after without a failure; absent before, and where nothing is sealed.",
        ))?;
        let failures =
            IntCounter::new("desserte_custody_failures_total", "Passes in which a day could not be sealed.")?;
        registry.register(Box::new(failures.clone()))?;
        Ok(Self { last_pass, failures, registry: registry.clone() })
    }

    /// Notes a pass that went well.
    pub(crate) fn passed(&self, at_secs: i64) {
        self.last_pass.set(at_secs);
        // The first one makes the family known: before it there is no moment to tell. Later ones find it there.
        let _ = self.registry.register(Box::new(self.last_pass.clone()));
    }

    /// Notes one that did not.
    pub(crate) fn failed(&self) {
        self.failures.inc();
    }
}
