//! Records as rows of the history's tables.

use desserte_lake::table_schema;
use desserte_measure::METHOD_VERSION;
use desserte_store::{Cell, HandoverRows, HandoverTable};
use sha2::{Digest as _, Sha256};

use super::probe::{Probe, Record, Seen};

/// Rows of one commit.
pub(super) struct Tables {
    throughput: HandoverRows,
    minutes: HandoverRows,
    outages: HandoverRows,
    health: HandoverRows,
    custody: Option<HandoverRows>,
    last: i64,
}

/// Without rows.
fn empty(table: HandoverTable) -> HandoverRows {
    // The month, which is last, is no column of the store's.
    let schema = table_schema(table);
    let columns: Vec<String> =
        schema.fields().iter().take(schema.fields().len() - 1).map(|field| field.name().clone()).collect();
    let cells = vec![Vec::new(); columns.len()];
    HandoverRows { table, columns, cells }
}

impl Tables {
    pub(super) fn new(with_custody: bool) -> Self {
        Self {
            throughput: empty(HandoverTable::Throughput),
            minutes: empty(HandoverTable::LatencyMinute),
            outages: empty(HandoverTable::Outage),
            health: empty(HandoverTable::ProbeHealth),
            custody: with_custody.then(|| empty(HandoverTable::Custody)),
            last: 0,
        }
    }

    /// Rows by table with the number that they go up to; custody last.
    pub(super) fn into_rows(self) -> impl Iterator<Item = (HandoverRows, i64)> {
        let last = self.last;
        [self.throughput, self.minutes, self.outages, self.health]
            .into_iter()
            .chain(self.custody)
            .filter(|rows| !rows.is_empty())
            .map(move |rows| (rows, last))
    }

    pub(super) fn push(&mut self, probe: &Probe, record: &Record, number: i64, received_us: i64) {
        self.last = number;
        let common = || {
            vec![
                Cell::Integer(record.event_us),
                text(&probe.commune),
                Cell::Integer(probe.vintage),
                text(&probe.id),
                Cell::Integer(record.sequence),
                Cell::Integer(number),
            ]
        };
        let (rows, own) = match &record.seen {
            Seen::Minute { state, lost, rtt_us } => (&mut self.minutes, minute(state, *lost, *rtt_us)),
            Seen::Run { direction, mean, steady } => {
                (&mut self.throughput, run(probe, direction, *mean, *steady))
            }
            Seen::Outage { start_us, duration_us } => (&mut self.outages, outage(*start_us, *duration_us)),
            Seen::Health { uptime_us } => (&mut self.health, health(*uptime_us)),
        };
        let kind = rows.table.name();
        push(rows, common().into_iter().chain(own));
        if let Some(custody) = &mut self.custody {
            push(custody, common().into_iter().chain(proof(probe, record, kind, received_us)));
        }
    }
}

fn push(rows: &mut HandoverRows, cells: impl Iterator<Item = Cell>) {
    for (column, cell) in rows.cells.iter_mut().zip(cells) {
        column.push(cell);
    }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn whole(value: Option<i64>) -> Cell {
    value.map_or(Cell::Null, Cell::Integer)
}

fn real(value: Option<f64>) -> Cell {
    value.map_or(Cell::Null, Cell::Real)
}

fn minute(state: &str, lost: i64, rtt_us: Option<i64>) -> Vec<Cell> {
    vec![
        Cell::Integer(60_000_000),
        text(state),
        Cell::Null,
        Cell::Integer(Probe::echoes()),
        Cell::Integer(lost),
        whole(rtt_us),
        text(METHOD_VERSION),
    ]
}

fn run(probe: &Probe, direction: &str, mean: Option<f64>, steady: Option<f64>) -> Vec<Cell> {
    let came = |value: &str| if mean.is_some() { text(value) } else { Cell::Null };
    vec![
        text(direction),
        text(if mean.is_some() { "complete" } else { "unreachable" }),
        text("wired"),
        text(probe.line.operator),
        text(probe.line.technology.code()),
        came("ipv4"),
        Cell::Null,
        came("application"),
        real(mean),
        real(steady),
        text(METHOD_VERSION),
        // On no way: neither cell nor border, nothing crossed.
        Cell::Null,
        Cell::Null,
        Cell::Null,
        Cell::Null,
    ]
}

fn outage(start_us: i64, duration_us: i64) -> Vec<Cell> {
    vec![
        text("beyond"),
        Cell::Null,
        Cell::Integer(start_us),
        Cell::Integer(duration_us),
        Cell::Integer(950_000),
        text(METHOD_VERSION),
    ]
}

fn health(uptime_us: i64) -> Vec<Cell> {
    let mut cells = vec![Cell::Integer(uptime_us)];
    cells.extend([0; 4].map(Cell::Integer));
    // No limit, no month, and nothing told of the device.
    cells.extend([Cell::Null, Cell::Null, Cell::Null, Cell::Null, Cell::Null]);
    cells
}

/// What is made up in place of a record's octets: as many random-looking octets as real ones have.
fn proof(probe: &Probe, record: &Record, kind: &str, received_us: i64) -> Vec<Cell> {
    let sha256 = Sha256::digest(format!("{} {}", probe.id, record.sequence));
    let batch = Sha256::digest(format!("{} {received_us}", probe.id));
    let hex = |octets: &[u8]| octets.iter().take(16).map(|octet| format!("{octet:02x}")).collect();
    vec![
        text(kind),
        Cell::Text(hex(&Sha256::digest(sha256))),
        Cell::Blob(sha256.to_vec()),
        Cell::Text(hex(&batch)),
        Cell::Integer(received_us),
    ]
}
