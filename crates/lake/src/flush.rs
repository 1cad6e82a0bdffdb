//! From the store to the history, each row once.

use std::path::Path;
use std::sync::Arc;

use desserte_store::{HandoverTable, Store};

use crate::table::{Appended, append};
use crate::{Lake, LakeError, LakeOptions, Work, agreed, joined};

/// Records in one commit of each table: few enough to hold in memory, enough that a file of them is worth its name.
const FLUSH_RECORDS: usize = 50_000;

/// What a flush did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FlushReport {
    /// Records that no longer wait.
    pub records: u64,
    /// Rows that tables were given.
    pub rows: u64,
    /// The highest number among the records; `None` when none waited.
    pub last: Option<i64>,
}

/// Hands over everything that waits in the store of the data directory `data` when this is called. What comes meanwhile waits for
/// the next flush: where records come without a pause, one that took them along would never end.
///
/// Each table's log holds the number up to which it has rows, and every file is on the disk before the store forgets. Wherever
/// this ends, the next flush goes on: tables that have rows already do not take them again.
///
/// # Errors
/// When the store or a table fails; nothing is lost or doubled by it.
pub fn flush<'a>(store: &'a Arc<Store>, data: &'a Path, options: &'a LakeOptions) -> Work<'a, FlushReport> {
    Box::pin(hand_over(store, data, options))
}

async fn hand_over(store: &Arc<Store>, data: &Path, options: &LakeOptions) -> Result<FlushReport, LakeError> {
    let mut report = FlushReport::default();
    let mut until = i64::MAX;
    let lake = Lake::open(data, blocking(store, Store::history_generation).await?, options.clone())?;
    joined::join(store, data, &lake).await?;
    while report.last.is_none_or(|last| last < until) {
        let offered = blocking(store, |store| store.handover(FLUSH_RECORDS)).await?;
        let Some(last) = offered.last else { break };
        // One place and its connections for all of it; a rebuild may have come between.
        let lake = lake.of_generation(offered.generation);
        if report.last.is_none() {
            until = offered.issued;
            agreed::note(store, data, &lake).await?;
            refuse_another_store(&lake, offered.issued).await?;
        }
        for rows in offered.tables.iter().filter(|rows| !rows.is_empty()) {
            if let Appended::Rows(added) = append(&lake, rows, last).await? {
                report.rows += added as u64;
            }
        }
        if let Some(watch) = &options.watch {
            watch("before the store forgets");
        }
        blocking(store, move |store| store.handed_over(last)).await?;
        if let Some(watch) = &options.watch {
            watch("the store has forgotten");
        }
        let custody = offered.tables.iter().find(|rows| rows.table == HandoverTable::Custody);
        report.records += custody.map_or(0, |rows| rows.len() as u64);
        report.last = Some(last);
    }
    Ok(report)
}

/// A store that was put back from an older copy gives numbers again that the history has: its rows would be taken for known.
async fn refuse_another_store(lake: &Lake, issued: i64) -> Result<(), LakeError> {
    for table in HandoverTable::ALL {
        if let (_, Some(mark)) = lake.snapshot(table).await?
            && mark - lake.place().collector().base() > issued
        {
            let mark = mark - lake.place().collector().base();
            return Err(LakeError::FromAnotherStore { path: lake.path(table), mark, issued });
        }
    }
    Ok(())
}

/// Runs what blocks on the store on a thread for it.
pub(crate) async fn blocking<T: Send + 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&Store) -> Result<T, desserte_store::StoreError> + Send + 'static,
) -> Result<T, LakeError> {
    let store = store.clone();
    Ok(tokio::task::spawn_blocking(move || work(&store)).await.map_err(|_| LakeError::Panicked)??)
}
