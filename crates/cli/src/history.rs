//! Keeping the history beside a running collector.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use desserte_lake::{Homes, Lake, LakeError, LakeOptions, RetainedRows, RowsKeptFrom, flush};
use desserte_retention::Limits;
use desserte_store::{Host, META_HOME, Store, StoreOptions};

use crate::clock;
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
    take_homes(store, data).await?;
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

/// Makes this collector the one of every probe in service. What belongs to another is taken out of service here: its batches are refused
/// from then on.
pub(crate) async fn take_homes(store: &Store, data: &Path) -> Result<(), LakeError> {
    let lake = Lake::open(data, store.history_generation()?, LakeOptions::default())?;
    if !lake.place().is_remote() {
        return Ok(());
    }
    let place = lake.place().to_string();
    for probe in store.probes()?.into_iter().filter(|probe| probe.retired.is_none()) {
        let key = format!("{META_HOME}{}", probe.id);
        if store.meta(&key)?.as_deref() == Some(&place) {
            continue;
        }
        // Where a register says whose a probe is, the history is told.
        match lake.take_home(probe.id.as_str(), probe.in_register).await? {
            None => store.set_meta(&key, &place)?,
            Some(home) => {
                store.retire_probe(&probe.id, clock::now())?;
                tracing::error!(
                    probe = %probe.id,
                    %home,
                    "this probe belongs to another collector: it is out of service here, and its batches are refused"
                );
            }
        }
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
    let public: BTreeSet<String> =
        hosts.into_iter().filter(|(_, host)| *host == Host::PublicBuilding).map(|(id, _)| id).collect();
    let homes = if lake.others().await?.is_empty() {
        Homes::AllBut(public)
    } else {
        let known = store.probes()?.into_iter().map(|probe| probe.id.to_string());
        Homes::Only(known.filter(|id| !public.contains(id)).collect())
    };
    lake.keep_within(&RowsKeptFrom { month, day }, &homes).await
}
