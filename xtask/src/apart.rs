//! Programs that are workspaces of their own, each for the reason in its manifest: they are built beside the others, and checked with them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::shell;
use crate::workspace::{PROFILE, Workspace};

/// One of them.
pub(crate) struct Apart {
    /// Its manifest, from the root of the checkout.
    pub(crate) manifest: &'static str,
    pub(crate) program: &'static str,
    /// Where below the target directory it is built; in it, when this is empty.
    target: &'static str,
}

/// Sets dossiers: Typst pins its own set of crates (docs/adr/0040-dossier.md).
pub(crate) const TYPESET: Apart =
    Apart { manifest: "crates/typeset/Cargo.toml", program: "desserte-typeset", target: "typeset" };

/// A disk whose power can be cut: FUSE would have the whole product built anew (docs/adr/0047-chaos.md).
pub(crate) const POWERCUT: Apart =
    Apart { manifest: "tests/powercut/Cargo.toml", program: "desserte-powercut", target: "powercut" };

/// Keeps the program of a probe up to date: its library of TUF would have the engine built anew (docs/adr/0055-self-update.md). It is built beside the
/// product: most of its crates, the large one of C among them, are built for that already.
pub(crate) const UPDATE: Apart =
    Apart { manifest: "probes/update/Cargo.toml", program: "desserte-update", target: "" };

/// All of them.
pub(crate) const ALL: [&Apart; 3] = [&TYPESET, &POWERCUT, &UPDATE];

impl Apart {
    /// A cargo command in it.
    pub(crate) fn cargo(&self, workspace: &Workspace, command: &str, arguments: &[&str]) -> Command {
        let mut cargo = workspace.cargo(&[command, "--manifest-path", self.manifest]);
        cargo.args(arguments).env("CARGO_TARGET_DIR", self.target_dir(workspace));
        cargo
    }

    /// What it is built into.
    pub(crate) fn target_dir(&self, workspace: &Workspace) -> PathBuf {
        workspace.target.join(self.target)
    }

    /// Builds it, and puts it beside the other programs: who uses it looks for it there.
    pub(crate) fn build(&self, workspace: &Workspace) -> Result<()> {
        let built = self.build_in(workspace, PROFILE)?;
        let place = workspace.programs().join(self.program);
        if built == place {
            return Ok(());
        }
        // A program that runs cannot be written over, but it can be replaced.
        let part = place.with_extension("part");
        std::fs::copy(&built, &part)
            .and_then(|_| std::fs::rename(&part, &place))
            .with_context(|| format!("cannot copy {} to {}", built.display(), place.display()))
    }

    /// Builds it in a profile, and tells where it is.
    pub(crate) fn build_in(&self, workspace: &Workspace, profile: &str) -> Result<PathBuf> {
        shell::run(&mut self.cargo(workspace, "build", &["--locked", "--profile", profile]))?;
        Ok(self.target_dir(workspace).join(profile).join(self.program))
    }

    /// What cargo knows of it and of what it is made of.
    pub(crate) fn metadata(&self, workspace: &Workspace, arguments: &[&str]) -> Result<serde_json::Value> {
        let told = shell::output(
            self.cargo(workspace, "metadata", &["--format-version", "1", "--locked"]).args(arguments),
        )?;
        serde_json::from_str(&told).context("cargo metadata wrote something that is not JSON")
    }

    /// Its lock file.
    pub(crate) fn lock_file(&self, workspace: &Workspace) -> PathBuf {
        workspace.root.join(self.manifest).with_file_name("Cargo.lock")
    }

    /// Its own tests, which find in `environment` what they hold it against.
    pub(crate) fn test(&self, workspace: &Workspace, environment: &[(&str, &Path)]) -> Result<()> {
        let mut tests = self.cargo(workspace, "test", &["--locked", "--profile", PROFILE]);
        shell::run(tests.envs(environment.iter().copied()))
    }

    /// Its format.
    pub(crate) fn format(&self, workspace: &Workspace) -> Result<()> {
        shell::run(&mut self.cargo(workspace, "fmt", &["--check"]))
    }

    /// Its lints.
    pub(crate) fn lints(&self, workspace: &Workspace) -> Result<()> {
        let arguments = ["--locked", "--all-targets", "--profile", PROFILE, "--", "--deny", "warnings"];
        shell::run(&mut self.cargo(workspace, "clippy", &arguments))
    }

    /// Brings the sources of its dependencies.
    pub(crate) fn fetch(&self, workspace: &Workspace) -> Result<()> {
        shell::run(&mut self.cargo(workspace, "fetch", &["--locked"]))
    }
}
