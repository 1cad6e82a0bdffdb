//! Keeping rollups: the days that received rows, computed again from the rows.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::prelude::{DataFrame, SessionContext, cast, col, ident, lit};
use deltalake::kernel::Action;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::writer::DeltaWriter as _;
use desserte_store::HandoverTable;

use super::closed::open_only;
use super::{Rollup, SOURCES, sql};
use crate::erase;
use crate::evolve::open_to_write;
use crate::query::session;
use crate::rewrite::rewrite_without;
use crate::schema::{DAY, Kept, PROBE};
use crate::table::{self, OpenTable, failed, is_conflict};
use crate::{CollectorNumber, Lake, LakeError, LakeFile, LakeTable, State, Work};

/// Days computed at once. The files of a month are read once for each such set, and the quantiles of a set are held in memory: five
/// days of a thousand probes are 120,000 hours.
const DAYS_AT_ONCE: usize = 5;

/// What keeping the rollups did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollupReport {
    /// Days computed, of both rollups together.
    pub days: u64,
    /// Rows that they have.
    pub rows: u64,
    /// The state of the history that is added up; `None` when nothing was ever handed over.
    pub state: Option<State>,
}

/// One commit of several.
#[derive(Debug, Clone, Copy)]
struct Step<'a> {
    /// The version of the table that the one before left. Any other is of another process, which may have seen fewer rows.
    version: Option<u64>,
    /// The state that the entry says.
    mark: &'a State,
}

impl Lake {
    /// Computes the days of every rollup that received rows since it was kept last; `progress` is told how many days are done,
    /// of how many.
    ///
    /// Ended anywhere, it is repeated from its beginning. Queries are right meanwhile and before.
    ///
    /// # Errors
    /// When rows cannot be read or a rollup cannot be written.
    pub fn roll_up<'a>(
        &'a self,
        progress: &'a (dyn Fn(Rollup, usize, usize) + Sync),
    ) -> Work<'a, RollupReport> {
        Box::pin(self.compute(progress))
    }

    async fn compute(
        &self,
        progress: &(dyn Fn(Rollup, usize, usize) + Sync),
    ) -> Result<RollupReport, LakeError> {
        let mut report = RollupReport::default();
        let collectors = self.collectors().await?;
        let Some(state) = self.custody_state(&collectors).await? else { return Ok(report) };
        report.state = Some(state.clone());
        self.carry_closed().await?;
        let session = self.rows_up_to(&state, None).await?;
        for rollup in Rollup::ALL {
            let open = table::open_or_create(self, rollup.into()).await?;
            // Every entry names every collector, the first one too: it is by these names that the second of two is refused.
            let mark = open.state(&collectors).await?.naming(&collectors);
            if mark.includes(&state) {
                continue;
            }
            let mut version = open.delta.version();
            let mut days = changed(&session, &mark).await?;
            open_only(&mut days, open.closed_before().await?.as_deref());
            for (done, set) in days.chunks(DAYS_AT_ONCE).enumerate() {
                progress(rollup, done * DAYS_AT_ONCE, days.len());
                let last = (done + 1) * DAYS_AT_ONCE >= days.len();
                let step = Step { version, mark: if last { &state } else { &mark } };
                let Some(rows) = self.replace(&session, rollup, set, step).await? else {
                    tracing::info!(rollup = rollup.name(), "another process keeps it at the same time");
                    break;
                };
                version = version.map(|version| version + 1);
                report.days += set.len() as u64;
                report.rows += rows;
            }
            if days.is_empty() {
                // Only signs of life came: the rollup is up to date all the same.
                commit(&open, Vec::new(), &state).await?;
            }
            progress(rollup, days.len(), days.len());
        }
        Ok(report)
    }

    /// Computes the days on which a probe has rows again as if it had none, and gives how many there are, of both rollups together.
    /// From days that are closed its hours are taken away; what a commune's day is made of can no longer be parted.
    ///
    /// # Errors
    /// When rows cannot be read, a rollup cannot be written, or another process keeps it at the same time.
    pub(crate) async fn roll_up_without(&self, probe: &str) -> Result<u64, LakeError> {
        let collectors = self.collectors().await?;
        let Some(state) = self.custody_state(&collectors).await? else { return Ok(0) };
        let days = texts(&self.rows_up_to(&state, None).await?, &sql::of_probe(probe)).await?;
        let session = self.rows_up_to(&state, Some(probe)).await?;
        let mut computed = 0;
        for rollup in Rollup::ALL {
            let Some(open) = open_to_write(self, rollup).await? else { continue };
            let mark = open.state(&collectors).await?;
            if mark.is_empty() {
                continue;
            }
            let closed = open.closed_before().await?;
            let mut days = days.clone();
            open_only(&mut days, closed.as_deref());
            let mut version = open.delta.version();
            for set in days.chunks(DAYS_AT_ONCE) {
                let Some(_) = self.replace(&session, rollup, set, Step { version, mark: &mark }).await?
                else {
                    return Err(LakeError::Contended { path: open.path, attempts: 1 });
                };
                version = version.map(|version| version + 1);
                computed += set.len() as u64;
            }
            if let (Rollup::SiteHour, Some(first)) = (rollup, closed) {
                let over = |file: &LakeFile| file.partition < first;
                computed += rewrite_without(self, rollup.into(), &erase::of_probe(probe), &over).await?;
            }
        }
        Ok(computed)
    }

    /// What custody has of each collector: up to there every table has every row. `None` when nothing was handed over.
    async fn custody_state(&self, collectors: &[CollectorNumber]) -> Result<Option<State>, LakeError> {
        let Some(custody) = table::open(self, HandoverTable::Custody).await? else { return Ok(None) };
        let state = custody.state(collectors).await?;
        Ok((!state.is_empty()).then_some(state))
    }

    /// The tables of rows as they are in a state, without those of a probe if one is named.
    async fn rows_up_to(&self, state: &State, without: Option<&str>) -> Result<SessionContext, LakeError> {
        let wrap = LakeError::query("preparing rows to add up");
        let session = session(self.place(), self.options().memory_bytes)?;
        for table in SOURCES {
            let (files, _) = self.snapshot(table).await?;
            let rows = session
                .read_table(Arc::new(LakeTable::new(table, files).within(self.place())))
                .and_then(|frame| frame.filter(state.condition()))
                .and_then(|frame| match without {
                    Some(probe) => frame.filter(col(PROBE).eq(lit(probe)).is_not_true()),
                    None => Ok(frame),
                })
                .map_err(&wrap)?;
            session.register_table(table.name(), rows.into_view()).map_err(&wrap)?;
        }
        Ok(session)
    }

    /// Puts the rows of some days in the place of those that the rollup has of them; `None` when another was faster.
    async fn replace(
        &self,
        session: &SessionContext,
        rollup: Rollup,
        days: &[String],
        step: Step<'_>,
    ) -> Result<Option<u64>, LakeError> {
        let wrap = LakeError::query("adding up rows");
        let kept = Kept::from(rollup);
        let frame = rows(session, rollup, days).await.map_err(&wrap)?;
        let batches = frame.collect().await.map_err(&wrap)?;
        // The rollup as it is now: the days before have been committed.
        let open = table::open_or_create(self, kept).await?;
        if open.delta.version() != step.version {
            return Ok(None);
        }
        let snapshot = open.delta.snapshot().map_err(failed("reading", &open.path))?;
        let mut actions: Vec<Action> = snapshot
            .log_data()
            .iter()
            .filter(|view| days.contains(&LakeFile::of(view, &open.root, kept).partition))
            .map(|view| Action::Remove(view.remove_action(true)))
            .collect();
        let misfit = |source| LakeError::Columns { table: rollup.name(), source };
        let mut written = 0;
        let mut writer = open.writer()?;
        for batch in batches {
            written += batch.num_rows() as u64;
            let batch = RecordBatch::try_new(kept.schema(), batch.columns().to_vec()).map_err(misfit)?;
            writer.write(batch).await.map_err(failed("writing", &open.path))?;
        }
        let adds = writer.flush().await.map_err(failed("writing", &open.path))?;
        actions.extend(adds.into_iter().map(Action::Add));
        Ok(commit(&open, actions, step.mark).await?.then_some(written))
    }
}

/// Commits from the snapshot that the rollup was opened with; false when another process was faster. The number stands in every
/// entry, also where it does not change: of two entries with it that follow the same one, the second is refused.
async fn commit(open: &OpenTable, actions: Vec<Action>, mark: &State) -> Result<bool, LakeError> {
    let operation = DeltaOperation::Write {
        mode: SaveMode::Overwrite,
        partition_by: Some(vec![DAY.to_owned()]),
        predicate: None,
    };
    match open.commit_state(actions, operation, mark).await {
        Ok(()) => Ok(true),
        Err(error) if is_conflict(&error) => Ok(false),
        Err(source) => Err(failed("committing to", &open.path)(source)),
    }
}

/// The days on which rows lie that are not in a state, in order.
pub(super) async fn changed(session: &SessionContext, mark: &State) -> Result<Vec<String>, LakeError> {
    texts(session, &sql::changed(mark)).await
}

/// The one column of text that a question gives.
pub(super) async fn texts(session: &SessionContext, sql: &str) -> Result<Vec<String>, LakeError> {
    let wrap = LakeError::query("finding days with new rows");
    let batches = session.sql(sql).await.map_err(&wrap)?.collect().await.map_err(&wrap)?;
    let mut found = Vec::new();
    for batch in &batches {
        let column =
            datafusion::arrow::compute::cast(batch.column(0), &datafusion::arrow::datatypes::DataType::Utf8)
                .map_err(|source| LakeError::Columns { table: "days", source })?;
        found.extend(column.as_string::<i32>().iter().flatten().map(str::to_owned));
    }
    Ok(found)
}

/// The rows of a rollup on `days`, computed from the rows that the session knows, with the columns that the rollup has.
pub(super) async fn rows(
    session: &SessionContext,
    rollup: Rollup,
    days: &[String],
) -> datafusion::error::Result<DataFrame> {
    let frame = session.sql(&sql::rows(rollup, days)).await?;
    let columns = Kept::from(rollup).schema();
    frame.select(
        columns
            .fields()
            .iter()
            .map(|field| cast(ident(field.name()), field.data_type().clone()).alias(field.name())),
    )
}
