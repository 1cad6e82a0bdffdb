//! The library that draws the zoomable map, brought from the JavaScript registry to a folder that a collector serves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::shell;
use crate::workspace::Workspace;

/// What a collector serves, and the licence that goes with it.
const FILES: [&str; 4] =
    ["dist/maplibre-gl.mjs", "dist/maplibre-gl-worker.mjs", "dist/maplibre-gl.css", "LICENSE.txt"];

/// Copies the library to the folder that is named.
pub(crate) fn copy(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let [folder] = arguments else { bail!("say where to: cargo xtask map-library DIRECTORY") };
    let package = install(workspace)?;
    let folder = Path::new(folder);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for file in FILES {
        let name = Path::new(file).file_name().context("a file has a name")?;
        fs::copy(package.join(file), folder.join(name)).with_context(|| format!("cannot copy {file}"))?;
    }
    shell::say(&format!("MapLibre GL JS (BSD-3-Clause) → {}", folder.display()));
    Ok(())
}

/// Installs the package as its lock file says, without running its scripts; gives back its folder.
pub(crate) fn install(workspace: &Workspace) -> Result<PathBuf> {
    let project = workspace.root.join("crates/collector/maplibre");
    let package = project.join("node_modules/maplibre-gl");
    if !FILES.iter().all(|file| package.join(file).is_file()) {
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        shell::run(Command::new("npm").args(install).current_dir(&project))?;
    }
    Ok(package)
}
