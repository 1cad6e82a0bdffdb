//! Whether a public service could be reached, step by step.

use serde::{Deserialize, Serialize};

use crate::IpFamily;

/// Why a step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ReachFailure {
    /// Nothing came in time.
    Timeout,
    /// The name does not exist, says the resolver (NXDOMAIN, RFC 1035).
    NameUnknown,
    /// The resolver answered that it failed, or without an address.
    NameFailed,
    /// The other end refused the connection, or ended it.
    Refused,
    /// No way led there.
    Unreachable,
    /// The certificate is not one for this name, or nobody trusted vouches for it.
    Certificate,
    /// TLS could not be agreed on for another reason.
    Tls,
    /// Something answered in the service's place: a portal that wants a login, or a page without what it must hold.
    Portal,
    /// The service answered with an error.
    Status,
    /// What came is not what the protocol has there.
    Nonsense,
}

impl ReachFailure {
    /// Every failure, in the order of declaration.
    pub const ALL: [Self; 10] = [
        Self::Timeout,
        Self::NameUnknown,
        Self::NameFailed,
        Self::Refused,
        Self::Unreachable,
        Self::Certificate,
        Self::Tls,
        Self::Portal,
        Self::Status,
        Self::Nonsense,
    ];

    /// The code used on the wire, in metrics and in tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::NameUnknown => "name_unknown",
            Self::NameFailed => "name_failed",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Certificate => "certificate",
            Self::Tls => "tls",
            Self::Portal => "portal",
            Self::Status => "status",
            Self::Nonsense => "nonsense",
        }
    }
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReachStep {
    /// How long it took to succeed or to fail, in microseconds.
    pub duration_us: u64,
    /// Why it failed; absent when it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ReachFailure>,
}

/// What was seen of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PageSeen {
    /// Status of the answer (RFC 9110, section 15); absent when none came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// From sending the request to the first octet of the answer, in microseconds; absent when none came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_us: Option<u64>,
    /// From sending the request to the last octet that was read, in microseconds.
    pub total_us: u64,
    /// Octets of the body that were read; reading stops at a limit.
    pub body_bytes: u64,
    /// Why it failed; absent when it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ReachFailure>,
}

/// One attempt to reach a public service.
///
/// # Missing data
/// A step that was not tried is absent: not configured, not needed, or one before it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reachability {
    /// The address asked for, as configured.
    pub url: String,
    /// The name, asked of the system's resolver over UDP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns: Option<ReachStep>,
    /// The name, asked of a resolver over HTTPS (RFC 8484), connection included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_https: Option<ReachStep>,
    /// Opening the TCP connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<ReachStep>,
    /// Agreeing on TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<ReachStep>,
    /// The first part of the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PageSeen>,
    /// Version of IP of the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<IpFamily>,
    /// Octets charged to the budget.
    pub bytes_charged: u64,
    /// Why nothing was tried (budget spent); absent when something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_tried: Option<String>,
}

impl Reachability {
    /// Why the service could not be used: the failure of the step at which the attempt ended.
    ///
    /// A resolver over UDP that failed while another way to the address led to the page is no failure of the service.
    ///
    /// # Missing data
    /// `None` when the page came, and when nothing was tried.
    #[must_use]
    pub fn failure(&self) -> Option<ReachFailure> {
        if let Some(page) = &self.page {
            return page.failure;
        }
        let steps = [self.tls, self.connect, self.dns, self.dns_https];
        steps.into_iter().flatten().find_map(|step| step.failure)
    }
}
