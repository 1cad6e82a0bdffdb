//! Why the history could not do its work.

use std::path::PathBuf;

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use desserte_store::StoreError;

use crate::{CollectorNumber, Stopped};

/// The history's refusal or failure.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// A table could not be read or written.
    #[error("{doing} table {}: {said}", path.display())]
    Delta {
        /// What was being done.
        doing: &'static str,
        /// Directory of the table.
        path: PathBuf,
        /// What the table's format says. Its errors repeat their own sources, so that they are no source here.
        said: String,
    },
    /// A query could not be planned or run.
    #[error("{doing}: {said}")]
    Query {
        /// What was being done.
        doing: &'static str,
        /// What the engine says, with its sources as above.
        said: String,
    },
    /// A query went beyond what one may take.
    #[error(transparent)]
    Stopped(Stopped),
    /// Rows could not be put into columns.
    #[error("rows for table {table} cannot be put into columns")]
    Columns {
        /// The table.
        table: &'static str,
        /// What Arrow says.
        #[source]
        source: ArrowError,
    },
    /// The store gives other columns than the history has, or a value of another kind: this program is at fault.
    #[error("the store's rows for table {table} do not fit its schema: {detail}")]
    Misfit {
        /// The table.
        table: &'static str,
        /// What does not fit.
        detail: String,
    },
    /// The table was written by a later version of this program.
    #[error(
        "table {} has schema version {found}, this program knows versions up to {known}: use a newer program",
        path.display()
    )]
    NewerSchema {
        /// Directory of the table.
        path: PathBuf,
        /// Version in the table.
        found: i64,
        /// Latest version that this program knows.
        known: i64,
    },
    /// The table uses something that this program never turns on and would read wrongly.
    #[error("table {} uses {feature}, which this program does not read: another program has changed it", path.display())]
    Unreadable {
        /// Directory of the table.
        path: PathBuf,
        /// The feature.
        feature: &'static str,
    },
    /// The history has rows that the store never gave.
    #[error(
        "table {} holds rows up to number {mark}, but the store has given numbers up to {issued} only: the store was put \
         back from an older copy, or belongs to another history; `desserte rebuild` begins a new generation beside the old",
        path.display()
    )]
    FromAnotherStore {
        /// Directory of the table.
        path: PathBuf,
        /// Highest number in the history.
        mark: i64,
        /// Highest number of the store.
        issued: i64,
    },
    /// Other writers were faster too often.
    #[error("table {} was written by others at the same time, {attempts} times over: try again", path.display())]
    Contended {
        /// Directory of the table.
        path: PathBuf,
        /// How often it was tried.
        attempts: u32,
    },
    /// More waits than one query may hold in memory.
    #[error(
        "{waiting} records wait for the history, more than the {limit} that a query takes along: run `desserte lake flush` first"
    )]
    TooMuchWaiting {
        /// Records that wait.
        waiting: u64,
        /// The limit.
        limit: usize,
    },
    /// The file that says where the history stands cannot be used.
    #[error("cannot use {}: {said}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        said: String,
    },
    /// Rows of this history were handed over to another place.
    #[error(
        "generation {generation} of this store's history was handed over to {known}, and {named} does not have it: name the old \
         place again in history.toml, or copy {known}/{generation} to {named}/{generation} with any tool and run `desserte lake flush`, \
         or run `desserte rebuild`, which offers every record to a new generation there"
    )]
    Elsewhere {
        /// The generation.
        generation: i64,
        /// Where it was handed over to.
        known: String,
        /// The place that is named now.
        named: String,
    },
    /// The object store could not be asked, or could not do it.
    #[error(
        "cannot use {}: {said}; nothing is lost: rows wait in the store until they are in the history, and what was begun is repeated",
        path.display()
    )]
    Storage {
        /// Address of the object.
        path: PathBuf,
        /// What its client says.
        said: String,
    },
    /// Another collector counts under the same number.
    #[error(
        "collector number {collector} is taken by another store in {place}: give this one a number of its own (`collector` in history.toml)"
    )]
    NumberTaken {
        /// The number.
        collector: CollectorNumber,
        /// Where the history stands.
        place: String,
    },
    /// Another collector writes another generation.
    #[error(
        "this store's history is of generation {own}, that of collector {collector} of generation {other}: a generation that several \
         collectors write cannot be begun by one of them"
    )]
    Generations {
        /// Generation of this store.
        own: i64,
        /// The other collector.
        collector: CollectorNumber,
        /// Its generation.
        other: i64,
    },
    /// What is asked for is not done where the history stands.
    #[error("{doing} is not done with a history in an object store ({address}): {instead}")]
    NotThere {
        /// What was asked for.
        doing: &'static str,
        /// Where the history stands.
        address: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// Nothing says how far the files reach.
    #[error(
        "the history in {} has rows but no table custody, whose number says how far all tables reach: its first hand-over is under \
         way, or it was made without (`desserte demo-history --without-custody`)",
        path.display()
    )]
    NoCustody {
        /// Directory of the generation.
        path: PathBuf,
    },
    /// Rows are asked for that wait in the store.
    #[error(
        "rows up to number {asked} are asked for, but the history's files have them up to {filed}: run `desserte lake flush` first"
    )]
    NotFiled {
        /// The number that was asked for.
        asked: i64,
        /// The number that the files reach.
        filed: i64,
    },
    /// A directory could not be used.
    #[error("cannot use {}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread of ours ended in a panic.
    #[error("a thread reading the store ended in a panic")]
    Panicked,
}

impl LakeError {
    pub(crate) fn query(doing: &'static str) -> impl Fn(DataFusionError) -> Self {
        move |error| Self::Query { doing, said: error.strip_backtrace() }
    }
}
