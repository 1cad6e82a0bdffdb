//! The data directory: who may read it, and the one collector that works in it.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::StoreError;

/// Name of the lock in the data directory.
const LOCK_FILE: &str = "collector.lock";

/// The store holds exact positions and names of probes: its directory is for the user that runs the collector.
const DIRECTORY_MODE: u32 = 0o700;

/// As for the directory.
const FILE_MODE: u32 = 0o600;

/// Characters read of another collector's process number.
const PROCESS_CHARS: u64 = 20;

/// The right to be the collector of a data directory, held until dropped and ended by the system with the process,
/// however that ends. Commands beside a running collector do without.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock of `directory`, which is created if missing.
    ///
    /// # Errors
    /// When another process holds it, or the directory cannot be written.
    pub fn take(directory: &Path) -> Result<Self, StoreError> {
        create(directory)?;
        let unwritable = unwritable(directory);
        let path = directory.join(LOCK_FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
        let mut file = options.open(&path).map_err(&unwritable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                // The number is a help and no more.
                let _ = io::Read::take(&file, PROCESS_CHARS).read_to_string(&mut process);
                let process = process.trim().parse().ok();
                return Err(StoreError::InUse { directory: directory.to_owned(), process });
            }
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
        file.set_permissions(Permissions::from_mode(FILE_MODE)).map_err(&unwritable)?;
        file.set_len(0).map_err(&unwritable)?;
        writeln!(file, "{}", std::process::id()).map_err(&unwritable)?;
        Ok(Self { _file: file })
    }
}

/// Creates the directory for its owner alone, whatever the umask; one that is there stays as its owner made it.
pub(crate) fn create(directory: &Path) -> Result<(), StoreError> {
    if directory.is_dir() {
        return Ok(());
    }
    let made = DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(directory);
    made.and_then(|()| std::fs::set_permissions(directory, Permissions::from_mode(DIRECTORY_MODE)))
        .map_err(unwritable(directory))
}

/// Creates an empty database file for its owner alone, whatever the umask; SQLite gives the files beside it the same
/// mode. One that is there stays as it is.
pub(crate) fn create_file(directory: &Path, path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path) {
        Ok(file) => file.set_permissions(Permissions::from_mode(FILE_MODE)).map_err(unwritable(directory)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(unwritable(directory)(error)),
    }
}

fn unwritable(directory: &Path) -> impl Fn(io::Error) -> StoreError {
    move |error| StoreError::Unwritable { directory: directory.to_owned(), message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{STORE_FILE, Store, StoreOptions};

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_the_store_creates_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("new/data");
        let _lock = DirectoryLock::take(&data).unwrap();
        let store = Store::open(&data, StoreOptions::default()).unwrap();
        store.set_meta("a", "b").unwrap();
        assert_eq!(mode(&data), 0o700);
        for entry in std::fs::read_dir(&data).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
        assert!(data.join(STORE_FILE).is_file());
    }

    #[test]
    fn a_directory_has_one_collector_and_the_next_may_come_when_it_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let lock = DirectoryLock::take(dir.path()).unwrap();
        let error = DirectoryLock::take(dir.path()).unwrap_err();
        let process = std::process::id();
        assert!(matches!(error, StoreError::InUse { process: Some(p), .. } if p == process), "{error}");
        drop(lock);
        DirectoryLock::take(dir.path()).unwrap();
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = DirectoryLock::take(&file.join("data")).unwrap_err();
        assert!(matches!(&error, StoreError::Unwritable { .. }), "{error}");
        assert!(error.to_string().contains("file/data"), "{error}");
    }
}
