//! Every test.

use anyhow::Result;

use crate::workspace::{PROFILE, Workspace};
use crate::{apart, interop, packages, shell};

/// Installs what tests need, builds, and runs every test whose name matches one of `filters` (all, without).
pub(crate) fn run(workspace: &Workspace, filters: &[String]) -> Result<()> {
    packages::ensure(&[packages::BUILD, packages::DEMO, packages::TEST])?;
    interop::javascript(workspace)?;
    let python = interop::python(workspace)?;
    let statistics = interop::statistics(workspace)?;
    let readers = interop::readers(workspace)?;
    let publisher = interop::publisher(workspace)?;
    workspace.build_programs()?;
    apart::POWERCUT.build(workspace)?;
    apart::UPDATE.build(workspace)?;
    let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
    let nextest = shell::works(&mut workspace.cargo(&["nextest", "--version"]));
    let mut tests = if nextest {
        workspace.cargo(&["nextest", "run", "--workspace", "--cargo-profile", PROFILE])
    } else {
        workspace.cargo(&["test", "--workspace", "--profile", PROFILE, "--lib", "--bins", "--tests"])
    };
    if !nextest && !filters.is_empty() {
        tests.arg("--");
    }
    // End-to-end tests start the programs that were just built.
    tests.args(&filters).env("DESSERTE_PROGRAMS", workspace.programs());
    tests.env("DESSERTE_PYTHON", python).env("DESSERTE_STATISTICS_PYTHON", statistics);
    tests.env("DESSERTE_READERS_PYTHON", readers).env("DESSERTE_UPDATE_PYTHON", &publisher);
    shell::run(&mut tests)?;
    if filters.is_empty() {
        let environment = [("DESSERTE_UPDATE_PYTHON", publisher.as_path())];
        apart::ALL.iter().try_for_each(|apart| apart.test(workspace, &environment))?;
        shell::run(&mut workspace.cargo(&["test", "--workspace", "--profile", PROFILE, "--doc"]))?;
    }
    Ok(())
}
