//! ARCHITECTURE.md and README.md name only what exists.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::workspace::Workspace;

const DOCUMENTS: [&str; 2] = ["ARCHITECTURE.md", "README.md"];

/// Fails on a path between back-ticks, or a linked one, that is not in the tree.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut dead = Vec::new();
    for document in DOCUMENTS {
        let text = fs::read_to_string(workspace.root.join(document))
            .with_context(|| format!("cannot read {document}"))?;
        let missing = paths(&text).into_iter().filter(|path| !workspace.root.join(path).exists());
        dead.extend(missing.map(|path| format!("{document}: {path}")));
    }
    if dead.is_empty() { Ok(()) } else { bail!("these paths do not exist:\n  {}", dead.join("\n  ")) }
}

/// What looks like a path of this tree: starts with one of its folders, or is the target of a local link.
fn paths(text: &str) -> Vec<String> {
    const ROOTS: [&str; 9] =
        ["crates/", "probes/", "geodata/", "dashboards/", "tests/", "docs/", "xtask/", ".ci/", ".cargo/"];
    let quoted =
        text.split('`').skip(1).step_by(2).filter(|word| ROOTS.iter().any(|root| word.starts_with(root)));
    let linked = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let local = linked.filter(|target| !target.contains("://") && !target.starts_with('#'));
    quoted.chain(local).filter(|path| !path.contains(['*', '<', ' ', '{'])).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_tree_and_local_links_are_found() {
        let text = "See `crates/units`, `cargo xtask`, `crates/*` and [this](docs/adr) or [that](https://example.org).";
        assert_eq!(paths(text), ["crates/units", "docs/adr"]);
    }
}
