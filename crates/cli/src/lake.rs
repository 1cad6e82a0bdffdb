//! `desserte lake`: the history's upkeep.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use desserte_lake::{Lake, LakeOptions, Rollup, flush};
use desserte_store::Store;
use tokio::runtime::Runtime;

use crate::arguments::{DataArguments, LakeCommand};
use crate::history::{keep_within, take_homes};
use crate::out::{Failure, Outcome, line, progress};
use crate::probe::open_existing;

pub(crate) fn run(command: &LakeCommand) -> Outcome {
    match command {
        LakeCommand::Flush(arguments) => hand_over(arguments),
        LakeCommand::Rollup(arguments) => roll_up(arguments),
        LakeCommand::Compact(arguments) => compact(arguments),
        LakeCommand::Retain(arguments) => retain(arguments),
        LakeCommand::Check(arguments) => check(arguments),
    }
}

/// What the engine runs on.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

fn hand_over(arguments: &DataArguments) -> Outcome {
    let store = Arc::new(open_existing(arguments)?);
    let report = runtime()?.block_on(async {
        take_homes(&store, &arguments.data).await?;
        flush(&store, &arguments.data, &LakeOptions::default()).await
    })?;
    match report.last {
        Some(last) => line(&format!(
            "{} records, {} rows handed over, up to number {last}",
            report.records, report.rows
        )),
        None => line("nothing waited"),
    }
}

/// The runtime is the one that the history is worked on with: connections belong to it.
fn open(runtime: &Runtime, arguments: &DataArguments) -> Result<(Arc<Store>, Lake), Failure> {
    let store = Arc::new(open_existing(arguments)?);
    let lake = runtime.block_on(Lake::of_store(&store, &arguments.data, &LakeOptions::default()))?;
    Ok((store, lake))
}

fn roll_up(arguments: &DataArguments) -> Outcome {
    let runtime = runtime()?;
    let (_, lake) = open(&runtime, arguments)?;
    let bar = progress("days");
    let told = |rollup: Rollup, done: usize, of: usize| {
        bar.set_message(rollup.name());
        bar.set_length(of as u64);
        bar.set_position(done.min(of) as u64);
    };
    let report = runtime.block_on(lake.roll_up(&told))?;
    bar.finish_and_clear();
    match report.state {
        Some(state) => {
            line(&format!("{} days computed, {} rows, up to number {state}", report.days, report.rows))
        }
        None => line("nothing was handed over yet"),
    }
}

fn compact(arguments: &DataArguments) -> Outcome {
    let runtime = runtime()?;
    let (_, lake) = open(&runtime, arguments)?;
    let (merged, cleaned) =
        runtime.block_on(async { Ok::<_, Failure>((lake.compact().await?, lake.vacuum().await?)) })?;
    line(&format!(
        "{} small files became {}, {} files without use removed",
        merged.replaced, merged.written, cleaned.removed
    ))
}

fn retain(arguments: &DataArguments) -> Outcome {
    let runtime = runtime()?;
    let (store, lake) = open(&runtime, arguments)?;
    let rewritten = runtime.block_on(keep_within(&store, &lake))?.rewritten;
    line(&format!(
        "{rewritten} files written again without rows whose time is over; `desserte lake compact` removes the old ones in eight days"
    ))
}

fn check(arguments: &DataArguments) -> Outcome {
    let runtime = runtime()?;
    let (_, lake) = open(&runtime, arguments)?;
    let report = runtime.block_on(lake.check())?;
    if report.tables.is_empty() {
        return line("nothing was handed over yet");
    }
    for table in &report.tables {
        line(&format!(
            "{:<14}  {:>12} rows  {:>6} files  {:>14} bytes  up to number {}",
            table.table.name(),
            table.rows,
            table.files,
            table.bytes,
            table.state
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
