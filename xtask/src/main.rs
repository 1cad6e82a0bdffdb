//! The project's tooling. `cargo xtask help` lists what it does.

mod apart;
mod booted;
mod chaos;
mod check;
mod cluster;
mod contract;
mod dashboards;
mod deb;
mod demo;
mod drive;
mod interop;
mod kill_rounds;
mod map_library;
mod packages;
mod peers;
mod sbom;
mod schema;
mod shell;
mod swarm;
mod test;
mod workspace;

use std::process::ExitCode;

use crate::workspace::Workspace;

const HELP: &str = "\
cargo xtask COMMAND

  demo [--geodata DIR] [--listen ADDR]   build everything, then measure three emulated lines and show the result
  test [FILTER...]                       install what tests need, build, run every test
  check                                  formatting, lints, documentation, direction of dependencies, minimum Rust,
                                         paths in ARCHITECTURE.md, published schema, dashboards, licences
  peers OUTLINES TERRITORY [PEER...]     place points with ours, GEOS and other programs, compare and time them
  kill-rounds [--rounds COUNT] [--seed NUMBER]
                                         kill the history's keeper so often, and compare every row each time
  chaos [--rounds COUNT] [--seed NUMBER] [--at-once COUNT]
                                         break a probe, a collector, their disks, clocks and line so often; needs root
  boot                                   install the packages on a machine that boots (systemd-nspawn), from a code to an active probe and
                                         through its updates; needs root
  cluster                                build with Ballista, and ask one history here and through a scheduler and two executors,
                                         one of which is killed meanwhile
  swarm [--probes COUNT] [--minutes COUNT] [--compressed TIMES] [--folder DIR] [--peer yes|no]
                                         so many probes against one collector, a normal hour and all at once, beside PostgreSQL
  contract [--minutes COUNT] [--seed NUMBER] [--report DIR]
                                         make requests from the OpenAPI document, right and wrong, with Schemathesis
  drive                                  replay a drive (modem, receiver, line) against the real probe; needs root
  packages [--programs DIR] [--out DIR] [--version VERSION] [--compression NAME]
                                         build the Debian packages, of programs in DIR or built for shipping
  portable [--target TRIPLE]... [--out DIR]
                                         build the probe as a static program (aarch64, x86_64), in an archive and a package
  map-library DIRECTORY                  bring the library of the zoomable map (npm) to a directory for a collector
  sbom                                   write what each shipped program is made of (CycloneDX) to sbom/ in the target directory
  schema                                 write docs/spec/wire-v1.schema.json again
  dashboards                             write dashboards/grafana again
  help                                   this text

What is built lands in $XDG_CACHE_HOME/desserte/target (CARGO_TARGET_DIR, when set, wins).
On Debian, missing packages are installed (with sudo unless root); elsewhere their names are printed.";

/// The workspace, with a target directory that is this checkout's.
fn workspace() -> anyhow::Result<Workspace> {
    let workspace = Workspace::find();
    workspace.claim_target()?;
    Ok(workspace)
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let done = match (command.as_str(), rest.as_slice()) {
        ("demo", _) => workspace().and_then(|workspace| demo::run(&workspace, &rest)),
        ("test", _) => workspace().and_then(|workspace| test::run(&workspace, &rest)),
        ("check", []) => workspace().and_then(|workspace| check::run(&workspace)),
        ("peers", _) => workspace().and_then(|workspace| peers::run(&workspace, &rest)),
        ("packages", _) => deb::run(&Workspace::find(), &rest),
        ("portable", _) => deb::portable::run(&Workspace::find(), &rest),
        ("kill-rounds", _) => workspace().and_then(|workspace| kill_rounds::run(&workspace, &rest)),
        ("chaos", _) => workspace().and_then(|workspace| chaos::run(&workspace, &rest)),
        ("boot", []) => workspace().and_then(|workspace| booted::run(&workspace)),
        ("cluster", []) => workspace().and_then(|workspace| cluster::run(&workspace)),
        ("swarm", _) => workspace().and_then(|workspace| swarm::run(&workspace, &rest)),
        ("contract", _) => workspace().and_then(|workspace| contract::run(&workspace, &rest)),
        ("drive", []) => workspace().and_then(|workspace| drive::run(&workspace)),
        ("map-library", _) => map_library::copy(&Workspace::find(), &rest),
        ("sbom", []) => sbom::write(&Workspace::find()),
        ("schema", []) => schema::write(&Workspace::find()),
        ("dashboards", []) => dashboards::write(&Workspace::find()),
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
