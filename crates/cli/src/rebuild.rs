//! `desserte rebuild`: derived rows anew.

use anyhow::anyhow;
use desserte_lake::{Lake, LakeOptions};

use crate::arguments::DataArguments;
use crate::lake::runtime;
use crate::out::{Failure, Outcome, line};
use crate::probe::open_existing;

pub(crate) fn run(arguments: &DataArguments) -> Outcome {
    let store = open_existing(arguments)?;
    let lake = Lake::open(&arguments.data, store.history_generation()?, LakeOptions::default())?;
    let others = runtime()?.block_on(lake.others())?;
    if !others.is_empty() {
        return Err(Failure::no(anyhow!(
            "{} other collectors write {}: a generation begun from this store alone would lack what they keep",
            others.len(),
            lake.place()
        )));
    }
    let report = store.rebuild()?;
    line(&format!("{} records read, {} of them without a known event time", report.records, report.undated))
}
