//! `desserte locate` and `desserte territory`, as their users run them.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod columnar;
mod layered;
mod overlays;
mod place;
mod territory;
mod text;
