//! When an observation was made, and how far the probe's clock could be trusted then.

use desserte_units::{Monotonic, Timestamp};
use serde::{Deserialize, Serialize};

use crate::BootId;

/// What set the probe's calendar clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ClockSource {
    /// The operating system says it is disciplined by a time server.
    System,
    /// Corrected by the collector's answer to a signed request.
    Collector,
    /// Nothing vouches for the calendar; only the monotonic reading can be used.
    Unsynchronised,
}

/// The moment of an observation.
///
/// The monotonic reading is always true within one boot. Without `utc_us` the calendar time is found from a
/// [`BootAnchor`](crate::BootAnchor) of the same boot sent later, and stays unknown if there never is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClockStamp {
    /// The boot that `monotonic_us` counts from.
    pub boot: BootId,
    /// Microseconds since that boot.
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub monotonic_us: Monotonic,
    /// UTC in microseconds since the Unix epoch, absent while the clock is unsynchronised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
    pub utc_us: Option<Timestamp>,
    /// What vouches for `utc_us`.
    pub source: ClockSource,
    /// What was added to the machine's own clock to obtain `utc_us`, in microseconds; absent when nothing was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_us: Option<i64>,
    /// Half-width in microseconds of the interval that holds the true time, absent when not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty_us: Option<u64>,
}
