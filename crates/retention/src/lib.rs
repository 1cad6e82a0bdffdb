//! What is kept, of whom, what for and for how long (docs/spec/retention.md).
//!
//! One table, `parameters/retention-1.toml`, names every column that the collector keeps. The collector and the history erase by its
//! terms ([`Limits`]), `desserte register` prints it, and tests compare it with the columns that there are.

mod limits;
mod table;

pub use limits::{Limits, months_before};
pub use table::{Field, Keep, Place, Retention, Terms, Words};
