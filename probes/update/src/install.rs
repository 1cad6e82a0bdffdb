//! Puts a program beside the one that runs, switches to it for a trial, and keeps or undoes it.
//!
//! The state file is the only thing that switches: a program is whole on the disk before the state names it, and removed after the state
//! has forgotten it.

use std::io;

use semver::Version;

use crate::clock::Moment;
use crate::disk::{Disk, Kind, replace};
use crate::state::{Failure, Held, Place, State, Trial, sha256};

/// A trial that was cut short so often is given up: power fails, but not each time that this version runs.
pub const INTERRUPTED_MAX: u32 = 3;

/// Programs in the folder of versions, and what becomes of them.
#[derive(Clone, Copy)]
pub struct Installer<'a> {
    /// The disk.
    pub disk: &'a dyn Disk,
    /// The updater's folder.
    pub place: &'a Place,
}

impl std::fmt::Debug for Installer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Installer").field("place", self.place).finish_non_exhaustive()
    }
}

impl Installer<'_> {
    /// Writes a verified program to its place; it is whole on the disk when this returns.
    ///
    /// # Errors
    /// As the system says; on a full disk what was written of it is removed again.
    pub fn store(&self, version: &Version, program: &[u8]) -> io::Result<Held> {
        let path = self.place.program(version);
        let folder = path.parent().unwrap_or(self.place.folder());
        self.disk.make_folder(folder)?;
        replace(self.disk, &path, program, Kind::Program)?;
        self.disk.flush_folder(&self.place.versions())?;
        self.disk.flush_folder(self.place.folder())?;
        Ok(Held { version: version.clone(), sha256: sha256(program) })
    }

    /// Switches to a stored program for a trial that begins now.
    ///
    /// # Errors
    /// As the system says. Without a state that names it the program is not run.
    pub fn begin(&self, state: &mut State, held: Held, now: Moment) -> io::Result<()> {
        self.write(state, |state| state.trial = Some(Trial { held, since: now, interrupted: 0 }))?;
        self.switch()
    }

    /// Begins a trial anew that was cut short; gives it up when that happened too often.
    ///
    /// # Errors
    /// As the system says.
    pub fn resume(&self, state: &mut State, now: Moment) -> io::Result<()> {
        let Some(trial) = &state.trial else { return Ok(()) };
        let interrupted = trial.interrupted + 1;
        if interrupted >= INTERRUPTED_MAX {
            return self.undo(state, Failure::Interrupted);
        }
        let held = trial.held.clone();
        self.write(state, |state| state.trial = Some(Trial { held, since: now, interrupted }))?;
        self.switch()
    }

    /// Keeps the program on trial, and removes the others.
    ///
    /// # Errors
    /// As the system says.
    pub fn confirm(&self, state: &mut State) -> io::Result<()> {
        self.write(state, |state| {
            if let Some(trial) = state.trial.take() {
                state.confirmed = Some(trial.held);
            }
        })?;
        self.clean(state)
    }

    /// Goes back to the program before the trial, and remembers that this one failed.
    ///
    /// # Errors
    /// As the system says.
    pub fn undo(&self, state: &mut State, why: Failure) -> io::Result<()> {
        self.write(state, |state| {
            if let Some(trial) = state.trial.take() {
                state.refuse(trial.held.version, why);
            }
        })?;
        self.switch()?;
        self.clean(state)
    }

    /// Goes back to the packaged program, and remembers that the kept ones are not wanted.
    ///
    /// # Errors
    /// As the system says.
    pub fn leave_all(&self, state: &mut State) -> io::Result<()> {
        self.write(state, |state| {
            let held = state.trial.take().map(|trial| trial.held).into_iter().chain(state.confirmed.take());
            for held in held {
                state.refuse(held.version, Failure::ByHand);
            }
        })?;
        self.switch()?;
        self.clean(state)
    }

    /// Forgets a confirmed program that the packaged one has overtaken.
    ///
    /// # Errors
    /// As the system says.
    pub fn overtaken(&self, state: &mut State, packaged: &Version) -> io::Result<()> {
        let late = |held: &Held| held.version <= *packaged;
        if !state.confirmed.as_ref().is_some_and(late) {
            return Ok(());
        }
        self.write(state, |state| state.confirmed = None)?;
        self.clean(state)
    }

    /// Removes programs that nothing names any more.
    ///
    /// # Errors
    /// As the system says.
    pub fn clean(&self, state: &State) -> io::Result<()> {
        let named = state.confirmed.iter().chain(state.trial.as_ref().map(|trial| &trial.held));
        let named: Vec<String> = named.map(|held| held.version.to_string()).collect();
        let entries = match std::fs::read_dir(self.place.versions()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        for entry in entries {
            let entry = entry?;
            if !named.iter().any(|name| *name == *entry.file_name().to_string_lossy()) {
                self.disk.remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Changes the state on the disk first, then here: what could not be written did not happen.
    fn write(&self, state: &mut State, change: impl FnOnce(&mut State)) -> io::Result<()> {
        let mut changed = state.clone();
        change(&mut changed);
        self.place.write(self.disk, &changed)?;
        *state = changed;
        Ok(())
    }

    /// Has the probe started anew: systemd, or whoever else starts it, watches this file.
    fn switch(&self) -> io::Result<()> {
        let now = Moment::now()?;
        replace(self.disk, &self.place.switch(), format!("{now:?}\n").as_bytes(), Kind::File)
    }
}

#[cfg(test)]
mod tests;
