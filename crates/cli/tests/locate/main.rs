//! `desserte locate` and `desserte territory`, as their users run them.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod columnar;
mod place;
mod territory;
mod text;
