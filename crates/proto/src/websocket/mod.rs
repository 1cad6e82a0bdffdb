//! WebSocket framing (RFC 6455, sections 5 and 7.4), as much of it as a measurement needs.
//!
//! Why not a general library: a message of 2^24 octets must be countable octet by octet while it arrives, without being
//! gathered in memory, unmasked or copied (docs/adr/0009-own-websocket-framing.md). Left out on purpose: extensions
//! (nothing here would shrink), and sending fragmented messages.

mod frame;
mod reader;

pub use frame::{FrameError, FrameHeader, MAX_CONTROL_PAYLOAD, MAX_HEADER, Opcode, apply_mask};
pub use reader::{FrameReader, Piece, Sender};
