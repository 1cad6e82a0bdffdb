//! Reading a table by its list of files.
//!
//! The table format's own provider does not travel to a cluster, and reads features that this program never turns on. This one
//! makes a plain scan of Parquet files, which any node can be sent.

mod octets;

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::TableType;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use desserte_store::HandoverTable;

pub use self::octets::NoTable;
use crate::manifest::Bounds;
use crate::schema::Kept;
use crate::{LakeFile, Place};

/// A table of the history as it was when its list of files was read.
#[derive(Debug)]
pub struct LakeTable {
    table: Kept,
    schema: TableSchema,
    files: Vec<LakeFile>,
    /// The store that the files are in.
    store: ObjectStoreUrl,
}

impl LakeTable {
    /// The table that consists of `files` of this machine.
    #[must_use]
    pub fn new(table: HandoverTable, files: Vec<LakeFile>) -> Self {
        Self::of(table.into(), files)
    }

    pub(crate) fn of(table: Kept, files: Vec<LakeFile>) -> Self {
        let partition = Arc::new(table.partition_field());
        let schema =
            TableSchema::builder(table.file_schema()).with_table_partition_cols(vec![partition]).build();
        Self { table, schema, files, store: ObjectStoreUrl::local_filesystem() }
    }

    /// The same with files of a place, which the engine that reads must know ([`Place::make_known`]).
    #[must_use]
    pub fn within(mut self, place: &Place) -> Self {
        self.store = place.store_url();
        self
    }

    /// The files that can hold rows for which every one of `filters` is true.
    fn wanted(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<LakeFile>> {
        let Some(filter) = conjunction(filters.iter().cloned()) else { return Ok(self.files.clone()) };
        let schema = self.schema();
        let filter = state.create_physical_expr(filter, &DFSchema::try_from(schema.clone())?)?;
        let keep = PruningPredicateBuilder::new()
            .with_file_schema(schema)
            .try_build(filter)?
            .prune(&Bounds { table: self.table, files: &self.files })?;
        Ok(self.files.iter().zip(keep).filter(|(_, keep)| *keep).map(|(file, _)| file.clone()).collect())
    }
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        self.schema.table_schema().clone()
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
        let files = self.wanted(state, filters)?;
        let groups = state.config().target_partitions().min(files.len()).max(1);
        let mut spread = vec![Vec::new(); groups];
        for (index, file) in files.iter().enumerate() {
            spread[index % groups].push(file.partitioned());
        }
        let global = state.config_options().execution.parquet.clone();
        let options = TableParquetOptions { global, ..TableParquetOptions::default() };
        let source = ParquetSource::new(self.schema.clone()).with_table_parquet_options(options);
        let scan = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(spread.into_iter().map(FileGroup::new).collect())
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}
