//! Upkeep: few large sorted files instead of many small ones, and no files that nothing refers to.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use datafusion::prelude::col;
use deltalake::kernel::Action;
use deltalake::operations::vacuum::VacuumMode;
use deltalake::protocol::{DeltaOperation, checkpoints};
use deltalake::writer::DeltaWriter as _;
use desserte_store::HandoverTable;
use futures_util::TryStreamExt as _;

use crate::evolve::open_to_write;
use crate::schema::{COMMUNE, EVENT, HANDOVER, Kept};
use crate::table::{self, OpenTable, failed, is_conflict, rewritten};
use crate::{Lake, LakeError, LakeFile, Rollup, Work};

/// Size that a file is to have: large enough that opening it costs little beside reading it.
const TARGET_BYTES: u64 = 128 << 20;

/// A file below this size is small.
const SMALL_BYTES: u64 = TARGET_BYTES / 4;

/// Small files of a month from which on they are put together. What is large stays: each row is rewritten a few times in
/// its life, not once an hour.
const SMALL_FILES: usize = 8;

/// Temporary files of writers that were ended stay so long: no writer takes that long for one file.
const STAGED_AGE: Duration = Duration::from_secs(24 * 3600);

/// What upkeep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UpkeepReport {
    /// Files that were put together.
    pub replaced: u64,
    /// Files that they became.
    pub written: u64,
    /// Files removed: replaced longer ago than the retention, or never referred to.
    pub removed: u64,
}

impl Lake {
    /// Puts small files together, sorted by commune and event time, month by month. No row changes; readers of the time before go
    /// on reading the files of the time before.
    ///
    /// # Errors
    /// When a table fails; what was committed stays, what was not is no part of the table.
    pub fn compact(&self) -> Work<'_, UpkeepReport> {
        Box::pin(self.put_together())
    }

    async fn put_together(&self) -> Result<UpkeepReport, LakeError> {
        let mut report = UpkeepReport::default();
        for table in HandoverTable::ALL {
            let Some(open) = table::open(self, table).await? else { continue };
            let mut small = open.files()?;
            small.retain(|file| file.bytes < SMALL_BYTES);
            small.sort_by(|a, b| (&a.partition, &a.location).cmp(&(&b.partition, &b.location)));
            let months: Vec<&[LakeFile]> = small
                .chunk_by(|a, b| a.partition == b.partition)
                .filter(|files| files.len() >= SMALL_FILES)
                .collect();
            for files in &months {
                // The table as it is now: the month before has been committed.
                let Some(open) = open_to_write(self, table).await? else { continue };
                if let Some(written) = merge(&open, files).await? {
                    report.replaced += files.len() as u64;
                    report.written += written;
                }
            }
            if !months.is_empty()
                && let Some(open) = table::open(self, table).await?
            {
                checkpoints::create_checkpoint(&open.delta, None)
                    .await
                    .map_err(failed("checkpointing", &open.path))?;
            }
        }
        Ok(report)
    }

    /// Removes files that were replaced longer ago than the retention, and files that were written and never referred to.
    ///
    /// # Errors
    /// When a table fails.
    pub fn vacuum(&self) -> Work<'_, UpkeepReport> {
        Box::pin(self.remove_unused())
    }

    async fn remove_unused(&self) -> Result<UpkeepReport, LakeError> {
        let mut report = UpkeepReport::default();
        let rollups = Rollup::ALL.map(Kept::from);
        for table in HandoverTable::ALL.map(Kept::from).into_iter().chain(rollups) {
            let Some(open) = table::open(self, table).await? else { continue };
            let OpenTable { path, place, delta, .. } = open;
            // Full: the light one passes over files that were never in the log.
            let (_, metrics) =
                delta.vacuum().with_mode(VacuumMode::Full).await.map_err(failed("vacuuming", &path))?;
            report.removed += metrics.files_deleted.len() as u64;
            if !place.is_remote() {
                report.removed += remove_staged(&path, SystemTime::now() - STAGED_AGE)
                    .map_err(|source| LakeError::Directory { path: path.clone(), source })?;
            }
        }
        Ok(report)
    }
}

/// Writes the rows of some files of one month into as few as they fill; `None` when another compaction was faster.
async fn merge(open: &OpenTable, files: &[LakeFile]) -> Result<Option<u64>, LakeError> {
    let wrap = LakeError::query("reading files to put together");
    let snapshot = open.delta.snapshot().map_err(failed("reading", &open.path))?;
    let removes: Vec<Action> = snapshot
        .log_data()
        .iter()
        .filter(|view| files.iter().any(|file| *file == LakeFile::of(view, &open.root, open.kept)))
        .map(|view| Action::Remove(view.remove_action(false)))
        .collect();
    if removes.len() != files.len() {
        return Ok(None);
    }
    let sorted = open
        .session()?
        .read_table(open.reading(files.to_vec()))
        .and_then(|frame| {
            frame.sort([COMMUNE, EVENT, HANDOVER].map(|name| col(name).sort(true, false)).to_vec())
        })
        .map_err(&wrap)?;
    let mut rows = sorted.execute_stream().await.map_err(&wrap)?;
    let mut writer = open.writer()?.with_target_file_size(TARGET_BYTES);
    let failed_writing = failed("writing", &open.path);
    while let Some(batch) = rows.try_next().await.map_err(&wrap)? {
        writer.write(batch).await.map_err(&failed_writing)?;
    }
    let adds = writer.flush().await.map_err(&failed_writing)?;
    let written = adds.len() as u64;
    let actions = removes.into_iter().chain(adds.into_iter().map(rewritten)).collect();
    #[expect(clippy::cast_possible_wrap, reason = "a constant far below")]
    let operation = DeltaOperation::Optimize { predicate: None, target_size: TARGET_BYTES as i64 };
    match open.commit(actions, operation, None).await {
        Ok(()) => Ok(Some(written)),
        Err(error) if is_conflict(&error) => Ok(None),
        Err(source) => Err(failed("committing to", &open.path)(source)),
    }
}

/// Removes temporary files that an ended writer left before `before`; they never had a name of the table's.
fn remove_staged(directory: &Path, before: SystemTime) -> std::io::Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type()?.is_dir() {
            removed += remove_staged(&entry.path(), before)?;
        } else if is_staged(&name.to_string_lossy()) && entry.metadata()?.modified()? < before {
            fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn is_staged(name: &str) -> bool {
    name.rsplit_once('#')
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
