//! What is asked of the history, and its answers as rows.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use desserte_lake::History;
use desserte_lake::arrow::array::{Array as _, AsArray as _, RecordBatch};
use desserte_lake::arrow::compute::cast;
use desserte_lake::arrow::datatypes::{DataType, Float64Type, Int64Type};

/// A run that enters a rate, as in the rollups.
const COUNTS: &str = "outcome = 'complete' AND medium <> 'wifi' AND layer = 'application'";

/// The name under which the session knows which contribution is in which cell.
pub(super) const CELLS: &str = "released_cell";

/// The months that anything was measured in, as `2026-10`.
pub(super) const MONTHS: &str =
    "SELECT DISTINCT substr(day, 1, 7) AS month FROM commune_day WHERE day <> 'other' ORDER BY 1";

/// When the last record of the state arrived, microseconds since the Unix epoch.
pub(super) const RECEIVED: &str = "SELECT CAST(max(received_utc) AS BIGINT) AS received FROM custody";

/// What each probe gave in each commune in a month.
pub(super) fn contributions(month: &str) -> String {
    format!(
        "SELECT probe, commune, vintage, sum(minutes) AS minutes, sum(download_runs + upload_runs) AS runs \
         FROM site_hour WHERE {} GROUP BY probe, commune, vintage ORDER BY commune, vintage, probe",
        in_month(month)
    )
}

/// Which grain a row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    Month,
    Day,
}

/// Counts, times and round trips of each cell.
pub(super) fn sums(month: &str, grain: Grain) -> String {
    let day = match grain {
        Grain::Month => "''",
        Grain::Day => "day",
    };
    let sums = [
        "minutes",
        "up_us",
        "degraded_us",
        "down_us",
        "unknown_us",
        "sent",
        "lost",
        "rtt_minutes",
        "download_runs",
        "download_complete",
        "upload_runs",
        "upload_complete",
        "interruptions_beyond",
        "interruptions_beyond_us",
        "interruptions_beyond_unmeasured",
        "reach_tried",
        "reach_failed",
    ]
    .map(|name| format!("sum({name}) AS {name}"))
    .join(", ");
    format!(
        "SELECT cell, {day} AS day_of, count(DISTINCT site_hour.probe) AS probes, count(DISTINCT day) AS days, {sums}, \
         sketch_quantile(merge_sketches(rtt_sketch), 0.5) AS rtt_p50_us, \
         sketch_quantile(merge_sketches(rtt_sketch), 0.8) AS rtt_p80_us, \
         min(method_first) AS method_first, max(method_last) AS method_last \
         FROM site_hour JOIN {CELLS} ON site_hour.probe = {CELLS}.probe AND site_hour.commune = {CELLS}.commune \
         AND site_hour.vintage = {CELLS}.vintage WHERE {} GROUP BY 1, 2 ORDER BY 1, 2",
        in_month(month)
    )
}

/// Exact quantiles of the rates of each cell.
pub(super) fn rates(month: &str, grain: Grain) -> String {
    let day = match grain {
        Grain::Month => "''",
        Grain::Day => "to_char(event_utc, '%Y-%m-%d')",
    };
    let quantile = |share: u8| {
        format!("percentile_cont(0.{share}) WITHIN GROUP (ORDER BY steady_bits_per_second) AS p{share}0")
    };
    format!(
        "SELECT cell, {day} AS day_of, direction, count(*) AS rates, {}, {}, {} \
         FROM throughput JOIN {CELLS} ON throughput.probe = {CELLS}.probe AND throughput.commune = {CELLS}.commune \
         AND throughput.vintage = {CELLS}.vintage \
         WHERE month = '{month}' AND {COUNTS} AND steady_bits_per_second IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        quantile(2),
        quantile(5),
        quantile(8),
    )
}

/// Days as text sort as days do; no month has a day above 31.
fn in_month(month: &str) -> String {
    format!("day >= '{month}-01' AND day <= '{month}-31'")
}

/// A row by the names of its columns; columns that are null are not in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    texts: BTreeMap<String, String>,
    wholes: BTreeMap<String, i64>,
    reals: BTreeMap<String, f64>,
}

impl Row {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    pub(super) fn whole(&self, name: &str) -> Option<i64> {
        self.wholes.get(name).copied()
    }

    pub(super) fn real(&self, name: &str) -> Option<f64> {
        self.reals.get(name).copied()
    }

    /// A count, none being zero.
    pub(super) fn count(&self, name: &str) -> u64 {
        self.whole(name).unwrap_or(0).unsigned_abs()
    }
}

/// Asks, and gives the answer row by row.
pub(super) async fn ask(history: &History, sql: &str) -> anyhow::Result<Vec<Row>> {
    let mut answer = history.ask(sql).await?;
    let mut rows = Vec::new();
    while let Some(batch) = answer.next_rows().await? {
        let first = rows.len();
        rows.resize(first + batch.num_rows(), Row::default());
        fill(&batch, &mut rows[first..]).context("cannot read an answer of the history")?;
    }
    Ok(rows)
}

fn fill(batch: &RecordBatch, rows: &mut [Row]) -> anyhow::Result<()> {
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let name = field.name();
        let put = |row: &mut Row, column: &dyn desserte_lake::arrow::array::Array, at: usize| match column
            .data_type()
        {
            DataType::Utf8 => {
                row.texts.insert(name.clone(), column.as_string::<i32>().value(at).to_owned());
            }
            DataType::Int64 => {
                row.wholes.insert(name.clone(), column.as_primitive::<Int64Type>().value(at));
            }
            _ => {
                row.reals.insert(name.clone(), column.as_primitive::<Float64Type>().value(at));
            }
        };
        let plain = match field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
            kind if kind.is_integer() => DataType::Int64,
            kind if kind.is_floating() => DataType::Float64,
            kind => return Err(anyhow!("column {name} is of kind {kind}")),
        };
        let column = cast(column, &plain)?;
        for (at, row) in rows.iter_mut().enumerate().filter(|(at, _)| column.is_valid(*at)) {
            put(row, &column, at);
        }
    }
    Ok(())
}
