//! `desserte edition`: the pages kept for permanent links.

use anyhow::anyhow;
use clap::{Args, Subcommand};

use crate::arguments::DataArguments;
use crate::clock;
use crate::out::{Failure, Outcome, line};
use crate::probe::open_existing;

/// What to do with kept pages.
#[derive(Debug, Subcommand)]
pub(crate) enum EditionCommand {
    /// List the pages that are kept.
    List(DataArguments),
    /// Withdraw the pages that were kept of some figures: their links then say that the operator withdrew them.
    Withdraw(WithdrawArguments),
}

/// Options of `desserte edition withdraw`.
#[derive(Debug, Args)]
pub(crate) struct WithdrawArguments {
    #[command(flatten)]
    data: DataArguments,
    /// Fingerprint of the figures: what follows `empreinte=` in the link, and as `desserte edition list` shows it.
    #[arg(value_name = "FINGERPRINT")]
    fingerprint: String,
}

pub(crate) fn run(command: &EditionCommand) -> Outcome {
    match command {
        EditionCommand::List(arguments) => list(arguments),
        EditionCommand::Withdraw(arguments) => withdraw(arguments),
    }
}

fn list(arguments: &DataArguments) -> Outcome {
    let editions = open_existing(arguments)?.editions()?;
    if editions.is_empty() {
        return line("no page is kept");
    }
    line(&format!("{:<16}  {:<20}  {:>9}  page", "fingerprint", "kept", "octets"))?;
    for edition in editions {
        let since = clock::text(edition.since);
        line(&format!("{:<16}  {since:<20}  {:>9}  {}", edition.fingerprint, edition.octets, edition.page))?;
    }
    Ok(())
}

fn withdraw(arguments: &WithdrawArguments) -> Outcome {
    let pages = open_existing(&arguments.data)?.withdraw_editions(&arguments.fingerprint, clock::now())?;
    if pages.is_empty() {
        return Err(Failure::usage(anyhow!(
            "no page is kept with the fingerprint {}: `desserte edition list` shows those that are",
            arguments.fingerprint
        )));
    }
    pages.iter().try_for_each(|page| line(&format!("withdrawn: {page}")))
}
