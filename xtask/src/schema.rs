//! The published form of the wire schema.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::shell;
use crate::workspace::{PROFILE, Workspace};

/// Writes the published schema from the types.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    let path = path(workspace);
    fs::write(&path, generate(workspace)?).with_context(|| format!("cannot write {}", path.display()))
}

/// Fails when the published schema is not what the types say.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let published =
        fs::read_to_string(path(workspace)).context("docs/spec/wire-v1.schema.json cannot be read")?;
    if published != generate(workspace)? {
        bail!(
            "docs/spec/wire-v1.schema.json differs from the types of crates/model; run: cargo xtask schema"
        );
    }
    Ok(())
}

fn path(workspace: &Workspace) -> PathBuf {
    workspace.root.join("docs/spec/wire-v1.schema.json")
}

fn generate(workspace: &Workspace) -> Result<String> {
    let arguments = ["run", "--quiet", "--profile", PROFILE, "-p", "desserte-model", "--features", "schema"];
    shell::output(workspace.cargo(&arguments).args(["--example", "wire_schema"]))
}
