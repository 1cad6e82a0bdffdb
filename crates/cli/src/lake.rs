//! `desserte lake`: the history's upkeep.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use desserte_lake::{Lake, LakeOptions, flush};
use tokio::runtime::Runtime;

use crate::arguments::{DataArguments, LakeCommand};
use crate::out::{Failure, Outcome, line};
use crate::probe::open_existing;

pub(crate) fn run(command: &LakeCommand) -> Outcome {
    match command {
        LakeCommand::Flush(arguments) => hand_over(arguments),
        LakeCommand::Compact(arguments) => compact(arguments),
        LakeCommand::Check(arguments) => check(arguments),
    }
}

/// What the engine runs on.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

fn hand_over(arguments: &DataArguments) -> Outcome {
    let store = Arc::new(open_existing(arguments)?);
    let report = runtime()?.block_on(flush(&store, &arguments.data, &LakeOptions::default()))?;
    match report.last {
        Some(last) => line(&format!(
            "{} records, {} rows handed over, up to number {last}",
            report.records, report.rows
        )),
        None => line("nothing waited"),
    }
}

fn open(arguments: &DataArguments) -> Result<Lake, Failure> {
    let generation = open_existing(arguments)?.history_generation()?;
    Ok(Lake::open(&arguments.data, generation, LakeOptions::default())?)
}

fn compact(arguments: &DataArguments) -> Outcome {
    let lake = open(arguments)?;
    let (merged, cleaned) =
        runtime()?.block_on(async { Ok::<_, Failure>((lake.compact().await?, lake.vacuum().await?)) })?;
    line(&format!(
        "{} small files became {}, {} files without use removed",
        merged.replaced, merged.written, cleaned.removed
    ))
}

fn check(arguments: &DataArguments) -> Outcome {
    let lake = open(arguments)?;
    let report = runtime()?.block_on(lake.check())?;
    if report.tables.is_empty() {
        return line("nothing was handed over yet");
    }
    for table in &report.tables {
        let mark = table.mark.map_or_else(|| "-".to_owned(), |mark| mark.to_string());
        line(&format!(
            "{:<14}  {:>12} rows  {:>6} files  {:>14} bytes  up to number {mark}",
            table.table.name(),
            table.rows,
            table.files,
            table.bytes
        ))?;
        for fault in &table.faults {
            line(&format!("  {fault}"))?;
        }
    }
    if report.is_well() {
        return Ok(());
    }
    Err(Failure::no(anyhow!(
        "the history in {} is not whole; the records are in the store: `desserte rebuild` offers all of them to a new generation",
        lake.root().display()
    )))
}
