//! STAMP (RFC 8762, unauthenticated): a sender that tells loss and delay variation of each direction, and a stateful
//! reflector.

mod address;
mod client;
pub mod reflector;
mod socket;

pub use address::{MalformedReflector, ReflectorAddress};
pub use client::{StampConfig, StampRun, run};
