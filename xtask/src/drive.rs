//! A drive replayed against the real probe, for which the probe is built with the means to ask a modem.

use anyhow::Result;

use crate::packages::{self, BUILD, DEMO, TEST};
use crate::shell;
use crate::workspace::{PROFILE, Workspace};

/// Installs what it needs, builds, and runs the probe's tests with the feature `mobile`, `probes/agent/tests/drive` among them.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    packages::ensure(&[BUILD, DEMO, TEST])?;
    // Communes are told by the collector's own program.
    workspace.build_programs()?;
    let mut command = workspace.cargo(&["test", "--profile", PROFILE, "-p", "desserte-probe"]);
    command.args(["--features", "mobile", "--", "--include-ignored"]);
    shell::run(command.env("DESSERTE_PROGRAMS", workspace.programs()))
}
