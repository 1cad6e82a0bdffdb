//! `desserte query`: questions in SQL.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Args;
use desserte_lake::arrow::array::RecordBatch;
use desserte_lake::arrow::datatypes::Schema;
use desserte_lake::arrow::util::pretty::pretty_format_batches_with_schema;
use desserte_lake::arrow::{csv, json};
use desserte_lake::{
    Answer, AskOptions, History, LakeError, LakeOptions, QUERY_SPILL_BYTES, QueryLimits, Stopped,
};
use desserte_territory::Locator;
use parquet::arrow::ArrowWriter;

use crate::arguments::{DataArguments, QueryArguments, QueryFormat};
use crate::collector::TERRITORY_FILE;
use crate::lake::runtime;
use crate::out::{Outcome, note};
use crate::probe::open_existing;

/// Rows that a table for the screen shows at the most: it is laid out in memory, and nobody reads further.
const TABLE_ROWS: usize = 10_000;

/// What a question may take; 0 sets no limit.
#[derive(Debug, Args)]
pub(crate) struct LimitArguments {
    /// Territory file for `commune_at`; by default the one in the directory of the store, if there is one.
    #[arg(long, value_name = "FILE")]
    territory: Option<PathBuf>,
    /// Seconds that the question may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    max_seconds: u64,
    /// Memory for its sorts, groups and joins, in MiB; beyond it they go to the disk.
    #[arg(long, value_name = "MIB", default_value_t = 2_048)]
    max_memory: usize,
    /// Rows that the answer may have.
    #[arg(long, value_name = "ROWS", default_value_t = 50_000_000)]
    max_rows: u64,
    /// Size that the answer may have as it is written, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 8_192)]
    max_size: u64,
}

impl LimitArguments {
    fn limits(&self) -> QueryLimits {
        let some = |limit: u64| (limit > 0).then_some(limit);
        QueryLimits {
            time: some(self.max_seconds).map(Duration::from_secs),
            memory_bytes: match self.max_memory {
                0 => usize::MAX,
                mib => mib.saturating_mul(1 << 20),
            },
            spill_bytes: QUERY_SPILL_BYTES,
            rows: some(self.max_rows),
        }
    }

    fn bytes(&self) -> u64 {
        if self.max_size == 0 { u64::MAX } else { self.max_size.saturating_mul(1 << 20) }
    }
}

pub(crate) fn run(arguments: &QueryArguments) -> Outcome {
    let store = Arc::new(open_existing(&DataArguments { data: arguments.data.clone() })?);
    runtime()?.block_on(async {
        let options = LakeOptions::default();
        let ask = AskOptions { limits: arguments.limits.limits(), territory: territory(arguments)? };
        let history = History::open_with(&store, &arguments.data, &options, arguments.as_of, ask).await?;
        let answer = history.ask(&arguments.sql).await.map_err(advised)?;
        let (format, bytes) = (arguments.format, arguments.limits.bytes());
        match &arguments.out {
            Some(path) => {
                let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
                write(answer, format, Capped::new(BufWriter::new(file), bytes)).await?;
            }
            None => write(answer, format, Capped::new(BufWriter::new(io::stdout()), bytes)).await?,
        }
        note(&format!("generation {}, as of number {}", history.generation(), history.number()));
        Ok(())
    })
}

/// The territory that `commune_at` looks in.
fn territory(arguments: &QueryArguments) -> anyhow::Result<Option<Arc<Locator>>> {
    let usual = arguments.data.join(TERRITORY_FILE);
    let path = match &arguments.limits.territory {
        Some(path) => path,
        None if usual.is_file() => &usual,
        None => return Ok(None),
    };
    let territory =
        Locator::open(path).with_context(|| format!("cannot use territory {}", path.display()))?;
    Ok(Some(Arc::new(territory)))
}

/// An error, and what to do about it if a limit was reached.
fn advised(error: LakeError) -> anyhow::Error {
    let advice = match &error {
        LakeError::Stopped(Stopped::Time { .. }) => {
            "ask for less, a commune or a month, or allow more with --max-seconds"
        }
        LakeError::Stopped(Stopped::Memory { .. }) => {
            "group by fewer values, ask month by month, or allow more with --max-memory"
        }
        LakeError::Stopped(Stopped::Rows { .. }) => "aggregate, ask in parts, or allow more with --max-rows",
        _ => return error.into(),
    };
    anyhow!("{error}: {advice}")
}

/// A writer that takes so many octets and no more.
struct Capped<W> {
    inner: W,
    limit: u64,
    written: u64,
}

impl<W> Capped<W> {
    const fn new(inner: W, limit: u64) -> Self {
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

async fn next(answer: &mut Answer) -> anyhow::Result<Option<RecordBatch>> {
    answer.next_rows().await.map_err(advised)
}

async fn write(mut answer: Answer, format: QueryFormat, mut out: impl Write + Send) -> Outcome {
    let schema = answer.schema();
    match format {
        QueryFormat::Table => table(answer, &schema, &mut out).await?,
        QueryFormat::Csv => {
            let mut writer = csv::WriterBuilder::new().with_header(true).build(&mut out);
            // The header stands even above no row.
            writer.write(&RecordBatch::new_empty(schema))?;
            while let Some(rows) = next(&mut answer).await? {
                writer.write(&rows)?;
            }
        }
        QueryFormat::Json => {
            let builder = json::WriterBuilder::new().with_explicit_nulls(true);
            let mut writer = builder.build::<_, json::writer::JsonArray>(&mut out);
            while let Some(rows) = next(&mut answer).await? {
                writer.write(&rows)?;
            }
            writer.finish()?;
            drop(writer);
            writeln!(out)?;
        }
        QueryFormat::Parquet => {
            let mut writer = ArrowWriter::try_new(&mut out, schema, None)?;
            while let Some(rows) = next(&mut answer).await? {
                writer.write(&rows)?;
            }
            writer.close()?;
        }
    }
    out.flush().context("cannot write the answer")?;
    Ok(())
}

async fn table(mut answer: Answer, schema: &Arc<Schema>, out: &mut impl Write) -> Outcome {
    let (mut shown, mut count) = (Vec::new(), 0);
    while count < TABLE_ROWS {
        let Some(rows) = next(&mut answer).await? else { break };
        let rows = rows.slice(0, rows.num_rows().min(TABLE_ROWS - count));
        count += rows.num_rows();
        shown.push(rows);
    }
    let cut = count == TABLE_ROWS && next(&mut answer).await?.is_some();
    writeln!(out, "{}", pretty_format_batches_with_schema(schema.clone(), &shown)?)?;
    if cut {
        note(&format!("only the first {TABLE_ROWS} rows are shown; --format csv, json or parquet gives all"));
    }
    Ok(())
}
