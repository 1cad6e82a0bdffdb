//! The exit codes of every program, one table.
//!
//! | code | meaning |
//! | --- | --- |
//! | 0 | done, or ended by a signal after a clean drain |
//! | 1 | something could not be done; the message says what and what to do |
//! | 2 | an answer that is a "no": a check found something, a status is not well |
//! | 64 | the command line or the configuration is wrong (`EX_USAGE` of sysexits) |

use std::process::ExitCode;

/// Something could not be done.
pub const FAILURE: u8 = 1;
/// A check found something, or a status is not well.
pub const NOT_WELL: u8 = 2;
/// The command line or the configuration is wrong.
pub const USAGE: u8 = 64;

/// The code of a program that could not do what it was asked.
#[must_use]
pub fn failure() -> ExitCode {
    ExitCode::from(FAILURE)
}

/// The code of a check or status that says no.
#[must_use]
pub fn not_well() -> ExitCode {
    ExitCode::from(NOT_WELL)
}

/// The code of a wrong command line or configuration.
#[must_use]
pub fn usage() -> ExitCode {
    ExitCode::from(USAGE)
}
