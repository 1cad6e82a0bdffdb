//! The handle through which everything passes.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use desserte_model::Receipt;
use rusqlite::{Connection, OptionalExtension};

use crate::ingest::Prepared;
use crate::writer::{Reply, Writer};
use crate::{IncomingBatch, StoreError, connection, directory, handover};

/// Name of the database in the data directory.
pub const STORE_FILE: &str = "collector.sqlite";

/// Idle readers kept open: as many as there are usually requests reading at once. More are opened and closed again.
const IDLE_READERS: usize = 8;

/// What may differ from the default when a store is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoreOptions {
    /// Limit of the database in pages of 4 KiB, beyond which it behaves as on a full disk; none by default.
    pub max_pages: Option<u32>,
}

/// What of the history belongs to a copy of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopiedStore {
    /// The history's generation.
    pub generation: i64,
    /// The highest number that the copy has given.
    pub issued: i64,
}

/// The durable store of one collector.
///
/// Cheap to share behind an `Arc`; every method blocks, so that async callers use a blocking thread, except
/// [`Store::submit`], which hands over and returns.
pub struct Store {
    path: PathBuf,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
}

impl Store {
    /// Opens, creates or migrates the store in `directory`, which is created if missing, for its owner alone.
    ///
    /// # Errors
    /// When the directory or the file cannot be used, or comes from a later version of this program.
    pub fn open(directory: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        directory::create(directory)?;
        let path = directory.join(STORE_FILE);
        directory::create_file(directory, &path)?;
        let connection = connection::open_writer(&path)?;
        if let Some(pages) = options.max_pages {
            connection
                .pragma_update(None, "max_page_count", pages)
                .map_err(StoreError::database("limiting the store"))?;
        }
        let writer = Writer::start(connection)?;
        Ok(Self { path, writer, readers: Mutex::new(Vec::new()) })
    }

    /// Keeps a batch and answers when it is durable.
    ///
    /// Records already kept with the same octets count as duplicates; with other octets they are refused.
    ///
    /// # Errors
    /// When nothing of the batch was kept: no room, unknown probe, closed or overloaded store.
    pub fn ingest(&self, batch: IncomingBatch) -> Result<Receipt, StoreError> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        self.submit(batch, move |result| {
            // The receiver waits below; if its thread is gone nobody wants the answer.
            drop(sender.send(result));
        });
        receiver.recv().unwrap_or(Err(StoreError::Closed))
    }

    /// As [`Store::ingest`], but returns at once and calls `reply` from the writer's thread.
    ///
    /// Derivations are computed on the calling thread.
    pub fn submit(
        &self,
        batch: IncomingBatch,
        reply: impl FnOnce(Result<Receipt, StoreError>) + Send + 'static,
    ) {
        self.writer.ingest(Box::new(Prepared::new(batch)), Box::new(reply) as Reply);
    }

    /// Whether the store can write at this moment, tried with a transaction that changes one value.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check_writable(&self) -> Result<(), StoreError> {
        self.set_meta("last_write_check", "ok")
    }

    /// A value kept under `key` by [`Store::set_meta`].
    ///
    /// # Errors
    /// When the database fails.
    pub fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.read("reading a setting", |connection| {
            connection
                .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
                .query_row([key], |row| row.get(0))
                .optional()
        })
    }

    /// Keeps `value` under `key`: facts on the store itself, such as that it holds a demonstration.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.writer.run(move |transaction| {
            transaction
                .execute(
                    "INSERT INTO meta (key, value) VALUES (?1, ?2) \
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    [key, value],
                )
                .map_err(StoreError::database("keeping a setting"))?;
            Ok(())
        })
    }

    /// Writes a copy without free pages or log to `target`, the same octets for the same content and history.
    ///
    /// # Errors
    /// When the copy cannot be written.
    pub fn compact_into(&self, target: &Path) -> Result<(), StoreError> {
        let target = target.to_string_lossy().into_owned();
        self.read("copying the store", |connection| {
            connection.execute("VACUUM INTO ?1", [target])?;
            Ok(())
        })
    }

    /// As [`Self::compact_into`], and says what of the history belongs to the copy: its generation, and the highest number in the
    /// hand-over that the copy has given. Writers may go on meanwhile.
    ///
    /// # Errors
    /// When the copy cannot be written or read.
    pub fn copy_into(&self, target: &Path) -> Result<CopiedStore, StoreError> {
        self.compact_into(target)?;
        let wrap = StoreError::database("reading the copy of the store");
        let copy = Connection::open(target).map_err(&wrap)?;
        Ok(CopiedStore {
            generation: handover::generation(&copy).map_err(&wrap)?,
            issued: handover::issued(&copy).map_err(&wrap)?,
        })
    }

    /// Octets that the database and its log take on the disk.
    #[must_use]
    pub fn disk_bytes(&self) -> u64 {
        ["", "-wal", "-shm"]
            .iter()
            .filter_map(|suffix| {
                let mut name = self.path.clone().into_os_string();
                name.push(suffix);
                std::fs::metadata(name).ok()
            })
            .map(|metadata| metadata.len())
            .sum()
    }

    /// Octets that the file system under the store has left for it; `None` when the system does not tell.
    #[must_use]
    pub fn free_bytes(&self) -> Option<u64> {
        let folder = self.path.parent()?;
        let told = rustix::fs::statvfs(folder).ok()?;
        told.f_bavail.checked_mul(told.f_frsize)
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Runs `query` on a reader of its own.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let idle = self.readers.lock().ok().and_then(|mut readers| readers.pop());
        let connection = match idle {
            Some(connection) => connection,
            None => connection::open_reader(&self.path)?,
        };
        let result = query(&connection).map_err(StoreError::database(doing));
        if let Ok(mut readers) = self.readers.lock()
            && readers.len() < IDLE_READERS
        {
            readers.push(connection);
        }
        result
    }
}
