//! The disk, as the few steps that an update is made of: each is whole or absent after a power cut.
//!
//! A trait, so that tests can cut the power at every step and keep or lose what was not flushed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The probe's user reads the state and runs the program.
const FILE_MODE: u32 = 0o644;

/// A program that everyone may run and only its owner may change.
const PROGRAM_MODE: u32 = 0o755;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something to read.
    File,
    /// Something to run.
    Program,
}

/// Steps on a disk. None of them but `flush` and `flush_folder` says that anything survives a power cut.
pub trait Disk {
    /// Makes a folder and those above it.
    ///
    /// # Errors
    /// As the system says.
    fn make_folder(&self, path: &Path) -> io::Result<()>;
    /// Writes a new file, over an old one if there is any.
    ///
    /// # Errors
    /// As the system says.
    fn write(&self, path: &Path, octets: &[u8], kind: Kind) -> io::Result<()>;
    /// Brings the contents of a file to the disk.
    ///
    /// # Errors
    /// As the system says.
    fn flush(&self, path: &Path) -> io::Result<()>;
    /// Puts a file in the place of another at once.
    ///
    /// # Errors
    /// As the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Brings the names in a folder to the disk.
    ///
    /// # Errors
    /// As the system says.
    fn flush_folder(&self, path: &Path) -> io::Result<()>;
    /// Removes a file or a folder with all that is in it; one that is not there is no error.
    ///
    /// # Errors
    /// As the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// Replaces a file so that whoever reads it, or a start after a power cut, finds the old contents or the new.
///
/// # Errors
/// As the system says; the old contents are then still there.
pub fn replace(disk: &dyn Disk, path: &Path, octets: &[u8], kind: Kind) -> io::Result<()> {
    let part = beside(path);
    let written = disk
        .write(&part, octets, kind)
        .and_then(|()| disk.flush(&part))
        .and_then(|()| disk.rename(&part, path));
    if let Err(error) = written {
        // On a full disk the half of a program would keep everything else from being written.
        let _ = disk.remove(&part);
        return Err(error);
    }
    path.parent().map_or(Ok(()), |folder| disk.flush_folder(folder))
}

/// Where a file is written before it takes its place.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy)]
pub struct OnDisk;

impl Disk for OnDisk {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn write(&self, path: &Path, octets: &[u8], kind: Kind) -> io::Result<()> {
        let mode = match kind {
            Kind::File => FILE_MODE,
            Kind::Program => PROGRAM_MODE,
        };
        // A left-over may be another's, or of another mode.
        self.remove(path)?;
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?.write_all(octets)
    }

    fn flush(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn flush_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let removed = match fs::symlink_metadata(path) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(path),
            Ok(_) => fs::remove_file(path),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}
