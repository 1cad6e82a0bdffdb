//! What the probe's service starts: becomes the program that was picked.
//!
//! It runs as the probe's user, reads, and writes nothing. Whatever is wrong with a kept program (gone, rotten, for another processor), the
//! next is tried, and at last the packaged one.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

use semver::Version;

use crate::clock::Moment;
use crate::pick;
use crate::state::{Held, Place, sha256};

/// A program that is longer than any release is not read to check it.
pub const PROGRAM_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Starts the picked program in the place of this one. Returns only when not even the packaged one could be started.
pub fn become_probe(place: &Place, packaged: &Path, own: &Version, arguments: &[OsString]) -> io::Error {
    for held in Moment::now().map(|now| chosen(place, own, &now)).unwrap_or_default() {
        let error = Command::new(place.program(&held.version)).args(arguments).exec();
        tracing::error!(version = %held.version, %error, "a kept program cannot be started");
    }
    become_packaged(packaged, arguments)
}

/// Starts the packaged program in the place of this one. Returns only when it could not be started.
pub fn become_packaged(packaged: &Path, arguments: &[OsString]) -> io::Error {
    Command::new(packaged).args(arguments).exec()
}

/// The kept programs that are whole, best first.
#[must_use]
pub fn chosen(place: &Place, own: &Version, now: &Moment) -> Vec<Held> {
    let state = place.read().unwrap_or_else(|error| {
        tracing::error!(%error, "the updater's state cannot be read; the packaged program runs");
        crate::state::State::default()
    });
    pick::candidates(&state, own, now).into_iter().filter(|held| whole(place, held)).collect()
}

/// Whether a kept program is what was installed.
#[must_use]
pub fn whole(place: &Place, held: &Held) -> bool {
    let path = place.program(&held.version);
    let read = match fs::metadata(&path) {
        Ok(found) if found.len() <= PROGRAM_BYTES_MAX => fs::read(&path),
        Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "it is too long")),
        Err(error) => Err(error),
    };
    match read {
        Ok(octets) if sha256(&octets) == held.sha256 => true,
        Ok(_) => {
            tracing::error!(version = %held.version, "a kept program is damaged and is not run");
            false
        }
        Err(error) => {
            tracing::error!(version = %held.version, %error, "a kept program cannot be read");
            false
        }
    }
}
