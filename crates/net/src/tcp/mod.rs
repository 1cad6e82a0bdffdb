//! What the kernel knows of a TCP connection, and what it can be told.

mod info;
mod options;

pub(crate) use info::TcpInfo;
pub(crate) use options::{clamp_window, congestion_in_use, limit_unsent, set_congestion};
