//! `crates/typeset`, a workspace of its own: Typst pins its own set of crates (docs/adr/0040-dossier.md).

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::shell;
use crate::workspace::{PROFILE, Workspace};

/// Its manifest, from the root of the checkout.
pub(crate) const MANIFEST: &str = "crates/typeset/Cargo.toml";

/// Its program.
const PROGRAM: &str = "desserte-typeset";

fn cargo(workspace: &Workspace, command: &str, arguments: &[&str]) -> Command {
    let mut cargo = workspace.cargo(&[command, "--manifest-path", MANIFEST]);
    cargo.args(arguments).env("CARGO_TARGET_DIR", workspace.target.join("typeset"));
    cargo
}

/// Builds it, and puts it beside the other programs: `desserte` looks for it beside itself.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    shell::run(&mut cargo(workspace, "build", &["--locked", "--profile", PROFILE]))?;
    let built = workspace.target.join("typeset").join(PROFILE).join(PROGRAM);
    let place = workspace.programs().join(PROGRAM);
    // A program that runs cannot be written over, but it can be replaced.
    let part = place.with_extension("part");
    std::fs::copy(&built, &part)
        .and_then(|_| std::fs::rename(&part, &place))
        .with_context(|| format!("cannot copy {} to {}", built.display(), place.display()))
}

/// Its own tests.
pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    shell::run(&mut cargo(workspace, "test", &["--locked", "--profile", PROFILE]))
}

/// Its format.
pub(crate) fn format(workspace: &Workspace) -> Result<()> {
    shell::run(&mut cargo(workspace, "fmt", &["--check"]))
}

/// Its lints.
pub(crate) fn lints(workspace: &Workspace) -> Result<()> {
    let arguments = ["--locked", "--all-targets", "--profile", PROFILE, "--", "--deny", "warnings"];
    shell::run(&mut cargo(workspace, "clippy", &arguments))
}

/// Brings the sources of its dependencies.
pub(crate) fn fetch(workspace: &Workspace) -> Result<()> {
    shell::run(&mut cargo(workspace, "fetch", &["--locked"]))
}
