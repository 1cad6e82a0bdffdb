//! Writes an answer's rows in the format that was asked for.

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context as _;
use desserte_lake::arrow::array::RecordBatch;
use desserte_lake::arrow::datatypes::Schema;
use desserte_lake::arrow::util::pretty::pretty_format_batches_with_schema;
use desserte_lake::arrow::{csv, json};
use parquet::arrow::ArrowWriter;

use super::Rows;
use super::arguments::QueryFormat;
use crate::out::{Outcome, note};

/// Rows that a table for the screen shows at the most: it is laid out in memory, and nobody reads further.
const TABLE_ROWS: usize = 10_000;

/// A writer that takes so many octets and no more.
pub(super) struct Capped<W> {
    inner: W,
    limit: u64,
    written: u64,
}

impl<W> Capped<W> {
    pub(super) const fn new(inner: W, limit: u64) -> Self {
        Self { inner, limit, written: 0 }
    }
}

impl<W: Write> Write for Capped<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.written + octets.len() as u64 > self.limit {
            return Err(io::Error::other(format!(
                "the answer is larger than {} bytes, and what was written is a part of it: name fewer columns, aggregate, \
                 or allow more with --max-size",
                self.limit
            )));
        }
        let written = self.inner.write(octets)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes all rows, as they come.
pub(super) async fn write(mut answer: Rows, format: QueryFormat, mut out: impl Write + Send) -> Outcome {
    let schema = answer.schema();
    match format {
        QueryFormat::Table => table(answer, &schema, &mut out).await?,
        QueryFormat::Csv => {
            let mut writer = csv::WriterBuilder::new().with_header(true).build(&mut out);
            // The header stands even above no row.
            writer.write(&RecordBatch::new_empty(schema))?;
            while let Some(rows) = answer.next().await? {
                writer.write(&rows)?;
            }
        }
        QueryFormat::Json => {
            let builder = json::WriterBuilder::new().with_explicit_nulls(true);
            let mut writer = builder.build::<_, json::writer::JsonArray>(&mut out);
            while let Some(rows) = answer.next().await? {
                writer.write(&rows)?;
            }
            writer.finish()?;
            drop(writer);
            writeln!(out)?;
        }
        QueryFormat::Parquet => {
            let mut writer = ArrowWriter::try_new(&mut out, schema, None)?;
            while let Some(rows) = answer.next().await? {
                writer.write(&rows)?;
            }
            writer.close()?;
        }
    }
    out.flush().context("cannot write the answer")?;
    Ok(())
}

async fn table(mut answer: Rows, schema: &Arc<Schema>, out: &mut impl Write) -> Outcome {
    let (mut shown, mut count) = (Vec::new(), 0);
    while count < TABLE_ROWS {
        let Some(rows) = answer.next().await? else { break };
        let rows = rows.slice(0, rows.num_rows().min(TABLE_ROWS - count));
        count += rows.num_rows();
        shown.push(rows);
    }
    let cut = count == TABLE_ROWS && answer.next().await?.is_some();
    writeln!(out, "{}", pretty_format_batches_with_schema(schema.clone(), &shown)?)?;
    if cut {
        note(&format!("only the first {TABLE_ROWS} rows are shown; --format csv, json or parquet gives all"));
    }
    Ok(())
}
