//! Ten thousand probes against one collector, and the same rows into PostgreSQL.

use anyhow::Result;

use crate::packages::{self, BUILD, DEMO, TEST};
use crate::shell;
use crate::workspace::{PROFILE, Workspace};

/// Builds and runs `tests/e2e/examples/swarm`, which reads `arguments`.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    packages::ensure(&[BUILD, DEMO, TEST])?;
    workspace.build_programs()?;
    let mut command =
        workspace.cargo(&["run", "--workspace", "--profile", PROFILE, "--example", "swarm", "--"]);
    shell::run(command.args(arguments).env("DESSERTE_PROGRAMS", workspace.programs()))
}
