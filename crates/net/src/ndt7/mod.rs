//! ndt7, version 0.11.0 of its specification: one TCP connection, one direction, about ten seconds.

mod client;
mod config;
mod keeper;
mod request;
pub mod server;
mod streams;
mod upgrade;

pub use client::{run, run_steered};
pub use config::{Progress, RunConfig};
pub use streams::{STREAMS_MAX, run_parallel};

/// Decides on a request, for the fuzz targets.
#[cfg(fuzzing)]
pub(crate) fn fuzz_request(request: &crate::http::Request) {
    let _ = request::check(request);
}
