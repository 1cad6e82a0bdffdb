//! Implementations of other makes that tests hold ours against, from the Python and JavaScript registries.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::workspace::Workspace;
use crate::{map_library, shell};

/// Makes the Python environment of `tests/interop/requirements.txt` in the cache; gives back its interpreter.
pub(crate) fn python(workspace: &Workspace) -> Result<PathBuf> {
    environment(workspace, "python", "tests/interop/requirements.txt", &[])
}

/// Makes the Python environment of `tests/interop/equity/requirements.txt` in the cache, apart from the other one since it is
/// larger; gives back its interpreter. What its packages ask for beside is not installed: `tests/interop/equity/pysal.py` says why.
pub(crate) fn statistics(workspace: &Workspace) -> Result<PathBuf> {
    environment(workspace, "statistics", "tests/interop/equity/requirements.txt", &["--no-deps"])
}

/// Makes the Python environment of `tests/interop/readers/requirements.txt` in the cache; gives back its interpreter.
pub(crate) fn readers(workspace: &Workspace) -> Result<PathBuf> {
    environment(workspace, "readers", "tests/interop/readers/requirements.txt", &[])
}

/// Makes the Python environment of `packaging/update/requirements.txt` in the cache, which publishes releases; gives back its interpreter.
pub(crate) fn publisher(workspace: &Workspace) -> Result<PathBuf> {
    environment(workspace, "publisher", "packaging/update/requirements.txt", &[])
}

/// Makes a Python environment of a file of requirements in the cache; gives back its interpreter.
pub(crate) fn environment(
    workspace: &Workspace,
    name: &str,
    requirements: &str,
    options: &[&str],
) -> Result<PathBuf> {
    let folder = workspace.cache.join(name);
    let interpreter = folder.join("bin/python");
    let requirements = workspace.root.join(requirements);
    let installed = folder.join("requirements.txt");
    let wanted = std::fs::read_to_string(&requirements)
        .with_context(|| format!("{} cannot be read", requirements.display()))?;
    if std::fs::read_to_string(&installed).ok().as_deref() == Some(wanted.as_str()) && interpreter.exists() {
        return Ok(interpreter);
    }
    shell::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    shell::run(Command::new(&interpreter).args(pip).arg(&requirements).args(options))?;
    std::fs::write(&installed, wanted)?;
    Ok(interpreter)
}

/// Installs the JavaScript peers below `tests/interop`, as their lock files say, without running their scripts.
pub(crate) fn javascript(workspace: &Workspace) -> Result<()> {
    for project in ["grafana", "librespeed", "ndt7", "pages"] {
        let folder = workspace.root.join("tests/interop").join(project);
        if folder.join("node_modules/.package-lock.json").exists() {
            continue;
        }
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        shell::run(Command::new("npm").args(install).current_dir(&folder))?;
    }
    map_library::install(workspace)?;
    Ok(())
}
