//! What medians of territories are made of, for comparing them.

use std::collections::BTreeMap;

use desserte_model::{CommuneCode, Direction};
use desserte_store::{Scope, Store, StoreError};
use desserte_territory::Territory;

use super::compare::Reading;
use super::rate::{as_u64, counts};
use super::{CommuneFigures, Window};
use crate::config::Publication;

/// Microseconds in a day.
const DAY_US: i64 = 86_400_000_000;

/// The runs of a commune, each by its day of UTC.
///
/// # Missing data
/// None at all with fewer runs than a median asks for.
pub(crate) fn readings_of_commune(
    store: &Store,
    commune: CommuneCode,
    window: &Window,
    direction: Direction,
    rules: &Publication,
) -> Result<Vec<Reading>, StoreError> {
    let first = window.period.start.as_unix_micros().div_euclid(DAY_US);
    let runs = store.runs(&Scope::Commune(commune), window.period)?;
    let own = runs.iter().filter(|run| run.direction == direction && counts(run));
    let readings: Vec<Reading> = own
        .filter_map(|run| {
            let day = run.event.as_unix_micros().div_euclid(DAY_US) - first;
            Some(Reading {
                value: run.steady?.as_mbit_per_s(),
                weight: 1.0,
                cluster: u32::try_from(day).unwrap_or(0),
            })
        })
        .collect();
    Ok(if as_u64(readings.len()) < rules.minimum_runs { Vec::new() } else { readings })
}

/// The medians of the measured communes of a département or intercommunality, by inhabitants; communes of unknown population are left out.
///
/// # Missing data
/// None at all with fewer communes than a median asks for runs.
pub(crate) fn readings_of_communes(
    figures: &BTreeMap<CommuneCode, CommuneFigures>,
    territory: &Territory,
    direction: Direction,
    rules: &Publication,
) -> Vec<Reading> {
    let median = |figures: &CommuneFigures| {
        let figure = match direction {
            Direction::Download => &figures.download,
            Direction::Upload => &figures.upload,
        };
        figure.measured().map(|numbers| numbers.median.as_mbit_per_s())
    };
    let readings: Vec<Reading> = (0..)
        .zip(figures)
        .filter_map(|(cluster, (code, figures))| {
            let weight = f64::from(territory.commune(*code)?.population.filter(|people| *people > 0)?);
            Some(Reading { value: median(figures)?, weight, cluster })
        })
        .collect();
    if as_u64(readings.len()) < rules.minimum_runs { Vec::new() } else { readings }
}
