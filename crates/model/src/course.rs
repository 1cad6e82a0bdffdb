//! How a run went beside its octets: what it was meant to do, why it stopped, and what held it back.

use serde::{Deserialize, Serialize};

use crate::{EchoMethod, Mobile, TargetId};

/// What a run was meant to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RunMode {
    /// Last its planned time.
    Full,
    /// Stop as soon as its interval is tight enough.
    Adaptive,
    /// Drawn for the shadow audit: would have been adaptive, lasts its planned time to tell what stopping early costs.
    Audit,
    /// Stop as soon as it is sure whether the line carries at least so much.
    Threshold {
        /// The rate asked about, in bit/s of goodput.
        bits_per_second: u64,
    },
}

impl RunMode {
    /// The code used on the wire, in metrics and in tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Adaptive => "adaptive",
            Self::Audit => "audit",
            Self::Threshold { .. } => "threshold",
        }
    }
}

/// Why a run that went as planned came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum StopReason {
    /// The planned time was over.
    PlannedEnd,
    /// The interval was tight enough.
    IntervalTight,
    /// The question of a threshold run was answered.
    ThresholdDecided,
    /// More would have passed the run's ceiling of octets.
    ByteCeiling,
    /// Others on the site began to use the line, and the run made way.
    OthersTraffic,
    /// The person who had started it wanted no more.
    Interrupted,
}

impl StopReason {
    /// The code used on the wire, in metrics and in tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PlannedEnd => "planned_end",
            Self::IntervalTight => "interval_tight",
            Self::ThresholdDecided => "threshold_decided",
            Self::ByteCeiling => "byte_ceiling",
            Self::OthersTraffic => "others_traffic",
            Self::Interrupted => "interrupted",
        }
    }
}

/// What, beside the line, held a run back. A run with any of them says what the line carries at least, not what it
/// carries, and is never mixed silently with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LimitedBy {
    /// The probe's processor, or its whole ceiling as found at installation.
    Device,
    /// The measurement server.
    Server,
    /// The radio link within the site.
    WiFi,
    /// Traffic of others on the site.
    CrossTraffic,
    /// The sender's congestion window or send buffer.
    SenderWindow,
    /// The receiver's buffer.
    ReceiverBuffer,
}

impl LimitedBy {
    /// The code used on the wire, in metrics and in tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Server => "server",
            Self::WiFi => "wi_fi",
            Self::CrossTraffic => "cross_traffic",
            Self::SenderWindow => "sender_window",
            Self::ReceiverBuffer => "receiver_buffer",
        }
    }
}

/// What the interface carried beside the run, in the direction of the run, read from the kernel's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OthersTraffic {
    /// Length in microseconds of the time watched before the run.
    pub before_us: u64,
    /// Octets of others in that time.
    pub before_bytes: u64,
    /// Octets of others during the run; the run's own, headers and retransmissions included, are taken off.
    pub during_bytes: u64,
}

/// How hard the probe itself worked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeviceLoad {
    /// Processor time of the probe's program over the run's time: 1 is one core without a pause.
    pub cpu_ratio: f64,
    /// What this device measured against itself when it was installed, in bit/s of goodput; absent when that was never
    /// tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling_bits_per_second: Option<u64>,
}

/// An echo with its moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TimedEcho {
    /// Microseconds from the run's origin to its sending, on the probe's clock.
    pub sent_us: u64,
    /// Round-trip time in microseconds, `null` when no answer came in time.
    pub rtt_us: Option<u32>,
}

/// Echoes sent beside a run, and before it without load, to tell what the load does to the delay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoadedEchoes {
    /// Where they went, as configured; absent when they went to the measurement server itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetId>,
    /// How round trips were measured.
    pub method: EchoMethod,
    /// Round trips in microseconds just before the run, in order of sending; `null` when no answer came in time.
    pub idle_rtt_us: Vec<Option<u32>>,
    /// Echoes during the run, in order of sending.
    pub loaded: Vec<TimedEcho>,
    /// Of the answers, those whose round trip is between the moments that the kernel noted; the others are between moments that
    /// the probe noted, and longer when it was busy. Absent in records of programs that did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timed_by_kernel: Option<u32>,
}

/// How a run went beside its octets. Everything is absent in records of programs that did not watch it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Course {
    /// What it was meant to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<RunMode>,
    /// Microseconds that the probe's memory of its line asked of the run before it might end early; absent when it asked
    /// for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_us: Option<u64>,
    /// Why it ended; absent when it was cut short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// Number of connections that carried the payload at once; the samples count all of them together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams: Option<u16>,
    /// What held it back beside the line, in order, each once; empty when nothing was found to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limited_by: Vec<LimitedBy>,
    /// What others used of the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub others_traffic: Option<OthersTraffic>,
    /// How hard the probe worked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceLoad>,
    /// Echoes before and during the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echoes: Option<LoadedEchoes>,
    /// Radio and place around it; absent when nothing aboard was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<Mobile>,
}

impl Course {
    /// Whether nothing was watched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
