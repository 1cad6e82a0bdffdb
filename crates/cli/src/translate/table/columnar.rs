//! Tables of codes as Parquet: every column keeps its type.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use arrow_array::{Array as _, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};

use super::{ADDED, Answers, Cells, Columns, EFFECTIVE, STATUS};
use crate::locate::columnar::{created, damaged, opened};
use crate::out::Failure;

pub(super) fn translate(answers: &mut Answers<'_>, input: &Path, part: &Path) -> Result<(), Failure> {
    let usage = |error: String| Failure::usage(anyhow!("{}: {error}", input.display()));
    let (builder, said) = opened(input)?;
    let given = builder.schema().clone();
    let names: Vec<String> = given.fields().iter().map(|field| field.name().clone()).collect();
    let columns = Columns::find(&names, answers.arguments).map_err(usage)?;
    let code = given.field(columns.code);
    if !holds_codes(code.data_type()) {
        let (name, kind) = (code.name(), code.data_type());
        return Err(usage(format!("column {name:?} is {kind}; codes are text or whole numbers")));
    }
    if let Some(day) = columns.day.map(|at| given.field(at)).filter(|day| !holds_days(day.data_type())) {
        let (name, kind) = (day.name(), day.data_type());
        return Err(usage(format!("column {name:?} is {kind}; days are dates, time stamps, years or text")));
    }
    let mut fields = given.fields().to_vec();
    for (at, name) in columns.added.iter().enumerate() {
        fields.push(Arc::new(Field::new(name, kind_of(at), at != STATUS)));
    }
    let schema = Arc::new(Schema::new(fields));
    let written = || format!("cannot write {}", part.display());
    let mut writer = created(part, &schema, said)?;
    for batch in builder.build().with_context(|| damaged(input))? {
        let batch = batch.with_context(|| damaged(input))?;
        let mut whole = batch.columns().to_vec();
        whole.extend(added(answers, &columns, &batch)?);
        let whole = RecordBatch::try_new(schema.clone(), whole).with_context(written)?;
        writer.write(&whole).with_context(written)?;
    }
    writer.finish().with_context(written)?;
    writer.inner().sync_all().with_context(written)?;
    Ok(())
}

fn holds_codes(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => holds_codes(values),
        kind => kind.is_string() || kind.is_integer() || kind.is_null(),
    }
}

fn holds_days(kind: &DataType) -> bool {
    let dated = matches!(kind, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..));
    dated || holds_codes(kind)
}

const fn kind_of(at: usize) -> DataType {
    if at == EFFECTIVE { DataType::Date32 } else { DataType::Utf8 }
}

/// The columns to add to a batch; what is empty is null.
fn added(answers: &mut Answers<'_>, columns: &Columns, batch: &RecordBatch) -> anyhow::Result<Vec<ArrayRef>> {
    let codes = texts(batch.column(columns.code))?;
    let days = columns.day.map(|at| texts(batch.column(at))).transpose()?;
    let cell = |column: &StringArray, row: usize| {
        if column.is_valid(row) { column.value(row).to_owned() } else { String::new() }
    };
    let cells: Vec<Cells> = (0..batch.num_rows())
        .map(|row| {
            let day = days.as_ref().map(|days| cell(days, row));
            answers.of(&cell(&codes, row), day.as_deref()).clone()
        })
        .collect();
    let column = |at: usize| -> anyhow::Result<ArrayRef> {
        let texts = cells.iter().map(|cells| Some(cells[at].as_str()).filter(|text| !text.is_empty()));
        Ok(arrow_cast::cast(&texts.collect::<StringArray>(), &kind_of(at))?)
    };
    (0..ADDED.len()).map(column).collect()
}

/// The cells of a column as text.
fn texts(column: &ArrayRef) -> anyhow::Result<StringArray> {
    let column = arrow_cast::cast(column, &DataType::Utf8)?;
    Ok(column.as_any().downcast_ref::<StringArray>().ok_or_else(|| anyhow!("no text"))?.clone())
}
