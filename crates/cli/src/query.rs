//! `desserte query`: questions in SQL.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use anyhow::Context as _;
use desserte_lake::arrow::array::RecordBatch;
use desserte_lake::arrow::datatypes::Schema;
use desserte_lake::arrow::util::pretty::pretty_format_batches_with_schema;
use desserte_lake::arrow::{csv, json};
use desserte_lake::{Answer, History, LakeOptions};
use parquet::arrow::ArrowWriter;

use crate::arguments::{DataArguments, QueryArguments, QueryFormat};
use crate::lake::runtime;
use crate::out::{Outcome, note};
use crate::probe::open_existing;

/// Rows that a table for the screen shows at the most: it is laid out in memory, and nobody reads further.
const TABLE_ROWS: usize = 10_000;

pub(crate) fn run(arguments: &QueryArguments) -> Outcome {
    let store = Arc::new(open_existing(&DataArguments { data: arguments.data.clone() })?);
    runtime()?.block_on(async {
        let options = LakeOptions::default();
        let history = History::open(&store, &arguments.data, &options, arguments.as_of).await?;
        let answer = history.ask(&arguments.sql).await?;
        match &arguments.out {
            Some(path) => {
                let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
                write(answer, arguments.format, BufWriter::new(file)).await?;
            }
            None => write(answer, arguments.format, BufWriter::new(io::stdout())).await?,
        }
        note(&format!("generation {}, as of number {}", history.generation(), history.number()));
        Ok(())
    })
}

async fn write(mut answer: Answer, format: QueryFormat, mut out: impl Write + Send) -> Outcome {
    let schema = answer.schema();
    match format {
        QueryFormat::Table => table(answer, &schema, &mut out).await?,
        QueryFormat::Csv => {
            let mut writer = csv::WriterBuilder::new().with_header(true).build(&mut out);
            // The header stands even above no row.
            writer.write(&RecordBatch::new_empty(schema))?;
            while let Some(rows) = answer.next_rows().await? {
                writer.write(&rows)?;
            }
        }
        QueryFormat::Json => {
            let builder = json::WriterBuilder::new().with_explicit_nulls(true);
            let mut writer = builder.build::<_, json::writer::JsonArray>(&mut out);
            while let Some(rows) = answer.next_rows().await? {
                writer.write(&rows)?;
            }
            writer.finish()?;
            drop(writer);
            writeln!(out)?;
        }
        QueryFormat::Parquet => {
            let mut writer = ArrowWriter::try_new(&mut out, schema, None)?;
            while let Some(rows) = answer.next_rows().await? {
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
        let Some(rows) = answer.next_rows().await? else { break };
        let rows = rows.slice(0, rows.num_rows().min(TABLE_ROWS - count));
        count += rows.num_rows();
        shown.push(rows);
    }
    let cut = count == TABLE_ROWS && answer.next_rows().await?.is_some();
    writeln!(out, "{}", pretty_format_batches_with_schema(schema.clone(), &shown)?)?;
    if cut {
        note(&format!("only the first {TABLE_ROWS} rows are shown; --format csv, json or parquet gives all"));
    }
    Ok(())
}
