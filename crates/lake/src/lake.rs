//! One generation of the history.

use std::path::{Path, PathBuf};
use std::time::Duration;

use desserte_store::{HandoverRows, HandoverTable};

use crate::files::Watch;
use crate::limits::QUERY_MEMORY_BYTES;
use crate::schema::Kept;
use crate::table::Appended;
use crate::{LakeError, LakeFile, Place, Work, table};

/// How long files that compaction replaced stay: longer than any query or copy of the directory takes.
const RETENTION: Duration = Duration::from_secs(8 * 24 * 3600);

/// What may differ from the default when a history is opened.
#[derive(Clone)]
pub struct LakeOptions {
    /// How long files that compaction replaced stay; set for a table when it is created.
    pub retention: Duration,
    /// Called before and after each change of a file.
    pub watch: Option<Watch>,
    /// Where the history stands; `None`: where the data directory says.
    pub place: Option<Place>,
    /// Memory for sorting rows in upkeep; beyond it they are sorted on the disk. What is read and written at a moment comes on top.
    pub memory_bytes: usize,
}

impl Default for LakeOptions {
    fn default() -> Self {
        Self { retention: RETENTION, watch: None, place: None, memory_bytes: QUERY_MEMORY_BYTES }
    }
}

/// One generation of the history. It holds no file open: each operation reads the tables' logs anew, so that several
/// processes may work on one directory.
#[derive(Clone)]
pub struct Lake {
    place: Place,
    generation: i64,
    /// As messages name it.
    root: PathBuf,
    options: LakeOptions,
}

impl Lake {
    /// The history of `generation` of a data directory, which need not exist yet.
    ///
    /// # Errors
    /// When the directory cannot be found out, or does not say well where its history stands.
    pub fn open(data: &Path, generation: i64, options: LakeOptions) -> Result<Self, LakeError> {
        let place = match &options.place {
            Some(place) => place.clone(),
            None => Place::of_data(data)?,
        };
        Ok(Self::new(place, generation, options))
    }

    fn new(place: Place, generation: i64, options: LakeOptions) -> Self {
        let root = place.path(Path::new(&generation.to_string()));
        Self { place, generation, root, options }
    }

    /// The same generation in the files of another data directory.
    pub(crate) fn in_data(&self, data: &Path) -> Result<Self, LakeError> {
        Ok(Self::new(Place::files(data)?, self.generation, self.options.clone()))
    }

    /// Another generation of the same history.
    pub(crate) fn of_generation(&self, generation: i64) -> Self {
        Self::new(self.place.clone(), generation, self.options.clone())
    }

    /// The numbers of the generations that there are, lowest first.
    pub(crate) async fn numbers(&self) -> Result<Vec<i64>, LakeError> {
        let names = self.place.directories().await?;
        let mut numbers: Vec<i64> = names.iter().filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The directory of this generation; in an object store, its address.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the history stands.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) const fn generation(&self) -> i64 {
        self.generation
    }

    pub(crate) fn options(&self) -> &LakeOptions {
        &self.options
    }

    /// A table's directory; in an object store, its address.
    pub(crate) fn path(&self, table: impl Into<Kept>) -> PathBuf {
        self.place.path(&self.below(table.into()))
    }

    /// A table's directory below the place.
    pub(crate) fn below(&self, table: Kept) -> PathBuf {
        let generation = PathBuf::from(self.generation.to_string());
        match table {
            Kept::Rows(table) => generation.join(table.name()),
            Kept::Rollup(rollup) => generation.join(rollup.directory()).join(rollup.name()),
        }
    }

    /// The files that a table consists of at this moment, and the number up to which it has this collector's rows.
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
