//! Why the store could not do its work.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// The store's refusal or failure.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The disk, or the limit set on the database, has no room; nothing of the request was kept.
    #[error("no room left to store the request: {0}")]
    Full(String),
    /// The probe is not registered.
    #[error("probe {0} is not registered")]
    UnknownProbe(String),
    /// Another account that has not ended has this login, or is this person's at the OpenID provider.
    #[error(
        "an account {0:?}, or one for the same person, is there already: `desserte account list` shows it"
    )]
    AccountTaken(String),
    /// The account has ended.
    #[error("account {0} has ended")]
    NoAccount(i64),
    /// The probe is still in service: what it sends next would be kept again.
    #[error("probe {0} is in service: `desserte probe retire {0}` first")]
    InService(String),
    /// What was asked for has been erased.
    #[error("{0} was erased: its digest in the seal of its day is all that is left")]
    Erased(String),
    /// A probe is already registered under this key.
    #[error("probe {0} is already registered, as {1:?}")]
    AlreadyRegistered(String, String),
    /// As many invitations are open as may be at once.
    #[error(
        "{0} invitations are open: withdraw some with `desserte probe withdraw`, or wait until they expire"
    )]
    TooManyInvitations(i64),
    /// The day has no seal.
    #[error("{0} is not sealed: `desserte custody seal` does it once the day is over")]
    NotSealed(String),
    /// More was asked for than is read at once.
    #[error(
        "{batches} batches prove this place and period; {limit} are read at the most: ask for a shorter period or a smaller place"
    )]
    TooMuchEvidence {
        /// How many there are.
        batches: usize,
        /// How many are read at the most.
        limit: usize,
    },
    /// The file was written by a later version of this program.
    #[error(
        "the store has schema version {found}, this program knows versions up to {known}: use a newer program"
    )]
    NewerSchema {
        /// Version in the file.
        found: i64,
        /// Latest version this program knows.
        known: i64,
    },
    /// Another collector works in the data directory.
    #[error(
        "another collector{} uses {}: stop it first, or name another directory with --data",
        process.map(|number| format!(" (process {number})")).unwrap_or_default(),
        directory.display()
    )]
    InUse {
        /// The data directory.
        directory: PathBuf,
        /// Number of the other process, as it wrote it down; `None` when it cannot be read.
        process: Option<u32>,
    },
    /// The data directory cannot be created or written.
    #[error(
        "the data directory {} cannot be written ({message}): give it to the user that runs this program, or name \
         another with --data",
        directory.display()
    )]
    Unwritable {
        /// The data directory.
        directory: PathBuf,
        /// What the system says.
        message: String,
    },
    /// The database failed.
    #[error("{doing}: {message}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What SQLite says.
        message: String,
    },
    /// A stored value cannot be read back.
    #[error("a stored {what} cannot be read: {message}")]
    Corrupt {
        /// What was being read.
        what: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The queue to the writer is full; trying again a little later will help.
    #[error("the writer has {0} requests waiting")]
    Busy(usize),
    /// The writer has stopped.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Turns SQLite's error into ours, telling a full disk from the rest.
    pub(crate) fn database(doing: &'static str) -> impl Fn(rusqlite::Error) -> Self {
        move |error| {
            let full = matches!(&error, rusqlite::Error::SqliteFailure(failure, _)
                if failure.code == ErrorCode::DiskFull || is_growth_failure(failure.extended_code));
            if full {
                Self::Full(error.to_string())
            } else {
                Self::Database { doing, message: error.to_string() }
            }
        }
    }
}

/// Whether an input/output error is one that SQLite reports when a file cannot grow.
///
/// On a full disk SQLite says `SQLITE_FULL` for the database and its log, but the shared-memory file beside them
/// fails with an input/output error of its own.
fn is_growth_failure(extended_code: i32) -> bool {
    [rusqlite::ffi::SQLITE_IOERR_SHMSIZE, rusqlite::ffi::SQLITE_IOERR_SHMOPEN].contains(&extended_code)
}
