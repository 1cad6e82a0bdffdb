//! Files that are whole or absent after a power cut.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Readable by the agent's user alone.
pub(crate) const PRIVATE_MODE: u32 = 0o600;

/// Readable by everyone, so that `status` needs no rights.
pub(crate) const PUBLIC_MODE: u32 = 0o644;

/// Replaces a file so that a reader, or a restart after a power cut, finds the old text or the new, never a mixture.
pub(crate) fn replace(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    write_beside(path, contents, mode, Durability::Synced)
}

/// As [`replace`], without forcing it to disk: for what the next minute writes again.
pub(crate) fn replace_volatile(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    write_beside(path, contents, mode, Durability::Lazy)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[derive(PartialEq, Eq)]
enum Durability {
    Synced,
    Lazy,
}

fn write_beside(path: &Path, contents: &[u8], mode: u32, durability: Durability) -> io::Result<()> {
    let beside = path.with_extension("tmp");
    // A left-over of a crash may have another mode; it is ours to remove.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    let written = file.write_all(contents).and_then(|()| match durability {
        Durability::Synced => file.sync_all(),
        Durability::Lazy => Ok(()),
    });
    if let Err(error) = written.and_then(|()| fs::rename(&beside, path)) {
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    match path.parent() {
        Some(folder) if durability == Durability::Synced => sync_folder(folder),
        _ => Ok(()),
    }
}
