//! STAMP, the Simple Two-Way Active Measurement Protocol: RFC 8762, unauthenticated mode, stateful reflector, with what
//! RFC 8972 asks of an implementation that knows none of its extensions.
//!
//! [`Sender`] and [`Reflector`] are the machines; [`TestPacket`] and [`ReflectedPacket`] what crosses the line;
//! [`Figures`] what can be said afterwards. A stateful reflector numbers its answers by itself, so that loss is told for
//! each direction. Authenticated mode and the extensions are left out.

mod figures;
mod packet;
mod reflector;
mod sender;
mod time;

pub use figures::{DelayVariation, DirectionLoss, Figures};
pub use packet::{
    BASE_LENGTH, ErrorEstimate, ReflectedPacket, TestPacket, UNRECOGNISED_TLV, mark_extensions,
};
pub use reflector::{Reflector, ReflectorLimits, Silence};
pub use sender::{Echo, Probe, Sender, SenderPlan};
pub use time::StampTime;

/// The port of STAMP (RFC 8762, section 4.1).
pub const PORT: u16 = 862;
