//! What measuring itself costs (docs/spec/footprint.md).
//!
//! Three lines that are never summed: electricity of devices, their manufacture by the year of life, and traffic, by the allocation that
//! operators publish and at the margin. Each is a range, and each tells of how many probes it is not known.

mod account;
mod parameters;

pub use account::{Account, Network, Total, Usage};
pub use parameters::{Costs, Footprint, Range};
