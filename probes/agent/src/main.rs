//! Placeholder.
mod files;
mod spool;
fn main() {}
