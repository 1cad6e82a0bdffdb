//! `desserte-probe`: measures a line and reports to a collector.
//!
//! The agent is one thread (`agent.rs`): a watch over the line (`watch.rs`), from
//! which come the minutes (`minutes.rs`), at random moments a throughput run
//! (`runs.rs`), each charged to the data budget first (`book.rs`), each written to the spool (`spool/`) before it counts,
//! and sent when the collector takes it (`uploads.rs`). Runs are conducted by `conduct/`, as are those of `measure/`, the command line. `status/` reads what the agent shows of itself.

mod aboard;
mod agent;
mod board;
mod book;
mod chance;
mod cli;
mod clock;
mod collector;
mod commands;
mod conduct;
mod config;
#[cfg(feature = "mobile")]
mod drive;
mod echo;
mod enrol;
mod files;
mod identity;
mod line;
mod measure;
mod medium;
mod memory;
mod meter;
mod minutes;
mod radio;
mod reach;
mod recorder;
mod resolver;
mod rights;
mod runs;
mod sign;
mod slots;
mod spool;
mod status;
mod summary;
mod tls;
mod uploads;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;
use cli::{Cli, Command, SpoolCommand};
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
    let language = cli.command.language();
    if cli.command.measures() && !desserte_net::octets_are_counted() {
        commands::complain(&anyhow::Error::msg(commands::uncounted(language)), language);
        return exit::failure();
    }
    let done = match cli.command {
        Command::Run(args) => commands::run(args),
        Command::Status(args) => commands::status(&args, language),
        Command::Enrol(args) => enrol::enrol(&args, language),
        Command::Key(args) => commands::key(&args.config, language),
        Command::CheckConfig(args) => commands::check_config(&args.config, language),
        Command::Init(args) => commands::init(&args, language),
        Command::Measure(args) => measure::measure(&args, language),
        #[cfg(feature = "mobile")]
        Command::Drive(args) => drive::drive(&args, language),
        Command::Selftest(args) => commands::selftest(&args, language),
        Command::Spool(SpoolCommand::Check(args)) => commands::check_spool(&args),
    };
    done.unwrap_or_else(|error| {
        commands::complain(&error, language);
        if error.is::<config::ConfigFault>() { exit::usage() } else { exit::failure() }
    })
}
