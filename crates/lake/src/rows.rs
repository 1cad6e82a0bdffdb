//! From the store's cells to columns.

use std::sync::Arc;

use datafusion::arrow::array::temporal_conversions::timestamp_us_to_datetime;
use datafusion::arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use desserte_store::{Cell, HandoverRows};

use crate::LakeError;
use crate::schema::{COMMUNE, Column, EVENT, HANDOVER, Kind, columns, table_schema};

/// The months that have a partition of their own. A clock that is centuries off must not make as many directories as there
/// are months in them.
const OWN_MONTHS: std::ops::RangeInclusive<&str> = "2020-01"..="2099-12";

/// The partition of every other month.
const OTHER_MONTH: &str = "other";

/// Rows with a number above `after`, by commune, then event time.
///
/// # Errors
/// When the store gives other columns or kinds than the schema has.
pub(crate) fn batch(rows: &HandoverRows, after: i64) -> Result<RecordBatch, LakeError> {
    let table = rows.table.name();
    let misfit = |detail: String| LakeError::Misfit { table, detail };
    let columns: Vec<Column> = columns(rows.table).collect();
    if !rows.columns.iter().map(String::as_str).eq(columns.iter().map(|column| column.name)) {
        return Err(misfit(format!("columns {:?}", rows.columns)));
    }
    let place = |name: &str| columns.iter().position(|column| column.name == name);
    let cells = |name: &str| {
        place(name)
            .map(|index| rows.cells[index].as_slice())
            .ok_or_else(|| misfit(format!("no column {name}")))
    };
    let (events, communes, numbers) = (cells(EVENT)?, cells(COMMUNE)?, cells(HANDOVER)?);
    let mut order: Vec<usize> = (0..rows.len()).filter(|&row| whole(&numbers[row]) > Some(after)).collect();
    order.sort_by_key(|&row| (text(&communes[row]), whole(&events[row]), whole(&numbers[row])));

    let mut arrays = Vec::with_capacity(columns.len() + 1);
    for (column, cells) in columns.iter().zip(&rows.cells) {
        let picked: Vec<&Cell> = order.iter().map(|&row| &cells[row]).collect();
        arrays.push(
            array(column.kind, &picked)
                .map_err(|cell| misfit(format!("{cell:?} in column {}", column.name)))?,
        );
    }
    let months = order.iter().map(|&row| whole(&events[row]).map(month));
    arrays.push(Arc::new(StringArray::from_iter(months)));
    RecordBatch::try_new(table_schema(rows.table), arrays)
        .map_err(|source| LakeError::Columns { table, source })
}

/// The month of an event, as `2026-11`.
fn month(event_us: i64) -> String {
    timestamp_us_to_datetime(event_us)
        .map(|event| event.format("%Y-%m").to_string())
        .filter(|month| OWN_MONTHS.contains(&month.as_str()))
        .unwrap_or_else(|| OTHER_MONTH.to_owned())
}

fn text(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}

/// A whole number. One that a probe made too large for 64 bits with a sign is the largest there is.
fn whole(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Integer(value) => Some(*value),
        #[expect(clippy::cast_possible_truncation, reason = "saturates, which is what is wanted")]
        Cell::Real(value) => Some(*value as i64),
        _ => None,
    }
}

/// Every cell as `pick` has it, nulls as nulls; the first cell that is of another kind as an error.
fn pick<'a, T>(cells: &[&'a Cell], pick: impl Fn(&'a Cell) -> Option<T>) -> Result<Vec<Option<T>>, &'a Cell> {
    cells
        .iter()
        .map(|&cell| match cell {
            Cell::Null => Ok(None),
            other => pick(other).map(Some).ok_or(other),
        })
        .collect()
}

fn array<'a>(kind: Kind, cells: &[&'a Cell]) -> Result<ArrayRef, &'a Cell> {
    Ok(match kind {
        Kind::Text => Arc::new(StringArray::from(pick(cells, text)?)),
        Kind::Year => Arc::new(Int32Array::from(pick(cells, |cell| {
            whole(cell).and_then(|year| i32::try_from(year).ok())
        })?)),
        Kind::Whole => Arc::new(Int64Array::from(pick(cells, whole)?)),
        Kind::Real => Arc::new(Float64Array::from(pick(cells, |cell| match cell {
            Cell::Real(value) => Some(*value),
            #[expect(clippy::cast_precision_loss, reason = "SQLite stores a whole real number as an integer")]
            Cell::Integer(value) => Some(*value as f64),
            _ => None,
        })?)),
        Kind::Flag => Arc::new(BooleanArray::from(pick(cells, |cell| whole(cell).map(|value| value != 0))?)),
        Kind::Time => Arc::new(TimestampMicrosecondArray::from(pick(cells, whole)?).with_timezone("UTC")),
        Kind::Octets => Arc::new(BinaryArray::from(pick(cells, |cell| match cell {
            Cell::Blob(octets) => Some(octets.as_slice()),
            _ => None,
        })?)),
    })
}
