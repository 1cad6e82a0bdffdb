//! What probes did, from the history.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use desserte_footprint::{Network, Usage};
use desserte_indicators::Month;
use desserte_lake::arrow::array::{Array, AsArray as _, RecordBatch};
use desserte_lake::arrow::compute::cast;
use desserte_lake::arrow::datatypes::{DataType, Int64Type};
use desserte_lake::{History, LakeOptions};
use desserte_model::{AccessTechnology, CommuneCode, Device, DeviceClass};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::{self, StrDeserializer};

use crate::arguments::DataArguments;
use crate::lake::runtime;
use crate::out::Failure;
use crate::probe::open_existing;

const US_OF_AN_HOUR: f64 = 3.6e9;

/// One probe's month, and the commune it was in last.
pub(super) struct ProbeMonth {
    pub(super) commune: CommuneCode,
    pub(super) usage: Usage,
}

/// Every probe with a sign of life in a month.
pub(super) fn probes(data: &Path, month: Month) -> Result<Vec<ProbeMonth>, Failure> {
    let store = Arc::new(open_existing(&DataArguments { data: data.to_owned() })?);
    let sql = include_str!("question.sql").replace("@MONTH@", &month.to_string());
    let batches = runtime()?.block_on(async {
        let history = History::open(&store, data, &LakeOptions::default(), None).await?;
        anyhow::Ok(history.ask(&sql).await?.collect().await?)
    })?;
    let mut probes = Vec::new();
    for batch in &batches {
        let columns = Columns::of(batch)?;
        for row in 0..batch.num_rows() {
            probes.push(columns.row(row)?);
        }
    }
    Ok(probes)
}

/// The columns of the question, as text and whole numbers.
struct Columns {
    commune: Arc<dyn Array>,
    uptime_us: Arc<dyn Array>,
    cpu_us: Arc<dyn Array>,
    bytes: Arc<dyn Array>,
    device: Arc<dyn Array>,
    dedicated: Arc<dyn Array>,
    technology: Arc<dyn Array>,
}

impl Columns {
    fn of(batch: &RecordBatch) -> anyhow::Result<Self> {
        let column = |name: &str, kind: &DataType| {
            let column = batch.column_by_name(name).with_context(|| format!("no column {name}"))?;
            anyhow::Ok(cast(column, kind)?)
        };
        let (text, whole) = (&DataType::Utf8, &DataType::Int64);
        Ok(Self {
            commune: column("commune", text)?,
            uptime_us: column("uptime_us", whole)?,
            cpu_us: column("cpu_us", whole)?,
            bytes: column("bytes", whole)?,
            device: column("device", text)?,
            dedicated: column("dedicated", &DataType::Boolean)?,
            technology: column("technology", text)?,
        })
    }

    fn row(&self, row: usize) -> anyhow::Result<ProbeMonth> {
        let whole = |column: &Arc<dyn Array>| {
            column.is_valid(row).then(|| column.as_primitive::<Int64Type>().value(row))
        };
        let text = |column: &Arc<dyn Array>| {
            column.is_valid(row).then(|| column.as_string::<i32>().value(row).to_owned())
        };
        let hours = whole(&self.uptime_us).map(|us| real(us) / US_OF_AN_HOUR);
        let dedicated = self.dedicated.is_valid(row).then(|| self.dedicated.as_boolean().value(row));
        let class = text(&self.device)
            .and_then(|code| DeviceClass::ALL.into_iter().find(|class| class.code() == code));
        let usage = Usage {
            hours,
            processor_s: whole(&self.cpu_us).map(|us| real(us) / 1e6),
            bytes: whole(&self.bytes).map(i64::unsigned_abs),
            device: class.zip(dedicated).map(|(class, dedicated)| Device { class, dedicated }),
            network: text(&self.technology).and_then(|code| network(&code)),
        };
        let commune = text(&self.commune).context("a probe without a commune")?;
        let commune = commune.parse().map_err(|_| anyhow!("{commune:?} is no code of a commune"))?;
        Ok(ProbeMonth { commune, usage })
    }
}

/// The network that a line is of, by its technology's code on the wire; `None` for a code of a later version.
fn network(code: &str) -> Option<Network> {
    let code: StrDeserializer<'_, value::Error> = code.into_deserializer();
    Some(match AccessTechnology::deserialize(code).ok()? {
        AccessTechnology::FourGFixed | AccessTechnology::FiveGFixed | AccessTechnology::Mobile => {
            Network::Mobile
        }
        AccessTechnology::Ftth
        | AccessTechnology::Dsl
        | AccessTechnology::Coax
        | AccessTechnology::Radio
        | AccessTechnology::Satellite => Network::Fixed,
    })
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a month are far below 2^52")]
const fn real(value: i64) -> f64 {
    value as f64
}
