//! The tests of a table, by cell and cluster.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use csv::ByteRecord;
use desserte_evidence::{Cell, Cluster};

use super::ContradictionArguments;
use crate::locate::columns::column;
use crate::out::Failure;
use crate::sheet::{Fault, Faults, Sheet, is_missing};

/// Tests that do not count, by reason.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Outside declared coverage: nothing was promised there.
    pub(super) outside: u64,
    /// In no cell.
    pub(super) no_cell: u64,
    /// Whether they succeeded is not known.
    pub(super) no_outcome: u64,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Cells in the order of their names.
    pub(super) cells: Vec<Cell>,
    pub(super) left_out: LeftOut,
}

/// Tests of each cluster of each cell.
type Counts = BTreeMap<String, BTreeMap<Vec<String>, Cluster>>;

impl Table {
    /// Reads a table. Bad rows are all looked for before it is refused.
    pub(super) fn read(arguments: &ContradictionArguments) -> Result<Self, Failure> {
        let name = arguments.file.display();
        let Sheet { mut reader, names, .. } = Sheet::open(&arguments.file)?;
        let find = |wanted: &str, option: &str| {
            column(&names, wanted, option).map_err(|error| Failure::usage(anyhow!("{name}: {error}")))
        };
        let success = find(&arguments.success, "--success")?;
        let cell = find(&arguments.cell, "--cell")?;
        let declared = arguments.declared.as_deref().map(|wanted| find(wanted, "--declared")).transpose()?;
        let clusters = arguments.cluster.iter().map(|wanted| find(wanted, "--cluster"));
        let clusters: Vec<usize> = clusters.collect::<Result<_, _>>()?;

        let (mut counts, mut left_out, mut faults) = (Counts::new(), LeftOut::default(), Faults::default());
        let mut row = ByteRecord::new();
        while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
            let line = row.position().map_or(0, csv::Position::line);
            let text = |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_owned();
            if declared.is_some_and(|at| is_missing(&text(at))) {
                left_out.outside += 1;
                continue;
            }
            let (outcome, place) = (text(success), text(cell));
            if is_missing(&place) {
                left_out.no_cell += 1;
                continue;
            }
            let failed = match outcome.to_ascii_lowercase().as_str() {
                "1" | "true" => 0,
                "0" | "false" => 1,
                other if is_missing(other) => {
                    left_out.no_outcome += 1;
                    continue;
                }
                _ => {
                    faults.add(line, Fault::NoFlag { column: arguments.success.clone(), text: outcome });
                    continue;
                }
            };
            let together: Vec<String> = clusters.iter().map(|&at| text(at)).collect();
            if together.iter().any(|text| is_missing(text)) {
                faults.add(line, Fault::NoCluster);
                continue;
            }
            let cluster = counts.entry(place).or_default().entry(together);
            let cluster = cluster.or_insert(Cluster { tests: 0, failures: 0 });
            cluster.tests += 1;
            cluster.failures += failed;
        }
        faults.end(&arguments.file, arguments.lang)?;
        let cell = |(name, clusters): (String, BTreeMap<_, Cluster>)| Cell {
            name,
            clusters: clusters.into_values().collect(),
        };
        Ok(Self { cells: counts.into_iter().map(cell).collect(), left_out })
    }
}
