//! Tables as Parquet.
//!
//! Row groups are read a batch at a time and written when they have grown to [`ROW_GROUP_OCTETS`], so that memory stays
//! within two row groups whatever the table. Columns keep their types, their order and what the file says of itself
//! (the `geo` of GeoParquet, the `pandas` of pandas).

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use arrow_array::{Array as _, ArrayRef, Float64Array, RecordBatch, RecordBatchOptions, StringArray};
use arrow_cast::display::array_value_to_string;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use csv::ByteRecord;
use indicatif::ProgressBar;
use parquet::arrow::ARROW_SCHEMA_META_KEY;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::ROWS_AT_ONCE;
use super::block::{Block, Header, Rows, Sink, Source};
use super::columns::Columns;
use super::finding::Finder;
use super::flaws::{ENOUGH_DECIMALS, Flaws};
use super::number;
use crate::arguments::LocateArguments;
use crate::out::Failure;

/// A row group is written when its columns, encoded, take this much memory: large enough to compress well.
const ROW_GROUP_OCTETS: usize = 64 << 20;

/// A row group is written at this many rows at the latest, as most writers do.
const ROW_GROUP_ROWS: usize = 1 << 20;

/// A Parquet table that is read.
pub(super) struct Reader {
    batches: ParquetRecordBatchReader,
    path: PathBuf,
    header: Header,
    columns: Columns,
    /// Rows read before the present block.
    before: u64,
    progress: ProgressBar,
}

impl Reader {
    pub(super) fn open(
        arguments: &LocateArguments,
        added: &[String],
        progress: &ProgressBar,
    ) -> Result<Self, Failure> {
        let path = arguments.input.clone();
        let (builder, said) = opened(&path)?;
        let rows = builder.metadata().file_metadata().num_rows();
        progress.set_length(u64::try_from(rows).unwrap_or(0));
        let schema = builder.schema().clone();
        let usage = |error: String| Failure::usage(anyhow!("{}: {error}", path.display()));
        let names = schema.fields().iter().map(|field| field.name().clone());
        let columns = Columns::find(names, arguments, added).map_err(usage)?;
        for at in [columns.lon, columns.lat] {
            let field = schema.field(at);
            if !holds_degrees(field.data_type()) {
                let (name, kind) = (field.name(), field.data_type());
                return Err(usage(format!("column {name:?} is {kind}; degrees are numbers or text")));
            }
        }
        let batches = builder.build().with_context(|| damaged(&path))?;
        let header = Header::Columns { schema, said };
        Ok(Self { batches, path, header, columns, before: 0, progress: progress.clone() })
    }
}

/// A Parquet file to read in batches, and what it says of itself.
pub(crate) fn opened(path: &Path) -> anyhow::Result<(ParquetRecordBatchReaderBuilder<File>, Vec<KeyValue>)> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).with_context(|| damaged(path))?;
    let builder = builder.with_batch_size(ROWS_AT_ONCE);
    let said = builder.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    let said = said.into_iter().filter(|pair| pair.key != ARROW_SCHEMA_META_KEY).collect();
    Ok((builder, said))
}

/// A Parquet file to write.
pub(crate) fn created(
    path: &Path,
    schema: &SchemaRef,
    said: Vec<KeyValue>,
) -> anyhow::Result<ArrowWriter<File>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_OCTETS))
        .set_created_by(concat!("desserte ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata((!said.is_empty()).then_some(said))
        .build();
    let written = || format!("cannot write {}", path.display());
    let file = File::create(path).with_context(written)?;
    ArrowWriter::try_new(file, schema.clone(), Some(properties)).with_context(written)
}

pub(crate) fn damaged(path: &Path) -> String {
    format!("{}: this is no Parquet file, or it is damaged; nothing was written", path.display())
}

/// Whether degrees can be read from a column of this type.
fn holds_degrees(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => holds_degrees(values),
        DataType::Null => true,
        kind => kind.is_numeric() || kind.is_string(),
    }
}

impl Source for Reader {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&mut self, block: &mut Block, flaws: &mut Flaws) -> anyhow::Result<bool> {
        block.lon.clear();
        block.lat.clear();
        let Some(batch) = self.batches.next().transpose().with_context(|| damaged(&self.path))? else {
            let Header::Columns { schema, .. } = &self.header else { unreachable!("set when opened") };
            block.rows = Rows::Columns(RecordBatch::new_empty(schema.clone()));
            return Ok(false);
        };
        let (lon, lat) = (batch.column(self.columns.lon), batch.column(self.columns.lat));
        let (lon_read, lat_read) = (degrees(lon)?, degrees(lat)?);
        for (row, (lon_read, lat_read)) in lon_read.iter().zip(&lat_read).enumerate() {
            match (lon_read, lat_read) {
                (Some(lon), Some(lat)) => flaws.decimals(lon.decimals.min(lat.decimals)),
                _ if flaws.first_unreadable.is_none() => {
                    let text = |column: &ArrayRef| array_value_to_string(column, row).unwrap_or_default();
                    let number = self.before + row as u64 + 1;
                    flaws.unreadable(number, text(lon).as_bytes(), text(lat).as_bytes());
                }
                _ => {}
            }
        }
        let values = |read: &[Option<number::Number>], into: &mut Vec<f64>| {
            into.extend(read.iter().map(|number| number.map_or(f64::NAN, |number| number.value)));
        };
        values(&lon_read, &mut block.lon);
        values(&lat_read, &mut block.lat);
        self.before += batch.num_rows() as u64;
        self.progress.inc(batch.num_rows() as u64);
        block.rows = Rows::Columns(batch);
        Ok(true)
    }
}

/// The numbers of a column; none where a row is null, no number, or not finite.
fn degrees(column: &ArrayRef) -> anyhow::Result<Vec<Option<number::Number>>> {
    let kind = match column.data_type() {
        DataType::Dictionary(_, values) => values.as_ref(),
        kind => kind,
    };
    if kind.is_string() {
        let texts = arrow_cast::cast(column, &DataType::Utf8)?;
        let texts = texts.as_any().downcast_ref::<StringArray>().ok_or_else(|| anyhow!("no text"))?;
        return Ok(texts.iter().map(|text| number::parse(text?.as_bytes(), true)).collect());
    }
    let single = matches!(kind, DataType::Float32 | DataType::Float16);
    let values = arrow_cast::cast(column, &DataType::Float64)?;
    let values = values.as_any().downcast_ref::<Float64Array>().ok_or_else(|| anyhow!("no numbers"))?;
    let number = |value: Option<f64>| {
        let value = value.filter(|value| value.is_finite())?;
        Some(number::Number { value, decimals: decimals(value, single) })
    };
    Ok(values.iter().map(number).collect())
}

/// With how many decimals a number can be written, up to [`ENOUGH_DECIMALS`].
#[expect(clippy::float_cmp, reason = "whether the decimal text stands for this very number is the question")]
#[expect(clippy::cast_possible_truncation, reason = "numbers that were of single precision are again")]
fn decimals(value: f64, single: bool) -> usize {
    let mut scale = 1.0;
    for decimals in 0..ENOUGH_DECIMALS {
        let shorter = (value * scale).round() / scale;
        if shorter == value || (single && shorter as f32 == value as f32) {
            return decimals;
        }
        scale *= 10.0;
    }
    ENOUGH_DECIMALS
}

/// A Parquet table that is written.
pub(super) struct Writer {
    writer: ArrowWriter<File>,
    schema: SchemaRef,
    /// Number of columns that the input has.
    given: usize,
}

impl Writer {
    pub(super) fn create(path: &Path, header: &Header, added: &[String]) -> Result<Self, Failure> {
        let (mut fields, said) = match header {
            Header::Columns { schema, said } => (schema.fields().to_vec(), said.clone()),
            Header::Text { names, .. } => (text_fields(names).map_err(Failure::usage)?, Vec::new()),
        };
        let given = fields.len();
        for (number, name) in added.iter().enumerate() {
            // Every row has a status, the second of the added columns.
            let kind = if number == 2 { DataType::Float64 } else { DataType::Utf8 };
            fields.push(Arc::new(Field::new(name, kind, number != 1)));
        }
        let schema = Arc::new(Schema::new(fields));
        let writer = created(path, &schema, said)?;
        Ok(Self { writer, schema, given })
    }
}

/// Cells of CSV have no type but text: `01001` keeps its zero. An empty cell is null.
fn text_fields(names: &ByteRecord) -> anyhow::Result<Vec<Arc<Field>>> {
    let mut known: Vec<&str> = Vec::new();
    for name in names {
        let name = std::str::from_utf8(name)
            .context("a column's name is not UTF-8, which Parquet requires; convert the table first")?;
        // A mark of the order of octets belongs to the file, not to the name.
        let name = name.trim_start_matches('\u{feff}');
        if known.contains(&name) {
            return Err(anyhow!("two columns are named {name:?}, which Parquet cannot hold; rename one"));
        }
        known.push(name);
    }
    Ok(known.into_iter().map(|name| Arc::new(Field::new(name, DataType::Utf8, true))).collect())
}

impl Sink for Writer {
    fn write(&mut self, block: &mut Block, found: &Finder<'_>) -> anyhow::Result<()> {
        let mut columns = match &block.rows {
            Rows::Columns(batch) => batch.columns().to_vec(),
            Rows::Text { records, count } => text_columns(&records[..*count], self.given)?,
        };
        let findings = &found.findings;
        let codes = findings.iter().map(|row| row.commune.as_ref().map(|code| code.as_str()));
        columns.push(Arc::new(codes.collect::<StringArray>()));
        columns.push(Arc::new(findings.iter().map(|row| Some(row.status)).collect::<StringArray>()));
        columns.push(Arc::new(findings.iter().map(|row| row.metres).collect::<Float64Array>()));
        if let Some(candidates) = &found.candidates {
            let named = candidates.iter().map(|codes| (!codes.is_empty()).then_some(codes));
            columns.push(Arc::new(named.collect::<StringArray>()));
        }
        for overlay in &found.overlays {
            let codes = (0..findings.len()).map(|number| overlay.code(number));
            columns.push(Arc::new(codes.collect::<StringArray>()));
        }
        let rows = RecordBatchOptions::new().with_row_count(Some(findings.len()));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &rows)?;
        self.writer.write(&batch)?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<()> {
        self.writer.finish()?;
        self.writer.inner().sync_all()?;
        Ok(())
    }
}

/// The cells of CSV rows as `count` columns.
fn text_columns(rows: &[ByteRecord], count: usize) -> anyhow::Result<Vec<ArrayRef>> {
    let column = |at: usize| -> anyhow::Result<ArrayRef> {
        let cells: Vec<Option<&str>> = rows.iter().map(|row| cell(row, at)).collect::<Result<_, _>>()?;
        Ok(Arc::new(StringArray::from(cells)))
    };
    (0..count).map(column).collect()
}

fn cell(row: &ByteRecord, at: usize) -> anyhow::Result<Option<&str>> {
    let octets = row.get(at).unwrap_or_default();
    let text = std::str::from_utf8(octets).with_context(|| {
        let line = row.position().map_or(0, csv::Position::line);
        format!("line {line} is not UTF-8, which Parquet requires; convert the table first")
    })?;
    Ok((!text.is_empty()).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_tells_with_how_many_decimals_it_was_written() {
        assert_eq!(decimals(48.0, false), 0);
        assert_eq!(decimals(2.35, false), 2);
        assert_eq!(decimals(-4.125, false), 3);
        assert_eq!(decimals(2.352_21, false), ENOUGH_DECIMALS);
        assert_eq!(decimals(f64::from(2.35_f32), true), 2);
        assert_eq!(decimals(f64::from(2.35_f32), false), ENOUGH_DECIMALS);
    }
}
