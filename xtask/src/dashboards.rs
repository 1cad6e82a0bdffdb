//! Grafana's dashboards, made from short descriptions so that all of them are alike; the JSON is what is committed.
//!
//! Each is made twice, in French and in English, with the same queries. `cargo xtask dashboards` writes them, `cargo xtask check`
//! and a test compare.

mod boards;
mod describe;
mod json;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::shell;
use crate::workspace::Workspace;
use describe::Lang;

/// Every dashboard's file name and text.
fn made() -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for board in boards::all() {
        for lang in [Lang::Fr, Lang::En] {
            let mut text = serde_json::to_string_pretty(&json::dashboard(&board, lang))?;
            text.push('\n');
            files.push((format!("{}.json", board.uid(lang)), text));
        }
    }
    Ok(files)
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("dashboards/grafana")
}

/// Writes every dashboard, and removes those that no description makes any more.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    let folder = folder(workspace);
    let files = made()?;
    for name in committed(workspace)?.iter().filter(|name| !files.iter().any(|(own, _)| own == *name)) {
        fs::remove_file(folder.join(name)).with_context(|| format!("cannot remove {name}"))?;
    }
    for (name, text) in &files {
        fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    shell::say(&format!("{} dashboards in {}", files.len(), folder.display()));
    Ok(())
}

/// Fails unless what is committed is what the descriptions make.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let folder = folder(workspace);
    let files = made()?;
    let mut wrong: Vec<String> =
        committed(workspace)?.into_iter().filter(|name| !files.iter().any(|(own, _)| own == name)).collect();
    for (name, text) in files {
        if fs::read_to_string(folder.join(&name)).ok().as_deref() != Some(text.as_str()) {
            wrong.push(name);
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        bail!("not what `cargo xtask dashboards` writes: {}", wrong.join(", "))
    }
}

/// Names of the dashboards that are there.
fn committed(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = folder(workspace);
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter(|name| name.ends_with(".json")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_committed_is_what_the_descriptions_make() {
        let checked = check(&Workspace::find());
        assert!(checked.is_ok(), "{checked:?}");
    }
}
