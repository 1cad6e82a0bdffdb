//! One throughput run: what was counted, by whom, and how it ended.

use serde::{Deserialize, Serialize};

use crate::{AccessLine, Course, Medium, ServerId, TcpCounters};

/// The way of the payload, seen from the probe, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Direction {
    /// From the server to the probe.
    Download,
    /// From the probe to the server.
    Upload,
}

impl Direction {
    /// The code used on the wire, in metrics and in tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Upload => "upload",
        }
    }
}

/// One end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum End {
    /// The probe.
    Probe,
    /// The measurement server.
    Server,
}

/// Where in the stack octets were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CountingLayer {
    /// Payload of the measurement protocol: no framing, TLS or headers.
    Application,
    /// The receiving kernel's in-order TCP octets, framing and TLS included; used only when a foreign server reports
    /// nothing better.
    Kernel,
}

/// Who counted the octets of the samples. It is always the receiver: the probe in a download, the server in an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CountedBy {
    /// The receiving end.
    pub end: End,
    /// The layer of the count.
    pub layer: CountingLayer,
}

/// One reading of the receiver's counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ByteSample {
    /// Microseconds since the run's origin (the end of the handshake), on the receiver's clock.
    pub elapsed_us: u64,
    /// Octets received since the origin.
    pub bytes: u64,
}

/// Version of the Internet Protocol that a run was pinned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum IpFamily {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl IpFamily {
    /// The code used on the wire, in metrics and in tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }
}

/// The measurement protocol and the version of the specification that was followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Protocol {
    /// `ndt7`.
    pub name: String,
    /// Version of its specification.
    pub version: String,
}

/// Congestion control of each end, as its kernel names it; absent when the end did not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CongestionControl {
    /// At the probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probe: Option<String>,
    /// At the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
}

/// The connection that carried a run. It holds no address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Connection {
    /// Version of IP, absent when no connection came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<IpFamily>,
    /// TLS version (`TLSv1.3`), absent on a clear connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// Octets that the connection put on the interface in both directions, estimated upwards from kernel counters
    /// (payload, retransmissions, and headers of every segment); what the data budget was charged.
    pub bytes_charged: u64,
}

/// The measurement server of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Server {
    /// Who the server says it is; absent on servers of other makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ServerId>,
    /// Host and port as configured.
    pub host: String,
    /// Share of its admitted capacity in use when the run began, 0 to 1, absent when not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_ratio: Option<f64>,
    /// Software and version as it says; absent when not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<String>,
}

/// How a run ended. A failed measurement is data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RunOutcome {
    /// It ran for its planned time, or until a planned stop.
    Complete,
    /// It began and broke off; what was read is kept.
    CutShort {
        /// What happened, for people.
        reason: String,
    },
    /// No connection or no handshake came about.
    Unreachable {
        /// What happened, for people.
        reason: String,
    },
    /// The server was full and named a better time; nothing was measured.
    ServerBusy {
        /// Seconds from the answer to the offered time, absent when the server named none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_s: Option<u64>,
    },
    /// The data budget does not hold the run; nothing was sent.
    RefusedByBudget {
        /// Octets the run needs at the most.
        needed_bytes: u64,
        /// Octets left in the budget.
        left_bytes: u64,
    },
    /// The probe could not do its part.
    ProbeFault {
        /// What happened, for people.
        reason: String,
    },
}

impl RunOutcome {
    /// The code used in metrics and in tables.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::CutShort { .. } => "cut_short",
            Self::Unreachable { .. } => "unreachable",
            Self::ServerBusy { .. } => "server_busy",
            Self::RefusedByBudget { .. } => "refused_by_budget",
            Self::ProbeFault { .. } => "probe_fault",
        }
    }
}

/// One execution of a throughput measurement in one direction, with its raw readings.
///
/// No rate is stored: every figure is computed from `samples` by a method whose version is published, so that anyone
/// can compute it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Throughput {
    /// The way of the payload.
    pub direction: Direction,
    /// The protocol followed.
    pub protocol: Protocol,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Who counted `samples`; absent when nothing was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_by: Option<CountedBy>,
    /// Readings of the receiver's counter, rising in `elapsed_us`; empty when nothing was counted.
    #[serde(default)]
    pub samples: Vec<ByteSample>,
    /// Kernel counters at the probe, rising in `elapsed_us`.
    #[serde(default)]
    pub probe_tcp: Vec<TcpCounters>,
    /// Kernel counters at the server, rising in `elapsed_us` on the server's clock.
    #[serde(default)]
    pub server_tcp: Vec<TcpCounters>,
    /// Congestion control of both ends.
    #[serde(default)]
    pub congestion_control: CongestionControl,
    /// The connection.
    pub connection: Connection,
    /// The server.
    pub server: Server,
    /// How the probe is attached.
    pub medium: Medium,
    /// The subscribed line, absent when nothing was declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_line: Option<AccessLine>,
    /// How it went beside its octets; absent in records of programs that did not watch it.
    #[serde(default, skip_serializing_if = "Course::is_empty")]
    pub course: Course,
}

impl Throughput {
    /// A run towards `host` in which nothing was sent or counted yet; the outcome is still to be filled in.
    #[must_use]
    pub fn unmeasured(direction: Direction, protocol: Protocol, host: String, outcome: RunOutcome) -> Self {
        Self {
            direction,
            protocol,
            outcome,
            counted_by: None,
            samples: Vec::new(),
            probe_tcp: Vec::new(),
            server_tcp: Vec::new(),
            congestion_control: CongestionControl::default(),
            connection: Connection { family: None, tls: None, bytes_charged: 0 },
            server: Server { id: None, host, load_ratio: None, software: None },
            medium: Medium::Unknown,
            access_line: None,
            course: Course::default(),
        }
    }
}
