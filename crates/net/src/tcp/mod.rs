//! What the kernel knows of a TCP connection, and what it can be told.

mod gap;
mod info;
mod options;

pub(crate) use gap::{counters_and_unread, has_gap};
pub(crate) use info::TcpInfo;
pub use info::octets_are_counted;
pub(crate) use options::{
    congestion_in_use, limit_receive_buffer, limit_unsent, send_at_once, set_congestion,
};
