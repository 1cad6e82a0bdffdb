//! `desserte-geodata`: boundary and population files to one territory file.

mod args;
mod commands;

use std::process::ExitCode;

use clap::Parser;
use desserte_boot::exit;
use desserte_boot::logging::{self, LogFormat};

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let asked = !error.use_stderr();
            // Nothing can be done where the terminal is gone.
            let _ = error.print();
            return if asked { ExitCode::SUCCESS } else { exit::usage() };
        }
    };
    // The filter is fixed, so it can be read.
    let _ = logging::init("warn", LogFormat::Text);
    match commands::run(args.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            commands::complain(&error);
            commands::exit_code(&error)
        }
    }
}
