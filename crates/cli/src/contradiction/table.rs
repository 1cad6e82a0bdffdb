//! The tests of a table, by cell and cluster.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, anyhow};
use csv::ByteRecord;
use desserte_evidence::{Classes, Days, LeftOut, StudiedCell};
use jiff::civil::Date;

use super::ContradictionArguments;
use crate::locate::columns::column;
use crate::out::Failure;
use crate::sheet::{Fault, Faults, Sheet, is_missing};

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Cells in the order of their names, not judged yet.
    pub(super) cells: Vec<StudiedCell>,
    pub(super) left_out: LeftOut,
    pub(super) days: Option<Days>,
}

/// A cell as it is read.
#[derive(Default)]
struct Gathered {
    /// Tests and failures of each cluster.
    clusters: BTreeMap<Vec<String>, (u32, u32)>,
    communes: BTreeSet<String>,
    classes: Classes,
}

/// Places of columns.
struct Places {
    success: usize,
    cell: usize,
    declared: Option<usize>,
    clusters: Vec<usize>,
    commune: Option<usize>,
    day: Option<usize>,
    class: Option<usize>,
}

impl Places {
    fn find(names: &[String], arguments: &ContradictionArguments) -> Result<Self, Failure> {
        let name = arguments.file.display();
        let find = |wanted: &str, option: &str| {
            column(names, wanted, option).map_err(|error| Failure::usage(anyhow!("{name}: {error}")))
        };
        let perhaps = |wanted: &Option<String>, option: &str| {
            wanted.as_deref().map(|wanted| find(wanted, option)).transpose()
        };
        let clusters = arguments.cluster.iter().map(|wanted| find(wanted, "--cluster"));
        Ok(Self {
            success: find(&arguments.success, "--success")?,
            cell: find(&arguments.cell, "--cell")?,
            declared: perhaps(&arguments.declared, "--declared")?,
            clusters: clusters.collect::<Result<_, _>>()?,
            commune: perhaps(&arguments.commune, "--commune")?,
            day: perhaps(&arguments.day, "--day")?,
            class: perhaps(&arguments.class, "--class")?,
        })
    }
}

impl Table {
    /// Reads a table. Bad rows are all looked for before it is refused.
    pub(super) fn read(arguments: &ContradictionArguments) -> Result<Self, Failure> {
        let name = arguments.file.display();
        let Sheet { mut reader, names, .. } = Sheet::open(&arguments.file)?;
        let places = Places::find(&names, arguments)?;
        let mut cells: BTreeMap<String, Gathered> = BTreeMap::new();
        let (mut left_out, mut faults, mut days) = (LeftOut::default(), Faults::default(), BTreeSet::new());
        let mut row = ByteRecord::new();
        while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
            let line = row.position().map_or(0, csv::Position::line);
            let text = |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_owned();
            if places.declared.is_some_and(|at| is_missing(&text(at))) {
                left_out.outside_declared_coverage += 1;
                continue;
            }
            let (outcome, place) = (text(places.success), text(places.cell));
            if is_missing(&place) {
                left_out.without_cell += 1;
                continue;
            }
            let failed = match outcome.to_ascii_lowercase().as_str() {
                "1" | "true" => 0,
                "0" | "false" => 1,
                other if is_missing(other) => {
                    left_out.without_outcome += 1;
                    continue;
                }
                _ => {
                    faults.add(line, Fault::NoFlag { column: arguments.success.clone(), text: outcome });
                    continue;
                }
            };
            let together: Vec<String> = places.clusters.iter().map(|&at| text(at)).collect();
            if together.iter().any(|text| is_missing(text)) {
                faults.add(line, Fault::NoCluster);
                continue;
            }
            if let Some(at) = places.day {
                match day(&text(at)) {
                    Some(day) => _ = days.insert(day),
                    None => {
                        let column = arguments.day.clone().unwrap_or_default();
                        faults.add(line, Fault::NoDay { column, text: text(at) });
                        continue;
                    }
                }
            }
            let cell = cells.entry(place).or_default();
            if let Some(commune) = places.commune.map(text).filter(|commune| !is_missing(commune)) {
                cell.communes.insert(commune);
            }
            let class = places.class.map(text).unwrap_or_default();
            *of_class(&mut cell.classes, &class) += 1;
            let cluster = cell.clusters.entry(together).or_default();
            cluster.0 += 1;
            cluster.1 += failed;
        }
        faults.end(&arguments.file, arguments.lang)?;
        let cell = |(name, cell): (String, Gathered)| {
            let classes = places.class.map(|_| cell.classes);
            let communes = cell.communes.into_iter().collect();
            StudiedCell::new(name, communes, classes, cell.clusters.into_values().collect())
        };
        Ok(Self { cells: cells.into_iter().map(cell).collect(), left_out, days: Days::of(days.into_iter()) })
    }
}

/// The day that a cell begins with: `2026-10-03`, or a time on it.
fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

fn of_class<'a>(classes: &'a mut Classes, class: &str) -> &'a mut u32 {
    match class {
        "A" | "a" => &mut classes.a,
        "B" | "b" => &mut classes.b,
        "C" | "c" => &mut classes.c,
        _ => &mut classes.unknown,
    }
}
