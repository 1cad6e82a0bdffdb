//! What every command does with files.

use std::fs::{self, DirBuilder, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use sha2::{Digest as _, Sha256};

use crate::out::{Failure, part_of};

/// What holds exact positions, as the store does, is for its owner alone.
const PRIVATE: u32 = 0o700;

/// A directory being filled beside its place. Dropped before it is finished, it is removed.
pub(crate) struct Building {
    target: PathBuf,
    part: PathBuf,
    /// The file that marks a directory as one of the kind that may be replaced.
    marker: Option<&'static str>,
    finished: bool,
}

impl Building {
    /// Begins; refuses a directory that holds anything, unless it has the marker.
    pub(crate) fn begin(target: &Path, marker: Option<&'static str>) -> Result<Self, Failure> {
        let look = || format!("cannot look into {}", target.display());
        let holds = target.exists() && fs::read_dir(target).with_context(look)?.next().is_some();
        if holds && !marker.is_some_and(|marker| target.join(marker).is_file()) {
            return Err(Failure::usage(anyhow!(
                "{} holds other things: name an empty or a new directory",
                target.display()
            )));
        }
        // A name with a slash at its end has none of its own.
        let target: PathBuf = target.components().collect();
        let part = part_of(&target)?;
        if part.exists() {
            fs::remove_dir_all(&part).context("cannot remove what an interrupted run left")?;
        }
        let created = if marker.is_some() { fs::create_dir_all(&part) } else { create_private(&part) };
        created.with_context(|| format!("cannot create {}", part.display()))?;
        Ok(Self { target, part, marker, finished: false })
    }

    /// Where to write meanwhile.
    pub(crate) fn path(&self) -> &Path {
        &self.part
    }

    /// Gives the directory its name, after its files were flushed; one that it replaces goes.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let doing = || format!("cannot give {} its name", self.target.display());
        flush_directories(&self.part).with_context(doing)?;
        let replaced = self.marker.is_some_and(|marker| self.target.join(marker).is_file());
        if replaced {
            // In one step: whoever serves the directory sees the old one or the new one.
            renameat_with(CWD, &self.part, CWD, &self.target, RenameFlags::EXCHANGE).with_context(doing)?;
        } else {
            fs::rename(&self.part, &self.target).with_context(doing)?;
        }
        let parent = self.target.parent().filter(|parent| !parent.as_os_str().is_empty());
        let flushed = File::open(parent.unwrap_or(Path::new("."))).and_then(|parent| parent.sync_all());
        flushed.with_context(doing)?;
        self.finished = true;
        if replaced {
            fs::remove_dir_all(&self.part).context("cannot remove what was replaced")?;
        }
        Ok(())
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        if !self.finished {
            // The disk may be full: what was written would only be in the way.
            let _ = fs::remove_dir_all(&self.part);
        }
    }
}

/// Creates what is missing of a path, for its owner alone.
pub(crate) fn create_private(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(PRIVATE).create(path)
}

/// Length and SHA-256 of a file.
pub(crate) fn digest(path: &Path) -> std::io::Result<(u64, String)> {
    let mut file = BufReader::new(File::open(path)?);
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    loop {
        let read = file.fill_buf()?;
        if read.is_empty() {
            return Ok((bytes, hex::encode(hash.finalize())));
        }
        hash.update(read);
        let count = read.len();
        bytes += count as u64;
        file.consume(count);
    }
}

/// Flushes a directory and those below it, whose files have been.
fn flush_directories(path: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            flush_directories(&entry.path())?;
        }
    }
    File::open(path)?.sync_all()
}
