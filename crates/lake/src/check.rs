//! Whether the history is whole: every file read, every row counted.

use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use desserte_store::HandoverTable;

use crate::query::session;
use crate::schema::{self, HANDOVER};
use crate::table::{self, OpenTable};
use crate::{Lake, LakeError, LakeFile, Work};

/// What a check found of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableReport {
    /// The table.
    pub table: HandoverTable,
    /// Files that it consists of.
    pub files: u64,
    /// Octets of them.
    pub bytes: u64,
    /// Rows read.
    pub rows: u64,
    /// The number up to which it has rows.
    pub mark: Option<i64>,
    /// What is wrong, each with the file or the number it is about; empty when all is well.
    pub faults: Vec<String>,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Table by table, those that exist.
    pub tables: Vec<TableReport>,
}

impl CheckReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.tables.iter().all(|table| table.faults.is_empty())
    }
}

impl Lake {
    /// Reads every row of every table.
    ///
    /// # Errors
    /// When a table's log cannot be read. A file that cannot is a finding, not an error.
    pub fn check(&self) -> Work<'_, CheckReport> {
        Box::pin(self.read_all())
    }

    async fn read_all(&self) -> Result<CheckReport, LakeError> {
        let mut report = CheckReport::default();
        for table in HandoverTable::ALL {
            let Some(open) = table::open(self, table).await? else { continue };
            let (files, mark) = (open.files()?, open.mark().await?);
            let mut found = TableReport {
                table,
                files: files.len() as u64,
                bytes: files.iter().map(|file| file.bytes).sum(),
                rows: 0,
                mark,
                faults: Vec::new(),
            };
            for file in &files {
                match count(&open, table, vec![file.clone()]).await {
                    Ok(counted) => {
                        found.rows += counted.rows;
                        if file.rows.is_some_and(|rows| rows != counted.rows) {
                            let says = file.rows.unwrap_or_default();
                            found.faults.push(format!(
                                "{}: {} rows, its log says {says}",
                                open.place.told(&file.location),
                                counted.rows
                            ));
                        }
                    }
                    Err(error) => {
                        found.faults.push(format!("{}: {}", open.place.told(&file.location), chain(&error)))
                    }
                }
            }
            if found.faults.is_empty() && !files.is_empty() {
                let all = count(&open, table, files).await?;
                if all.distinct != all.rows {
                    found.faults.push(format!("{} rows, but {} different ones", all.rows, all.distinct));
                }
                if mark.is_none_or(|mark| all.last > mark) {
                    found.faults.push(format!("a row has number {}, the log knows {mark:?}", all.last));
                }
            }
            report.tables.push(found);
        }
        Ok(report)
    }
}

struct Counted {
    rows: u64,
    distinct: u64,
    last: i64,
}

/// Counts by reading a column: the log's own count could be given without any file.
async fn count(open: &OpenTable, table: HandoverTable, files: Vec<LakeFile>) -> Result<Counted, LakeError> {
    let wrap = LakeError::query("reading a file");
    let session = session(&open.place)?;
    session.register_table("checked", open.reading(files)).map_err(&wrap)?;
    let key = schema::key(table).join(", ");
    let sql = format!(
        "SELECT count({HANDOVER}), (SELECT count(*) FROM (SELECT DISTINCT {key} FROM checked)), max({HANDOVER}) FROM checked"
    );
    let batches = session.sql(&sql).await.map_err(&wrap)?.collect().await.map_err(&wrap)?;
    let value = |column: usize| {
        batches
            .first()
            .map_or(0, |batch: &RecordBatch| batch.column(column).as_primitive::<Int64Type>().value(0))
    };
    Ok(Counted { rows: value(0).unsigned_abs(), distinct: value(1).unsigned_abs(), last: value(2) })
}

/// An error with what lies below it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        text = format!("{text}: {error}");
        below = error.source();
    }
    text
}
