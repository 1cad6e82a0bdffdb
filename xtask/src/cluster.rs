//! What only a program built with the feature `cluster` can do, which the default build leaves out (docs/adr/0053-cluster.md).

use anyhow::Result;

use crate::packages::{self, BUILD, DEMO, TEST};
use crate::workspace::{PROFILE, Workspace};
use crate::{interop, shell};

const FEATURE: &str = "desserte-cli/cluster";

/// The test, in `tests/e2e/tests/object_storage`.
const TEST_NAME: &str = "cluster::a_cluster_gives_the_same_answers_also_when_an_executor_is_killed";

/// Builds with the feature, compares answers with an executor killed meanwhile, and checks what `check` does not see.
///
/// Dependencies of the engine grow features with it, so that the engine is built a second time, and for the lints a third.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    packages::ensure(&[BUILD, DEMO, TEST])?;
    let readers = interop::readers(workspace)?;
    let with = |command: &str| {
        workspace.cargo(&[command, "--workspace", "--profile", PROFILE, "--features", FEATURE])
    };
    shell::run(with("build").arg("--bins"))?;
    let mut test = with("test");
    test.args(["--test", "object_storage", "--", "--exact", TEST_NAME, "--ignored", "--nocapture"]);
    // Whoever asks for it by name wants to hear what is missing, not that it was skipped.
    test.env("CI", "true").env("DESSERTE_PROGRAMS", workspace.programs());
    shell::run(test.env("DESSERTE_READERS_PYTHON", readers))?;
    shell::run(with("clippy").args(["--lib", "--bins", "--", "--deny", "warnings"]))?;
    let doc = ["--no-deps", "--document-private-items"];
    shell::run(with("doc").args(doc).env("RUSTDOCFLAGS", "--deny warnings"))
}
