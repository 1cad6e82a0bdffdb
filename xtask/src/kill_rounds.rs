//! Many rounds of `kill -9` on one history, with the test that does a few in every run.

use anyhow::{Context as _, Result, bail};

use crate::shell;
use crate::workspace::Workspace;

/// The test, in `crates/lake/tests/lake/rounds.rs`, and what tells it how often and with which seed.
const TEST: &str = "rounds::what_was_acknowledged_is_there_once_after_every_kill";
const ROUNDS: &str = "DESSERTE_KILL_ROUNDS";
const SEED: &str = "DESSERTE_KILL_SEED";

/// `--rounds COUNT` (500) and `--seed NUMBER` (1).
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let (mut rounds, mut seed) = (500, 1);
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { bail!("{} has no value", pair[0]) };
        let value: u64 = value.parse().with_context(|| format!("{value:?} is no number"))?;
        match name.as_str() {
            "--rounds" => rounds = value,
            "--seed" => seed = value,
            _ => bail!("{name} is not known; --rounds and --seed are"),
        }
    }
    let mut command = workspace.cargo(&["test", "--workspace", "--profile", crate::workspace::PROFILE]);
    command.args(["--lib", "--test", "lake", "--", "--exact", TEST, "--nocapture"]);
    shell::run(command.env(ROUNDS, rounds.to_string()).env(SEED, seed.to_string()))
}
