//! LibreSpeed: throughput over plain HTTP/1.1, as the web client of librespeed/speedtest and its servers do it.
//!
//! There is no published specification; what is followed is the behaviour of the project's web client and of its PHP and Rust
//! servers as of August 2026. [`Asked`] is what a request to a server means and [`Answer`] what is said to it, [`BodyReader`]
//! counts the octets of a body, and [`Client`] is the probe's end over any number of connections. `docs/spec/librespeed.md`
//! says what our figures mean and where we differ: nothing is multiplied by 1.06, nothing is left out of the readings, and an
//! upload is counted by what the receiving kernel acknowledged.

mod answer;
mod asked;
mod body;
mod client;
pub mod spec;

pub use answer::Answer;
pub use asked::{Asked, Base, MalformedBase, Method, Parameters, What};
pub use body::{BodyError, BodyReader, Framing, FramingError};
pub use client::{Action, Client, ClientPlan, Ending, Incoming, Reading};
