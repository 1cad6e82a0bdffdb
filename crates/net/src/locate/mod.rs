//! Locate, version 2: asks a service for the nearest servers, and measures with the first that will.
//!
//! Nothing here waits: when the service may not be asked yet, the caller is told for how long, and what has to be remembered
//! until then ([`Patience`]) goes in and out as data.

mod client;
mod run;

pub use client::{LocateConfig, LocateError, Located, nearest};
pub use desserte_proto::locate::{Nearest, Patience};
pub use run::{Spot, run_nearest, spots};
