//! Whether the history is whole: every file read, every row counted.

use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use desserte_store::HandoverTable;

use crate::schema::{self, HANDOVER, Kept};
use crate::table::{self, OpenTable};
use crate::{Lake, LakeError, LakeFile, State, Work};

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
    /// The state that it has rows up to.
    pub state: State,
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
        let collectors = self.collectors().await?;
        for table in HandoverTable::ALL {
            let Some(open) = table::open(self, table).await? else { continue };
            let (files, state) = (open.files()?, open.state(&collectors).await?);
            let mut found = TableReport {
                table,
                files: files.len() as u64,
                bytes: files.iter().map(|file| file.bytes).sum(),
                rows: 0,
                state: state.clone(),
                faults: Vec::new(),
            };
            for file in &files {
                match count(&open, &state, vec![file.clone()]).await {
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
                let all = count(&open, &state, files).await?;
                if all.distinct != all.rows {
                    found.faults.push(format!("{} rows, but {} different ones", all.rows, all.distinct));
                }
                if all.beyond > 0 {
                    let beyond = all.beyond;
                    found
                        .faults
                        .push(format!("{beyond} rows have numbers beyond {state}, which the log knows"));
                }
                if all.records != all.rows {
                    let (rows, records) = (all.rows, all.records);
                    found.faults.push(format!(
                        "{rows} rows, but {records} different records: a probe is registered with two collectors"
                    ));
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
    /// In custody, different records that the rows are of.
    records: u64,
    /// Rows that are not in the state that the log knows.
    beyond: u64,
}

/// Counts by reading columns: the log's own count could be given without any file.
async fn count(open: &OpenTable, state: &State, files: Vec<LakeFile>) -> Result<Counted, LakeError> {
    let wrap = LakeError::query("reading a file");
    let session = open.session()?;
    session.register_table("checked", open.reading(files)).map_err(&wrap)?;
    let (key, records) = match open.kept {
        Kept::Rows(HandoverTable::Custody) => {
            // As a question of its own: groups go to the disk when there are too many, a count of different ones does not.
            (HANDOVER.to_owned(), "(SELECT count(*) FROM (SELECT DISTINCT record FROM checked))".to_owned())
        }
        Kept::Rows(table) => (schema::key(table).join(", "), format!("count({HANDOVER})")),
        Kept::Rollup(_) => (HANDOVER.to_owned(), format!("count({HANDOVER})")),
    };
    let sql = format!(
        "SELECT count({HANDOVER}) AS rows, (SELECT count(*) FROM (SELECT DISTINCT {key} FROM checked)) AS distinct_rows, \
         {records} AS records, sum(CASE WHEN {} THEN 0 ELSE 1 END) AS beyond FROM checked",
        state.sql()
    );
    let batches = session.sql(&sql).await.map_err(&wrap)?.collect().await.map_err(&wrap)?;
    let value = |column: usize| {
        batches
            .first()
            .map_or(0, |batch: &RecordBatch| batch.column(column).as_primitive::<Int64Type>().value(0))
    };
    let [rows, distinct, records, beyond] = [0, 1, 2, 3].map(|column| value(column).unsigned_abs());
    Ok(Counted { rows, distinct, records, beyond })
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
