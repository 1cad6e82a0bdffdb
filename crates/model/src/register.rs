//! What collectors that write one history tell each other of probes and one-time codes (docs/spec/registry.md).

use desserte_units::Timestamp;

use crate::{CommuneCode, LonLat, ProbeId};

/// A probe as the register has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedProbe {
    /// Its identifier, which follows from its key.
    pub id: ProbeId,
    /// Its public key as text.
    pub public_key: String,
    /// What its owner calls it; never published.
    pub name: String,
    /// The site it stands at; never published.
    pub site: Option<String>,
    /// Where it stands, as declared: `public` or `person`; `None` while nothing was.
    pub host: Option<String>,
    /// When it was registered.
    pub created: Timestamp,
    /// Since when its batches are refused; `None` while it is in service.
    pub retired: Option<Timestamp>,
    /// Number of the collector that takes its batches.
    pub home: u8,
    /// Number of the change of the register that it is as of; `None`: the register does not have it so yet.
    pub change: Option<i64>,
}

/// An invitation as the register has it. Its code is known to nobody.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedInvitation {
    /// Public half of the key that grows from its code.
    pub public_key: String,
    /// What the probe is to be called; never published.
    pub name: String,
    /// The site it is for; never published.
    pub site: Option<String>,
    /// The site's commune.
    pub commune: Option<CommuneCode>,
    /// Where the site is; never published.
    pub position: Option<LonLat>,
    /// The probe whose place the new one takes.
    pub replaces: Option<ProbeId>,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is refused.
    pub expires: Timestamp,
    /// Since when it is withdrawn.
    pub withdrawn: Option<Timestamp>,
    /// When a probe was enrolled with it, and which.
    pub used: Option<(Timestamp, ProbeId)>,
    /// As for a probe.
    pub change: Option<i64>,
}
