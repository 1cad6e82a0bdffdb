//! Many rounds of everything that breaks, with the test that does a few in every run.

use anyhow::{Context as _, Result, bail};

use crate::packages::{self, BUILD, DEMO, TEST};
use crate::workspace::{PROFILE, Workspace};
use crate::{apart, shell};

/// The test, in `tests/e2e/tests/chaos`.
const TEST_NAME: &str = "what_was_acknowledged_is_there_once_whatever_breaks";

/// `--rounds COUNT` (1000), `--seed NUMBER` (1) and `--at-once COUNT` (2): campaigns beside each other.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let (mut rounds, mut seed, mut at_once) = (1000, 1, 2);
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { bail!("{} has no value", pair[0]) };
        let value: u64 = value.parse().with_context(|| format!("{value:?} is no number"))?;
        match name.as_str() {
            "--rounds" => rounds = value,
            "--seed" => seed = value,
            "--at-once" => at_once = value,
            _ => bail!("{name} is not known; --rounds, --seed and --at-once are"),
        }
    }
    packages::ensure(&[BUILD, DEMO, TEST])?;
    workspace.build_programs()?;
    apart::POWERCUT.build(workspace)?;
    let mut command = workspace.cargo(&["test", "--workspace", "--profile", PROFILE, "--test", "chaos"]);
    command.args(["--", "--exact", TEST_NAME, "--nocapture"]);
    // Whoever asks for it by name wants to hear what is missing, not that it was skipped.
    command.env("CI", "true").env("DESSERTE_PROGRAMS", workspace.programs());
    command.env("DESSERTE_CHAOS_ROUNDS", rounds.to_string()).env("DESSERTE_CHAOS_SEED", seed.to_string());
    shell::run(command.env("DESSERTE_CHAOS_AT_ONCE", at_once.to_string()))
}
