//! Real data that lies beside the checkout, and territories made from it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{can, program};

/// The folder of shared data, when this machine has it (`DESSERTE_SHARED`, else `../shared` from the checkout).
#[must_use]
pub fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("DESSERTE_SHARED").map_or_else(beside, PathBuf::from);
    can("the shared data", folder.is_dir()).then_some(folder)
}

/// A territory file of Creuse in `folder`: real outlines when the shared data is there, else a made-up département.
///
/// # Panics
/// When the import fails.
#[must_use]
pub fn territory(folder: &Path) -> PathBuf {
    let out = folder.join("territory.dst");
    let mut command = Command::new(program("desserte-geodata"));
    match shared() {
        Some(shared) => {
            command.args(["import", "--vintage", "2026", "--communes"]);
            command.arg(shared.join("geodata/creuse-23/communes-23.geojson"));
        }
        None => {
            command.arg("synthetic");
        }
    }
    let output = command.arg("--out").arg(&out).output().expect("desserte-geodata starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    out
}
