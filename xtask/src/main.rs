//! The project's tooling. `cargo xtask help` lists what it does.

mod check;
mod demo;
mod interop;
mod kill_rounds;
mod packages;
mod peers;
mod schema;
mod shell;
mod test;
mod workspace;

use std::process::ExitCode;

use crate::workspace::Workspace;

const HELP: &str = "\
cargo xtask COMMAND

  demo [--geodata DIR] [--listen ADDR]   build everything, then measure three emulated lines and show the result
  test [FILTER...]                       install what tests need, build, run every test
  check                                  formatting, lints, documentation, direction of dependencies, minimum Rust,
                                         paths in ARCHITECTURE.md, published schema, licences
  peers OUTLINES TERRITORY [PEER...]     place points with ours, GEOS and other programs, compare and time them
  kill-rounds [--rounds COUNT] [--seed NUMBER]
                                         kill the history's keeper so often, and compare every row each time
  schema                                 write docs/spec/wire-v1.schema.json again
  help                                   this text

What is built lands in $XDG_CACHE_HOME/desserte/target (CARGO_TARGET_DIR, when set, wins).
On Debian, missing packages are installed (with sudo unless root); elsewhere their names are printed.";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let done = match (command.as_str(), rest.as_slice()) {
        ("demo", _) => demo::run(&Workspace::find(), &rest),
        ("test", _) => test::run(&Workspace::find(), &rest),
        ("check", []) => check::run(&Workspace::find()),
        ("peers", _) => peers::run(&Workspace::find(), &rest),
        ("kill-rounds", _) => kill_rounds::run(&Workspace::find(), &rest),
        ("schema", []) => schema::write(&Workspace::find()),
        ("help" | "--help" | "-h", []) => {
            shell::say(HELP);
            Ok(())
        }
        _ => {
            shell::complain(HELP);
            return ExitCode::from(64);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            shell::complain(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
