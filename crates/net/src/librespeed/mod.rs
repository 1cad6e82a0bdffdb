//! LibreSpeed: throughput and latency over plain HTTP/1.1.

mod desk;
pub(crate) mod server;

pub use desk::Desk;
pub use server::Tally;
