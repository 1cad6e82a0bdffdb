//! What a probe or a measurement server is made of builds with Debian's Rust for ARM.

use std::collections::{BTreeSet, HashMap};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::workspace::Workspace;

const PROGRAMS: [&str; 2] = ["desserte-probe", "desserte-peer"];
const MINIMUM: (u64, u64) = (1, 85);

/// Fails when a crate that ends up in one of the light programs says it needs a newer compiler.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let metadata = workspace.metadata(&["--filter-platform", "x86_64-unknown-linux-gnu"])?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();

    let packages: HashMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let mut edges: HashMap<String, Vec<String>> = HashMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let normal = |dependency: &&Value| {
            list(&dependency["dep_kinds"])
                .iter()
                .any(|kind| matches!(kind["kind"].as_str(), None | Some("build")))
        };
        let dependencies = list(&node["deps"]);
        let targets = dependencies.iter().filter(normal).map(|dependency| text(&dependency["pkg"])).collect();
        edges.insert(text(&node["id"]), targets);
    }

    let mut open: Vec<String> = packages
        .iter()
        .filter(|(_, package)| PROGRAMS.contains(&text(&package["name"]).as_str()))
        .map(|(id, _)| id.clone())
        .collect();
    if open.len() != PROGRAMS.len() {
        bail!("the light programs are no longer called {}", PROGRAMS.join(" and "));
    }
    let mut seen = BTreeSet::new();
    let mut newer = Vec::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let package = packages.get(&id).context("a dependency that is no package")?;
        if let Some(version) = package["rust_version"].as_str().filter(|version| parse(version) > MINIMUM) {
            newer.push(format!(
                "{} {} needs Rust {version}",
                text(&package["name"]),
                text(&package["version"])
            ));
        }
        open.extend(edges.get(&id).cloned().unwrap_or_default());
    }
    if newer.is_empty() { Ok(()) } else { bail!("{}", newer.join("\n  ")) }
}

fn parse(version: &str) -> (u64, u64) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}
