//! Cursors: answers read a part at a time by name.

use std::collections::HashMap;

use datafusion::sql::sqlparser::ast::{
    CloseCursor, Declare, DeclareType, FetchDirection, Statement, Value, ValueWithSpan,
};
use futures_util::{StreamExt as _, stream};
use pgwire::api::portal::Format;
use pgwire::api::results::{FieldInfo, QueryResponse};
use pgwire::error::{PgWireError, PgWireResult};

use crate::fault::{code, error};

/// Cursors that a connection may have open: each keeps its statement running.
const CURSORS_MAX: usize = 2;

/// The open cursors of a connection.
#[derive(Default)]
pub(super) struct Cursors {
    open: HashMap<String, QueryResponse>,
}

/// Name, question and format of a cursor that is declared.
pub(super) fn understood(declared: &Declare) -> PgWireResult<(String, Statement, Format)> {
    let (Some(DeclareType::Cursor), Some(name), Some(query)) =
        (&declared.declare_type, declared.names.first(), &declared.for_query)
    else {
        return Err(error(code::SYNTAX, "DECLARE is for a cursor with a name and a question"));
    };
    if declared.scroll == Some(true) {
        return Err(forward_only());
    }
    let format = if declared.binary == Some(true) { Format::UnifiedBinary } else { Format::UnifiedText };
    Ok((name.value.clone(), Statement::Query(query.clone()), format))
}

fn forward_only() -> PgWireError {
    error(code::NOT_SUPPORTED, "cursors go forward only")
}

impl Cursors {
    pub(super) fn clear(&mut self) {
        self.open.clear();
    }

    /// Whether another one may be opened.
    pub(super) fn room_for(&self, name: &str) -> PgWireResult<()> {
        if self.open.len() >= CURSORS_MAX && !self.open.contains_key(name) {
            let said = format!("a connection may have {CURSORS_MAX} cursors open: close one first");
            return Err(error(code::LIMIT_EXCEEDED, said));
        }
        Ok(())
    }

    pub(super) fn open(&mut self, name: String, rows: QueryResponse) {
        self.open.insert(name, rows);
    }

    pub(super) fn columns(&self, name: &str) -> PgWireResult<&[FieldInfo]> {
        let rows = self.open.get(name).ok_or_else(|| missing(name))?;
        Ok(rows.row_schema.as_slice())
    }

    /// The next rows of a cursor.
    pub(super) async fn fetch(
        &mut self,
        name: &str,
        direction: &FetchDirection,
    ) -> PgWireResult<QueryResponse> {
        let count = match direction {
            FetchDirection::Next | FetchDirection::Forward { limit: None } => 1,
            FetchDirection::Count { limit } | FetchDirection::Forward { limit: Some(limit) } => {
                number(limit)?
            }
            FetchDirection::All | FetchDirection::ForwardAll => usize::MAX,
            _ => return Err(forward_only()),
        };
        let cursor = self.open.get_mut(name).ok_or_else(|| missing(name))?;
        let mut rows = Vec::new();
        while rows.len() < count {
            match cursor.data_rows.next().await {
                Some(Ok(row)) => rows.push(Ok(row)),
                Some(Err(failed)) => {
                    self.open.remove(name);
                    return Err(failed);
                }
                None => break,
            }
        }
        let mut response = QueryResponse::new(cursor.row_schema(), stream::iter(rows));
        response.set_command_tag("FETCH");
        Ok(response)
    }

    pub(super) fn close(&mut self, which: &CloseCursor) -> PgWireResult<()> {
        match which {
            CloseCursor::All => self.open.clear(),
            CloseCursor::Specific { name } => {
                self.open.remove(&name.value).ok_or_else(|| missing(&name.value))?;
            }
        }
        Ok(())
    }
}

fn missing(name: &str) -> PgWireError {
    error(code::NO_SUCH_CURSOR, format!("cursor \"{name}\" does not exist"))
}

fn number(value: &ValueWithSpan) -> PgWireResult<usize> {
    match &value.value {
        Value::Number(digits, _) => digits.to_string().parse().ok(),
        _ => None,
    }
    .ok_or_else(|| error(code::SYNTAX, "FETCH is followed by a number of rows"))
}
