//! A table that nothing is told of but its rows.
//!
//! Figures are withheld by a condition on groups. An engine is free to try a reader's own condition before that one, on rows that
//! are not released, and a division by zero there would tell of them; the plan and its counts would tell too. So the question that
//! the table is the answer of runs by itself, and a reader's conditions come after it, but for those that cannot fail and cannot
//! tell: a column that groups are made by, compared with a constant.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    BinaryExpr, Expr, LogicalPlan, LogicalPlanBuilder, Operator, TableProviderFilterPushDown, ident,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures_util::stream;

/// A table that is the answer of a question, as if it had been written down.
#[derive(Debug)]
pub(crate) struct ReleasedTable {
    question: LogicalPlan,
    /// The columns that groups are made by.
    keys: &'static [&'static str],
}

impl ReleasedTable {
    pub(crate) const fn new(question: LogicalPlan, keys: &'static [&'static str]) -> Self {
        Self { question, keys }
    }

    /// The question whose answer it is: for those who may read every row.
    pub(crate) const fn question(&self) -> &LogicalPlan {
        &self.question
    }

    fn is_key(&self, expression: &Expr) -> bool {
        matches!(expression, Expr::Column(column) if self.keys.contains(&column.name()))
    }

    /// Whether a condition can be tried on rows that are not released: it neither fails nor tells.
    fn tells_nothing(&self, filter: &Expr) -> bool {
        let constant = |expression: &Expr| matches!(expression, Expr::Literal(..));
        match filter {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                matches!(
                    op,
                    Operator::Eq
                        | Operator::NotEq
                        | Operator::Lt
                        | Operator::LtEq
                        | Operator::Gt
                        | Operator::GtEq
                ) && (self.is_key(left) && constant(right) || constant(left) && self.is_key(right))
            }
            Expr::InList(list) => self.is_key(&list.expr) && list.list.iter().all(constant),
            Expr::Between(between) => {
                self.is_key(&between.expr) && constant(&between.low) && constant(&between.high)
            }
            _ => false,
        }
    }
}

#[async_trait]
impl TableProvider for ReleasedTable {
    fn schema(&self) -> SchemaRef {
        self.question.schema().inner().clone()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters
            .iter()
            .map(|filter| match self.tells_nothing(filter) {
                true => TableProviderFilterPushDown::Inexact,
                false => TableProviderFilterPushDown::Unsupported,
            })
            .collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut plan = LogicalPlanBuilder::from(self.question.clone());
        if let Some(filter) = conjunction(filters.iter().filter(|filter| self.tells_nothing(filter)).cloned())
        {
            plan = plan.filter(filter)?;
        }
        if let Some(columns) = projection {
            let schema = self.schema();
            plan = plan.project(columns.iter().map(|&column| ident(schema.field(column).name())))?;
        }
        let plan = state.create_physical_plan(&plan.build()?).await?;
        let schema = plan.schema();
        let rows: Arc<dyn PartitionStream> = Arc::new(Released { plan, schema: schema.clone() });
        Ok(Arc::new(StreamingTableExec::try_new(schema, vec![rows], None, None, false, limit)?))
    }
}

/// The rows, from a plan that is shown to nobody.
struct Released {
    plan: Arc<dyn ExecutionPlan>,
    schema: SchemaRef,
}

impl std::fmt::Debug for Released {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Released")
    }
}

impl PartitionStream for Released {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        execute_stream(self.plan.clone(), context).unwrap_or_else(|failed| {
            Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), stream::iter([Err(failed)])))
        })
    }
}
