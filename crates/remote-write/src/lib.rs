//! Sends samples with their own times to a store that speaks Prometheus remote write 1.0.
//!
//! The published specification (Prometheus Remote-Write 1.0, 2023): protobuf of series with labels and samples, compressed as
//! one snappy block, sent by POST. Left out on purpose: exemplars, histograms, metadata, and reading answers beyond their
//! status. What the samples are is told in docs/spec/remote-write.md.

mod send;
mod series;
mod wire;

pub use send::{Destination, SendError, Sender};
pub use series::{Series, SeriesError};
