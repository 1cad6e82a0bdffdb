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
    /// Microseconds of processor time that the agent has used since it started, all its threads together; absent when the system does not
    /// tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_us: Option<u64>,
    /// What the probe runs on, as its owner declares it; absent when nothing is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
}

/// What a probe runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Device {
    /// The kind of device.
    pub class: DeviceClass,
    /// Whether it is there for the probe alone; false for a machine that would be on without it.
    pub dedicated: bool,
}

/// A kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DeviceClass {
    /// A single-board computer, such as a Raspberry Pi.
    SingleBoard,
    /// A small computer without a tower.
    MiniPc,
    /// A desktop computer.
    Desktop,
    /// A laptop computer.
    Laptop,
    /// A router.
    Router,
}

impl DeviceClass {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::SingleBoard, Self::MiniPc, Self::Desktop, Self::Laptop, Self::Router];

    /// The code used on the wire, in tables and in configuration files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SingleBoard => "single_board",
            Self::MiniPc => "mini_pc",
            Self::Desktop => "desktop",
            Self::Laptop => "laptop",
            Self::Router => "router",
        }
    }
}
