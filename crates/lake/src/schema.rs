//! The tables of the history and their columns: version 2 of docs/spec/lake.md, which says what each means.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use desserte_store::HandoverTable;

use crate::Rollup;

/// Version of the schema. A column may be added with a higher one; none changes its meaning or goes.
pub const SCHEMA_VERSION: i64 = 2;

/// The column that tables are partitioned by: year and month of the event, UTC.
pub(crate) const MONTH: &str = "month";

/// The column that rollups are partitioned by: day of the events, UTC.
pub(crate) const DAY: &str = "day";

/// The column of event times.
pub(crate) const EVENT: &str = "event_utc";

/// The column of commune codes.
pub(crate) const COMMUNE: &str = "commune";

/// The column of probes.
pub(crate) const PROBE: &str = "probe";

/// The column of numbers in the hand-over.
pub(crate) const HANDOVER: &str = "handover";

/// Columns whose values are nearly all different and rise by little from row to row within a probe. They are stored as differences:
/// a dictionary of them is as large as they are. A minute takes 2 octets instead of 10 so (docs/measurements/history.md).
pub(crate) const RISING: &[&str] = &[EVENT, HANDOVER, "sequence", "received_utc", "uptime_us"];

/// What a column holds. Delta has no unsigned numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Year,
    Whole,
    Real,
    Flag,
    Time,
    Octets,
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
}

const fn always(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, nullable: false }
}

pub(crate) const fn maybe(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, nullable: true }
}

/// Columns that every table begins with.
const COMMON: &[Column] = &[
    always(EVENT, Kind::Time),
    always(COMMUNE, Kind::Text),
    always("vintage", Kind::Year),
    always("probe", Kind::Text),
    always("sequence", Kind::Whole),
    always(HANDOVER, Kind::Whole),
];

const THROUGHPUT: &[Column] = &[
    always("direction", Kind::Text),
    always("outcome", Kind::Text),
    always("medium", Kind::Text),
    maybe("operator", Kind::Text),
    maybe("technology", Kind::Text),
    maybe("family", Kind::Text),
    maybe("server", Kind::Text),
    maybe("layer", Kind::Text),
    maybe("mean_bits_per_second", Kind::Real),
    maybe("steady_bits_per_second", Kind::Real),
    always("method", Kind::Text),
    maybe("h3", Kind::Text),
    maybe("border", Kind::Flag),
    maybe("cells_crossed", Kind::Whole),
    maybe("communes_crossed", Kind::Whole),
];

const LATENCY_MINUTE: &[Column] = &[
    always("window_us", Kind::Whole),
    always("state", Kind::Text),
    maybe("cause", Kind::Text),
    always("sent", Kind::Whole),
    always("lost", Kind::Whole),
    maybe("rtt_median_us", Kind::Whole),
    always("method", Kind::Text),
];

const OUTAGE: &[Column] = &[
    always("cause", Kind::Text),
    maybe("target", Kind::Text),
    maybe("start_utc", Kind::Time),
    maybe("duration_us", Kind::Whole),
    maybe("uncertainty_us", Kind::Whole),
    always("method", Kind::Text),
];

const REACHABILITY: &[Column] = &[
    always("url", Kind::Text),
    always("tried", Kind::Flag),
    maybe("failure", Kind::Text),
    maybe("dns_us", Kind::Whole),
    maybe("connect_us", Kind::Whole),
    maybe("tls_us", Kind::Whole),
    maybe("first_byte_us", Kind::Whole),
    maybe("total_us", Kind::Whole),
    always("method", Kind::Text),
];

const RADIO: &[Column] = &[
    maybe("during", Kind::Flag),
    maybe("registration", Kind::Text),
    maybe("operator", Kind::Text),
    maybe("technology", Kind::Text),
    maybe("in_use", Kind::Flag),
    maybe("cell", Kind::Whole),
    maybe("area", Kind::Whole),
    maybe("physical_cell", Kind::Whole),
    maybe("channel", Kind::Whole),
    maybe("band", Kind::Text),
    maybe("rssi_dbm", Kind::Real),
    maybe("rsrp_dbm", Kind::Real),
    maybe("rsrq_db", Kind::Real),
    maybe("snr_db", Kind::Real),
    maybe("rscp_dbm", Kind::Real),
    maybe("ecio_db", Kind::Real),
    maybe("level_age_max_us", Kind::Whole),
    maybe("h3", Kind::Text),
    maybe("uncertainty_m", Kind::Real),
    maybe("border", Kind::Flag),
    always("method", Kind::Text),
];

const PROBE_HEALTH: &[Column] = &[
    always("uptime_us", Kind::Whole),
    always("spool_records", Kind::Whole),
    always("spool_bytes", Kind::Whole),
    always("spool_dropped_records", Kind::Whole),
    always("budget_used_bytes", Kind::Whole),
    maybe("budget_limit_bytes", Kind::Whole),
    maybe("budget_month", Kind::Text),
    maybe("cpu_us", Kind::Whole),
    maybe("device", Kind::Text),
    maybe("dedicated", Kind::Flag),
];

const CUSTODY: &[Column] = &[
    always("kind", Kind::Text),
    always("record", Kind::Text),
    always("sha256", Kind::Octets),
    always("batch", Kind::Text),
    always("received_utc", Kind::Time),
];

/// A table on the disk: rows that were handed over, or a rollup of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Rows(HandoverTable),
    Rollup(Rollup),
}

impl From<HandoverTable> for Kept {
    fn from(table: HandoverTable) -> Self {
        Self::Rows(table)
    }
}

impl From<Rollup> for Kept {
    fn from(rollup: Rollup) -> Self {
        Self::Rollup(rollup)
    }
}

impl Kept {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rows(table) => table.name(),
            Self::Rollup(rollup) => rollup.name(),
        }
    }

    /// The column that it is partitioned by.
    pub(crate) const fn partition(self) -> &'static str {
        match self {
            Self::Rows(_) => MONTH,
            Self::Rollup(_) => DAY,
        }
    }

    /// The column that says when.
    pub(crate) const fn time(self) -> &'static str {
        match self {
            Self::Rows(_) => EVENT,
            Self::Rollup(rollup) => rollup.time(),
        }
    }

    /// The columns as Arrow has them, without the partition: what one Parquet file holds.
    pub(crate) fn file_schema(self) -> SchemaRef {
        let fields: Vec<Field> = match self {
            Self::Rows(table) => columns(table).map(field).collect(),
            Self::Rollup(rollup) => rollup.columns().map(field).collect(),
        };
        Arc::new(Schema::new(fields))
    }

    /// The column of partitions.
    pub(crate) fn partition_field(self) -> Field {
        Field::new(self.partition(), DataType::Utf8, matches!(self, Self::Rollup(_)))
    }

    /// The columns as Arrow has them, the partition last.
    pub(crate) fn schema(self) -> SchemaRef {
        let own = self.file_schema();
        let fields = own.fields().iter().cloned().chain([Arc::new(self.partition_field())]);
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }
}

/// The columns of a table, without the month.
pub(crate) fn columns(table: HandoverTable) -> impl Iterator<Item = Column> {
    let own = match table {
        HandoverTable::Throughput => THROUGHPUT,
        HandoverTable::LatencyMinute => LATENCY_MINUTE,
        HandoverTable::Outage => OUTAGE,
        HandoverTable::Reachability => REACHABILITY,
        HandoverTable::Radio => RADIO,
        HandoverTable::ProbeHealth => PROBE_HEALTH,
        HandoverTable::Custody => CUSTODY,
    };
    COMMON.iter().chain(own).copied()
}

/// The columns that tell one row from every other: the number of its record, and where a record has several rows what they are of.
pub(crate) const fn key(table: HandoverTable) -> &'static [&'static str] {
    match table {
        HandoverTable::Radio => &[HANDOVER, EVENT, "technology"],
        _ => &[HANDOVER],
    }
}

/// The columns as Arrow has them, the month last.
#[must_use]
pub fn table_schema(table: HandoverTable) -> SchemaRef {
    Kept::Rows(table).schema()
}

fn field(column: Column) -> Field {
    let kind = match column.kind {
        Kind::Text => DataType::Utf8,
        Kind::Year => DataType::Int32,
        Kind::Whole => DataType::Int64,
        Kind::Real => DataType::Float64,
        Kind::Flag => DataType::Boolean,
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Octets => DataType::Binary,
    };
    Field::new(column.name, kind, column.nullable)
}
