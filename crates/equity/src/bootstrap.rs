//! How sure a figure is, from drawing what was observed again: whole clusters, and days within them.
//!
//! Tests of one probe are not independent, so a draw takes probes with replacement, for each probe taken as many of its days
//! as it has, with replacement, and all that was observed on a day. A draw is counts: how often it holds each unit.
//!
//! Draws are numbered, and each has its own stream of chance: they can be made in any order, on any number of threads, and are
//! the same. With up to five hundred clusters the ends of an interval are studentised; with more they are BCa's. What that was found from:
//! docs/measurements/intervals.md.
//!
//! # Source
//! Efron, Journal of the American Statistical Association 82, 1987; Davison and Hinkley, Bootstrap Methods, 1997, §3.8
//! (two stages), §5.2 (studentised ends).

mod intervals;
mod resampling;
mod rule;

pub use intervals::{Bootstrap, Method, draws};
pub use resampling::Resampling;
pub(crate) use resampling::{below, shuffled, stream};
pub use rule::{Of, Rule};

/// The generator, in words that suffice to make the same draws with another program.
pub const GENERATOR: &str = "ChaCha8 (64-bit stream number); key: the seed as 8 octets, little-endian, then 24 zeros; \
                             stream: the number of the draw; place: high half of word times count, Lemire's rejection";
