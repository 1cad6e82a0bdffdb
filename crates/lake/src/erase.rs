//! Erasing a probe's rows from every generation of the history, and every file that held one of them (docs/spec/erasure.md).

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use datafusion::prelude::{Expr, col, lit};
use deltalake::kernel::Action;
use deltalake::operations::vacuum::VacuumMode;
use deltalake::protocol::DeltaOperation;
use deltalake::writer::DeltaWriter as _;
use desserte_store::HandoverTable;
use futures_util::TryStreamExt as _;

use crate::lake::LAKE_DIRECTORY;
use crate::query::session;
use crate::schema::{COMMUNE, EVENT, HANDOVER, Kept, PROBE};
use crate::table::{self, OpenTable, failed};
use crate::{Lake, LakeError, LakeFile, LakeOptions, LakeTable, Rollup, Work};

/// What erasing a probe's rows did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasedRows {
    /// Files that held a row of it and were written again without.
    pub rewritten: u64,
    /// Files removed from the disk: those, and whatever earlier compactions and rollups had replaced.
    pub removed: u64,
    /// Days of rollups computed again.
    pub days: u64,
}

impl Lake {
    /// Every generation that a data directory holds.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn generations(data: &Path, options: &LakeOptions) -> Result<Vec<Self>, LakeError> {
        let path = data.join(LAKE_DIRECTORY);
        let wrap = |source| LakeError::Directory { path: path.clone(), source };
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(wrap(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.map_err(wrap)?.file_name();
            if let Some(generation) = name.to_str().and_then(|name| name.parse().ok()) {
                found.push(Self::open(data, generation, options.clone())?);
            }
        }
        Ok(found)
    }

    /// Erases every row of a probe, and of rollups what was computed with them; `probe` is its identifier.
    ///
    /// Nothing may be handed over meanwhile, and a question that is being answered may fail: its files are removed. Numbers up to
    /// which the history can be cited stay, but no longer mean the same rows. Ended anywhere, it is repeated from its beginning.
    ///
    /// # Errors
    /// When a table fails; what was not erased then is erased by the next call.
    pub fn erase_probe<'a>(&'a self, probe: &'a str) -> Work<'a, ErasedRows> {
        Box::pin(async move {
            // Rollups first: their days are found by the rows that are still there.
            let mut report = ErasedRows { days: self.roll_up_without(probe).await?, ..ErasedRows::default() };
            for table in HandoverTable::ALL {
                report.rewritten += self.rewrite_without(table, probe).await?;
            }
            for kept in HandoverTable::ALL.map(Kept::from).into_iter().chain(Rollup::ALL.map(Kept::from)) {
                report.removed += self.remove_replaced(kept).await?;
            }
            Ok(report)
        })
    }

    /// Writes the files of a table that hold a row of the probe again without its rows, month by month.
    async fn rewrite_without(&self, table: HandoverTable, probe: &str) -> Result<u64, LakeError> {
        let Some(open) = table::open(self, table).await? else { return Ok(0) };
        let mut holding = Vec::new();
        for file in open.files()? {
            if holds(table, &file, probe).await? {
                holding.push(file);
            }
        }
        holding.sort_by(|a, b| (&a.partition, &a.location).cmp(&(&b.partition, &b.location)));
        for files in holding.chunk_by(|a, b| a.partition == b.partition) {
            // The table as it is now: the month before has been committed.
            if let Some(open) = table::open(self, table).await? {
                replace(&open, table, files, probe).await?;
            }
        }
        Ok(holding.len() as u64)
    }

    /// Removes every file that the table does not consist of now, whatever its age.
    async fn remove_replaced(&self, kept: Kept) -> Result<u64, LakeError> {
        let Some(OpenTable { path, delta, .. }) = table::open(self, kept).await? else { return Ok(0) };
        let vacuum = delta
            .vacuum()
            .with_mode(VacuumMode::Full)
            // Zero.
            .with_retention_period(Default::default())
            .with_enforce_retention_duration(false);
        let (_, metrics) = vacuum.await.map_err(failed("vacuuming", &path))?;
        Ok(metrics.files_deleted.len() as u64)
    }
}

fn of_probe(probe: &str) -> Expr {
    col(PROBE).eq(lit(probe))
}

async fn holds(table: HandoverTable, file: &LakeFile, probe: &str) -> Result<bool, LakeError> {
    let wrap = LakeError::query("looking for rows to erase");
    let rows = session()?
        .read_table(Arc::new(LakeTable::new(table, vec![file.clone()])))
        .and_then(|frame| frame.filter(of_probe(probe)))
        .and_then(|frame| frame.limit(0, Some(1)))
        .map_err(&wrap)?;
    Ok(rows.count().await.map_err(&wrap)? > 0)
}

async fn replace(
    open: &OpenTable,
    table: HandoverTable,
    files: &[LakeFile],
    probe: &str,
) -> Result<(), LakeError> {
    let root = open.root()?;
    let snapshot = open.delta.snapshot().map_err(failed("reading", &open.path))?;
    let mut actions: Vec<Action> = snapshot
        .log_data()
        .iter()
        .filter(|view| files.iter().any(|file| *file == LakeFile::of(view, &root, open.kept)))
        .map(|view| Action::Remove(view.remove_action(true)))
        .collect();
    let wrap = LakeError::query("reading rows to keep");
    let kept = session()?
        .read_table(Arc::new(LakeTable::new(table, files.to_vec())))
        .and_then(|frame| frame.filter(of_probe(probe).is_not_true()))
        .and_then(|frame| {
            frame.sort([COMMUNE, EVENT, HANDOVER].map(|name| col(name).sort(true, false)).to_vec())
        })
        .map_err(&wrap)?;
    let mut rows = kept.execute_stream().await.map_err(&wrap)?;
    let mut writer = open.writer()?;
    while let Some(batch) = rows.try_next().await.map_err(&wrap)? {
        writer.write(batch).await.map_err(failed("writing", &open.path))?;
    }
    let adds = writer.flush().await.map_err(failed("writing", &open.path))?;
    actions.extend(adds.into_iter().map(Action::Add));
    let operation = DeltaOperation::Delete { predicate: Some(format!("{PROBE} = '{probe}'")) };
    // A conflict is an error here: nobody else may write.
    open.commit(actions, operation, None).await.map_err(failed("committing to", &open.path))
}
