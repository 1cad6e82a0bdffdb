//! How a question that names tables of the history is sent: each table as its list of files.

use std::sync::Arc;

use ballista_core::serde::BallistaLogicalExtensionCodec;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::{Result, TableReference, internal_err};
use datafusion::datasource::file_format::FileFormatFactory;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Extension, LogicalPlan};
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use desserte_lake::LakeTable;

/// Ballista's own, which also knows [`LakeTable`].
#[derive(Debug, Default)]
pub(crate) struct LakeCodec {
    inner: BallistaLogicalExtensionCodec,
}

impl LogicalExtensionCodec for LakeCodec {
    fn try_decode(&self, octets: &[u8], inputs: &[LogicalPlan], context: &TaskContext) -> Result<Extension> {
        self.inner.try_decode(octets, inputs, context)
    }

    fn try_encode(&self, node: &Extension, octets: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode(node, octets)
    }

    fn try_decode_table_provider(
        &self,
        octets: &[u8],
        _name: &TableReference,
        _schema: SchemaRef,
        _context: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        let table =
            LakeTable::from_octets(octets).map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(Arc::new(table))
    }

    fn try_encode_table_provider(
        &self,
        name: &TableReference,
        table: Arc<dyn TableProvider>,
        octets: &mut Vec<u8>,
    ) -> Result<()> {
        match table.downcast_ref::<LakeTable>() {
            Some(table) => {
                octets.extend(table.to_octets());
                Ok(())
            }
            None => internal_err!("table {name} is no list of files"),
        }
    }

    fn try_decode_file_format(
        &self,
        octets: &[u8],
        context: &TaskContext,
    ) -> Result<Arc<dyn FileFormatFactory>> {
        self.inner.try_decode_file_format(octets, context)
    }

    fn try_encode_file_format(&self, octets: &mut Vec<u8>, node: Arc<dyn FileFormatFactory>) -> Result<()> {
        self.inner.try_encode_file_format(octets, node)
    }
}
