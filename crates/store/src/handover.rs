//! What the history has still to be given: rows by their number in the hand-over.
//!
//! The history (`desserte-lake`) reads from here and knows nothing of SQLite; what it does with the rows is told in
//! docs/adr/0028-history-lake.md. A row waits until [`Store::handed_over`] is called, and that is after it is on the disk.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Transaction, named_params};

use crate::{Store, StoreError};

/// Where the store keeps the number of the history's generation.
const META_GENERATION: &str = "history_generation";

/// The generation of a store in which nothing was ever rebuilt.
const FIRST_GENERATION: i64 = 1;

/// A table of the history, as far as records for it exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HandoverTable {
    /// Throughput runs.
    Throughput,
    /// Minutes of latency and state.
    LatencyMinute,
    /// Interruptions that a probe's watch found.
    Outage,
    /// Attempts to reach public services.
    Reachability,
    /// What a modem said around a run.
    Radio,
    /// Signs of life.
    ProbeHealth,
    /// Every record with what proves it.
    Custody,
}

impl HandoverTable {
    /// Every table, in the order in which they are handed over: custody last, so that a record that is in it is in its own
    /// table too.
    pub const ALL: [Self; 7] = [
        Self::Throughput,
        Self::LatencyMinute,
        Self::Outage,
        Self::Reachability,
        Self::Radio,
        Self::ProbeHealth,
        Self::Custody,
    ];

    /// The table's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::LatencyMinute => "latency_minute",
            Self::Outage => "outage",
            Self::Reachability => "reachability",
            Self::Radio => "radio",
            Self::ProbeHealth => "probe_health",
            Self::Custody => "custody",
        }
    }

    const fn sql(self) -> &'static str {
        match self {
            Self::Throughput => include_str!("../sql/handover-throughput.sql"),
            Self::LatencyMinute => include_str!("../sql/handover-latency_minute.sql"),
            Self::Outage => include_str!("../sql/handover-outage.sql"),
            Self::Reachability => include_str!("../sql/handover-reachability.sql"),
            Self::Radio => include_str!("../sql/handover-radio.sql"),
            Self::ProbeHealth => include_str!("../sql/handover-probe_health.sql"),
            Self::Custody => include_str!("../sql/handover-custody.sql"),
        }
    }
}

/// A value as the store has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Not known, not measured, or not applicable: see the column.
    Null,
    /// A whole number; a time is microseconds since the Unix epoch.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Text.
    Text(String),
    /// Octets.
    Blob(Vec<u8>),
}

/// Rows of one table, by their number in the hand-over.
#[derive(Debug, Clone, PartialEq)]
pub struct HandoverRows {
    /// The table.
    pub table: HandoverTable,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The cells of each column; all columns are of the same length.
    pub cells: Vec<Vec<Cell>>,
}

impl HandoverRows {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.first().map_or(0, Vec::len)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Rows that wait, as the store had them at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Handover {
    /// The generation of the history they belong to; it rises when derived rows are computed anew.
    pub generation: i64,
    /// The highest number among them; `None` when nothing waits.
    pub last: Option<i64>,
    /// The highest number that was ever given: a history that knows a higher one is of another store, or this store was put
    /// back from an older copy.
    pub issued: i64,
    /// The rows, one entry for each table.
    pub tables: Vec<HandoverRows>,
}

impl Store {
    /// The records that wait with the lowest numbers, `limit` of them at the most, with their rows in every table.
    ///
    /// # Errors
    /// When the database fails.
    pub fn handover(&self, limit: usize) -> Result<Handover, StoreError> {
        self.read("reading what waits for the history", |connection| {
            // One transaction: every table as it was at the same moment.
            let transaction = connection.unchecked_transaction()?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let last: Option<i64> = transaction.query_row(
                "SELECT max (seq) FROM (SELECT seq FROM handover ORDER BY seq LIMIT ?1)",
                [limit],
                |row| row.get(0),
            )?;
            let tables = HandoverTable::ALL
                .into_iter()
                .map(|table| rows(&transaction, table, last.unwrap_or(0)))
                .collect::<Result<_, _>>()?;
            let generation = generation(&transaction)?;
            Ok(Handover { generation, last, issued: issued(&transaction)?, tables })
        })
    }

    /// How many records wait.
    ///
    /// # Errors
    /// When the database fails.
    pub fn handover_waiting(&self) -> Result<u64, StoreError> {
        self.read("counting what waits for the history", |connection| {
            let count: i64 = connection.query_row("SELECT count (*) FROM handover", [], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
    }

    /// The generation of the history that this store's derived rows belong to.
    ///
    /// # Errors
    /// When the database fails.
    pub fn history_generation(&self) -> Result<i64, StoreError> {
        self.read("reading the history's generation", generation)
    }

    /// The generation of the history and the highest number that was ever given: what has a number never changes, so that all
    /// rows are the same while both are.
    ///
    /// # Errors
    /// When the database fails.
    pub fn handover_state(&self) -> Result<(i64, i64), StoreError> {
        self.read("reading the state of the history", |connection| {
            let transaction = connection.unchecked_transaction()?;
            Ok((generation(&transaction)?, issued(&transaction)?))
        })
    }

    /// Notes that the history has every row up to `last` on the disk: they no longer wait.
    ///
    /// # Errors
    /// When the database fails; they are offered again then, and the history knows them by their numbers.
    pub fn handed_over(&self, last: i64) -> Result<(), StoreError> {
        self.writer().run(move |transaction| {
            transaction
                .execute("DELETE FROM handover WHERE seq <= ?1", [last])
                .map_err(StoreError::database("noting what the history has"))?;
            Ok(())
        })
    }
}

impl Store {
    /// Takes a generation that others have begun, when this store has handed over nothing of its own.
    ///
    /// # Errors
    /// When the database fails.
    pub fn take_generation(&self, generation: i64) -> Result<(), StoreError> {
        self.set_meta(META_GENERATION, &generation.to_string())
    }
}

/// Offers every dated record anew, to the next generation: its derived rows have been computed again.
pub(crate) fn begin_generation(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let wrap = StoreError::database("beginning a generation of the history");
    let next = generation(transaction).map_err(&wrap)? + 1;
    transaction
        .execute(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [META_GENERATION, &next.to_string()],
        )
        .map_err(&wrap)?;
    transaction
        .execute_batch(
            "DELETE FROM handover; \
             INSERT INTO handover (record) SELECT no FROM record WHERE event_us IS NOT NULL AND line <> x'' ORDER BY no;",
        )
        .map_err(&wrap)
}

/// The highest number that was ever given.
pub(crate) fn issued(connection: &Connection) -> rusqlite::Result<i64> {
    let issued: Option<i64> = connection
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'handover'", [], |row| row.get(0))
        .optional()?;
    Ok(issued.unwrap_or(0))
}

pub(crate) fn generation(connection: &Connection) -> rusqlite::Result<i64> {
    let kept: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE key = ?1", [META_GENERATION], |row| row.get(0))
        .optional()?;
    Ok(kept.and_then(|text| text.parse().ok()).unwrap_or(FIRST_GENERATION))
}

fn rows(connection: &Connection, table: HandoverTable, last: i64) -> rusqlite::Result<HandoverRows> {
    let mut statement = connection.prepare_cached(table.sql())?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut cells = vec![Vec::new(); columns.len()];
    let mut rows = statement.query(named_params! { ":last": last })?;
    while let Some(row) = rows.next()? {
        for (index, cells) in cells.iter_mut().enumerate() {
            cells.push(cell(row.get_ref(index)?));
        }
    }
    Ok(HandoverRows { table, columns, cells })
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Integer(value),
        ValueRef::Real(value) => Cell::Real(value),
        // A column of text holds what the store itself wrote: it is UTF-8.
        ValueRef::Text(octets) => Cell::Text(String::from_utf8_lossy(octets).into_owned()),
        ValueRef::Blob(octets) => Cell::Blob(octets.to_vec()),
    }
}
