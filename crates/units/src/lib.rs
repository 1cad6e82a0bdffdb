//! Quantities of the field as types, each with one stored unit and named constructors.
//!
//! Inside Rust a unit is a type; at an edge (JSON, column, metric) it is a suffix of the name. This crate has no
//! dependency but serde, reads no clock and does no input or output.

mod bytes;
mod rate;
mod ratio;
mod time;

pub use bytes::ByteCount;
pub use rate::BitRate;
pub use ratio::{NotARatio, Ratio};
pub use time::{Monotonic, Timestamp};
