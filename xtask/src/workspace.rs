//! Where things are.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{apart, shell};

/// The one profile that demonstrations and tests build (docs/adr/0003-one-build-profile.md).
pub(crate) const PROFILE: &str = "demo";

/// File in the target directory with the path of the checkout that it was last used from.
const CHECKOUT_NOTE: &str = "checkout";

/// The checkout and the folder that holds what is built from it.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// Survives the checkout: built artefacts, tools, downloaded data.
    pub(crate) cache: PathBuf,
    /// What cargo builds into.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Finds the checkout this tool was built from.
    pub(crate) fn find() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned();
        let absolute =
            |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || absolute("HOME").map(|home| home.join(".cache"));
        let cache =
            absolute("XDG_CACHE_HOME").or_else(home).unwrap_or_else(|| root.join("target")).join("desserte");
        let target = absolute("CARGO_TARGET_DIR").unwrap_or_else(|| cache.join("target"));
        Self { root, cache, target }
    }

    /// A cargo command in this workspace.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target).args(arguments);
        // `cargo xtask` is `cargo run`, which describes this tool in the environment. Build scripts that watch those
        // variables would run again, and everything above them would be built again, at each change of hands.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"]
                .iter()
                .any(|of| text.starts_with(of))
            {
                command.env_remove(&name);
            }
        }
        command
    }

    /// Lets our own crates be built anew if the target directory was last used from another checkout.
    ///
    /// Cargo takes crates of two checkouts for the same ones when their sources are not newer than what was built, and
    /// tests that were built elsewhere look for their files there.
    ///
    /// # Errors
    /// When the target directory cannot be written.
    pub(crate) fn claim_target(&self) -> Result<()> {
        let note = self.target.join(CHECKOUT_NOTE);
        let own = self.root.to_string_lossy();
        if std::fs::read_to_string(&note).is_ok_and(|other| other == own) {
            return Ok(());
        }
        let prints = self.target.join(PROFILE).join(".fingerprint");
        for entry in std::fs::read_dir(&prints).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with("desserte-") {
                std::fs::remove_dir_all(entry.path())
                    .with_context(|| format!("cannot remove {}", entry.path().display()))?;
            }
        }
        std::fs::create_dir_all(&self.target)
            .and_then(|()| std::fs::write(&note, own.as_bytes()))
            .with_context(|| format!("cannot write {}", note.display()))
    }

    /// The folder of the programs that [`build_programs`](Self::build_programs) made.
    pub(crate) fn programs(&self) -> PathBuf {
        self.target.join(PROFILE)
    }

    /// Builds an example and gives the command that runs it. With the features of the whole workspace, as everything else is built here: with those
    /// of one package, which is what `cargo run` takes, half of what it stands on would be built a second time.
    pub(crate) fn example(&self, name: &str) -> Result<Command> {
        shell::run(&mut self.cargo(&["build", "--workspace", "--profile", PROFILE, "--example", name]))?;
        let mut command = Command::new(self.programs().join("examples").join(name));
        command.current_dir(&self.root).env("DESSERTE_PROGRAMS", self.programs());
        Ok(command)
    }

    /// Builds every program of the workspace, and the one that sets dossiers.
    pub(crate) fn build_programs(&self) -> Result<()> {
        shell::run(&mut self.cargo(&["build", "--workspace", "--bins", "--profile", PROFILE]))?;
        apart::TYPESET.build(self)
    }

    /// `cargo metadata`, as JSON.
    pub(crate) fn metadata(&self, arguments: &[&str]) -> Result<serde_json::Value> {
        let mut command = self.cargo(&["metadata", "--format-version", "1", "--locked"]);
        let text = shell::output(command.args(arguments))?;
        serde_json::from_str(&text).context("cargo metadata wrote something that is not JSON")
    }
}
