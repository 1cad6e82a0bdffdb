//! Which crate may use which, and which may reach the outside.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::workspace::Workspace;

/// What each crate of ours may depend on, beside the words (`units`, `model`). A crate that is not listed is refused.
/// The lines follow ARCHITECTURE.md from words to programs.
const ALLOWED: &[(&str, &[&str])] = &[
    // words
    ("units", &[]),
    ("model", &[]),
    // pure
    ("signing", &[]),
    ("custody", &["signing"]),
    ("dossier", &["custody", "evidence"]),
    ("proto", &[]),
    ("measure", &[]),
    ("territory", &[]),
    ("tiles", &["territory"]),
    ("equity", &[]),
    ("ledger", &["equity", "territory"]),
    ("plot", &[]),
    ("evidence", &["equity"]),
    ("retention", &["equity"]),
    ("footprint", &[]),
    ("service", &["equity", "measure"]),
    // edges
    ("net", &["proto"]),
    ("store", &["custody", "measure", "signing", "territory"]),
    ("boot", &[]),
    ("indicators", &["equity", "ledger", "measure", "service", "store", "territory"]),
    ("remote-write", &[]),
    ("registry", &[]),
    ("login", &[]),
    // the history, on the store
    ("lake", &["equity", "indicators", "store", "territory"]),
    ("sql", &["lake", "store", "territory"]),
    ("cluster", &["lake", "store", "territory"]),
    // programs
    ("geodata", &["territory", "boot"]),
    ("probe", &["boot", "measure", "net", "proto", "signing"]),
    ("peer", &["boot", "net", "proto"]),
    (
        "collector",
        &[
            "boot",
            "custody",
            "equity",
            "indicators",
            "ledger",
            "login",
            "measure",
            "registry",
            "retention",
            "service",
            "signing",
            "store",
            "territory",
        ],
    ),
    (
        "cli",
        &[
            "boot",
            "cluster",
            "collector",
            "custody",
            "dossier",
            "equity",
            "evidence",
            "footprint",
            "indicators",
            "lake",
            "ledger",
            "login",
            "measure",
            "plot",
            "registry",
            "remote-write",
            "retention",
            "service",
            "signing",
            "sql",
            "store",
            "territory",
            "tiles",
        ],
    ),
    // development only
    ("netlab", &["proto"]),
    ("e2e", &["netlab", "signing"]),
    ("xtask", &["netlab"]),
];

/// Foreign crates that stop at one of ours: the reason is in ARCHITECTURE.md, invariants.
const CONFINED: &[(&str, &[&str])] = &[
    ("gdal", &["geodata"]),
    ("rusqlite", &["store"]),
    ("datafusion", &["lake", "sql", "cluster"]),
    ("datafusion-proto", &["cluster"]),
    ("ballista-core", &["cluster"]),
    ("ballista-executor", &["cluster"]),
    ("ballista-scheduler", &["cluster"]),
    ("deltalake", &["lake"]),
    ("pgwire", &["sql"]),
    ("arrow-pg", &["sql"]),
    ("datafusion-pg-catalog", &["sql"]),
    ("argon2", &["login"]),
    ("jsonwebtoken", &["login"]),
    ("axum", &["collector"]),
    ("askama", &["collector"]),
    ("parquet", &["cli"]),
    ("flatgeobuf", &["cli"]),
    // A workspace of its own has it: nothing of this one does.
    ("typst", &[]),
    ("i_overlay", &["tiles"]),
    // `desserte` makes the registry that the collector declares its metrics on.
    ("prometheus", &["collector", "cli"]),
];

/// Crates without input, output or chance of their own.
const PURE: &[&str] = &[
    "units",
    "model",
    "signing",
    "custody",
    "dossier",
    "proto",
    "measure",
    "tiles",
    "equity",
    "evidence",
    "footprint",
    "ledger",
    "plot",
    "retention",
    "service",
];
const IMPURE: &[&str] = &["tokio", "reqwest", "socket2", "rustix", "libc", "getrandom", "tracing-subscriber"];

/// Fails on a dependency that points the wrong way.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let metadata = workspace.metadata(&["--no-deps"])?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let wrong: Vec<String> = packages.iter().flat_map(faults).collect();
    if wrong.is_empty() { Ok(()) } else { bail!("{}", wrong.join("\n  ")) }
}

fn faults(package: &Value) -> Vec<String> {
    let short = |name: &str| name.strip_prefix("desserte-").map(str::to_owned);
    let name = short(package["name"].as_str().unwrap_or_default()).unwrap_or_default();
    let Some((_, allowed)) = ALLOWED.iter().find(|(listed, _)| *listed == name) else {
        return vec![format!("{name} has no line in xtask/src/check/direction.rs")];
    };
    let mut faults = Vec::new();
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        if !dependency["kind"].is_null() {
            continue; // development and build dependencies may point anywhere
        }
        let target = dependency["name"].as_str().unwrap_or_default();
        if let Some(ours) = short(target) {
            let word = matches!(ours.as_str(), "units" | "model") && name != "units" && ours != name;
            if !word && !allowed.contains(&ours.as_str()) {
                faults.push(format!("{name} must not use {ours}"));
            }
        } else {
            let confined = CONFINED.iter().find(|(foreign, _)| *foreign == target);
            if confined.is_some_and(|(_, homes)| !homes.contains(&name.as_str())) {
                faults.push(format!("{name} must not use {target}"));
            }
            if PURE.contains(&name.as_str()) && IMPURE.contains(&target) {
                faults.push(format!("{name} is pure and must not use {target}"));
            }
        }
    }
    faults
}
