//! A question as it can be sent to other machines: about lists of files, and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{Result, TableReference, exec_err};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, TableScan};

use super::{Moment, MomentTable};
use crate::released::ReleasedTable;
use crate::rollup::view::RollupView;
use crate::{LakeError, LakeTable, Rollup, Work};

/// Where SQL describes itself: the asking machine answers that by itself.
const DESCRIPTIONS: &str = "information_schema";

impl Moment {
    /// The same question about this moment, of which every table is a list of files ([`LakeTable`]). Days of a rollup that received rows
    /// since it was kept are found out here, in `environment`, and computed where the question goes.
    ///
    /// # Errors
    /// When a table is none of the history's files, or a rollup cannot be read.
    pub fn as_files<'a>(
        self: &'a Arc<Self>,
        environment: &'a Arc<RuntimeEnv>,
        plan: LogicalPlan,
    ) -> Work<'a, LogicalPlan> {
        Box::pin(async move {
            let wrap = LakeError::query("preparing the question for other machines");
            let mut rollups = BTreeMap::new();
            for rollup in rollups_of(&plan).map_err(&wrap)? {
                let frame = RollupView::new(rollup).frame(environment.clone(), self).await.map_err(&wrap)?;
                rollups.insert(rollup, frame.into_unoptimized_plan());
            }
            let replaced = plan.transform_down_with_subqueries(|node| match node {
                LogicalPlan::TableScan(scan) => self.replace(scan, &rollups),
                other => Ok(Transformed::no(other)),
            });
            Ok(replaced.map_err(&wrap)?.data)
        })
    }

    /// What stands for a table. It is looked through in turn, since it may name others.
    fn replace(
        &self,
        scan: TableScan,
        rollups: &BTreeMap<Rollup, LogicalPlan>,
    ) -> Result<Transformed<LogicalPlan>> {
        let provider = source_as_provider(&scan.source)?;
        let name = scan.table_name.clone();
        if provider.is::<LakeTable>() || name.schema() == Some(DESCRIPTIONS) {
            return Ok(Transformed::no(LogicalPlan::TableScan(scan)));
        }
        if scan.projection.is_some() || !scan.filters.is_empty() || scan.fetch.is_some() {
            return exec_err!("table {name} was planned already");
        }
        if let Some(table) = provider.downcast_ref::<MomentTable>() {
            return self.files_of(table, name).map(Transformed::yes);
        }
        if let Some(view) = provider.downcast_ref::<RollupView>()
            && let Some(plan) = rollups.get(&view.rollup())
        {
            return aliased(plan.clone(), name);
        }
        if let Some(released) = provider.downcast_ref::<ReleasedTable>() {
            return aliased(released.question().clone(), name);
        }
        exec_err!("table {name} is not in files that other machines read; ask it without --cluster")
    }

    fn files_of(&self, table: &MomentTable, name: TableReference) -> Result<LogicalPlan> {
        let files = self.tables.get(&table.table).map_or_else(Vec::new, |held| held.files.clone());
        let source = provider_as_source(Arc::new(LakeTable::new(table.table, files).within(&self.place)));
        let plan = LogicalPlanBuilder::scan(name, source, None)?;
        match self.bounded {
            true => plan.filter(self.cited.condition())?.build(),
            false => plan.build(),
        }
    }
}

fn aliased(plan: LogicalPlan, name: TableReference) -> Result<Transformed<LogicalPlan>> {
    LogicalPlanBuilder::from(plan).alias(name)?.build().map(Transformed::yes)
}

/// The rollups that a question names.
fn rollups_of(plan: &LogicalPlan) -> Result<Vec<Rollup>> {
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Some(view) = source_as_provider(&scan.source)?.downcast_ref::<RollupView>()
        {
            found.push(view.rollup());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}
