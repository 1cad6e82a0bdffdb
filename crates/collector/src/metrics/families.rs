//! Gauges built for one answer, on a registry of their own.

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{GaugeVec, Opts};

/// A family of gauges whose series are those that were set, and no others: what is not known has no series.
pub(super) struct Family(GaugeVec);

impl Family {
    pub(super) fn new(name: &str, help: &str, labels: &[&str]) -> prometheus::Result<Self> {
        Ok(Self(GaugeVec::new(Opts::new(name, help), labels)?))
    }

    pub(super) fn set(&self, labels: &[&str], value: f64) {
        self.0.with_label_values(labels).set(value);
    }

    /// The family, if it has a series.
    pub(super) fn collect(&self) -> Vec<MetricFamily> {
        self.0.collect().into_iter().filter(|family| !family.get_metric().is_empty()).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

/// Seconds since the Unix epoch of microseconds.
#[expect(clippy::cast_precision_loss, reason = "exact to the microsecond until the year 2255")]
pub(super) fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}
