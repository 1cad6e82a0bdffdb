//! Whether what its time is over is erased.

use desserte_store::RetentionPass;
use prometheus::{IntCounter, IntGauge, Opts, Registry};

/// What the task that erases counts.
pub(crate) struct RetentionMetrics {
    /// When it last made a pass; registered with the first one.
    last_pass: IntGauge,
    records: IntCounter,
    failures: IntCounter,
    registry: Registry,
}

impl RetentionMetrics {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let last_pass = IntGauge::with_opts(Opts::new(
            "desserte_retention_last_pass_timestamp_seconds",
            "When what its time is over was last erased without a failure; absent before, and where nothing is to be erased.",
        ))?;
        let records = IntCounter::new(
            "desserte_retention_records_emptied_total",
            "Records emptied because their time was over.",
        )?;
        let failures =
            IntCounter::new("desserte_retention_failures_total", "Passes in which it could not be erased.")?;
        registry.register(Box::new(records.clone()))?;
        registry.register(Box::new(failures.clone()))?;
        Ok(Self { last_pass, records, failures, registry: registry.clone() })
    }

    /// Notes a pass that went well.
    pub(crate) fn passed(&self, at_secs: i64, pass: &RetentionPass) {
        self.last_pass.set(at_secs);
        self.records.inc_by(pass.records);
        // The first one makes the family known: before it there is no moment to tell. Later ones find it there.
        let _ = self.registry.register(Box::new(self.last_pass.clone()));
    }

    /// Notes one that did not.
    pub(crate) fn failed(&self) {
        self.failures.inc();
    }
}
