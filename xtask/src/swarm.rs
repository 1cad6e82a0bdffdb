//! Ten thousand probes against one collector, and the same rows into PostgreSQL.

use anyhow::Result;

use crate::packages::{self, BUILD, DEMO, TEST};
use crate::shell;
use crate::workspace::Workspace;

/// Builds and runs `tests/e2e/examples/swarm`, which reads `arguments`.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    packages::ensure(&[BUILD, DEMO, TEST])?;
    workspace.build_programs()?;
    shell::run(workspace.example("swarm")?.args(arguments))
}
