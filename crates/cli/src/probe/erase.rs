//! `desserte probe erase`: everything that a probe measured, out of the store and the history (docs/spec/erasure.md).

use std::io::ErrorKind;

use anyhow::Context as _;
use clap::Args;
use desserte_collector::DOSSIERS;
use desserte_indicators::{Kept, months};
use desserte_lake::{ErasedRows, Lake, LakeOptions};
use desserte_model::ProbeId;
use desserte_store::{DirectoryLock, Erasure};

use super::open_existing;
use crate::arguments::DataArguments;
use crate::clock;
use crate::lake::runtime;
use crate::out::{Failure, Outcome, line, note};

/// Options of `desserte probe erase`.
#[derive(Debug, Args)]
pub(crate) struct ProbeEraseArguments {
    #[command(flatten)]
    data: DataArguments,
    /// The probe's identifier, as `desserte probe list` shows it; it must be out of service.
    #[arg(value_name = "PROBE")]
    probe: String,
    /// Why, in words for the log that is never erased: name nobody in it.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(crate) fn run(arguments: &ProbeEraseArguments) -> Outcome {
    let probe: ProbeId = arguments.probe.parse().map_err(Failure::usage)?;
    let data = &arguments.data.data;
    let store = open_existing(&arguments.data)?;
    let Some(known) = store.probes()?.into_iter().find(|known| known.id == probe) else {
        return Err(Failure::no(anyhow::anyhow!("no probe {probe} is registered here")));
    };
    if known.retired.is_none() {
        return Err(Failure::no(anyhow::anyhow!(
            "probe {probe} is in service, and what it sends next would be kept again: `desserte probe retire` first"
        )));
    }
    // A collector would hand rows over that are being erased here.
    let _lock = DirectoryLock::take(data)?;
    let mut rows = ErasedRows::default();
    let runtime = runtime()?;
    let mut remote = false;
    for lake in runtime.block_on(Lake::generations(data, &LakeOptions::default()))? {
        note(&format!("erasing rows in {}", lake.root().display()));
        remote |= lake.place().is_remote();
        let erased = runtime.block_on(lake.erase_probe(probe.as_str()))?;
        rows.rewritten += erased.rewritten;
        rows.removed += erased.removed;
        rows.days += erased.days;
    }
    note("erasing records, and writing the store anew");
    let (reason, now) = (arguments.reason.clone(), clock::now());
    let report = store.erase_probe(&Erasure { probe: probe.clone(), reason, now })?;
    for month in months(data)? {
        let path = Kept::path(data, month);
        std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    // Some may hold its records; those that anyone still wants are made again when they are asked for.
    match std::fs::remove_dir_all(data.join(DOSSIERS)) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(anyhow::Error::new(error)
                .context("cannot remove the dossiers that were asked for")
                .into());
        }
        _ => {}
    }
    line(&format!(
        "erased of probe {probe}: {} batches with {} records; {} files of the history written again, {} removed, {} days of \
         rollups computed again",
        report.batches, report.records, rows.rewritten, rows.removed, rows.days
    ))?;
    line("made anew when the collector runs again: indicators of months, and dossiers that are asked for")?;
    line(
        "yours to do: run `desserte export` again; delete backups and dossiers made before, or erase in them likewise",
    )?;
    if remote {
        line(
            "yours to do in the object store: where it keeps former versions, replicas or copies of objects, delete those of today",
        )?;
    }
    Ok(())
}
