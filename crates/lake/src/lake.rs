//! One generation of the history on the disk.

use std::path::{Path, PathBuf};
use std::time::Duration;

use desserte_store::{HandoverRows, HandoverTable};

use crate::files::Watch;
use crate::schema::Kept;
use crate::table::Appended;
use crate::{LakeError, LakeFile, Work, table};

/// Name of the history in a data directory; each generation is a directory in it.
pub(crate) const LAKE_DIRECTORY: &str = "lake";

/// How long files that compaction replaced stay: longer than any query or copy of the directory takes.
const RETENTION: Duration = Duration::from_secs(8 * 24 * 3600);

/// What may differ from the default when a history is opened.
#[derive(Clone)]
pub struct LakeOptions {
    /// How long files that compaction replaced stay; set for a table when it is created.
    pub retention: Duration,
    /// Called before and after each change of a file.
    pub watch: Option<Watch>,
}

impl Default for LakeOptions {
    fn default() -> Self {
        Self { retention: RETENTION, watch: None }
    }
}

/// One generation of the history. It holds no file open: each operation reads the tables' logs anew, so that several
/// processes may work on one directory.
#[derive(Clone)]
pub struct Lake {
    root: PathBuf,
    options: LakeOptions,
}

impl Lake {
    /// The history of `generation` in a data directory, which need not exist yet.
    ///
    /// # Errors
    /// When the directory cannot be found out.
    pub fn open(data: &Path, generation: i64, options: LakeOptions) -> Result<Self, LakeError> {
        // The format knows tables by absolute addresses.
        let data = std::path::absolute(data)
            .map_err(|source| LakeError::Directory { path: data.to_owned(), source })?;
        Ok(Self { root: data.join(LAKE_DIRECTORY).join(generation.to_string()), options })
    }

    /// The same generation in another data directory.
    pub(crate) fn in_data(&self, data: &Path) -> Result<Self, LakeError> {
        let data = std::path::absolute(data)
            .map_err(|source| LakeError::Directory { path: data.to_owned(), source })?;
        let generation = self.root.file_name().unwrap_or_default();
        Ok(Self { root: data.join(LAKE_DIRECTORY).join(generation), options: self.options.clone() })
    }

    /// Another generation of the same data directory.
    pub(crate) fn of_generation(&self, generation: i64) -> Self {
        Self { root: self.root.with_file_name(generation.to_string()), options: self.options.clone() }
    }

    /// The directory of this generation.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn options(&self) -> &LakeOptions {
        &self.options
    }

    pub(crate) fn path(&self, table: impl Into<Kept>) -> PathBuf {
        match table.into() {
            Kept::Rows(table) => self.root.join(table.name()),
            Kept::Rollup(rollup) => self.root.join(rollup.directory()).join(rollup.name()),
        }
    }

    /// The files that a table consists of at this moment, and the number up to which it has rows.
    ///
    /// # Missing data
    /// No file and no number while nothing was ever written.
    ///
    /// # Errors
    /// When the table's log cannot be read, or uses what this program does not read.
    pub fn snapshot(&self, table: HandoverTable) -> Work<'_, (Vec<LakeFile>, Option<i64>)> {
        self.kept(table.into())
    }

    /// As [`Self::snapshot`], of any table.
    pub(crate) fn kept(&self, table: Kept) -> Work<'_, (Vec<LakeFile>, Option<i64>)> {
        Box::pin(async move {
            match table::open(self, table).await? {
                Some(open) => Ok((open.files()?, open.mark().await?)),
                None => Ok((Vec::new(), None)),
            }
        })
    }

    /// Gives one table rows, as a flush does: those that it has by their number are left out. Gives the number of rows added.
    ///
    /// For rows that no store waits to hand over: made-up ones, or ones put back from a copy. `last` is the highest number that
    /// they go up to.
    ///
    /// # Errors
    /// When the table fails; nothing is lost or doubled by it.
    pub fn append<'a>(&'a self, rows: &'a HandoverRows, last: i64) -> Work<'a, u64> {
        Box::pin(async move {
            match table::append(self, rows, last).await? {
                Appended::Rows(added) => Ok(added as u64),
                Appended::Nothing => Ok(0),
            }
        })
    }
}
