//! The columns of a table that indices need, read and checked.

use std::collections::HashMap;

use anyhow::{Context as _, anyhow};
use csv::ByteRecord;
use desserte_equity::Unit;
use desserte_indicators::study::{Columns as Beside, Labels};

use super::IndexArguments;
use super::strata::Strata;
use crate::locate::columns::column;
use crate::out::Failure;
use crate::sheet::{Fault, Faults, Sheet, is_missing};

/// What was read: one entry a row in each of them.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) units: Vec<Unit>,
    /// An empty text is a row without a group.
    pub(super) groups: Option<Labels>,
    pub(super) ranks: Option<Vec<Option<f64>>>,
    /// By what rows were weighed; their weights are those that it gave.
    pub(super) strata: Option<Strata>,
    /// Cluster and day, as places in their orders.
    pub(super) clusters: Option<Vec<(u32, u32)>>,
    /// Line of the last row, 1 being the header.
    pub(super) last_line: u64,
}

/// Places of columns.
struct Columns {
    value: usize,
    weight: usize,
    group: Option<usize>,
    key: Option<usize>,
    rank: Option<usize>,
    stratum: Option<usize>,
    cluster: Option<usize>,
    day: Option<usize>,
}

impl Columns {
    fn find(names: &[String], arguments: &IndexArguments) -> Result<Self, String> {
        let find = |wanted: &str, option: &str| column(names, wanted, option);
        let some =
            |wanted: &Option<String>, option| wanted.as_deref().map(|name| find(name, option)).transpose();
        Ok(Self {
            value: find(&arguments.value, "--value")?,
            weight: find(&arguments.weight, "--weight")?,
            group: some(&arguments.group, "--group")?,
            key: some(&arguments.key, "--key")?,
            rank: some(&arguments.rank, "--rank")?,
            stratum: some(&arguments.stratum, "--stratum")?,
            cluster: some(&arguments.cluster, "--cluster")?,
            day: some(&arguments.day, "--day")?,
        })
    }
}

/// Rows being read, with what is wrong with them.
struct Reading<'a> {
    columns: Columns,
    arguments: &'a IndexArguments,
    /// Where commas separate cells, none can be within a number.
    decimal_comma: bool,
    seen: HashMap<String, u64>,
    faults: Faults,
    table: Table,
    ranks: Vec<Option<f64>>,
    groups: Vec<String>,
    strata: Vec<String>,
    clusters: Vec<String>,
    days: Vec<String>,
}

impl Table {
    /// The columns beside values and weights.
    pub(super) fn beside(&self) -> Beside<'_> {
        Beside {
            rows: self.units.len(),
            groups: self.groups.as_ref(),
            ranks: self.ranks.as_deref(),
            clusters: self.clusters.as_deref(),
        }
    }

    /// Reads a table. Bad rows are all looked for before it is refused.
    pub(super) fn read(arguments: &IndexArguments) -> Result<Self, Failure> {
        let name = arguments.file.display();
        let Sheet { mut reader, names, decimal_comma } = Sheet::open(&arguments.file)?;
        let columns =
            Columns::find(&names, arguments).map_err(|error| Failure::usage(anyhow!("{name}: {error}")))?;
        let mut reading = Reading {
            columns,
            arguments,
            decimal_comma,
            seen: HashMap::new(),
            faults: Faults::default(),
            table: Self { last_line: 1, ..Self::default() },
            ranks: Vec::new(),
            groups: Vec::new(),
            strata: Vec::new(),
            clusters: Vec::new(),
            days: Vec::new(),
        };
        let mut row = ByteRecord::new();
        while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
            reading.row(&row);
        }
        reading.finish()
    }
}

impl Reading<'_> {
    fn row(&mut self, row: &ByteRecord) {
        let line = row.position().map_or(0, csv::Position::line);
        self.table.last_line = line;
        let cell = |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_owned();
        let arguments = self.arguments;
        if let Some(key) = self.columns.key.map(cell) {
            match self.seen.get(&key).copied() {
                _ if key.is_empty() => self.faults.add(line, Fault::NoKey),
                Some(first) => self.faults.add(line, Fault::Twice { key, first }),
                None => _ = self.seen.insert(key, line),
            }
        }
        let weight = self.weight(line, &cell(self.columns.weight));
        let value = self.number(line, &arguments.value, &cell(self.columns.value), true);
        if let Some(at) = self.columns.rank {
            let name = arguments.rank.as_deref().unwrap_or_default();
            let rank = self.number(line, name, &cell(at), false);
            self.ranks.push(rank);
        }
        let labels = [
            (self.columns.group, true, &mut self.groups),
            (self.columns.stratum, true, &mut self.strata),
            (self.columns.cluster, false, &mut self.clusters),
            (self.columns.day, false, &mut self.days),
        ];
        let mut unlabelled = false;
        for (at, may_be_empty, labels) in labels {
            if let Some(label) = at.map(cell) {
                unlabelled |= label.is_empty() && !may_be_empty;
                labels.push(label);
            }
        }
        if unlabelled {
            self.faults.add(line, Fault::NoCluster);
        }
        self.table.units.push(Unit { value, weight });
    }

    /// A weight that is missing is a fault: whom the row stands for cannot be guessed.
    fn weight(&mut self, line: u64, cell: &str) -> f64 {
        let column = self.arguments.weight.clone();
        if is_missing(cell) {
            self.faults.add(line, Fault::Missing { column });
            return 0.0;
        }
        self.number(line, &column, cell, true).unwrap_or(0.0)
    }

    fn number(&mut self, line: u64, column: &str, cell: &str, not_negative: bool) -> Option<f64> {
        self.faults.number(line, column, cell, self.decimal_comma, not_negative)
    }

    fn finish(self) -> Result<Table, Failure> {
        self.faults.end(&self.arguments.file, self.arguments.lang)?;
        let mut table = self.table;
        table.groups = self.columns.group.map(|_| Labels::new(&self.groups));
        table.ranks = self.columns.rank.map(|_| self.ranks);
        if let Some(file) = &self.arguments.population {
            let labels = Labels::new(&self.strata);
            table.strata = Some(Strata::weigh(&mut table.units, &labels, file, self.arguments.lang)?);
        }
        table.clusters = self.columns.cluster.map(|_| {
            let clusters = Labels::new(&self.clusters).of;
            let days =
                if self.days.is_empty() { vec![0; clusters.len()] } else { Labels::new(&self.days).of };
            clusters.into_iter().zip(days).collect()
        });
        Ok(table)
    }
}
