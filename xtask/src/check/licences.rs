//! Licences, sources and doubles of what we depend on, by cargo-deny.

use std::process::Command;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{apart, shell};

/// The version whose configuration format `deny.toml` follows.
const VERSION: &str = "0.20.2";

/// Checks `deny.toml`; cargo-deny is built once into the cache. Advisories need a database from the network and are
/// looked at before a release, not here.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let tools = workspace.cache.join("tools");
    let program = tools.join("bin/cargo-deny");
    let wanted = format!("cargo-deny {VERSION}");
    if shell::output(Command::new(&program).arg("--version"))
        .ok()
        .is_none_or(|version| version.trim() != wanted)
    {
        let root = tools.to_string_lossy().into_owned();
        // The dev profile: it runs for a second, but its optimised build takes minutes.
        let install = [
            "install",
            "--locked",
            "--debug",
            "--quiet",
            "--version",
            VERSION,
            "--root",
            &root,
            "cargo-deny",
        ];
        shell::run(workspace.cargo(&install).env("CARGO_TARGET_DIR", tools.join("target")))?;
    }
    // cargo-deny looks at the sources of every platform's crates, not only at those built here.
    shell::run(&mut workspace.cargo(&["fetch", "--locked"]))?;
    apart::ALL.iter().try_for_each(|apart| apart.fetch(workspace))?;
    let config = workspace.root.join("deny.toml").to_string_lossy().into_owned();
    let checks = ["check", "licenses", "bans", "sources"];
    for manifest in ["Cargo.toml"].into_iter().chain(apart::ALL.map(|apart| apart.manifest)) {
        let where_and_how = ["--config", &config, "--manifest-path", manifest, "--all-features", "--offline"];
        shell::run(Command::new(&program).current_dir(&workspace.root).args(where_and_how).args(checks))?;
    }
    Ok(())
}
