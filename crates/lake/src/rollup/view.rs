//! A rollup as queries see it: days as they are kept, and those that received rows since as they are now.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionContext, ident};
use tokio::sync::OnceCell;

use super::{Rollup, keep};
use crate::query::session;
use crate::schema::{HANDOVER, Kept};
use crate::{LakeError, LakeFile, LakeTable};

/// What a rollup was when a query began. It must be read before the rows are: what it adds up is then among them.
#[derive(Debug, Clone)]
pub(crate) struct KeptRollup {
    pub(crate) rollup: Rollup,
    pub(crate) files: Vec<LakeFile>,
    /// The number up to which rows are added up; `None` while it was never kept.
    pub(crate) mark: Option<i64>,
}

/// Tables of rows by their names, as the query sees them.
pub(crate) type Rows = Vec<(&'static str, Arc<dyn TableProvider>)>;

/// A rollup, complete and of the moment of the rows beside it.
pub(crate) struct RollupView {
    kept: KeptRollup,
    rows: Arc<Rows>,
    /// The number up to which the query sees rows, if it asked for one.
    as_of: Option<i64>,
    /// Days that are not as they were kept; found out when the rollup is asked for.
    changed: OnceCell<Vec<String>>,
}

impl RollupView {
    pub(crate) fn new(kept: KeptRollup, rows: Arc<Rows>, as_of: Option<i64>) -> Self {
        Self { kept, rows, as_of, changed: OnceCell::new() }
    }

    async fn changed(&self, session: &SessionContext) -> Result<&Vec<String>, LakeError> {
        let find = || async {
            let mut days = keep::changed(session, self.kept.mark.unwrap_or(0)).await?;
            if let Some(number) = self.as_of {
                // A day that holds more than was asked for.
                let later =
                    session.read_table(self.stored(&[])).map_err(LakeError::query("reading a rollup"))?;
                let name = self.kept.rollup.name();
                session
                    .register_table(name, later.into_view())
                    .map_err(LakeError::query("reading a rollup"))?;
                let sql = format!("SELECT DISTINCT day FROM {name} WHERE {HANDOVER} > {number}");
                days.extend(keep::texts(session, &sql).await?);
                days.sort_unstable();
                days.dedup();
            }
            Ok(days)
        };
        self.changed.get_or_try_init(find).await
    }

    /// The days as they are kept, without some.
    fn stored(&self, without: &[String]) -> Arc<LakeTable> {
        let files = self.kept.files.iter().filter(|file| !without.contains(&file.partition)).cloned();
        Arc::new(LakeTable::of(self.kept.rollup.into(), files.collect()))
    }
}

impl fmt::Debug for RollupView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RollupView").field("kept", &self.kept).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for RollupView {
    fn schema(&self) -> SchemaRef {
        Kept::from(self.kept.rollup).schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let outside = |error: LakeError| DataFusionError::External(Box::new(error));
        let session = session().map_err(outside)?;
        for (name, rows) in self.rows.iter() {
            session.register_table(*name, rows.clone())?;
        }
        let changed = self.changed(&session).await.map_err(outside)?;
        let mut frame = session.read_table(self.stored(changed))?;
        if !changed.is_empty() {
            frame = frame.union(keep::rows(&session, self.kept.rollup, changed).await?)?;
        }
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
