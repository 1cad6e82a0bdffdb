//! A rollup as queries see it: days as they are kept, and those that received rows since as they are now.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::error::DataFusionError;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{DataFrame, SessionContext, ident};
use tokio::sync::OnceCell;

use super::closed::open_only;
use super::{Rollup, SOURCES, keep};
use crate::moment::{Moment, MomentTable};
use crate::schema::{HANDOVER, Kept};
use crate::{CollectorNumber, Lake, LakeError, LakeFile, LakeTable, Place, State, engine, table};

/// What a rollup was when a query began. It must be read before the rows are: what it adds up is then among them.
#[derive(Debug)]
pub(crate) struct KeptRollup {
    rollup: Rollup,
    place: Place,
    files: Vec<LakeFile>,
    /// The state that is added up; empty while it was never kept.
    mark: State,
    /// The first day that is not closed; those before it are always as they were kept.
    closed_before: Option<String>,
    /// Days that are not as they were kept; found out when the rollup is asked for.
    changed: OnceCell<Vec<String>>,
}

impl KeptRollup {
    /// One of which nothing is kept.
    pub(crate) fn nothing(rollup: Rollup, place: Place) -> Self {
        Self {
            rollup,
            place,
            files: Vec::new(),
            mark: State::default(),
            closed_before: None,
            changed: OnceCell::const_new(),
        }
    }

    /// What a history has of it now.
    pub(crate) async fn read(
        lake: &Lake,
        rollup: Rollup,
        collectors: &[CollectorNumber],
    ) -> Result<Self, LakeError> {
        let nothing = Self::nothing(rollup, lake.place().clone());
        let Some(open) = table::open(lake, rollup).await? else { return Ok(nothing) };
        let (files, mark, closed_before) =
            (open.files()?, open.state(collectors).await?, open.closed_before().await?);
        Ok(Self { files, mark, closed_before, ..nothing })
    }

    /// The days that received rows since they were kept or, where only rows of `as_of` are asked for, may hold more than those.
    async fn changed(
        &self,
        session: &SessionContext,
        as_of: Option<&State>,
    ) -> Result<&Vec<String>, LakeError> {
        let find = || async {
            let own = self.place.collector();
            let mut alone = State::default();
            self.mark.of(own).into_iter().for_each(|number| alone.set(own, number));
            // A rollup knows the highest number of a day, which is one collector's. With several, every day is computed from its rows.
            let several = as_of.is_some() && self.mark != alone;
            let mark = if several { State::default() } else { self.mark.clone() };
            let mut days = keep::changed(session, &mark).await?;
            if let Some(asked) = as_of {
                let number = asked.of(own).unwrap_or(own.base());
                let wrap = LakeError::query("reading a rollup");
                let name = self.rollup.name();
                session.register_table(name, self.stored(&[])).map_err(&wrap)?;
                let newer = if several { "true".to_owned() } else { format!("{HANDOVER} > {number}") };
                let sql = format!("SELECT DISTINCT day FROM {name} WHERE {newer}");
                days.extend(keep::texts(session, &sql).await?);
                days.sort_unstable();
                days.dedup();
            }
            open_only(&mut days, self.closed_before.as_deref());
            Ok(days)
        };
        self.changed.get_or_try_init(find).await
    }

    /// The days as they are kept, without some.
    fn stored(&self, without: &[String]) -> Arc<LakeTable> {
        let files = self.files.iter().filter(|file| !without.contains(&file.partition)).cloned();
        Arc::new(LakeTable::of(self.rollup.into(), files.collect()).within(&self.place))
    }
}

/// A rollup, complete and of the moment of the session that asks.
#[derive(Debug)]
pub(crate) struct RollupView {
    rollup: Rollup,
}

impl RollupView {
    pub(crate) const fn new(rollup: Rollup) -> Self {
        Self { rollup }
    }

    pub(crate) const fn rollup(&self) -> Rollup {
        self.rollup
    }

    /// Its rows at a moment, as a question about tables of rows; within the memory and the disk of `environment`.
    pub(crate) async fn frame(
        &self,
        environment: Arc<RuntimeEnv>,
        moment: &Arc<Moment>,
    ) -> Result<DataFrame> {
        let outside = |error: LakeError| DataFusionError::External(Box::new(error));
        let session = engine::session(environment, None, Some(moment.clone()));
        for table in SOURCES {
            session.register_table(table.name(), Arc::new(MomentTable::new(table)))?;
        }
        let Some(kept) = moment.rollup(self.rollup) else {
            return Err(DataFusionError::Internal(format!("no rollup {}", self.rollup.name())));
        };
        let changed = kept.changed(&session, moment.as_of()).await.map_err(outside)?;
        let frame = session.read_table(kept.stored(changed))?;
        match changed.is_empty() {
            true => Ok(frame),
            false => frame.union(keep::rows(&session, self.rollup, changed).await?),
        }
    }
}

#[async_trait]
impl TableProvider for RollupView {
    fn schema(&self) -> SchemaRef {
        Kept::from(self.rollup).schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
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
        let mut frame = self.frame(state.runtime_env().clone(), &Moment::of(state)?).await?;
        if let Some(filter) = conjunction(filters.iter().cloned()) {
            frame = frame.filter(filter)?;
        }
        if let Some(projection) = projection {
            let schema = self.schema();
            frame = frame.select(projection.iter().map(|&index| ident(schema.field(index).name())))?;
        }
        if limit.is_some() {
            frame = frame.limit(0, limit)?;
        }
        frame.create_physical_plan().await
    }
}
