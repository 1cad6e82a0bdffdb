//! One Delta table: what its log says, and how it is written exactly once.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::object_store::path::Path;
use datafusion::parquet::basic::{Compression, Encoding, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::parquet::schema::types::ColumnPath;
use datafusion::prelude::SessionContext;
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel as _;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake::kernel::{Action, Add, StructType, Transaction};
use deltalake::logstore::LogStoreRef;
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::writer::{DeltaWriter as _, RecordBatchWriter};
use deltalake::{DeltaTable, DeltaTableError};
use desserte_store::HandoverRows;
use futures_util::TryStreamExt as _;

use crate::files::create_directories;
use crate::numbers::numbered;
use crate::schema::{Kept, RISING, SCHEMA_VERSION};
use crate::{CollectorNumber, Lake, LakeError, LakeFile, LakeTable, Place, State, evolve, query, rows};

/// The name under which a table's log keeps the number up to which it has rows.
const HANDOVER_APPLICATION: &str = "desserte-handover";

/// The name under which an entry that takes files away says from which version on it did.
const REMOVAL_APPLICATION: &str = "desserte-removal";

/// The name under which an entry of the log says which attempt to write it made it.
const ATTEMPT: &str = "desserteAttempt";

/// The property of a table that holds its schema's version.
pub(crate) const SCHEMA_PROPERTY: &str = "desserte.schema";

/// How often an append is tried when others write at the same time: each failure means that another one succeeded.
const APPEND_ATTEMPTS: u32 = 10;

/// Rows that Parquet groups: small enough that a commune's share of a month is little to read, large enough to pack well.
const ROW_GROUP_ROWS: usize = 131_072;

/// Level of zstd: the one the figures of docs/adr/0028-history-lake.md were measured with.
const ZSTD_LEVEL: i32 = 3;

/// What became of rows offered to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Appended {
    /// So many are in it now.
    Rows(usize),
    /// There was none that it had not.
    Nothing,
}

/// A table with its log read.
pub(crate) struct OpenTable {
    pub(crate) kept: Kept,
    /// Its directory or its address.
    pub(crate) path: PathBuf,
    pub(crate) place: Place,
    /// Its directory, as the store that the engine reads from knows it.
    pub(crate) root: Path,
    pub(crate) delta: DeltaTable,
    /// Memory for upkeep.
    pub(crate) memory_bytes: usize,
}

/// Opens a table; `None` when it was never written.
pub(crate) async fn open(lake: &Lake, table: impl Into<Kept>) -> Result<Option<OpenTable>, LakeError> {
    let table = table.into();
    let path = lake.path(table);
    // A table is there from its log's first entry on.
    if !lake.place().is_remote() && !path.join("_delta_log").is_dir() {
        return Ok(None);
    }
    let mut delta = DeltaTable::new(log_store(lake, table)?);
    match delta.load().await {
        Ok(()) => {}
        Err(DeltaTableError::NotATable(_)) => return Ok(None),
        Err(source) => return Err(failed("opening", &path)(source)),
    }
    let open = OpenTable::new(lake, table, delta)?;
    open.refuse_what_is_not_ours()?;
    Ok(Some(open))
}

fn log_store(lake: &Lake, table: Kept) -> Result<LogStoreRef, LakeError> {
    lake.place().log_store(&lake.below(table), lake.options().watch.clone())
}

pub(crate) async fn open_or_create(lake: &Lake, table: Kept) -> Result<OpenTable, LakeError> {
    if let Some(open) = evolve::open_to_write(lake, table).await? {
        return Ok(open);
    }
    let path = lake.path(table);
    if !lake.place().is_remote() {
        create_directories(&path).map_err(|source| LakeError::Directory { path: path.clone(), source })?;
    }
    let wrap = failed("creating", &path);
    let schema: StructType = table
        .schema()
        .as_ref()
        .try_into_kernel()
        .map_err(|source| LakeError::Columns { table: table.name(), source })?;
    let retention = format!("interval {} seconds", lake.options().retention.as_secs());
    let created = CreateBuilder::new()
        .with_log_store(log_store(lake, table)?)
        .with_table_name(table.name())
        .with_columns(schema.fields().cloned())
        .with_partition_columns([table.partition()])
        .with_configuration([
            (SCHEMA_PROPERTY, Some(SCHEMA_VERSION.to_string())),
            ("delta.deletedFileRetentionDuration", Some(retention)),
        ])
        .with_raise_if_key_not_exists(false)
        // Whoever is second finds the table of the first.
        .with_save_mode(SaveMode::Ignore)
        .await;
    match created {
        Ok(delta) => OpenTable::new(lake, table, delta),
        // At the same moment, or with an answer that was lost: it is there now.
        Err(error) => match open(lake, table).await {
            Ok(Some(open)) => Ok(open),
            _ => Err(wrap(error)),
        },
    }
}

/// Gives a table the rows that it has not, up to the number `last`.
///
/// The number that the table has is read from a snapshot and the rows are committed from that same snapshot, with the new number
/// in the same entry of the log. Of two writers that read the same number one is refused and reads again.
pub(crate) async fn append(lake: &Lake, rows: &HandoverRows, last: i64) -> Result<Appended, LakeError> {
    for _ in 0..APPEND_ATTEMPTS {
        let open = open_or_create(lake, rows.table.into()).await?;
        let own = lake.place().collector();
        let mark = open.mark().await?.map_or(0, |mark| mark - own.base());
        let wrap = |source| LakeError::Columns { table: rows.table.name(), source };
        let batch = numbered(rows::batch(rows, mark)?, own).map_err(wrap)?;
        if mark >= last || batch.num_rows() == 0 {
            return Ok(Appended::Nothing);
        }
        let added = batch.num_rows();
        let mut writer = open.writer()?;
        writer.write(batch).await.map_err(failed("writing", &open.path))?;
        let adds = writer.flush().await.map_err(failed("writing", &open.path))?;
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: Some(vec![open.kept.partition().to_owned()]),
            predicate: None,
        };
        let actions = adds.into_iter().map(Action::Add).collect();
        match open.commit(actions, operation, Some(own.base() + last)).await {
            Ok(()) => return Ok(Appended::Rows(added)),
            // What was written and not committed is no part of the table; the next upkeep removes it.
            Err(error) if is_conflict(&error) => {
                tracing::warn!(table = rows.table.name(), "written by others at the same time; trying again");
            }
            Err(source) => return Err(failed("committing to", &open.path)(source)),
        }
    }
    Err(LakeError::Contended { path: lake.path(rows.table), attempts: APPEND_ATTEMPTS })
}

impl OpenTable {
    fn new(lake: &Lake, kept: Kept, delta: DeltaTable) -> Result<Self, LakeError> {
        let root = lake.place().location(&lake.below(kept))?;
        let memory_bytes = lake.options().memory_bytes;
        Ok(Self { kept, path: lake.path(kept), place: lake.place().clone(), root, delta, memory_bytes })
    }

    /// A session for its upkeep.
    pub(crate) fn session(&self) -> Result<SessionContext, LakeError> {
        query::session(&self.place, self.memory_bytes)
    }

    /// Files of the table, to be read.
    pub(crate) fn reading(&self, files: Vec<LakeFile>) -> Arc<LakeTable> {
        Arc::new(LakeTable::of(self.kept, files).within(&self.place))
    }

    /// The number in the hand-over up to which the table has every row of this collector; `None` before the first.
    pub(crate) async fn mark(&self) -> Result<Option<i64>, LakeError> {
        self.number_of(&self.place.collector().application(HANDOVER_APPLICATION)).await
    }

    /// The same of each of some collectors.
    pub(crate) async fn state(&self, collectors: &[CollectorNumber]) -> Result<State, LakeError> {
        let mut state = State::default();
        for collector in collectors {
            if let Some(number) = self.number_of(&collector.application(HANDOVER_APPLICATION)).await? {
                state.set(*collector, number);
            }
        }
        Ok(state)
    }

    /// The number that the table's log keeps under a name; `None` before the first.
    pub(crate) async fn number_of(&self, application: &str) -> Result<Option<i64>, LakeError> {
        let wrap = failed("reading", &self.path);
        let snapshot = self.delta.snapshot().map_err(&wrap)?;
        let log = self.delta.log_store();
        snapshot.transaction_version(log.as_ref(), application).await.map_err(&wrap)
    }

    /// The files that the table consists of.
    pub(crate) fn files(&self) -> Result<Vec<LakeFile>, LakeError> {
        let snapshot = self.delta.snapshot().map_err(failed("reading", &self.path))?;
        snapshot
            .log_data()
            .iter()
            .map(|view| {
                if view.deletion_vector_descriptor().is_some() {
                    return Err(self.unreadable("deletion vectors"));
                }
                Ok(LakeFile::of(&view, &self.root, self.kept))
            })
            .collect()
    }

    pub(crate) fn writer(&self) -> Result<RecordBatchWriter, LakeError> {
        let level = ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default();
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
        for name in RISING {
            properties = properties
                .set_column_dictionary_enabled(ColumnPath::from(*name), false)
                .set_column_encoding(ColumnPath::from(*name), Encoding::DELTA_BINARY_PACKED);
        }
        let properties = properties.build();
        let writer = RecordBatchWriter::for_table(&self.delta).map_err(failed("writing", &self.path))?;
        Ok(writer.with_writer_properties(properties))
    }

    /// Commits from the snapshot that this was opened with.
    pub(crate) async fn commit(
        &self,
        actions: Vec<Action>,
        operation: DeltaOperation,
        mark: Option<i64>,
    ) -> Result<(), DeltaTableError> {
        let own = self.place.collector().application(HANDOVER_APPLICATION);
        let noted = mark.map(|mark| (own.as_str(), mark));
        self.commit_noting(actions, operation, noted.as_slice()).await
    }

    /// As [`Self::commit`], with the number of every collector in a state.
    pub(crate) async fn commit_state(
        &self,
        actions: Vec<Action>,
        operation: DeltaOperation,
        state: &State,
    ) -> Result<(), DeltaTableError> {
        let names: Vec<(String, i64)> = state
            .numbers()
            .map(|(collector, number)| (collector.application(HANDOVER_APPLICATION), number))
            .collect();
        let noted: Vec<(&str, i64)> = names.iter().map(|(name, number)| (name.as_str(), *number)).collect();
        self.commit_noting(actions, operation, &noted).await
    }

    /// As [`Self::commit`], with numbers that the log keeps under names of their own.
    ///
    /// A store over a network may carry a request out and lose the answer: repeated, the entry is then found to be there, and a time-out says
    /// nothing. So whatever the failure, the log is asked whether it has this very attempt.
    pub(crate) async fn commit_noting(
        &self,
        actions: Vec<Action>,
        operation: DeltaOperation,
        noted: &[(&str, i64)],
    ) -> Result<(), DeltaTableError> {
        let attempt = uuid::Uuid::new_v4().to_string();
        let mut properties =
            CommitProperties::default().with_metadata([(ATTEMPT.to_owned(), attempt.as_str().into())]);
        for (application, number) in noted {
            properties = properties.with_application_transaction(Transaction::new(*application, *number));
        }
        let snapshot = self.delta.snapshot()?.snapshot();
        // The format's library lets two take the same file away when the first one changed no row: both would put its rows elsewhere, and
        // they would be there twice. Of two entries with the same name from the same version, it refuses the second.
        if actions.iter().any(|action| matches!(action, Action::Remove(_))) {
            let version = i64::try_from(self.delta.version().unwrap_or(0)).unwrap_or(i64::MAX);
            properties =
                properties.with_application_transaction(Transaction::new(REMOVAL_APPLICATION, version));
        }
        let committed = CommitBuilder::from(properties)
            .with_actions(actions)
            .build(Some(snapshot), self.delta.log_store(), operation)
            .await;
        match committed {
            Ok(_) => Ok(()),
            Err(error) => match self.has_attempt(&attempt).await {
                Ok(true) => {
                    tracing::warn!(table = self.kept.name(), %error, "the log has the entry all the same");
                    Ok(())
                }
                // If the log cannot be asked either, the next attempt finds out by the numbers that it keeps.
                Ok(false) | Err(_) => Err(error),
            },
        }
    }

    /// Whether an attempt is among the entries that came since this was opened.
    async fn has_attempt(&self, attempt: &str) -> Result<bool, DeltaTableError> {
        let mut now = DeltaTable::new(self.delta.log_store());
        now.load().await?;
        let (before, after) = (self.delta.version().unwrap_or(0), now.version().unwrap_or(0));
        let since = usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX);
        if since == 0 {
            return Ok(false);
        }
        let entries: Vec<_> = now.history(Some(since)).try_collect().await?;
        Ok(entries.iter().any(|entry| entry.info.get(ATTEMPT).is_some_and(|value| value == attempt)))
    }

    /// The version of the schema that the table has.
    pub(crate) fn schema_version(&self) -> Result<i64, LakeError> {
        let snapshot = self.delta.snapshot().map_err(failed("reading", &self.path))?;
        let found =
            snapshot.metadata().configuration().get(SCHEMA_PROPERTY).and_then(|text| text.parse().ok());
        Ok(found.unwrap_or(0))
    }

    fn refuse_what_is_not_ours(&self) -> Result<(), LakeError> {
        let found = self.schema_version()?;
        let snapshot = self.delta.snapshot().map_err(failed("reading", &self.path))?;
        let properties: &HashMap<String, String> = snapshot.metadata().configuration();
        if found > SCHEMA_VERSION {
            return Err(LakeError::NewerSchema { path: self.path.clone(), found, known: SCHEMA_VERSION });
        }
        if properties.get("delta.columnMapping.mode").is_some_and(|mode| mode != "none") {
            return Err(self.unreadable("column mapping"));
        }
        Ok(())
    }

    fn unreadable(&self, feature: &'static str) -> LakeError {
        LakeError::Unreadable { path: self.path.clone(), feature }
    }
}

/// Adds that change no row: what a compaction writes.
pub(crate) fn rewritten(mut add: Add) -> Action {
    add.data_change = false;
    Action::Add(add)
}

pub(crate) fn is_conflict(error: &DeltaTableError) -> bool {
    matches!(
        error,
        DeltaTableError::Transaction {
            source: TransactionError::CommitConflict(_)
                | TransactionError::VersionAlreadyExists(_)
                | TransactionError::MaxCommitAttempts(_)
        }
    )
}

pub(crate) fn failed(
    doing: &'static str,
    path: &std::path::Path,
) -> impl Fn(DeltaTableError) -> LakeError + use<> {
    let path = path.to_owned();
    move |error| {
        // Errors of the log's own reader hide theirs, but for the words.
        let hidden = matches!(&error, DeltaTableError::KernelError(error) if error.to_string().contains("object store"));
        let advice = match hidden || is_of_the_store(&error) {
            true => {
                "; nothing is lost: rows wait in the store until they are in the history, and what was begun is repeated"
            }
            false => "",
        };
        let said = format!("{error}{advice}");
        LakeError::Delta { doing, path: path.clone(), said }
    }
}

/// Whether files, or the requests for them, are what failed.
fn is_of_the_store<'a>(error: &'a (dyn std::error::Error + 'static)) -> bool {
    // What is wrapped in an error of input and output is not its source, but it.
    let below = |error: &&'a (dyn std::error::Error + 'static)| match error.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as _),
        None => error.source(),
    };
    std::iter::successors(Some(error), below)
        .any(|error| matches!(error.downcast_ref(), Some(object_store::Error::Generic { .. })))
}
