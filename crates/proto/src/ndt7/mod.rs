//! ndt7: one TCP connection, one direction, about ten seconds; version 0.11.0 of the specification published with
//! m-lab/ndt-server (`spec/ndt7-protocol.md`).
//!
//! [`Client`] is the probe's end, [`Server`] the other. Both have the shape of every machine here: what arrives goes in
//! through `receive`, time through `wake`, kernel counters through `counters`, and `next_action` is asked again and
//! again until it answers [`Action::WakeAt`] or [`Action::Finish`]. `docs/spec/ndt7.md` lists what we add and what we
//! leave out: we send no pings, and no text from the client.

mod action;
mod client;
mod message;
mod pace;
mod query;
mod receiver;
mod server;
pub mod spec;

pub use action::{Action, Ending, Incoming, Reading, Violation};
pub use client::{Client, ClientPlan};
pub use message::{AppInfo, ConnectionInfo, Measurement, PeerReport, UnreadableMeasurement};
pub use pace::{MessageSizes, SamplingTimes};
pub use query::{QueryError, RequestParameters};
pub use receiver::ReceiverCounter;
pub use server::{Server, ServerFacts, ServerPlan};
