//! How the probe itself is doing.

use serde::{Deserialize, Serialize};

/// A sign of life of the probe, with its own counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// Microseconds since the agent started.
    pub uptime_us: u64,
    /// Records waiting on the probe.
    pub spool_records: u64,
    /// Octets waiting on the probe.
    pub spool_bytes: u64,
    /// Records dropped unsent since installation because the spool was full or older than its limit.
    pub spool_dropped_records: u64,
    /// Octets charged to the data budget in the current month.
    pub budget_used_bytes: u64,
    /// The month's limit; absent when the owner set none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_limit_bytes: Option<u64>,
    /// The month the budget counts, as `2026-11`; absent while the calendar is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_month: Option<String>,
}
