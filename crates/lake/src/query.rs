//! Questions in SQL about what is in the history and what still waits, as one.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SQLOptions, SessionContext};
use desserte_store::Store;
use desserte_territory::Locator;

use crate::limits::{Bounded, QUERY_SPILL_BYTES, Stopped, deadline, memory, within};
use crate::{Audience, Engine, LakeError, LakeOptions, Moment, Place, QueryLimits, State, Work, engine};

/// The history at one moment, ready to be asked.
pub struct History {
    engine: Engine,
    moment: Arc<Moment>,
    limits: QueryLimits,
}

/// What a query gives.
pub struct Answer {
    rows: Bounded,
}

/// What may be chosen when the history is asked.
#[derive(Debug, Clone, Default)]
pub struct AskOptions {
    /// What one question may take.
    pub limits: QueryLimits,
    /// Where `commune_at` looks; without it that function is refused.
    pub territory: Option<Arc<Locator>>,
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
        as_of: Option<State>,
    ) -> Work<'a, Self> {
        Self::open_with(store, data, options, as_of, AskOptions::default())
    }

    /// As [`Self::open`], with limits and a territory of one's own.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with<'a>(
        store: &'a Arc<Store>,
        data: &'a Path,
        options: &'a LakeOptions,
        as_of: Option<State>,
        ask: AskOptions,
    ) -> Work<'a, Self> {
        Box::pin(async move {
            let engine = Engine::new(Audience::Operators, ask.territory).await?;
            let moment = Arc::new(Moment::now(store, data, options, as_of).await?);
            Ok(Self { engine, moment, limits: ask.limits })
        })
    }

    /// The generation of the history that is asked.
    #[must_use]
    pub fn generation(&self) -> i64 {
        self.moment.generation()
    }

    /// The number up to which rows of this collector are seen.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.moment.number()
    }

    /// What is seen: with the generation it names the state that answers come from.
    #[must_use]
    pub fn cited(&self) -> &State {
        self.moment.cited()
    }

    /// Makes rows known to the questions asked from now on, under a name of the caller's; rows of an earlier
    /// call under the same name go.
    ///
    /// # Errors
    /// When the rows do not fit their own columns.
    pub fn put_table(&self, name: &str, rows: RecordBatch) -> Result<(), LakeError> {
        let wrap = LakeError::query("making rows known");
        let known = MemTable::try_new(rows.schema(), vec![vec![rows]]).map_err(&wrap)?;
        self.engine.template().deregister_table(name).map_err(&wrap)?;
        self.engine.template().register_table(name, Arc::new(known)).map_err(&wrap)?;
        Ok(())
    }

    /// Asks one question. Nothing can be changed by it.
    ///
    /// # Errors
    /// When it cannot be understood, names what is not there, would change something, or takes too long.
    pub fn ask<'a>(&'a self, sql: &'a str) -> Work<'a, Answer> {
        Box::pin(async move {
            let deadline = deadline(&self.limits);
            let session = self.engine.at(Some(self.moment.clone()), &self.limits)?;
            let asked = within(deadline, self.limits.time, async {
                let frame = session
                    .sql_with_options(sql, only_questions())
                    .await
                    .map_err(LakeError::query("understanding the query"))?;
                frame
                    .execute_stream()
                    .await
                    .map_err(|error| stopped("planning the query", error, &self.limits))
            });
            let rows = asked.await.map_err(LakeError::Stopped)??;
            Ok(Answer { rows: Bounded::new(rows, self.limits.clone(), deadline) })
        })
    }
}

impl Answer {
    /// The rows of a question that was asked in a session of one's own.
    #[must_use]
    pub const fn new(rows: Bounded) -> Self {
        Self { rows }
    }

    /// Names and kinds of its columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }

    /// The next rows; `None` after the last.
    ///
    /// # Errors
    /// When a limit is reached, or the query fails on its way: a file that cannot be read, or an arithmetic fault.
    pub fn next_rows(&mut self) -> Work<'_, Option<RecordBatch>> {
        Box::pin(async { self.rows.next_rows().await.map_err(|error| told("running the query", error)) })
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

/// Nothing but questions.
#[must_use]
pub fn only_questions() -> SQLOptions {
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false)
}

fn stopped(doing: &'static str, error: DataFusionError, limits: &QueryLimits) -> LakeError {
    told(doing, Stopped::from_engine(error, limits))
}

fn told(doing: &'static str, stopped: Stopped) -> LakeError {
    match stopped {
        Stopped::Failed(error) => LakeError::query(doing)(error),
        stopped => LakeError::Stopped(stopped),
    }
}

/// A session for upkeep, with so much memory.
pub(crate) fn session(place: &Place, memory_bytes: usize) -> Result<SessionContext, LakeError> {
    let environment = RuntimeEnvBuilder::new()
        .with_memory_pool(memory(memory_bytes))
        .with_max_temp_directory_size(QUERY_SPILL_BYTES)
        .build_arc()
        .map_err(LakeError::query("starting the engine"))?;
    place.make_known(&environment);
    let session = engine::session(environment, None, None);
    // One part: what merges sorted parts takes its memory last, when the sorts of several have left none. And a core stays free for ingest.
    session.state_ref().write().config_mut().options_mut().execution.target_partitions = 1;
    Ok(session)
}
