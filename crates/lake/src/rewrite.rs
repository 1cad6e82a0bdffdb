//! Files of a table written again without some of their rows.

use datafusion::prelude::{Expr, col};
use deltalake::kernel::Action;
use deltalake::protocol::DeltaOperation;
use deltalake::writer::DeltaWriter as _;
use futures_util::TryStreamExt as _;

use crate::evolve::open_to_write;
use crate::schema::{COMMUNE, HANDOVER, Kept};
use crate::table::{self, OpenTable, failed, is_conflict};
use crate::{Lake, LakeError, LakeFile};

/// Rows that are to go.
pub(crate) struct Doomed {
    /// True of each of them; of a row of which it is null nothing is done.
    pub(crate) condition: Expr,
    /// The same in words, for the table's log.
    pub(crate) told: String,
}

/// How often it is tried while others put files together: each failure means that another one succeeded.
const ATTEMPTS: u32 = 10;

/// Writes those files among `chosen` that hold a doomed row again without such rows, partition by partition. Gives how many there were.
pub(crate) async fn rewrite_without(
    lake: &Lake,
    kept: Kept,
    doomed: &Doomed,
    chosen: &(dyn Fn(&LakeFile) -> bool + Sync),
) -> Result<u64, LakeError> {
    let mut rewritten = 0;
    for _ in 0..ATTEMPTS {
        let Some(open) = table::open(lake, kept).await? else { return Ok(rewritten) };
        let mut holding = Vec::new();
        for file in open.files()?.into_iter().filter(|file| chosen(file)) {
            if holds(&open, &file, doomed).await? {
                holding.push(file);
            }
        }
        holding.sort_by(|a, b| (&a.partition, &a.location).cmp(&(&b.partition, &b.location)));
        let mut all = true;
        for files in holding.chunk_by(|a, b| a.partition == b.partition) {
            // The table as it is now: the partition before has been committed.
            if let Some(open) = open_to_write(lake, kept).await? {
                match replace(&open, files, doomed).await? {
                    true => rewritten += files.len() as u64,
                    false => all = false,
                }
            }
        }
        if all {
            return Ok(rewritten);
        }
    }
    Err(LakeError::Contended { path: lake.path(kept), attempts: ATTEMPTS })
}

async fn holds(open: &OpenTable, file: &LakeFile, doomed: &Doomed) -> Result<bool, LakeError> {
    let wrap = LakeError::query("looking for rows to erase");
    let rows = open
        .session()?
        .read_table(open.reading(vec![file.clone()]))
        .and_then(|frame| frame.filter(doomed.condition.clone()))
        .and_then(|frame| frame.limit(0, Some(1)))
        .map_err(&wrap)?;
    Ok(rows.count().await.map_err(&wrap)? > 0)
}

/// False when another was faster: the rows are in other files now.
async fn replace(open: &OpenTable, files: &[LakeFile], doomed: &Doomed) -> Result<bool, LakeError> {
    let snapshot = open.delta.snapshot().map_err(failed("reading", &open.path))?;
    let mut actions: Vec<Action> = snapshot
        .log_data()
        .iter()
        .filter(|view| files.iter().any(|file| *file == LakeFile::of(view, &open.root, open.kept)))
        .map(|view| Action::Remove(view.remove_action(true)))
        .collect();
    if actions.len() != files.len() {
        return Ok(false);
    }
    let wrap = LakeError::query("reading rows to keep");
    let order = [COMMUNE, open.kept.time(), HANDOVER];
    let kept = open
        .session()?
        .read_table(open.reading(files.to_vec()))
        .and_then(|frame| frame.filter(doomed.condition.clone().is_not_true()))
        .and_then(|frame| frame.sort(order.map(|name| col(name).sort(true, false)).to_vec()))
        .map_err(&wrap)?;
    let mut rows = kept.execute_stream().await.map_err(&wrap)?;
    let mut writer = open.writer()?;
    while let Some(batch) = rows.try_next().await.map_err(&wrap)? {
        writer.write(batch).await.map_err(failed("writing", &open.path))?;
    }
    let adds = writer.flush().await.map_err(failed("writing", &open.path))?;
    actions.extend(adds.into_iter().map(Action::Add));
    let operation = DeltaOperation::Delete { predicate: Some(doomed.told.clone()) };
    match open.commit(actions, operation, None).await {
        Ok(()) => Ok(true),
        Err(error) if is_conflict(&error) => Ok(false),
        Err(source) => Err(failed("committing to", &open.path)(source)),
    }
}
