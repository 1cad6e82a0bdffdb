//! `desserte audit`: who asked what of the administration.

use clap::Args;

use crate::arguments::DataArguments;
use crate::clock;
use crate::out::{Outcome, line};
use crate::probe::open_existing;

/// Options of `desserte audit`.
#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    #[command(flatten)]
    data: DataArguments,
    /// How many of the latest lines to show.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    last: u32,
}

pub(crate) fn run(arguments: &AuditArguments) -> Outcome {
    for entry in open_existing(&arguments.data)?.audit_log(arguments.last)? {
        let at = clock::text(entry.at);
        line(&format!(
            "{at:<20}  {:<10}  {:<16}  {:<26}  {}",
            entry.action, entry.outcome, entry.actor, entry.subject
        ))?;
    }
    Ok(())
}
