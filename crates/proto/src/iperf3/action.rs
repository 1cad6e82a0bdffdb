//! What comes out of a machine.

use desserte_units::Monotonic;

use super::Parameters;

/// How a test ended, seen from one end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// As planned, results exchanged.
    Complete,
    /// The server has no room, now or within the time that we waited.
    Denied,
    /// The server cannot do what was asked.
    Refused {
        /// The reference's number for it (`i_errno`).
        code: i32,
        /// Its system's number, zero if none.
        system_code: i32,
    },
    /// It broke off; what was counted may be kept.
    CutShort {
        /// What happened, for people.
        reason: String,
    },
}

/// What the driver is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send these octets on the control connection.
    Send(Vec<u8>),
    /// Server: decide on a test of these parameters, then say `admitted` or `refused`.
    Admit(Parameters),
    /// Open (client) or await (server) the data connections, the ones that the client sends on first, then say
    /// `streams_open`.
    OpenStreams,
    /// Let the load flow; this moment is the origin.
    Start,
    /// What was counted so far is left out of the results.
    EndOmit,
    /// Send and count no more, then say `stopped`.
    Stop,
    /// Nothing more until something arrives or this moment comes.
    WakeAt(Monotonic),
    /// It is over; let all connections go.
    Finish(Ending),
}
