//! iperf3 over TCP and UDP, as releases 3.1 to 3.21 of esnet/iperf speak it; it has no published specification, so the
//! reference is that program's source and behaviour.
//!
//! One control connection carries single octets ([`ControlState`]) and JSON blocks; data connections carry nothing but
//! load. [`Client`] and [`Server`] are the two ends of the control connection: octets go in through `receive`, time
//! through `wake`, and `next_action` is asked again and again until it answers [`Action::WakeAt`] or
//! [`Action::Finish`]. Load never passes here: its counts are handed in as [`Results`]. For UDP there are
//! [`Datagram`] and [`FlowCounter`]. `docs/spec/iperf3.md` lists what we add and what we leave out.

mod action;
mod client;
mod control;
mod datagram;
mod flow;
mod pace;
mod parameters;
mod results;
mod server;
pub mod spec;

pub use action::{Action, Ending};
pub use client::Client;
pub use control::{ControlReader, ControlState, Heard, Violation};
pub use datagram::{Datagram, is_connect_reply, is_connect_request};
pub use flow::FlowCounter;
pub use pace::Pace;
pub use parameters::{Limits, Mode, Parameters, Refusal, Transport, UnreadableParameters};
pub use results::{PeerReport, Results, StreamResult, UnreadableResults, stream_id};
pub use server::Server;
