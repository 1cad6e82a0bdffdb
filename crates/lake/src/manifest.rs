//! The list of files that a table consists of: all that queries know of the table's format.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Int64Array, StringArray, TimestampMicrosecondArray, UInt64Array,
};
use datafusion::arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;
use datafusion::common::{Column, ScalarValue};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::object_store::ObjectMeta;
use datafusion::object_store::path::Path;
use datafusion::physical_optimizer::pruning::PruningStatistics;
use deltalake::kernel::LogicalFileView;

use crate::schema::{COMMUNE, HANDOVER, Kept};

/// A statistic of a time is cut to milliseconds in the log: the true highest value may be so much later.
const STATISTIC_MICROS: i64 = 1_000;

/// One Parquet file of a table.
///
/// # Missing data
/// `None` where the log does not tell: such a file is read whatever is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakeFile {
    /// Its place, as an address below the file system's root.
    pub location: Path,
    /// Its size in octets.
    pub bytes: u64,
    /// Rows in it.
    pub rows: Option<u64>,
    /// Its partition: a month, or a day of a rollup.
    pub partition: String,
    /// First and last event in it, microseconds since the Unix epoch; the last one rounded up.
    pub events_us: Option<(i64, i64)>,
    /// Lowest and highest commune code in it.
    pub communes: Option<(String, String)>,
    /// Lowest and highest number in the hand-over in it.
    pub numbers: Option<(i64, i64)>,
}

impl LakeFile {
    /// From an entry of the log; `root` is the table's directory.
    pub(crate) fn of(view: &LogicalFileView, root: &Path, table: Kept) -> Self {
        let stats: Option<serde_json::Value> = view.stats().and_then(|text| serde_json::from_str(&text).ok());
        let bounds = |name: &str| {
            let stats = stats.as_ref()?;
            let text = |side: &str| stats[side][name].as_str().map(str::to_owned);
            Some((text("minValues")?, text("maxValues")?))
        };
        let micros = |text: &str| string_to_timestamp_nanos(text).ok().map(|nanos| nanos.div_euclid(1_000));
        let numbers = |side: &str| stats.as_ref()?[side][HANDOVER].as_i64();
        let partition = view.partition_values_map().get(table.partition()).cloned().flatten();
        Self {
            location: root.parts().chain(view.object_store_path().parts()).collect(),
            bytes: u64::try_from(view.size()).unwrap_or(0),
            rows: view.num_records().map(|rows| rows as u64),
            partition: partition.unwrap_or_default(),
            events_us: bounds(table.time()).and_then(|(first, last)| {
                Some((micros(&first)?, micros(&last)?.saturating_add(STATISTIC_MICROS)))
            }),
            communes: bounds(COMMUNE),
            numbers: numbers("minValues").zip(numbers("maxValues")),
        }
    }

    /// As the engine reads it.
    pub(crate) fn partitioned(&self) -> PartitionedFile {
        let mut file = PartitionedFile::new_from_meta(ObjectMeta {
            location: self.location.clone(),
            last_modified: Default::default(),
            size: self.bytes,
            e_tag: None,
            version: None,
        });
        file.partition_values = vec![ScalarValue::Utf8(Some(self.partition.clone()))];
        file
    }
}

/// What the log tells of each file, for leaving out those that cannot hold what is asked for.
pub(crate) struct Bounds<'a> {
    pub(crate) table: Kept,
    pub(crate) files: &'a [LakeFile],
}

impl Bounds<'_> {
    fn bound(
        &self,
        column: &Column,
        of: fn((i64, i64)) -> i64,
        commune: fn(&(String, String)) -> &str,
    ) -> Option<ArrayRef> {
        let files = self.files.iter();
        match column.name() {
            name if name == self.table.partition() => {
                Some(Arc::new(files.map(|file| Some(file.partition.as_str())).collect::<StringArray>()))
            }
            name if name == self.table.time() => {
                let events: TimestampMicrosecondArray = files.map(|file| file.events_us.map(of)).collect();
                Some(Arc::new(events.with_timezone("UTC")))
            }
            HANDOVER => Some(Arc::new(files.map(|file| file.numbers.map(of)).collect::<Int64Array>())),
            COMMUNE => {
                Some(Arc::new(files.map(|file| file.communes.as_ref().map(commune)).collect::<StringArray>()))
            }
            _ => None,
        }
    }
}

impl PruningStatistics for Bounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, |(first, _)| first, |(first, _)| first)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, |(_, last)| last, |(_, last)| last)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(self.files.iter().map(|file| file.rows).collect::<UInt64Array>()))
    }

    fn contained(
        &self,
        _column: &Column,
        _values: &std::collections::HashSet<ScalarValue>,
    ) -> Option<BooleanArray> {
        None
    }
}
