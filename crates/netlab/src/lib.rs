//! Emulated lines for tests and demonstrations.
//!
//! A [`Lab`] holds network namespaces, each a house behind one shaped [`Line`]. Shaping is the kernel's token bucket
//! in both directions, so what a probe reads there was really carried at that rate. Never a dependency of a program
//! that is shipped.

mod command;
pub mod flow;
mod lab;
pub mod link;
mod shape;

pub use command::LabError;
pub use lab::{Lab, Line};
pub use shape::Shape;
