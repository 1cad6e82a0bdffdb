//! Locate, version 2: who measures where. A client asks for servers near it and is told up to four, nearest first.
//!
//! The published form is that of m-lab/locate (`GET /v2/nearest/{service}`, as of February 2026). [`Nearest`] is the answer, read
//! within limits; [`Patience`] is how often a client may ask, as data that outlives a restart. `docs/spec/locate.md`.

mod answer;
mod patience;
pub mod spec;

pub use answer::{City, Nearest, NearestError, Place, Target, Unreadable, ndt7_template};
pub use patience::{Patience, Verdict};
