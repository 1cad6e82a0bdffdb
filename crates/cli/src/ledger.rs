//! `desserte ledger`: what others measured or declared, each under its own label, beside ours and never mixed with it.

pub(crate) mod cells;
mod compare;
mod mlab;

use clap::Subcommand;

use crate::out::Outcome;

/// What to do with external ledgers.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Put ledgers beside each other, commune by commune: Ookla's cells, figures of a territory file, a table of ours.
    Compare(compare::CompareArguments),
    /// Tell percentiles of Measurement Lab by country code.
    Mlab(mlab::MlabArguments),
}

pub(crate) fn run(command: &LedgerCommand) -> Outcome {
    match command {
        LedgerCommand::Compare(arguments) => compare::run(arguments),
        LedgerCommand::Mlab(arguments) => mlab::run(arguments),
    }
}
