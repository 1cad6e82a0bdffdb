//! `desserte-update`: keeps the program of a probe up to date.

mod cli;
mod commands;
mod words;

use std::process::ExitCode;

use clap::Parser as _;
use cli::{Cli, Command};
use desserte_boot::exit;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A failure to print the help leaves nothing better to do.
            let _ = error.print();
            return if error.use_stderr() { exit::usage() } else { ExitCode::SUCCESS };
        }
    };
    match cli.command {
        Command::Check(args) => commands::check(&args),
        Command::Apply(args) => commands::apply(&args),
        Command::Status(args) => commands::status(&args),
        Command::Rollback(args) => commands::rollback(&args),
        Command::Init(args) => commands::init(&args),
        Command::Exec(args) => commands::exec(&args),
    }
}
