//! Tokio drivers of the measurement protocols: sockets, TLS, WebSocket octets and kernel TCP counters.
//!
//! [`ndt7::run`] runs one direction of a throughput measurement and returns a filled record: a failed measurement is
//! data, never an `Err`. [`ndt7::server`] is the other end. [`librespeed`] and [`iperf3`] do
//! likewise; [`stamp`] tells loss and delay variation of each direction, [`echo`] a single round trip. The rules of the protocol live in `desserte-proto`; this
//! crate moves octets, reads the clock and asks the kernel.

mod address;
mod ask;
mod channel;
mod charge;
mod clock;
mod congestion;
mod connect;
mod counted;
mod drive;
pub mod echo;
#[cfg(fuzzing)]
pub mod fuzzing;
mod http;
pub mod iperf3;
pub mod librespeed;
pub mod locate;
pub mod ndt7;
mod outbox;
mod path;
pub mod stamp;
mod stamps;
mod steer;
mod tcp;
mod tls;
mod wire;

pub use address::{FamilyChoice, MalformedServerUrl, ServerUrl};
pub use clock::{KernelClock, kernel_clock};
pub use congestion::{CongestionAlgorithm, UnknownCongestionAlgorithm};
pub use path::PathChoice;
pub use stamps::StampsKept;
pub use steer::{OwnOctets, Steer, ToPlan};
pub use tcp::octets_are_counted;
pub use tls::{TlsIdentity, TlsSetupError, TlsTrust};
