//! A copy of the history as it was at a number.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use desserte_store::HandoverTable;

use crate::files::create_directories;
use crate::schema::Kept;
use crate::table::{self, OpenTable, failed};
use crate::{Lake, LakeError, Rollup, Work};

/// Digits that the name of an entry of the log begins with.
const VERSION_DIGITS: usize = 20;

impl Lake {
    /// Copies every table to the same place below `target` (a data directory), as it was before a row above `number` was in it.
    /// Rollups are left out, since they are made from the tables, unless days of them are closed and cannot be. Writers may go on meanwhile.
    ///
    /// With the number that a copy of the store had given last, the two belong together: what the copied store no longer offers
    /// is in the copied tables, and these know no number that it did not give.
    ///
    /// # Errors
    /// When a table cannot be read, or a file cannot be copied.
    pub fn copy_into<'a>(&'a self, number: i64, target: &'a Path) -> Work<'a, ()> {
        Box::pin(async move {
            if self.place().is_remote() {
                return Err(LakeError::NotThere {
                    doing: "copying into a directory",
                    address: self.root().display().to_string(),
                    instead: "let the object store keep a replica of it, or copy its objects with a tool of it",
                });
            }
            let copy = self.in_data(target)?;
            for table in HandoverTable::ALL.map(Kept::from).into_iter().chain(Rollup::ALL.map(Kept::from)) {
                let Some(mut open) = table::open(self, table).await? else { continue };
                if matches!(table, Kept::Rollup(_)) && open.closed_before().await?.is_none() {
                    continue;
                }
                let Some(version) = go_back(&mut open, number).await? else { continue };
                let (from, to) = (open.path.clone(), copy.path(table));
                let files: Vec<PathBuf> = open
                    .files()?
                    .iter()
                    .filter_map(|file| file.location.prefix_match(&open.root))
                    .map(|parts| parts.map(|part| part.as_ref().to_owned()).collect())
                    .collect();
                let copied = tokio::task::spawn_blocking(move || copy_table(&from, &to, version, &files));
                copied
                    .await
                    .map_err(|_| LakeError::Panicked)?
                    .map_err(|source| LakeError::Directory { path: open.path.clone(), source })?;
            }
            Ok(())
        })
    }
}

/// Goes back to the latest version without a row above `number`; `None` when the table was created after.
async fn go_back(open: &mut OpenTable, number: i64) -> Result<Option<u64>, LakeError> {
    loop {
        let Some(version) = open.delta.version() else { return Ok(None) };
        if open.mark().await?.is_none_or(|mark| mark <= number) {
            return Ok(Some(version));
        }
        let Some(before) = version.checked_sub(1) else { return Ok(None) };
        open.delta.load_version(before).await.map_err(failed("reading an earlier version of", &open.path))?;
    }
}

/// Files first, then the log that names them, its entries in their order.
fn copy_table(from: &Path, to: &Path, version: u64, files: &[PathBuf]) -> io::Result<()> {
    for file in files {
        copy(&from.join(file), &to.join(file))?;
    }
    let (log, log_to) = (from.join("_delta_log"), to.join("_delta_log"));
    let mut entries: Vec<String> = fs::read_dir(&log)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    entries.sort_unstable();
    for name in entries {
        // The pointer to the last checkpoint is a help that readers do without, and may be of a later version.
        let of = name.get(..VERSION_DIGITS).and_then(|digits| digits.parse::<u64>().ok());
        let whole = name.ends_with(".json") || name.ends_with(".parquet");
        if whole && of.is_some_and(|of| of <= version) {
            copy(&log.join(&name), &log_to.join(&name))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let parent = to.parent().unwrap_or(Path::new("/"));
    create_directories(parent)?;
    fs::copy(from, to)?;
    File::open(to)?.sync_all()?;
    File::open(parent)?.sync_all()
}
