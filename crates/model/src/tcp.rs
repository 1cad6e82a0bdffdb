//! The kernel's own counters of one TCP connection.

use serde::{Deserialize, Serialize};

/// One reading of a TCP connection's kernel counters at one end (Linux `TCP_INFO`).
///
/// Counters include retransmissions and, over TLS, its framing; they are kept beside the payload count and never
/// mixed with it.
///
/// # Missing data
/// A field the kernel does not fill is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TcpCounters {
    /// Microseconds since the run's origin.
    pub elapsed_us: u64,
    /// Smoothed round-trip time, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtt_us: Option<u64>,
    /// Mean deviation of the round-trip time, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtt_var_us: Option<u64>,
    /// Smallest round-trip time seen, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtt_min_us: Option<u64>,
    /// Octets acknowledged by the other end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_acked: Option<u64>,
    /// Octets received in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_received: Option<u64>,
    /// Octets sent, retransmissions included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_sent: Option<u64>,
    /// Octets sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_retransmitted: Option<u64>,
    /// Segments sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments_retransmitted: Option<u64>,
    /// Time with data outstanding, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy_us: Option<u64>,
    /// Part of it limited by the receiver's window, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive_window_limited_us: Option<u64>,
    /// Part of it limited by the send buffer, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_buffer_limited_us: Option<u64>,
    /// Congestion window, segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub congestion_window_segments: Option<u64>,
    /// Largest segment sent, octets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment_bytes: Option<u64>,
    /// The kernel's latest estimate of the delivery rate, octets per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_rate_bytes_per_second: Option<u64>,
}
