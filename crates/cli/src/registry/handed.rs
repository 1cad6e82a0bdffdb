//! What a collector that is lost had handed to the history: what its probes send once more must be known.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use desserte_lake::arrow::array::{Array, AsArray as _, RecordBatch};
use desserte_lake::arrow::compute::cast;
use desserte_lake::arrow::datatypes::{DataType, Int64Type};
use desserte_lake::{History, LakeOptions};
use desserte_model::{ProbeId, RecordId};
use desserte_store::{HandedElsewhere, Store};
use desserte_units::Timestamp;
use tokio::runtime::Runtime;

/// How far back records are read: a day more than a probe keeps what it could not send (ADR 6).
const REPEATED: Duration = Duration::from_secs(31 * 86_400);

/// Notes every record of some probes that the history has and that may come again; gives how many.
pub(super) fn note(
    runtime: &Runtime,
    store: &Arc<Store>,
    data: &Path,
    probes: &BTreeSet<ProbeId>,
    now: Timestamp,
) -> anyhow::Result<u64> {
    if probes.is_empty() {
        return Ok(0);
    }
    // Identifiers are hexadecimal digits: nothing in them ends the text.
    let list = probes.iter().map(|probe| format!("'{probe}'")).collect::<Vec<_>>().join(", ");
    let since = now.as_unix_secs() - i64::try_from(REPEATED.as_secs())?;
    let heads =
        format!("SELECT probe, max(sequence) AS head FROM custody WHERE probe IN ({list}) GROUP BY probe");
    let records = format!(
        "SELECT record, sha256 FROM custody WHERE probe IN ({list}) AND received_utc >= to_timestamp_seconds({since})"
    );
    runtime.block_on(async {
        let history = History::open(store, data, &LakeOptions::default(), None).await?;
        let mut rows = history.ask(&heads).await?;
        while let Some(batch) = rows.next_rows().await? {
            let (probes, heads) =
                (column(&batch, "probe", &DataType::Utf8)?, column(&batch, "head", &DataType::Int64)?);
            for row in 0..batch.num_rows() {
                let probe: ProbeId = probes.as_string::<i32>().value(row).parse()?;
                store.continue_chain(&probe, heads.as_primitive::<Int64Type>().value(row))?;
            }
        }
        let mut known = 0;
        let mut rows = history.ask(&records).await?;
        while let Some(batch) = rows.next_rows().await? {
            known += batch.num_rows() as u64;
            store.note_elsewhere(handed(&batch)?)?;
        }
        Ok(known)
    })
}

fn handed(batch: &RecordBatch) -> anyhow::Result<Vec<HandedElsewhere>> {
    let (ids, digests) =
        (column(batch, "record", &DataType::Utf8)?, column(batch, "sha256", &DataType::Binary)?);
    let (ids, digests) = (ids.as_string::<i32>(), digests.as_binary::<i32>());
    let one = |row| {
        let id: RecordId = ids.value(row).parse()?;
        Ok(HandedElsewhere { id: *id.as_uuid().as_bytes(), sha256: digests.value(row).try_into()? })
    };
    (0..batch.num_rows()).map(one).collect()
}

fn column(batch: &RecordBatch, name: &str, kind: &DataType) -> anyhow::Result<Arc<dyn Array>> {
    Ok(cast(batch.column_by_name(name).with_context(|| format!("no column {name}"))?, kind)?)
}
