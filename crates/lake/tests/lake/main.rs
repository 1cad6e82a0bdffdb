//! What the history promises: every row that was acknowledged, once, wherever the process ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test fails by panicking"
)]

#[path = "../../../store/tests/common/mod.rs"]
mod common;

mod bench;
mod damage;
mod erase;
mod evolution;
mod faults;
mod functions;
mod handover;
mod kill;
mod limits;
mod objects;
mod public;
mod questions;
mod radio;
mod retention;
mod rollup;
mod rounds;
mod several;
mod sketch;
mod spec;
mod travel;
mod upkeep;
