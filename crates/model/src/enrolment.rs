//! What a probe and a collector tell each other when a probe is enrolled with a code (docs/spec/enrolment.md).

use serde::{Deserialize, Serialize};

/// Names the form of requests and answers; it changes when a reader of this version could misread them.
pub const ENROLMENT_SCHEMA: &str = "desserte-enrolment/1";

/// What a probe asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentStep {
    /// For which site the code is: nothing changes.
    Ask,
    /// To be enrolled with it.
    Take,
}

impl EnrolmentStep {
    /// The word that stands in requests and is signed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Take => "take",
        }
    }
}

/// A probe's request, signed twice: by the key that grows from the code, and by the probe's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentRequest {
    /// [`ENROLMENT_SCHEMA`].
    pub schema: String,
    /// What is asked for.
    pub step: EnrolmentStep,
    /// Public half of the key that grows from the code, Base64. The code itself never travels.
    pub invitation: String,
    /// The probe's public key, Base64.
    pub probe: String,
    /// Signature of the invitation's key over the request's text, Base64: only who has the code can name a key.
    pub invitation_signature: String,
    /// Signature of the probe's key over the same text, Base64: nobody can name a key that is not theirs.
    pub probe_signature: String,
}

/// The collector's answer to a request that it believes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnrolmentAnswer {
    /// [`ENROLMENT_SCHEMA`].
    pub schema: String,
    /// What the probe is called by whoever made the code.
    pub name: String,
    /// The site it is for; absent when that was not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// INSEE code of the site's commune; absent when it was not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commune: Option<String>,
    /// Name of that commune; absent when the collector's territory does not hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commune_name: Option<String>,
    /// Whether the probe is enrolled now.
    pub enrolled: bool,
    /// Where the site is; absent when it was not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<EnrolmentPosition>,
    /// Addresses of measurement servers, in the order in which to try them; empty when the collector names none.
    #[serde(default)]
    pub servers: Vec<String>,
    /// Whom to send echoes to; empty when the collector names none.
    #[serde(default)]
    pub targets: Vec<EnrolmentTarget>,
}

/// Where a site is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EnrolmentPosition {
    /// WGS 84 longitude, decimal degrees.
    pub lon: f64,
    /// WGS 84 latitude, decimal degrees.
    pub lat: f64,
}

/// Whom to send echoes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentTarget {
    /// Its name in records.
    pub id: String,
    /// Its name in the network, or its address.
    pub host: String,
}
