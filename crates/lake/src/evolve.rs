//! Tables that an earlier version made, given the columns of this one.
//!
//! A version only adds columns, null in older rows: no file is written again. The change is one entry of the table's log, so that a
//! process that ends leaves the table of before or the one of after.

use deltalake::kernel::engine::arrow_conversion::TryIntoKernel as _;
use deltalake::kernel::{Action, MetadataExt as _, StructType};
use deltalake::protocol::DeltaOperation;

use crate::schema::{Kept, SCHEMA_VERSION};
use crate::table::{self, OpenTable, SCHEMA_PROPERTY, failed, is_conflict};
use crate::{Lake, LakeError};

/// How often it is tried when others write at the same time; most often because another process does the same.
const ATTEMPTS: u32 = 10;

/// Opens a table that is to be written to, with every column of this version; `None` when it was never written.
pub(crate) async fn open_to_write(
    lake: &Lake,
    table: impl Into<Kept>,
) -> Result<Option<OpenTable>, LakeError> {
    let kept = table.into();
    for _ in 0..ATTEMPTS {
        let Some(open) = table::open(lake, kept).await? else { return Ok(None) };
        let found = open.schema_version()?;
        if found >= SCHEMA_VERSION {
            return Ok(Some(open));
        }
        match evolve(&open).await {
            Ok(()) => {
                tracing::info!(table = kept.name(), from = found, to = SCHEMA_VERSION, "columns were added")
            }
            Err(error) if is_conflict(&error) => {}
            Err(source) => return Err(failed("adding columns to", &open.path)(source)),
        }
    }
    Err(LakeError::Contended { path: lake.path(kept), attempts: ATTEMPTS })
}

async fn evolve(open: &OpenTable) -> Result<(), deltalake::DeltaTableError> {
    let schema: StructType = open.kept.schema().as_ref().try_into_kernel()?;
    let metadata = open.delta.snapshot()?.metadata().clone();
    let known = metadata.parse_schema()?;
    let added = schema.fields().filter(|field| known.field(field.name()).is_none()).cloned().collect();
    let metadata = metadata
        .with_schema(&schema)?
        .add_config_key(SCHEMA_PROPERTY.to_owned(), SCHEMA_VERSION.to_string())?;
    open.commit(vec![Action::Metadata(metadata)], DeltaOperation::AddColumn { fields: added }, None).await
}
