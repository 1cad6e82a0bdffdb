//! Files that are whole or absent after a power cut.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Readable by the agent's user alone.
pub(crate) const PRIVATE_MODE: u32 = 0o600;

/// Readable by everyone, so that `status` needs no rights.
pub(crate) const PUBLIC_MODE: u32 = 0o644;

/// Files that are overwritten in place have a multiple of this length, so that a longer text rarely needs a new block.
const PADDED_TO: usize = 4096;

/// Replaces a file so that a reader, or a restart after a power cut, finds the old text or the new, never a mixture.
pub(crate) fn replace(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let beside = path.with_extension("tmp");
    // A left-over of a crash may have another mode; it is ours to remove.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    let written = file.write_all(contents).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&beside, path)) {
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Overwrites a file in place at a size that changes rarely: for what the next minute writes again, on a full disk too.
///
/// Not synced; a reader may find it half written and reads again.
pub(crate) fn overwrite(path: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    let mut padded = text.to_vec();
    padded.resize(text.len().next_multiple_of(PADDED_TO), b' ');
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(mode).open(path)?;
    file.write_all_at(&padded, 0)?;
    file.set_len(u64::try_from(padded.len()).unwrap_or(u64::MAX))
}
