//! Keeping the history beside a running collector.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use desserte_lake::{Lake, LakeError, LakeOptions, RetainedRows, RowsKeptFrom, flush};
use desserte_retention::Limits;
use desserte_store::{Host, Store, StoreOptions};

use crate::lake::runtime;

/// How often small files are put together: a flush a minute makes sixty of them in the meantime.
const UPKEEP_EVERY: Duration = Duration::from_secs(3_600);

/// Hands over every `every`, from a thread of its own, until the process ends. It may end at any moment: what was not handed
/// over waits in the store.
///
/// # Errors
/// When the store or the thread cannot be had.
pub(crate) fn keep(data: &Path, every: Duration) -> anyhow::Result<()> {
    let store = Arc::new(Store::open(data, StoreOptions::default()).context("cannot open the store")?);
    let data = data.to_owned();
    // The engine computes for long stretches; on the collector's own threads it would hold up answers.
    let runtime = runtime()?;
    std::thread::Builder::new()
        .name("history".to_owned())
        .spawn(move || {
            let mut upkeep = Instant::now() + UPKEEP_EVERY;
            loop {
                std::thread::sleep(every);
                let due = Instant::now() >= upkeep;
                if due {
                    upkeep = Instant::now() + UPKEEP_EVERY;
                }
                if let Err(error) = runtime.block_on(round(&store, &data, due)) {
                    let error = anyhow::Error::from(error);
                    tracing::error!(error = format!("{error:#}"), "the history was not kept; trying again");
                }
            }
        })
        .context("cannot start the thread that keeps the history")?;
    Ok(())
}

async fn round(store: &Arc<Store>, data: &Path, upkeep: bool) -> Result<(), LakeError> {
    let options = LakeOptions::default();
    let report = flush(store, data, &options).await?;
    tracing::debug!(records = report.records, rows = report.rows, "handed over to the history");
    if upkeep {
        let lake = Lake::of_store(store, data, &options).await?;
        // Before files are put together: those with new rows are few and small until then.
        let days = lake.roll_up(&|_, _, _| ()).await?.days;
        let RetainedRows { rewritten } = keep_within(store, &lake).await?;
        if rewritten > 0 {
            tracing::info!(files = rewritten, "erased rows of the history whose time was over");
        }
        let (merged, removed) = (lake.compact().await?, lake.vacuum().await?.removed);
        tracing::info!(
            days,
            replaced = merged.replaced,
            written = merged.written,
            removed,
            "kept the history"
        );
    }
    Ok(())
}

/// Erases of the history what the store has erased of probes at homes: whole months, and hours of days.
pub(crate) async fn keep_within(store: &Store, lake: &Lake) -> Result<RetainedRows, LakeError> {
    let (raw, hourly) = store.kept_from()?;
    let (Some(month), day) = (raw.and_then(Limits::month), hourly.and_then(Limits::day)) else {
        return Ok(RetainedRows::default());
    };
    let hosts = store.hosts()?;
    let public =
        hosts.into_iter().filter(|(_, host)| *host == Host::PublicBuilding).map(|(id, _)| id).collect();
    lake.keep_within(&RowsKeptFrom { month, day }, &public).await
}
