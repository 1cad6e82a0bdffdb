//! What each program is made of, as CycloneDX 1.5: name, version, licence, source and checksum of every crate that is linked into it.
//!
//! Of the same lock file it is the same octets: no serial number, no time, no path of a machine.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::apart::{self, Apart};
use crate::shell;
use crate::workspace::Workspace;

/// Packages whose programs are shipped.
const SHIPPED: [&str; 4] = ["desserte-cli", "desserte-probe", "desserte-peer", "desserte-geodata"];

/// Shipped programs that are workspaces of their own.
const SHIPPED_APART: [&Apart; 2] = [&apart::TYPESET, &apart::UPDATE];

/// The target whose dependencies are told; what only other systems need is not in the programs.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Writes a list of parts for each shipped program to `sbom/` in the target directory.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    let metadata = workspace.metadata(&["--filter-platform", PLATFORM])?;
    let sums = checksums(&std::fs::read_to_string(workspace.root.join("Cargo.lock"))?);
    let folder = workspace.target.join("sbom");
    std::fs::create_dir_all(&folder)?;
    let mut bills = Vec::new();
    for name in SHIPPED {
        let bom = bill(&metadata, &sums, name).with_context(|| format!("{name} is not in the workspace"))?;
        bills.push((name, bom));
    }
    for apart in SHIPPED_APART {
        let metadata = apart.metadata(workspace, &["--filter-platform", PLATFORM])?;
        let sums = checksums(&std::fs::read_to_string(apart.lock_file(workspace))?);
        let name = apart.program;
        let bom = bill(&metadata, &sums, name).with_context(|| format!("{name} is not in its workspace"))?;
        bills.push((name, bom));
    }
    for (name, bom) in bills {
        let file = folder.join(format!("{name}.cdx.json"));
        std::fs::write(&file, format!("{bom:#}\n"))?;
        let parts = bom["components"].as_array().map_or(0, Vec::len);
        shell::say(&format!("{}: {parts} parts", file.display()));
    }
    Ok(())
}

fn bill(metadata: &Value, sums: &BTreeMap<(String, String), String>, name: &str) -> Option<Value> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let by_id = |values: Vec<Value>| -> BTreeMap<String, Value> {
        values.into_iter().filter_map(|value| Some((value["id"].as_str()?.to_owned(), value))).collect()
    };
    let packages = by_id(list(&metadata["packages"]));
    let nodes = by_id(list(&metadata["resolve"]["nodes"]));
    let root = packages.iter().find(|(_, package)| package["name"] == name)?.0.clone();
    // What is only built or tested with is not linked in.
    let linked = |id: &str| -> Vec<String> {
        let normal =
            |dependency: &Value| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
        let dependencies = nodes.get(id).map(|node| list(&node["deps"])).unwrap_or_default();
        dependencies
            .iter()
            .filter(|d| normal(d))
            .filter_map(|d| Some(d["pkg"].as_str()?.to_owned()))
            .collect()
    };
    let (mut seen, mut waiting) = (BTreeSet::from([root.clone()]), vec![root.clone()]);
    while let Some(id) = waiting.pop() {
        waiting.extend(linked(&id).into_iter().filter(|next| seen.insert(next.clone())));
    }
    let package_url = |id: &str| {
        let package = &packages[id];
        format!(
            "pkg:cargo/{}@{}",
            package["name"].as_str().unwrap_or_default(),
            package["version"].as_str().unwrap_or_default()
        )
    };
    let component = |id: &str, kind: &str| {
        let package = &packages[id];
        let mut part = json!({
            "type": kind,
            "bom-ref": package_url(id),
            "name": package["name"],
            "version": package["version"],
            "purl": package_url(id),
        });
        if let Some(licence) = package["license"].as_str() {
            // Old manifests write a stroke where SPDX has OR.
            part["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
        }
        let text = |field: &str| package[field].as_str().unwrap_or_default().to_owned();
        if let Some(sum) = sums.get(&(text("name"), text("version"))) {
            part["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
        }
        part
    };
    let dependencies: Vec<Value> = seen
        .iter()
        .map(|id| {
            let mut on: Vec<String> = linked(id).iter().map(|id| package_url(id)).collect();
            on.sort();
            json!({ "ref": package_url(id), "dependsOn": on })
        })
        .collect();
    let parts: Vec<Value> =
        seen.iter().filter(|id| **id != root).map(|id| component(id, "library")).collect();
    Some(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component(&root, "application") },
        "components": parts,
        "dependencies": dependencies,
    }))
}

/// Checksums of a lock file, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
        line.and_then(|rest| rest.strip_suffix('"')).map(str::to_owned)
    };
    let blocks = lock.split("[[package]]");
    blocks
        .filter_map(|block| {
            Some(((value(block, "name")?, value(block, "version")?), value(block, "checksum")?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_holds_what_is_linked_and_nothing_else() {
        let package =
            |name: &str| json!({ "id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0" });
        let on = |name: &str, kind: Value| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let metadata = json!({
            "packages": [package("program"), package("used"), package("builder"), package("deep")],
            "resolve": { "nodes": [
                { "id": "program", "deps": [on("used", Value::Null), on("builder", json!("build"))] },
                { "id": "used", "deps": [on("deep", Value::Null)] },
                { "id": "builder", "deps": [] },
                { "id": "deep", "deps": [] },
            ] },
        });
        let sums = checksums("[[package]]\nname = \"deep\"\nversion = \"1.0.0\"\nchecksum = \"ab\"\n");
        let bom = bill(&metadata, &sums, "program").expect("a bill");
        let names: Vec<_> =
            bom["components"].as_array().expect("parts").iter().map(|part| &part["name"]).collect();
        assert_eq!(names, ["deep", "used"]);
        assert_eq!(bom["components"][0]["hashes"][0]["content"], "ab");
        assert_eq!(bom["components"][1]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(bill(&metadata, &sums, "absent"), None);
    }
}
