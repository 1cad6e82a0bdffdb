//! Files of a table written again without some of their rows.

use datafusion::prelude::{Expr, col};
use deltalake::kernel::Action;
use deltalake::protocol::DeltaOperation;
use deltalake::writer::DeltaWriter as _;
use futures_util::TryStreamExt as _;

use crate::evolve::open_to_write;
use crate::query::session;
use crate::schema::{COMMUNE, HANDOVER, Kept};
use crate::table::{self, OpenTable, failed};
use crate::{Lake, LakeError, LakeFile};

/// Rows that are to go.
pub(crate) struct Doomed {
    /// True of each of them; of a row of which it is null nothing is done.
    pub(crate) condition: Expr,
    /// The same in words, for the table's log.
    pub(crate) told: String,
}

/// Writes those files among `chosen` that hold a doomed row again without such rows, partition by partition. Gives how many there were.
pub(crate) async fn rewrite_without(
    lake: &Lake,
    kept: Kept,
    doomed: &Doomed,
    chosen: &(dyn Fn(&LakeFile) -> bool + Sync),
) -> Result<u64, LakeError> {
    let Some(open) = table::open(lake, kept).await? else { return Ok(0) };
    let mut holding = Vec::new();
    for file in open.files()?.into_iter().filter(|file| chosen(file)) {
        if holds(&open, &file, doomed).await? {
            holding.push(file);
        }
    }
    holding.sort_by(|a, b| (&a.partition, &a.location).cmp(&(&b.partition, &b.location)));
    for files in holding.chunk_by(|a, b| a.partition == b.partition) {
        // The table as it is now: the partition before has been committed.
        if let Some(open) = open_to_write(lake, kept).await? {
            replace(&open, files, doomed).await?;
        }
    }
    Ok(holding.len() as u64)
}

async fn holds(open: &OpenTable, file: &LakeFile, doomed: &Doomed) -> Result<bool, LakeError> {
    let wrap = LakeError::query("looking for rows to erase");
    let rows = session(&open.place)?
        .read_table(open.reading(vec![file.clone()]))
        .and_then(|frame| frame.filter(doomed.condition.clone()))
        .and_then(|frame| frame.limit(0, Some(1)))
        .map_err(&wrap)?;
    Ok(rows.count().await.map_err(&wrap)? > 0)
}

async fn replace(open: &OpenTable, files: &[LakeFile], doomed: &Doomed) -> Result<(), LakeError> {
    let snapshot = open.delta.snapshot().map_err(failed("reading", &open.path))?;
    let mut actions: Vec<Action> = snapshot
        .log_data()
        .iter()
        .filter(|view| files.iter().any(|file| *file == LakeFile::of(view, &open.root, open.kept)))
        .map(|view| Action::Remove(view.remove_action(true)))
        .collect();
    let wrap = LakeError::query("reading rows to keep");
    let order = [COMMUNE, open.kept.time(), HANDOVER];
    let kept = session(&open.place)?
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
    // A conflict is an error here: nobody else may write.
    open.commit(actions, operation, None).await.map_err(failed("committing to", &open.path))
}
