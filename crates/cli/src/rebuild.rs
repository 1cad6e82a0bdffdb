//! `desserte rebuild`: derived rows anew.

use crate::arguments::DataArguments;
use crate::out::{Outcome, line};
use crate::probe::open_existing;

pub(crate) fn run(arguments: &DataArguments) -> Outcome {
    let report = open_existing(arguments)?.rebuild()?;
    line(&format!("{} records read, {} of them without a known event time", report.records, report.undated))
}
