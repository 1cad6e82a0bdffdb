//! Emulated lines for tests, demonstrations and people. Never a dependency of a program that is shipped.
//!
//! - [`link`]: one direction of a line in virtual time, seeded: rate, queue, delay, jitter, loss, outages, traces; its
//!   counters are the oracle.
//! - [`flow`]: a TCP-like bulk transfer over two links in virtual time, thousands of runs a minute.
//! - [`shim`]: the same links in real time between two network namespaces, for real programs.
//! - [`Lab`]: namespaces, each a house behind a line: [`Lab::line`] shapes with the kernel's token bucket,
//!   [`Lab::emulated_line`] with the shim.
//! - [`stalls`]: whether the machine kept up, without which nobody can say that a line was not filled.
//!
//! The program `netlab` runs a command behind such a line.

mod command;
pub mod flow;
mod lab;
pub mod link;
mod shape;
pub mod shim;
pub mod stalls;

pub use command::LabError;
pub use lab::{EmulatedLine, Lab, Line};
pub use shape::Shape;
