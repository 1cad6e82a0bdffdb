//! Rows of an answer as series.

use anyhow::Context as _;
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use desserte_lake::arrow::array::{Array as _, AsArray as _, RecordBatch};
use desserte_lake::arrow::datatypes::{Float64Type, TimestampMicrosecondType};
use desserte_remote_write::{Series, SeriesError};

use crate::out::Failure;

/// Samples in one request: what Prometheus's own senders put into one at the most, so that every store takes it.
const REQUEST_SAMPLES: usize = 2_000;

/// Columns that are labels, after the one that is the name; then come the moment and the value.
const LABELS: [&str; 7] = ["probe", "commune", "direction", "medium", "layer", "state", "quantile"];

/// A query with its numbers and moments (microseconds since the Unix epoch) put in.
pub(super) fn filled(sql: &str, numbers: &[(&str, i64)], moments: &[(&str, i64)]) -> String {
    let mut sql = sql.to_owned();
    for (name, number) in numbers {
        sql = sql.replace(&format!("{{{name}}}"), &number.to_string());
    }
    for (name, moment) in moments {
        let moment = format!("arrow_cast({moment}, 'Timestamp(Microsecond, Some(\"UTC\"))')");
        sql = sql.replace(&format!("{{{name}}}"), &moment);
    }
    sql
}

/// Puts rows, which are in the order of their series and moments, into requests.
pub(super) struct Packer {
    later_ms: i64,
    series: Vec<Series>,
    /// Name and labels of the last series.
    key: Vec<String>,
    samples: usize,
}

impl Packer {
    /// Samples are to stand `later_ms` milliseconds after their moment.
    pub(super) const fn new(later_ms: i64) -> Self {
        Self { later_ms, series: Vec::new(), key: Vec::new(), samples: 0 }
    }

    /// The requests that become full with these rows.
    pub(super) fn pack(&mut self, rows: &RecordBatch) -> Result<Vec<Vec<Series>>, Failure> {
        let texts = (0..=LABELS.len())
            .map(|column| cast(rows.column(column), &DataType::Utf8))
            .collect::<Result<Vec<_>, _>>()?;
        let texts: Vec<_> = texts.iter().map(|column| column.as_string::<i32>()).collect();
        let moment = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let moments = cast(rows.column(LABELS.len() + 1), &moment)?;
        let moments = moments.as_primitive::<TimestampMicrosecondType>();
        let values = cast(rows.column(LABELS.len() + 2), &DataType::Float64)?;
        let values = values.as_primitive::<Float64Type>();
        let mut full = Vec::new();
        for row in (0..rows.num_rows()).filter(|&row| !values.is_null(row)) {
            let key: Vec<&str> = texts.iter().map(|column| column.value(row)).collect();
            if self.samples >= REQUEST_SAMPLES {
                full.push(std::mem::take(&mut self.series));
                self.samples = 0;
            }
            if self.series.is_empty() || self.key != key {
                let labels = LABELS.into_iter().zip(key[1..].iter().copied());
                self.series.push(Series::new(key[0], labels)?);
                self.key = key.into_iter().map(str::to_owned).collect();
            }
            let at_ms = moments.value(row).div_euclid(1_000) + self.later_ms;
            let series = self.series.last_mut().context("a series was just begun")?;
            match series.push(at_ms, values.value(row)) {
                Ok(()) => self.samples += 1,
                // Two records of one probe within a millisecond: a store keeps one sample of each moment.
                Err(SeriesError::Order { given, before }) if given == before => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(full)
    }

    /// What is left for the last request.
    pub(super) fn rest(self) -> Vec<Series> {
        self.series
    }
}
