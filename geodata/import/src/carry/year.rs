//! Which year's list of communes a table follows, read off its codes.

use std::collections::{BTreeMap, BTreeSet};

use desserte_model::CommuneCode;
use desserte_territory::{Day, Lineage};

use super::Carrier;

/// The first year whose list of communes a table may follow: the first census that is published by commune.
pub(super) const FIRST_YEAR: u16 = 1962;

/// Codes that must speak for another year than the territory's before a table is taken to be of it: a stray old code
/// in a table of the right year says nothing.
const ENOUGH_TO_TELL: usize = 2;

/// The share of the communes of its départements from which on a table is taken to name them all, so that those it
/// lacks tell its year too. Official tables lack some for lack of data, lists of zones most.
const ALL_BUT_FEW: f64 = 0.9;

/// Codes that came or went at some time: the only ones that tell one year's list from another's.
pub(super) fn telling(lineage: &Lineage) -> Vec<CommuneCode> {
    let dated = lineage.begun.iter().chain(&lineage.ended).map(|(code, _)| *code);
    let telling: BTreeSet<CommuneCode> =
        lineage.successions.iter().flat_map(|row| [row.from, row.to]).chain(dated).collect();
    telling.into_iter().collect()
}

impl Carrier {
    /// The year whose list of communes fits the codes of a table best: the territory's unless another one fits clearly
    /// better; of several, the nearest to it. Only the départements that the table speaks of count.
    pub(crate) fn year_of<V>(&self, rows: &BTreeMap<CommuneCode, V>) -> u16 {
        let departements: BTreeSet<&str> = rows.keys().map(CommuneCode::departement).collect();
        let telling: Vec<CommuneCode> =
            self.telling.iter().copied().filter(|code| departements.contains(code.departement())).collect();
        let counts = |year: u16| {
            let day = Day::first_of(year);
            let in_force = |code: &CommuneCode| self.history.in_force(*code, day) == Some(true);
            let strangers = telling.iter().filter(|code| rows.contains_key(code) && !in_force(code)).count();
            let expected = telling.iter().filter(|code| in_force(code)).count();
            let missing = telling.iter().filter(|code| in_force(code) && !rows.contains_key(code)).count();
            (strangers, missing, expected)
        };
        let (_, missing, expected) = counts(self.year);
        #[expect(clippy::cast_precision_loss, reason = "counts of communes")]
        let names_all = missing as f64 <= (1.0 - ALL_BUT_FEW) * expected as f64;
        let wrong = |year: u16| {
            let (strangers, missing, _) = counts(year);
            strangers + if names_all { missing } else { 0 }
        };
        let newest =
            self.history.last_day().map_or(self.year, |day| u16::try_from(day.year()).unwrap_or(self.year));
        let here = wrong(self.year);
        if here < ENOUGH_TO_TELL {
            return self.year;
        }
        let best = (FIRST_YEAR..=newest.max(self.year))
            .map(|year| (wrong(year), year.abs_diff(self.year), year))
            .min();
        match best {
            Some((wrong, _, year)) if wrong + ENOUGH_TO_TELL <= here => year,
            _ => self.year,
        }
    }
}
