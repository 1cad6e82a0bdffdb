//! `desserte-server`, the measurement peer that probes test against: ndt7 in clear and over TLS, admitted by capacity.

mod admission;
mod arguments;
mod client;
mod gate;
mod iperf3;
mod lobby;
mod serve;
mod stamp;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors, and clap says which is which.
            let _ = error.print();
            return if error.use_stderr() { desserte_boot::exit::usage() } else { ExitCode::SUCCESS };
        }
    };
    if let Err(error) = desserte_boot::logging::init(&arguments.log, arguments.log_format()) {
        return say(&error.into(), desserte_boot::exit::usage());
    }
    let plan = match arguments.plan() {
        Ok(plan) => plan,
        Err(error) => return say(&error, desserte_boot::exit::usage()),
    };
    raise_file_limit();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return say(&error.into(), desserte_boot::exit::failure()),
    };
    match runtime.block_on(serve::serve(plan)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(&error, desserte_boot::exit::failure()),
    }
}

/// Every connection is a file, and the usual limit of 1,024 of them is for programs of another age.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    if let Err(error) = raised {
        tracing::warn!(%error, now = limit.current, "the number of open files could not be raised");
    }
}

#[expect(clippy::print_stderr, reason = "the last words of a program go to its terminal")]
fn say(error: &anyhow::Error, code: ExitCode) -> ExitCode {
    eprintln!("desserte-server: {error:#}");
    code
}
