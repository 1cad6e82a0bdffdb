//! Questions in SQL about what is in the history and what still waits, as one.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::datasource::MemTable;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext, col, lit};
use desserte_store::{HandoverRows, HandoverTable, Store};
use futures_util::TryStreamExt as _;

use crate::flush::blocking;
use crate::rollup::SOURCES;
use crate::rollup::view::{KeptRollup, RollupView};
use crate::schema::HANDOVER;
use crate::sketch::function;
use crate::{Lake, LakeError, LakeFile, LakeOptions, LakeTable, Rollup, Work, rows};

/// Records that wait and are taken along in memory: twenty flushes.
const WAITING_MAX: usize = 1_000_000;

/// Memory of one query, beyond which sorts and groups go to the disk or the query ends. The engine needed 1.1 GB for twenty
/// million rows by commune and quantile.
const QUERY_MEMORY_BYTES: usize = 2 << 30;

/// Functions that stay out of reach: the exact ones are faster with many groups, and say what they say.
const WITHHELD: [&str; 3] = ["approx_percentile_cont", "approx_percentile_cont_with_weight", "approx_median"];

/// The history at one moment, ready to be asked.
pub struct History {
    session: SessionContext,
    generation: i64,
    number: i64,
}

/// What a query gives.
pub struct Answer {
    schema: SchemaRef,
    rows: SendableRecordBatchStream,
}

impl History {
    /// Everything that the store of `data` had acknowledged and dated when this was called; with `as_of`, only what has a number up
    /// to it: the same rows whenever that is asked again of the same generation.
    ///
    /// # Errors
    /// When the store or a table cannot be read, or too much waits.
    pub fn open<'a>(
        store: &'a Arc<Store>,
        data: &'a Path,
        options: &'a LakeOptions,
        as_of: Option<i64>,
    ) -> Work<'a, Self> {
        Box::pin(Self::prepare(store, data, options, as_of))
    }

    async fn prepare(
        store: &Arc<Store>,
        data: &Path,
        options: &LakeOptions,
        as_of: Option<i64>,
    ) -> Result<Self, LakeError> {
        // Rollups first: what they add up is then among the rows.
        let before = Lake::open(data, blocking(store, Store::history_generation).await?, options.clone())?;
        let mut rollups = Vec::new();
        for rollup in Rollup::ALL {
            let (files, mark) = before.kept(rollup.into()).await?;
            rollups.push(KeptRollup { rollup, files, mark });
        }
        // Then what waits, then the tables: a row that is handed over in between is in both, and is known by its number.
        // The other way round it could be in neither.
        let waiting = blocking(store, Store::handover_waiting).await?;
        if waiting > WAITING_MAX as u64 {
            return Err(LakeError::TooMuchWaiting { waiting, limit: WAITING_MAX });
        }
        // More may have come since the count; it is a limit on memory, not on truth.
        let offered = blocking(store, |store| store.handover(usize::MAX)).await?;
        let lake = Lake::open(data, offered.generation, options.clone())?;
        let session = session()?;
        for rows in &offered.tables {
            let (files, mark) = lake.snapshot(rows.table).await?;
            register(&session, rows, files, mark, as_of)?;
        }
        if lake.root() != before.root() {
            // A rebuild came between: the rollups of the generation before are none of this one.
            rollups.iter_mut().for_each(|kept| (kept.files, kept.mark) = (Vec::new(), None));
        }
        register_rollups(&session, rollups, as_of).await?;
        let number = as_of.map_or(offered.issued, |number| number.min(offered.issued));
        Ok(Self { session, generation: offered.generation, number })
    }

    /// The generation of the history that is asked.
    #[must_use]
    pub const fn generation(&self) -> i64 {
        self.generation
    }

    /// The number up to which rows are seen: with the generation it names the state that answers come from.
    #[must_use]
    pub const fn number(&self) -> i64 {
        self.number
    }

    /// Asks one question. Nothing can be changed by it.
    ///
    /// # Errors
    /// When it cannot be understood, names what is not there, or would change something.
    pub fn ask<'a>(&'a self, sql: &'a str) -> Work<'a, Answer> {
        Box::pin(async move {
            let only_questions =
                SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
            let frame = self
                .session
                .sql_with_options(sql, only_questions)
                .await
                .map_err(LakeError::query("understanding the query"))?;
            let rows = frame.execute_stream().await.map_err(LakeError::query("planning the query"))?;
            Ok(Answer { schema: rows.schema(), rows })
        })
    }
}

impl Answer {
    /// Names and kinds of its columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// The next rows; `None` after the last.
    ///
    /// # Errors
    /// When the query fails on its way: a file that cannot be read, memory, or an arithmetic fault.
    pub fn next_rows(&mut self) -> Work<'_, Option<RecordBatch>> {
        Box::pin(async { self.rows.try_next().await.map_err(LakeError::query("running the query")) })
    }

    /// All rows.
    ///
    /// # Errors
    /// As [`Self::next_rows`].
    pub fn collect(mut self) -> Work<'static, Vec<RecordBatch>> {
        Box::pin(async move {
            let mut batches = Vec::new();
            while let Some(batch) = self.next_rows().await? {
                batches.push(batch);
            }
            Ok(batches)
        })
    }
}

/// A session with our limits and without the functions withheld.
pub(crate) fn session() -> Result<SessionContext, LakeError> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_limit(QUERY_MEMORY_BYTES, 1.0)
        .build_arc()
        .map_err(LakeError::query("starting the engine"))?;
    let config = SessionConfig::new().with_information_schema(true);
    let session = SessionContext::new_with_config_rt(config, runtime);
    for name in WITHHELD {
        session.deregister_udaf(name);
    }
    function::aggregates().into_iter().for_each(|function| session.register_udaf(function));
    function::scalars().into_iter().for_each(|function| session.register_udf(function));
    Ok(session)
}

/// Makes a table known: its files, and of the waiting rows those that are not in them.
fn register(
    session: &SessionContext,
    waiting: &HandoverRows,
    files: Vec<LakeFile>,
    mark: Option<i64>,
    as_of: Option<i64>,
) -> Result<(), LakeError> {
    let wrap = LakeError::query("preparing a table");
    let batch = rows::batch(waiting, mark.unwrap_or(0))?;
    let waiting_rows = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(&wrap)?;
    let table: HandoverTable = waiting.table;
    let history = session.read_table(Arc::new(LakeTable::new(table, files))).map_err(&wrap)?;
    let rest = session.read_table(Arc::new(waiting_rows)).map_err(&wrap)?;
    let mut both = history.union(rest).map_err(&wrap)?;
    if let Some(number) = as_of {
        both = both.filter(col(HANDOVER).lt_eq(lit(number))).map_err(&wrap)?;
    }
    session.register_table(table.name(), both.into_view()).map_err(&wrap)?;
    Ok(())
}

/// Makes rollups known, beside the rows that they are made of.
async fn register_rollups(
    session: &SessionContext,
    rollups: Vec<KeptRollup>,
    as_of: Option<i64>,
) -> Result<(), LakeError> {
    let wrap = LakeError::query("preparing a rollup");
    let mut sources = Vec::new();
    for table in SOURCES {
        sources.push((table.name(), session.table_provider(table.name()).await.map_err(&wrap)?));
    }
    let sources = Arc::new(sources);
    for kept in rollups {
        let name = kept.rollup.name();
        let view = RollupView::new(kept, Arc::clone(&sources), as_of);
        session.register_table(name, Arc::new(view)).map_err(&wrap)?;
    }
    Ok(())
}
