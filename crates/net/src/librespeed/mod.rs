//! LibreSpeed: throughput and latency over plain HTTP/1.1.
//!
//! [`run`] runs one direction over any number of connections, [`latency()`] asks for nothing; [`Desk`] is what a server of ours
//! needs to serve such clients beside those of ndt7.

mod address;
mod client;
mod config;
mod desk;
mod drive;
mod latency;
mod link;
pub(crate) mod server;

pub use address::{LibreSpeedUrl, MalformedLibreSpeedUrl};
pub use client::{run, run_steered};
pub use config::RunConfig;
pub use desk::Desk;
pub use latency::{Latency, latency};
pub use server::Tally;

/// Reads answers, for the fuzz targets.
#[cfg(fuzzing)]
pub(crate) fn fuzz_answers(octets: &[u8], part: usize) {
    link::fuzz_answers(octets, part);
}
