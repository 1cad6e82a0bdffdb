//! One minute of idle latency, loss and reachability.

use serde::{Deserialize, Serialize};

use crate::{IpFamily, TargetId};

/// State of the probe's own network interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LinkState {
    /// Carrier present.
    Up,
    /// No carrier: cable out, radio off.
    Down,
    /// The system does not tell.
    Unknown,
}

/// How a round trip was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum EchoMethod {
    /// ICMP or ICMPv6 echo (RFC 792, RFC 4443).
    Icmp,
    /// Time from SYN to SYN-ACK of a TCP connection, closed at once.
    TcpConnect,
}

/// Echoes sent to one target in the minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TargetEchoes {
    /// The target, as configured.
    pub target: TargetId,
    /// Version of IP, absent when the name could not be resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<IpFamily>,
    /// How round trips were measured.
    pub method: EchoMethod,
    /// One entry for each echo sent, in order of sending: round-trip time in microseconds, `null` when no answer came
    /// in time. Empty when none could be sent (no address, no route, budget spent): that is not a loss.
    pub rtt_us: Vec<Option<u32>>,
    /// Of the answers, those whose round trip is between the moments that the kernel noted; the others are between moments that
    /// the probe noted, and longer when it was busy. Absent in records of programs that did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timed_by_kernel: Option<u32>,
    /// Why none could be sent; absent when some were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_sent: Option<String>,
}

/// What was seen during one minute without load of our own.
///
/// The state of the minute (up, degraded, down, unknown) is derived from it by a published method, not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Minute {
    /// Length of the window in microseconds; shorter than a minute when the probe started or stopped within it.
    pub window_us: u64,
    /// The probe's interface.
    pub link: LinkState,
    /// Whether the default gateway answered; absent when there is none or it never answers echoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_reachable: Option<bool>,
    /// Echoes by target. Two of different operators are wanted before a minute can be called down.
    pub targets: Vec<TargetEchoes>,
}
