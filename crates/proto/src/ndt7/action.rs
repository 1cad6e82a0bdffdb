//! What goes into a machine and what comes out of it.

use desserte_model::{ByteSample, TcpCounters};
use desserte_units::Monotonic;

/// What arrived from the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// Octets of binary messages.
    Payload {
        /// How many.
        bytes: u64,
    },
    /// Whether the receiving kernel holds octets behind a gap: received, but not yet to be had because others before
    /// them were lost. Said before what arrived at the same time.
    Gap {
        /// Whether it does.
        open: bool,
    },
    /// A text message.
    Text(&'a str),
    /// A text message that was too long to be kept.
    SkippedText {
        /// Its length.
        bytes: u64,
    },
    /// A ping.
    Ping(&'a [u8]),
    /// A pong.
    Pong,
    /// The closing handshake.
    Close,
    /// The end of the connection, orderly or not.
    Ended,
}

/// One thing to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// The receiver's count of payload: our own when we receive, the other end's word when it receives.
    Received(ByteSample),
    /// The receiving kernel's count of TCP octets, from a server that reports no count of payload.
    ReceivedByKernel(ByteSample),
    /// Kernel counters of this end.
    OwnCounters(TcpCounters),
    /// Kernel counters of the other end, on its clock.
    PeerCounters(TcpCounters),
}

/// How a run ended, seen from one end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// After its planned time or at a planned stop.
    Complete,
    /// Before that.
    CutShort {
        /// What happened, for people.
        reason: String,
    },
}

/// What the driver is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "actions are taken one at a time and never stored in bulk")]
pub enum Action {
    /// Send one binary message of this length, then say `bulk_sent`.
    SendBulk {
        /// Octets of payload.
        bytes: u64,
    },
    /// Send one text message.
    SendText(String),
    /// Answer a ping.
    SendPong(Vec<u8>),
    /// Send the Close frame with status 1000.
    SendClose,
    /// Read the kernel's counters and say `counters`.
    ReadCounters,
    /// Keep this.
    Record(Reading),
    /// Nothing more until something arrives, a bulk message is sent, or this moment comes.
    WakeAt(Monotonic),
    /// The run is over; let the connection go.
    Finish(Ending),
}

/// What the other end did that the specification forbids. The connection must be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Binary messages may only come from the end that makes the load.
    #[error("binary message from the end that does not make the load")]
    UnexpectedBinary,
}
