//! Whether the register that collectors share is followed.

use prometheus::{IntCounter, IntGauge, Opts, Registry};

/// What the task that follows the register counts. No family is known before the first look: most collectors share none.
pub(crate) struct RegisterMetrics {
    last_look: IntGauge,
    change: IntGauge,
    failures: IntCounter,
    registry: Registry,
}

impl RegisterMetrics {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        Ok(Self {
            last_look: IntGauge::with_opts(Opts::new(
                "desserte_register_last_look_timestamp_seconds",
                "When the register shared with other collectors was last followed; absent before, and where none is shared.",
            ))?,
            change: IntGauge::with_opts(Opts::new(
                "desserte_register_change",
                "Number of the last change of the register that was followed.",
            ))?,
            failures: IntCounter::new(
                "desserte_register_failures_total",
                "Looks at which the register could not be followed.",
            )?,
            registry: registry.clone(),
        })
    }

    /// Notes a look that went well.
    pub(crate) fn looked(&self, at_secs: i64, change: i64) {
        self.last_look.set(at_secs);
        self.change.set(change);
        // The first one makes them known; later ones find them there.
        let _ = self.registry.register(Box::new(self.last_look.clone()));
        let _ = self.registry.register(Box::new(self.change.clone()));
        let _ = self.registry.register(Box::new(self.failures.clone()));
    }

    /// Notes one that did not.
    pub(crate) fn failed(&self) {
        self.failures.inc();
        let _ = self.registry.register(Box::new(self.failures.clone()));
    }
}
