//! Rows on their way through, and what they come from and go to.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use csv::ByteRecord;
use parquet::file::metadata::KeyValue;

use super::finding::Finder;
use super::flaws::Flaws;

/// Some rows of a table, with memory that is used again for the next ones.
#[derive(Default)]
pub(super) struct Block {
    pub(super) rows: Rows,
    /// Longitudes of the rows in degrees; not a number where there is none.
    pub(super) lon: Vec<f64>,
    /// Latitudes, as many.
    pub(super) lat: Vec<f64>,
}

/// Rows as their table has them.
pub(super) enum Rows {
    /// Lines of text: the first `count` of `records`.
    Text { records: Vec<ByteRecord>, count: usize },
    /// Columns.
    Columns(RecordBatch),
}

impl Default for Rows {
    fn default() -> Self {
        Self::Text { records: Vec::new(), count: 0 }
    }
}

/// What the columns of a table are, for whoever writes it again.
pub(super) enum Header {
    /// Names, and what separates cells.
    Text { names: ByteRecord, delimiter: u8 },
    /// Names and types, and what else the file says of itself.
    Columns { schema: SchemaRef, said: Vec<KeyValue> },
}

/// A table that is read.
pub(super) trait Source {
    /// Its columns.
    fn header(&self) -> &Header;

    /// Replaces the rows of the block by the next ones; false after the last one.
    fn read(&mut self, block: &mut Block, flaws: &mut Flaws) -> anyhow::Result<bool>;
}

/// A table that is written.
pub(super) trait Sink {
    /// Appends the rows of the block with what was found for them.
    fn write(&mut self, block: &mut Block, found: &Finder<'_>) -> anyhow::Result<()>;

    /// Ends the table; only then is it whole.
    fn finish(self: Box<Self>) -> anyhow::Result<()>;
}
