//! The history: Delta tables on Parquet, and the engine that answers questions about them.
//!
//! The one crate that knows DataFusion and Delta (docs/adr/0028-history-lake.md). Rows come from the store by their number in
//! the hand-over ([`flush()`]); a table's log says up to which number it has them, so that a flush that was interrupted anywhere
//! is simply repeated. Queries see what is in the history and what still waits as one ([`History`]).
//!
//! Tables and columns are told in docs/spec/lake.md.

mod agreed;
mod backup;
mod check;
mod compact;
mod engine;
mod erase;
mod error;
mod evolve;
mod files;
mod flush;
mod functions;
mod homes;
mod indicators;
mod joined;
mod lake;
mod limits;
mod manifest;
mod moment;
mod moments;
mod numbers;
mod objects;
mod place;
mod public;
mod query;
mod released;
mod retention;
mod rewrite;
mod rollup;
mod rows;
mod scan;
mod schema;
mod settings;
mod sketch;
mod table;

pub use check::{CheckReport, TableReport};
pub use compact::UpkeepReport;
pub use engine::{Audience, CATALOG, Engine, SCHEMA, is_table, reads_history};
pub use erase::ErasedRows;
pub use error::LakeError;
pub use files::Watch;
pub use flush::{FlushReport, flush};
pub use lake::{Lake, LakeOptions};
pub use limits::{Bounded, QUERY_MEMORY_BYTES, QUERY_SPILL_BYTES, QueryLimits, Stopped, deadline, within};
pub use manifest::LakeFile;
pub use moment::Moment;
pub use moments::Moments;
pub use numbers::{COLLECTORS_MAX, CollectorNumber, NotAState, State};
pub use place::Place;
pub use public::ReleaseRule;
pub use query::{Answer, AskOptions, History, only_questions};
pub use retention::{Homes, RetainedRows, RowsKeptFrom};
pub use rollup::{ROLLUP_METHOD, Rollup, RollupReport};
pub use scan::{LakeTable, NoTable};
pub use schema::{SCHEMA_VERSION, table_schema};
pub use settings::HISTORY_FILE;

/// What the operations of this crate return.
///
/// Boxed, so that they are compiled here, once, without optimisation: the body of a bare `async fn` is compiled where it is
/// awaited at last, with everything of the engine that it awaits in turn.
pub type Work<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, LakeError>> + Send + 'a>>;

/// What queries give and files are written from.
pub use datafusion::arrow;
