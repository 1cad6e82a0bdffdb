//! iperf3, as releases 3.1 to 3.21 of esnet/iperf speak it: a client that fills records, and a server that queues its
//! clients instead of refusing them.

mod address;
mod client;
mod config;
mod drive;
mod flows;
mod load;
mod meter;
mod open;
mod pump;
mod queue;
pub mod server;
mod session;

pub use address::{Iperf3Server, MalformedIperf3Server};
pub use client::{UdpFlow, UdpRun, run, run_both, run_udp};
pub use config::{RunConfig, UdpConfig};
