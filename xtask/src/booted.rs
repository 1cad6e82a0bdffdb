//! The packages on a machine that boots, which is more than a test of the suite may ask of where it runs.

use anyhow::Result;

use crate::packages::{self, BOOT, BUILD, DEMO, TEST};
use crate::workspace::{PROFILE, Workspace};
use crate::{apart, interop, shell};

/// Builds everything, and runs `tests/e2e/tests/booted.rs`.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    packages::ensure(&[BUILD, DEMO, TEST, BOOT])?;
    let publisher = interop::publisher(workspace)?;
    workspace.build_programs()?;
    apart::UPDATE.build(workspace)?;
    let mut test = workspace.cargo(&["test", "--workspace", "--profile", PROFILE, "--test", "booted"]);
    test.args(["--", "--ignored", "--nocapture"]);
    // Whoever asks for it by name wants to hear what is missing, not that it was skipped.
    test.env("CI", "true").env("DESSERTE_PROGRAMS", workspace.programs());
    shell::run(test.env("DESSERTE_UPDATE_PYTHON", publisher))
}
