//! Tables of another year, carried over to the year of the territory along the movements of communes.
//!
//! The rule is docs/spec/territory-file.md, "Tables of another year".

use std::collections::{BTreeMap, BTreeSet};

use desserte_model::CommuneCode;
use desserte_territory::{Day, History, Relation};

use crate::{Finding, FindingKind};

/// The first year whose list of communes a table may follow: the first census that is published by commune.
const FIRST_YEAR: u16 = 1962;

/// Codes that must speak for another year than the territory's before a table is taken to be of it: a stray old code
/// in a table of the right year says nothing.
const ENOUGH_TO_TELL: usize = 2;

/// The share of the communes of its départements from which on a table is taken to name them all, so that those it
/// lacks tell its year too. Official tables lack some for lack of data, lists of zones most.
const ALL_BUT_FEW: f64 = 0.9;

/// Carries tables over to one year.
#[derive(Debug)]
pub(crate) struct Carrier {
    history: History,
    year: u16,
    /// Codes that came or went at some time: the only ones that tell one year's list from another's.
    telling: Vec<CommuneCode>,
}

/// What several communes had that are one now.
pub(crate) type Combine<V> = fn(&[&V]) -> Option<V>;

/// Counts add up; one that is not known leaves the sum unknown.
#[expect(clippy::unnecessary_wraps, reason = "counts can always be combined")]
pub(crate) fn sum(values: &[&Option<u32>]) -> Option<Option<u32>> {
    let add = |sum: Option<u32>, value: &&Option<u32>| sum.zip(**value).map(|(a, b)| a.saturating_add(b));
    Some(values.iter().fold(Some(0), add))
}

/// A value that all agree on.
pub(crate) fn agreed<V: Clone + PartialEq>(values: &[&V]) -> Option<V> {
    let (first, rest) = values.split_first()?;
    rest.iter().all(|value| value == first).then(|| (*first).clone())
}

impl Carrier {
    /// Carries over to the list of communes of a year; `None` where no movements say how.
    pub(crate) fn new(history: History, year: u16) -> Option<Self> {
        history.last_day()?;
        let lineage = history.lineage();
        let dated = lineage.begun.iter().chain(&lineage.ended).map(|(code, _)| *code);
        let telling: BTreeSet<CommuneCode> =
            lineage.successions.iter().flat_map(|row| [row.from, row.to]).chain(dated).collect();
        Some(Self { telling: telling.into_iter().collect(), history, year })
    }

    /// The year whose list of communes fits the codes of a table best: the territory's unless another one fits clearly
    /// better; of several, the nearest to it. Only the départements that the table speaks of count.
    pub(crate) fn year_of(&self, codes: &BTreeSet<CommuneCode>) -> u16 {
        let departements: BTreeSet<&str> = codes.iter().map(CommuneCode::departement).collect();
        let telling: Vec<CommuneCode> =
            self.telling.iter().copied().filter(|code| departements.contains(code.departement())).collect();
        let counts = |year: u16| {
            let day = Day::first_of(year);
            let in_force = |code: &CommuneCode| self.history.in_force(*code, day) == Some(true);
            let strangers = telling.iter().filter(|code| codes.contains(code) && !in_force(code)).count();
            let expected = telling.iter().filter(|code| in_force(code)).count();
            let missing = telling.iter().filter(|code| in_force(code) && !codes.contains(code)).count();
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

    /// Carries a table over. Where several communes became one, `combine` says what it has; where one became several,
    /// nothing is shared out, and the value is left out with a finding.
    pub(crate) fn carry<V: Clone>(
        &self,
        what: &str,
        rows: BTreeMap<CommuneCode, V>,
        combine: Combine<V>,
        findings: &mut Vec<Finding>,
    ) -> BTreeMap<CommuneCode, V> {
        let year = self.year_of(&rows.keys().copied().collect());
        let (from, to) = (Day::first_of(year), Day::first_of(self.year));
        let mut carried: BTreeMap<CommuneCode, Vec<(CommuneCode, bool, V)>> = BTreeMap::new();
        for (code, value) in rows {
            let found = self.history.translate(code, Some(from), to, to, |_| true);
            let in_force = self.history.in_force(code, from) != Some(false);
            match (found.only(), found.relation) {
                (Some(commune), _) => carried.entry(commune).or_default().push((code, in_force, value)),
                (None, Relation::Ambiguous) => {
                    let to: Vec<&str> = found.communes.iter().map(CommuneCode::as_str).collect();
                    let detail =
                        format!("{what} of {year}: several communes here, {}; not shared out", to.join(", "));
                    findings.push(Finding::new(FindingKind::NotCarriedOver, code, detail));
                }
                // Not a commune of the list, now or ever: whoever joins the tables says so.
                (None, _) => carried.entry(code).or_default().push((code, in_force, value)),
            }
        }
        let settle = |(code, rows): (CommuneCode, Vec<(CommuneCode, bool, V)>)| {
            Some((code, self.settle(what, year, code, rows, combine, findings)?))
        };
        carried.into_iter().filter_map(settle).collect()
    }

    /// The value of one commune, from the rows that lead to it.
    fn settle<V: Clone>(
        &self,
        what: &str,
        year: u16,
        code: CommuneCode,
        rows: Vec<(CommuneCode, bool, V)>,
        combine: Combine<V>,
        findings: &mut Vec<Finding>,
    ) -> Option<V> {
        // Codes that are no communes of the table's year count only where no commune's row is there.
        let of_year = rows.iter().any(|(_, in_force, _)| *in_force);
        let (rows, strays): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|(_, in_force, _)| *in_force == of_year);
        for (stray, ..) in &strays {
            let detail = format!("{what}: no commune of {year}; {code} has a row of its own, which was kept");
            findings.push(Finding::new(FindingKind::NotCarriedOver, stray, detail));
        }
        let named = rows.iter().map(|(code, ..)| code.as_str()).collect::<Vec<_>>().join(" + ");
        let from = Day::first_of(year);
        if of_year && year != self.year {
            let sources = self.history.follow(code, Day::first_of(self.year), from);
            let missing: Vec<&str> = sources
                .iter()
                .filter(|source| !rows.iter().any(|(code, ..)| code == *source))
                .map(CommuneCode::as_str)
                .collect();
            if !missing.is_empty() {
                let detail =
                    format!("{what} of {year}: {named} without {}, which it holds too", missing.join(", "));
                findings.push(Finding::new(FindingKind::NotCarriedOver, code, detail));
                return None;
            }
        }
        if let [(only, _, value)] = rows.as_slice()
            && *only == code
        {
            return Some(value.clone());
        }
        let values: Vec<&V> = rows.iter().map(|(_, _, value)| value).collect();
        let combined = combine(&values);
        let (kind, said) = match combined {
            Some(_) => (FindingKind::CarriedOver, ""),
            None => (FindingKind::NotCarriedOver, ", which disagree"),
        };
        findings.push(Finding::new(kind, code, format!("{what} of {year}: {named}{said}")));
        combined
    }
}

#[cfg(test)]
mod tests;
