//! Opening the file: pragmas and migrations.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction};

use crate::StoreError;

/// Scripts that bring the schema from version `index` to `index + 1`. A released script is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("../sql/001-schema.sql"),
    include_str!("../sql/002-interruption.sql"),
    include_str!("../sql/003-reachability.sql"),
    include_str!("../sql/004-chain.sql"),
    include_str!("../sql/005-handover.sql"),
    include_str!("../sql/006-seal.sql"),
    include_str!("../sql/007-host.sql"),
    include_str!("../sql/008-enrolment.sql"),
    include_str!("../sql/009-contribution.sql"),
    include_str!("../sql/010-tokens.sql"),
    include_str!("../sql/011-erasure.sql"),
    include_str!("../sql/012-edition.sql"),
    include_str!("../sql/013-retention.sql"),
    include_str!("../sql/014-radio.sql"),
    include_str!("../sql/015-account.sql"),
    include_str!("../sql/016-register.sql"),
];

/// How long a connection waits for another process's lock (`desserte probe add` beside a running collector): longer
/// than the longest transaction seen, shorter than a person's patience.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Statements kept prepared on each connection: more than there are different ones.
const PREPARED_STATEMENTS: usize = 64;

/// Whether what is deleted is overwritten.
const SECURE_DELETE: &str = "secure_delete";

/// Wherever that writes no page more: rows that move to another page leave nothing on the one that they were on.
const OVERWRITE_IN_PLACE: &str = "fast";

/// Opens the connection that writes, creating or migrating the file.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let wrap = StoreError::database("opening the store");
    let mut connection = Connection::open(path).map_err(&wrap)?;
    configure(&connection)?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(&wrap)?;
    // FULL: the log is flushed to the disk before a commit returns. With NORMAL a power cut could take back a receipt.
    connection.pragma_update(None, "synchronous", "full").map_err(&wrap)?;
    connection.pragma_update(None, SECURE_DELETE, OVERWRITE_IN_PLACE).map_err(&wrap)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Overwrites every page that becomes free while `work` deletes, too.
pub(crate) fn overwriting<T>(
    transaction: &Transaction<'_>,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    transaction.pragma_update(None, SECURE_DELETE, true)?;
    let done = work(transaction);
    transaction.pragma_update(None, SECURE_DELETE, OVERWRITE_IN_PLACE)?;
    done
}

/// Opens a connection that can only read.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .map_err(StoreError::database("opening the store to read"))?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> Result<(), StoreError> {
    let wrap = StoreError::database("configuring the store's connection");
    connection.busy_timeout(BUSY_TIMEOUT).map_err(&wrap)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true).map_err(&wrap)
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let wrap = StoreError::database("migrating the store");
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(&wrap)?;
    let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(&wrap)?;
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    for script in &MIGRATIONS[usize::try_from(found).unwrap_or(0)..] {
        transaction.execute_batch(script).map_err(&wrap)?;
    }
    if found < known {
        transaction.pragma_update(None, "user_version", known).map_err(&wrap)?;
    }
    transaction.commit().map_err(&wrap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_of_a_later_version_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.sqlite");
        drop(open_writer(&path).unwrap());
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        assert!(matches!(open_writer(&path), Err(StoreError::NewerSchema { found: 99, known: 16 })));
    }

    #[test]
    fn a_store_of_an_earlier_version_is_brought_to_this_one_and_keeps_what_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.sqlite");
        let connection = Connection::open(&path).unwrap();
        for script in &MIGRATIONS[..12] {
            connection.execute_batch(script).unwrap();
        }
        connection.execute("INSERT INTO meta (key, value) VALUES ('a', 'b')", []).unwrap();
        connection.pragma_update(None, "user_version", 12).unwrap();
        drop(connection);
        let connection = open_writer(&path).unwrap();
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        let count = |table: &str| -> i64 {
            connection.query_row(&format!("SELECT count (*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!((version, count("retention"), count("meta")), (16, 0, 1));
    }

    #[test]
    fn a_commit_is_flushed_to_the_disk_before_it_returns() {
        let dir = tempfile::tempdir().unwrap();
        let connection = open_writer(&dir.path().join("store.sqlite")).unwrap();
        let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!(synchronous, 2, "2 is FULL");
    }
}
