//! What is looked at: units with values, each in its commune and standing for inhabitants.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use desserte_equity::Unit;
use desserte_ledger::cells::place;
use desserte_ledger::{Credit, Ledger, Nature};
use desserte_territory::Territory;

use super::NationalArguments;
use crate::ledger::cells::Cells;
use crate::out::Failure;

/// A ledger as units.
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) nature: Nature,
    pub(super) credit: Credit,
    /// One for each cell and one without a value for each commune that has none; or one for each commune.
    pub(super) units: Vec<Unit>,
    /// The commune of each unit, by its place in the territory.
    pub(super) rows: Vec<usize>,
    /// Cells, where there are any.
    pub(super) cells: Option<CellCounts>,
}

/// What became of cells.
pub(super) struct CellCounts {
    pub(super) read: usize,
    pub(super) outside: usize,
    /// Communes whose cells count evenly because the file does not say how many tests they hold.
    pub(super) even: usize,
    pub(super) tests: u64,
}

impl Subject {
    pub(super) fn of(arguments: &NationalArguments, territory: &Territory) -> Result<Self, Failure> {
        match &arguments.figure {
            Some(figure) => {
                let (name, over) = match figure.split_once('/') {
                    Some((name, over)) => (name, Some(over)),
                    None => (figure.as_str(), None),
                };
                let ledger = Ledger::of_figure(territory, name, over).map_err(Failure::usage)?;
                Ok(Self::of_ledger(&ledger, territory))
            }
            None => Self::of_cells(arguments, territory),
        }
    }

    fn of_ledger(ledger: &Ledger, territory: &Territory) -> Self {
        let unit = |commune: &desserte_territory::Commune| Unit {
            value: ledger.value(commune.code),
            weight: commune.population.map_or(0.0, f64::from),
        };
        let units: Vec<Unit> = territory.communes().map(unit).collect();
        Self {
            name: ledger.name().to_owned(),
            unit: ledger.unit().to_owned(),
            nature: ledger.nature(),
            credit: ledger.credit().clone(),
            rows: (0..units.len()).collect(),
            units,
            cells: None,
        }
    }

    fn of_cells(arguments: &NationalArguments, territory: &Territory) -> Result<Self, Failure> {
        let mut cells = Cells::read(&arguments.cells, arguments.lang)?;
        let tests = cells.cells.iter().filter_map(|cell| cell.tests).map(u64::from).sum();
        if arguments.even_cells {
            cells.cells.iter_mut().for_each(|cell| cell.tests = None);
        }
        let threads = arguments.threads.or_else(|| std::thread::available_parallelism().ok());
        let placed = place(&cells.cells, territory, cells.vintage(), threads.unwrap_or(NonZeroUsize::MIN));
        let mut units: Vec<Unit> = placed
            .cells
            .iter()
            .map(|cell| Unit { value: Some(cell.download_mbit), weight: cell.inhabitants })
            .collect();
        let mut rows: Vec<usize> = placed.cells.iter().map(|cell| cell.row).collect();
        let with: BTreeSet<usize> = rows.iter().copied().collect();
        for (row, commune) in territory.communes().enumerate().filter(|(row, _)| !with.contains(row)) {
            units.push(Unit { value: None, weight: commune.population.map_or(0.0, f64::from) });
            rows.push(row);
        }
        let ledger = placed.ledger(territory);
        Ok(Self {
            name: ledger.name().to_owned(),
            unit: ledger.unit().to_owned(),
            nature: ledger.nature(),
            credit: placed.credit().clone(),
            units,
            rows,
            cells: Some(CellCounts {
                read: cells.cells.len(),
                outside: placed.outside,
                even: placed.even,
                tests,
            }),
        })
    }

    /// Keeps the units of some communes.
    pub(super) fn keep(&mut self, of: impl Fn(usize) -> bool) {
        let kept: Vec<bool> = self.rows.iter().map(|row| of(*row)).collect();
        let mut stays = kept.iter().copied();
        self.units.retain(|_| stays.next().unwrap_or(false));
        let mut stays = kept.into_iter();
        self.rows.retain(|_| stays.next().unwrap_or(false));
    }
}
