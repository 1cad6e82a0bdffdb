//! The history and what waits, as they are at one moment.

mod filed;
mod travel;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{BooleanArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::compute::kernels::cmp::lt_eq;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::datasource::TableType;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, TableProviderFilterPushDown, ident};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::union::UnionExec;
use desserte_store::{HandoverTable, Store};
use futures_util::future::try_join_all;

use crate::flush::blocking;
use crate::numbers::numbered;
use crate::rollup::view::KeptRollup;
use crate::schema::{HANDOVER, table_schema};
use crate::{Lake, LakeError, LakeFile, LakeOptions, LakeTable, Place, Rollup, State, Work, rows, table};

/// Records that wait and are taken along in memory: twenty flushes.
const WAITING_MAX: usize = 1_000_000;

/// What all tables hold at one moment: everything that the store had acknowledged and dated.
#[derive(Debug)]
pub struct Moment {
    /// Directory of the store: indicators of months are in files of it.
    data: PathBuf,
    place: Place,
    generation: i64,
    number: i64,
    issued: i64,
    /// What is seen, as it is cited.
    cited: State,
    /// Whether rows of the tables may be none of what is seen: some were asked for, or others add to them all the time.
    bounded: bool,
    as_of: Option<State>,
    others: bool,
    tables: BTreeMap<HandoverTable, Held>,
    rollups: BTreeMap<Rollup, KeptRollup>,
}

/// What one table holds: rows in files, and rows that wait and are in none of them.
#[derive(Debug)]
struct Held {
    files: Vec<LakeFile>,
    waiting: RecordBatch,
}

impl Moment {
    /// The tables of `data` now; with `as_of`, only rows that have a number up to it: the same whenever that is asked again of the
    /// same generation.
    ///
    /// # Errors
    /// When the store or a table cannot be read, or too much waits.
    pub fn now<'a>(
        store: &'a Arc<Store>,
        data: &'a Path,
        options: &'a LakeOptions,
        as_of: Option<State>,
    ) -> Work<'a, Self> {
        Box::pin(Self::read(store, data, options, as_of))
    }

    async fn read(
        store: &Arc<Store>,
        data: &Path,
        options: &LakeOptions,
        as_of: Option<State>,
    ) -> Result<Self, LakeError> {
        // Rollups first: what they add up is then among the rows.
        let before = Lake::of_store(store, data, options).await?;
        let (own, collectors) = (before.place().collector(), before.collectors().await?);
        // All at once, here and below: over a network each log is several requests, one after the other.
        let reading = Rollup::ALL.map(|rollup| KeptRollup::read(&before, rollup, &collectors));
        let read = try_join_all(reading).await?;
        let mut rollups: BTreeMap<Rollup, KeptRollup> = Rollup::ALL.into_iter().zip(read).collect();
        // Then what waits, then the tables: a row that is handed over in between is in both, and is known by its number.
        // The other way round it could be in neither.
        let waiting = blocking(store, Store::handover_waiting).await?;
        if waiting > WAITING_MAX as u64 {
            return Err(LakeError::TooMuchWaiting { waiting, limit: WAITING_MAX });
        }
        // More may have come since the count; it is a limit on memory, not on truth.
        let offered = blocking(store, |store| store.handover(usize::MAX)).await?;
        let lake = before.of_generation(offered.generation);
        // Of others, what custody has before the tables are read: up to its number every table has every row.
        let mut all = State::default();
        if collectors.len() > 1
            && let Some(custody) = table::open(&lake, HandoverTable::Custody).await?
        {
            all = custody.state(&collectors).await?;
        }
        all.set(own, own.base() + offered.issued);
        let cited = as_of.as_ref().map_or_else(|| all.clone(), |asked| asked.within(&all));
        let bounded = as_of.is_some() || collectors.len() > 1;
        let snapshots = try_join_all(offered.tables.iter().map(|rows| lake.snapshot(rows.table))).await?;
        let mut tables = BTreeMap::new();
        for (rows, (files, mark)) in offered.tables.iter().zip(snapshots) {
            let wrap = |source| LakeError::Columns { table: rows.table.name(), source };
            let waiting = rows::batch(rows, mark.map_or(0, |mark| mark - own.base()))?;
            let mut waiting = numbered(waiting, own).map_err(wrap)?;
            if as_of.is_some() {
                let number = cited.of(own).unwrap_or(own.base());
                waiting = up_to(&waiting, number).map_err(LakeError::query("preparing a table"))?;
            }
            tables.insert(rows.table, Held { files, waiting });
        }
        if lake.generation() != before.generation() {
            // A rebuild came between: the rollups of the generation before are none of this one.
            let nothing = |rollup| (rollup, KeptRollup::nothing(rollup, lake.place().clone()));
            rollups = Rollup::ALL.map(nothing).into();
        }
        let number = cited.of(own).unwrap_or(own.base());
        let (data, generation, issued) = (data.to_owned(), offered.generation, offered.issued);
        let (place, others) = (lake.place().clone(), collectors.len() > 1);
        Ok(Self { data, place, generation, number, issued, cited, bounded, as_of, others, tables, rollups })
    }

    /// The generation of the history.
    #[must_use]
    pub const fn generation(&self) -> i64 {
        self.generation
    }

    /// The number up to which rows of this collector are seen.
    #[must_use]
    pub const fn number(&self) -> i64 {
        self.number
    }

    /// What is seen: with the generation it names the state that answers come from.
    #[must_use]
    pub const fn cited(&self) -> &State {
        &self.cited
    }

    /// Whether other collectors add rows, of which this one's store knows nothing.
    pub(crate) const fn has_others(&self) -> bool {
        self.others
    }

    /// Generation and highest number given when it was read: as long as the store says the same, nothing came in.
    pub(crate) const fn state(&self) -> (i64, i64) {
        (self.generation, self.issued)
    }

    /// Where the history stands.
    pub(crate) const fn place(&self) -> &Place {
        &self.place
    }

    /// Directory of the store.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// The state that was asked for, if any was named.
    pub(crate) const fn as_of(&self) -> Option<&State> {
        self.as_of.as_ref()
    }

    pub(crate) fn rollup(&self, rollup: Rollup) -> Option<&KeptRollup> {
        self.rollups.get(&rollup)
    }

    /// The moment of the session that asks.
    pub(crate) fn of(state: &dyn Session) -> Result<Arc<Self>> {
        state
            .config()
            .get_extension()
            .ok_or_else(|| exec_datafusion_err!("this session has no moment of the history"))
    }
}

fn up_to(rows: &RecordBatch, number: i64) -> Result<RecordBatch> {
    let keep: BooleanArray = match rows.column_by_name(HANDOVER) {
        Some(numbers) => lt_eq(numbers, &Int64Array::new_scalar(number))?,
        None => return Err(exec_datafusion_err!("no column {HANDOVER}")),
    };
    Ok(filter_record_batch(rows, &keep)?)
}

/// A table whose rows are those of the [`Moment`] of the session that asks, so that plans and catalogues outlive moments, and all
/// tables of one question are of the same.
#[derive(Debug)]
pub(crate) struct MomentTable {
    table: HandoverTable,
    schema: SchemaRef,
}

impl MomentTable {
    pub(crate) fn new(table: HandoverTable) -> Self {
        Self { table, schema: table_schema(table) }
    }
}

#[async_trait]
impl TableProvider for MomentTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let moment = Moment::of(state)?;
        let held = moment.tables.get(&self.table);
        let files = held.map_or_else(Vec::new, |held| held.files.clone());
        let history = LakeTable::new(self.table, files).within(&moment.place);
        let history = match moment.bounded {
            false => history.scan(state, projection, filters, limit).await?,
            true => {
                let mut plan =
                    LogicalPlanBuilder::scan(self.table.name(), provider_as_source(Arc::new(history)), None)?
                        .filter(moment.cited.condition())?;
                if let Some(filter) = conjunction(filters.iter().cloned()) {
                    plan = plan.filter(filter)?;
                }
                if let Some(columns) = projection {
                    plan =
                        plan.project(columns.iter().map(|&column| ident(self.schema.field(column).name())))?;
                }
                state.create_physical_plan(&plan.build()?).await?
            }
        };
        let Some(held) = held.filter(|held| held.waiting.num_rows() > 0) else { return Ok(history) };
        let waiting = MemorySourceConfig::try_new_exec(
            &[vec![held.waiting.clone()]],
            self.schema.clone(),
            projection.cloned(),
        )?;
        UnionExec::try_new(vec![history, waiting])
    }
}
