//! The collector held against its OpenAPI document by a program of another make.

use anyhow::Result;

use crate::packages::{self, BUILD, DEMO, TEST};
use crate::workspace::Workspace;
use crate::{interop, shell};

/// Builds and runs `tests/e2e/examples/contract`, which reads `arguments`.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    packages::ensure(&[BUILD, DEMO, TEST])?;
    let python = interop::environment(workspace, "openapi", "tests/interop/openapi/requirements.txt", &[])?;
    workspace.build_programs()?;
    let mut command = workspace.example("contract")?;
    command.arg("--schemathesis").arg(python.with_file_name("schemathesis"));
    shell::run(command.args(arguments))
}
