//! `desserte backup` and `desserte restore`: the store and its history, as they belong together.
//!
//! The store is copied first, in one transaction of its own. What it no longer offers then is in the history, which is copied
//! after, as it was before any row that the copied store had not given a number yet. Nobody waits for either.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use desserte_lake::{HISTORY_FILE, Lake, LakeOptions};
use desserte_registry::REGISTRY_FILE;
use desserte_store::{CopiedStore, STORE_FILE};
use serde_json::{Value, json};

use crate::arguments::DataArguments;
use crate::collector::TERRITORY_FILE;
use crate::disk::{Building, create_private, digest};
use crate::lake::runtime;
use crate::out::{Failure, Outcome, line, note};
use crate::probe::open_existing;

/// The list of what a backup consists of.
const LIST: &str = "backup.json";

/// Version of its layout.
const LAYOUT: &str = "desserte-backup/1";

/// As the store's own.
const STORE_MODE: u32 = 0o600;

/// Options of `desserte backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// Directory of the store.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Directory to write, new or empty. It holds what the store holds: keep it as safe.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Options of `desserte restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// A directory that `desserte backup` wrote.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The data directory to make, new or empty.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

pub(crate) fn make(arguments: &BackupArguments) -> Outcome {
    let BackupArguments { data, out } = arguments;
    let store = open_existing(&DataArguments { data: data.clone() })?;
    let building = Building::begin(out, None)?;
    let part = building.path();
    // Empty and for its owner alone, which it stays when it is filled.
    let mut options = fs::OpenOptions::new();
    let created = options.write(true).create_new(true).mode(STORE_MODE).open(part.join(STORE_FILE));
    created.context("cannot create the copy of the store")?;
    let CopiedStore { generation, issued } =
        store.copy_into(&part.join(STORE_FILE)).context("cannot copy the store")?;
    let lake = Lake::open(data, generation, LakeOptions::default())?;
    let remote = lake.place().is_remote();
    if remote {
        note(&format!(
            "the history is in {} and is not copied: let the object store keep a replica of it; `desserte rebuild` makes it again from \
             the store",
            lake.root().display()
        ));
    } else {
        runtime()?.block_on(lake.copy_into(issued, part)).context("cannot copy the history")?;
    }
    for name in [TERRITORY_FILE, HISTORY_FILE, REGISTRY_FILE] {
        let file = data.join(name);
        if file.is_file() {
            fs::copy(&file, part.join(name)).with_context(|| format!("cannot copy {name}"))?;
        }
    }
    let mut files = Vec::new();
    list(part, part, &mut files).context("cannot read what was copied")?;
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let told: Vec<Value> = files
        .iter()
        .map(|file| json!({ "path": file.path, "bytes": file.bytes, "sha256": file.sha256 }))
        .collect();
    let list = json!({
        "format": LAYOUT,
        "program": concat!("desserte ", env!("CARGO_PKG_VERSION")),
        "generation": generation,
        "number": issued,
        "history": if remote { Some(lake.root().display().to_string()) } else { None },
        "files": told,
    });
    fs::write(part.join(LIST), serde_json::to_vec_pretty(&list)?)
        .context("cannot write the list of files")?;
    for file in [LIST, STORE_FILE, TERRITORY_FILE, HISTORY_FILE, REGISTRY_FILE].map(|name| part.join(name)) {
        if file.is_file() {
            fs::File::open(file).and_then(|file| file.sync_all()).context("cannot flush what was copied")?;
        }
    }
    building.finish()?;
    line(&format!(
        "{} files, {bytes} bytes in {}: generation {generation}, up to number {issued}",
        files.len(),
        out.display()
    ))
}

pub(crate) fn restore(arguments: &RestoreArguments) -> Outcome {
    let RestoreArguments { from, data } = arguments;
    let path = from.join(LIST);
    let text = fs::read(&path)
        .with_context(|| format!("{} is no backup that was completed: cannot read {LIST}", from.display()))
        .map_err(Failure::usage)?;
    let list: Value =
        serde_json::from_slice(&text).with_context(|| format!("cannot read {}", path.display()))?;
    if list["format"] != LAYOUT {
        let found = list["format"].as_str().unwrap_or("none");
        return Err(anyhow!("the backup has format {found}, this program knows {LAYOUT}").into());
    }
    let building = Building::begin(data, None)?;
    let files = list["files"].as_array().ok_or_else(|| anyhow!("{} names no files", path.display()))?;
    for file in files {
        bring(from, building.path(), file)?;
    }
    building.finish()?;
    note(
        "records that were acknowledged after the backup are not in it, and probes do not send them again; rollups: desserte lake rollup",
    );
    line(&format!(
        "{} files in {}: generation {}, up to number {}",
        files.len(),
        data.display(),
        list["generation"],
        list["number"]
    ))
}

/// Copies one file of a backup and compares its octets with what the list says.
fn bring(from: &Path, part: &Path, file: &Value) -> anyhow::Result<()> {
    let name = file["path"].as_str().ok_or_else(|| anyhow!("the list of files names none"))?;
    let inside = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if !inside {
        return Err(anyhow!("the list of files names {name:?}, which is not in the backup"));
    }
    let (source, target) = (from.join(name), part.join(name));
    let doing = || format!("cannot restore {}", source.display());
    if let Some(parent) = target.parent() {
        create_private(parent).with_context(doing)?;
    }
    fs::copy(&source, &target).with_context(doing)?;
    let (bytes, sha256) = digest(&target).with_context(doing)?;
    if file["bytes"] != bytes || file["sha256"] != sha256.as_str() {
        return Err(anyhow!(
            "{} is not as it was when the backup was made: nothing was restored",
            source.display()
        ));
    }
    fs::File::open(&target).and_then(|file| file.sync_all()).with_context(doing)
}

struct Listed {
    path: String,
    bytes: u64,
    sha256: String,
}

/// The files below a directory, in the order of their names.
fn list(root: &Path, directory: &Path, found: &mut Vec<Listed>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort_unstable();
    for path in entries {
        if path.is_dir() {
            list(root, &path, found)?;
        } else {
            let (bytes, sha256) = digest(&path)?;
            let path = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            found.push(Listed { path, bytes, sha256 });
        }
    }
    Ok(())
}
