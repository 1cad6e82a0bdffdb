//! An interruption of the line, or of the watch over it, with the echoes that show its edges.

use serde::{Deserialize, Serialize};

use crate::{ClockStamp, TargetId};

/// The nearest thing that failed.
///
/// Only `beyond` speaks of the operator's line; the others explain why a silence must not be booked to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum InterruptionCause {
    /// The probe's own link: no carrier, or no way out of the probe.
    Link,
    /// The router on the site did not answer, though it had before.
    Gateway,
    /// Names could not be resolved while targets answered.
    Dns,
    /// Every target was silent, at least two of them, and nothing on the near side explains it.
    Beyond,
    /// One target was silent while another answered: that target's own fault, or our server's.
    Target,
    /// Only one target was left to ask: its own failure cannot be told from the line's.
    SecondTarget,
    /// The probe had no power: it was not stopped in order, and another boot followed.
    Power,
    /// The probe itself did not watch: it was stopped, asleep or held up.
    Probe,
}

impl InterruptionCause {
    /// Every cause, in the order of declaration.
    pub const ALL: [Self; 8] = [
        Self::Link,
        Self::Gateway,
        Self::Dns,
        Self::Beyond,
        Self::Target,
        Self::SecondTarget,
        Self::Power,
        Self::Probe,
    ];

    /// The code used on the wire, in metrics and in tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Gateway => "gateway",
            Self::Dns => "dns",
            Self::Beyond => "beyond",
            Self::Target => "target",
            Self::SecondTarget => "second_target",
            Self::Power => "power",
            Self::Probe => "probe",
        }
    }
}

/// Whom an echo of the watch was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum WitnessKind {
    /// A target of the configuration.
    Target,
    /// The router on the site.
    Gateway,
    /// The resolver of names.
    Dns,
}

/// One echo near an edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EdgeEcho {
    /// When it was sent, in microseconds from the record's moment; negative before it.
    pub sent_us: i64,
    /// Whom it was sent to.
    pub witness: WitnessKind,
    /// Which target, for a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetId>,
    /// Round-trip time; `null` when no answer came within the watch's patience, or no way led out.
    pub rtt_us: Option<u32>,
}

/// How closely the line was watched: what the uncertainty of the edges comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WatchPace {
    /// Time between two echoes while all is well.
    pub period_us: u64,
    /// How long an answer was waited for.
    pub patience_us: u64,
}

/// A stretch of time in which the line, or one witness of it, was silent, or the probe did not watch.
///
/// The record's moment is the last at which all was known to be well. Times count from there by the counter since boot,
/// so that a stepped calendar changes nothing.
///
/// # Missing data
/// An edge that was not seen is absent, never zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Interruption {
    /// The nearest thing that failed.
    pub cause: InterruptionCause,
    /// The target, when the cause is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetId>,
    /// Latest moment at which it can have begun; absent when it was under way before the watch began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_latest_us: Option<u64>,
    /// Earliest moment at which it can have ended: the last sign of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_earliest_us: Option<u64>,
    /// Latest moment at which it can have ended: the first answer. Absent when the watch ended before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_latest_us: Option<u64>,
    /// How closely it was watched; absent when the probe did not watch (`power`, `probe`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<WatchPace>,
    /// Echoes that were lost in it.
    #[serde(default)]
    pub lost: u32,
    /// Echoes around both edges, in order of sending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub echoes: Vec<EdgeEcho>,
    /// When the probe watched again, if that was in a later life of it (`power`, `probe`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed: Option<ClockStamp>,
}

impl Interruption {
    /// The middle of what the start can be, in microseconds from the record's moment.
    #[must_use]
    pub const fn start_us(&self) -> Option<u64> {
        match self.began_latest_us {
            Some(latest) => Some(latest / 2),
            None => None,
        }
    }

    /// The middle of what the end can be, in microseconds from the record's moment.
    #[must_use]
    pub const fn end_us(&self) -> Option<u64> {
        match (self.ended_earliest_us, self.ended_latest_us) {
            (Some(earliest), Some(latest)) => Some(earliest.midpoint(latest)),
            _ => None,
        }
    }

    /// How long it lasted, between the middles of both edges.
    #[must_use]
    pub fn duration_us(&self) -> Option<u64> {
        Some(self.end_us()?.saturating_sub(self.start_us()?))
    }

    /// The most that [`duration_us`](Self::duration_us) can be wrong by.
    #[must_use]
    pub fn uncertainty_us(&self) -> Option<u64> {
        let end = self.ended_latest_us?.saturating_sub(self.ended_earliest_us?);
        Some(self.began_latest_us? / 2 + end / 2)
    }
}
