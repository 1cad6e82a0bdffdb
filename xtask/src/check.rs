//! Everything that can be told from the tree without running the product.

mod architecture;
mod direction;
mod licences;
mod minimum_rust;

use anyhow::{Result, bail};

use crate::workspace::{PROFILE, Workspace};
use crate::{apart, dashboards, packages, schema, shell};

type Check = fn(&Workspace) -> Result<()>;

/// Runs every check, and names all that failed rather than the first.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    packages::ensure(&[packages::BUILD])?;
    let checks: &[(&str, Check)] = &[
        ("format", format),
        ("direction of dependencies", direction::check),
        ("minimum Rust of probe and server", minimum_rust::check),
        ("paths in ARCHITECTURE.md", architecture::check),
        ("lints", lints),
        ("documentation", documentation),
        ("published schema", schema::check),
        ("dashboards", dashboards::check),
        ("licences and sources of dependencies", licences::check),
    ];
    let mut failed = Vec::new();
    for (name, check) in checks {
        shell::say(&format!("== {name}"));
        if let Err(error) = check(workspace) {
            shell::complain(&format!("{name}: {error:#}"));
            failed.push(*name);
        }
    }
    if failed.is_empty() {
        shell::say("== all checks passed");
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}

fn format(workspace: &Workspace) -> Result<()> {
    shell::run(&mut workspace.cargo(&["fmt", "--all", "--check"]))?;
    apart::ALL.iter().try_for_each(|apart| apart.format(workspace))
}

fn lints(workspace: &Workspace) -> Result<()> {
    let clippy = ["clippy", "--workspace", "--all-targets", "--profile", PROFILE, "--", "--deny", "warnings"];
    shell::run(&mut workspace.cargo(&clippy))?;
    apart::ALL.iter().try_for_each(|apart| apart.lints(workspace))
}

fn documentation(workspace: &Workspace) -> Result<()> {
    let doc = ["doc", "--workspace", "--no-deps", "--document-private-items", "--profile", PROFILE];
    shell::run(workspace.cargo(&doc).env("RUSTDOCFLAGS", "--deny warnings"))
}
