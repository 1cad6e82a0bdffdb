//! Who runs the program, and whether the state folder is open to that user.

use std::io;
use std::path::Path;

use rustix::fs::{Access, access};

/// Name of the user that runs this program, or its number when it has none.
pub(crate) fn user() -> String {
    let number = rustix::process::geteuid().as_raw().to_string();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)? == number).then(|| name.to_owned())
    });
    name.unwrap_or(number)
}

/// Whether the folder exists and this user may not work in it.
pub(crate) fn denied(folder: &Path) -> bool {
    let asked = access(folder, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK);
    asked.is_err_and(|error| error == rustix::io::Errno::ACCESS)
}

/// What to do about an error met in the state folder; nothing when it is no matter of rights.
pub(crate) fn hint(folder: &Path, error: &io::Error) -> String {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return String::new();
    }
    let (user, folder) = (user(), folder.display());
    format!(
        " by the user {user}; if the probe is to run as this user: sudo mkdir -p {folder} && sudo chown -R {user} {folder}"
    )
}
