//! The probe's key pair on disk.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use desserte_signing::ProbeKey;

use crate::files;

const FILE: &str = "probe.key";

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("the key file {} cannot be read{}", path.display(), hint(path, source))]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the key file {} is damaged; remove it to get a new identity, and register the new key", path.display())]
    Damaged { path: PathBuf },
    #[error("the key file {} cannot be written{}", path.display(), hint(path, source))]
    Unwritable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the system gives no random octets: {0}")]
    NoRandomness(getrandom::Error),
}

fn hint(path: &Path, error: &io::Error) -> String {
    crate::rights::hint(path.parent().unwrap_or(path), error)
}

/// Reads the key pair, or makes one on first use. The file is readable by its owner alone.
pub(crate) fn load_or_create(state_dir: &Path) -> Result<ProbeKey, KeyError> {
    let path = state_dir.join(FILE);
    match fs::read(&path) {
        Ok(octets) => {
            restrict(&path)?;
            let seed = octets.try_into().map_err(|_| KeyError::Damaged { path })?;
            Ok(ProbeKey::from_seed(seed))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(state_dir, path),
        Err(source) => Err(KeyError::Unreadable { path, source }),
    }
}

fn create(state_dir: &Path, path: PathBuf) -> Result<ProbeKey, KeyError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(KeyError::NoRandomness)?;
    let written = fs::create_dir_all(state_dir)
        .and_then(|()| files::replace(&path, &seed, files::PRIVATE_MODE))
        .and_then(|()| give_to_owner(state_dir, &path));
    match written {
        Ok(()) => Ok(ProbeKey::from_seed(seed)),
        Err(source) => Err(KeyError::Unwritable { path, source }),
    }
}

/// A key that the administrator made is for the user that the folder belongs to: the service runs as that one.
fn give_to_owner(state_dir: &Path, path: &Path) -> io::Result<()> {
    let (folder, file) = (fs::metadata(state_dir)?, fs::metadata(path)?);
    if file.uid() == 0 && folder.uid() != 0 {
        chown(path, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(())
}

/// A file that was copied with a wide mode is closed again.
fn restrict(path: &Path) -> Result<(), KeyError> {
    let unwritable = |source| KeyError::Unwritable { path: path.to_owned(), source };
    let mode = fs::metadata(path).map_err(unwritable)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(files::PRIVATE_MODE)).map_err(unwritable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let first = load_or_create(folder.path()).unwrap();
        let path = folder.path().join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(load_or_create(folder.path()).unwrap().id(), first.id());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_said_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), b"short").unwrap();
        let message = load_or_create(folder.path()).unwrap_err().to_string();
        assert!(message.contains("damaged"), "{message}");
        assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), b"short");
    }
}
