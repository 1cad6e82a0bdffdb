//! `netlab`: runs a command behind an emulated line.

mod arguments;
mod run;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Task};

fn main() -> ExitCode {
    let Arguments { task: Task::Run(task) } = Arguments::parse();
    match run::run(&task) {
        Ok(code) => code,
        Err(error) => {
            run::complain(&error);
            ExitCode::FAILURE
        }
    }
}
