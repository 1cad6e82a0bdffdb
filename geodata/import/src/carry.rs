//! Tables of another year, carried over to the year of the territory along the movements of communes.
//!
//! The rule is docs/spec/territory-file.md, "Tables of another year".

mod rules;
mod year;

use std::collections::BTreeMap;

use desserte_model::CommuneCode;
use desserte_territory::{Day, History, Relation};

use crate::{Finding, FindingKind};

use rules::Split;
pub(crate) use rules::{COUNTED, INHABITANTS, MEMBERSHIP, NOT_ADDITIVE, Rule, ZONE};
use year::FIRST_YEAR;

/// Carries tables over to one year.
#[derive(Debug)]
pub(crate) struct Carrier {
    history: History,
    year: u16,
    telling: Vec<CommuneCode>,
}

/// A row of a table on its way to a commune.
#[derive(Debug)]
struct Row<V> {
    code: CommuneCode,
    /// Whether its code is a commune's in the table's year, as far as movements tell.
    in_force: bool,
    /// Whether its code stands for the ground of the commune that it leads to: in the table's year, or once before.
    same_ground: bool,
    /// Whether the row's ground became a part of this one commune.
    whole: bool,
    value: V,
}

impl Carrier {
    /// Carries over to the list of communes of a year; `None` where no movements say how.
    pub(crate) fn new(history: History, year: u16) -> Option<Self> {
        history.last_day()?;
        Some(Self { telling: year::telling(history.lineage()), history, year })
    }

    /// The year that tables are carried over to.
    pub(crate) const fn year(&self) -> u16 {
        self.year
    }

    /// Carries a table of a year over, by the rule for its kind of values. What cannot be carried is left out with a
    /// finding; a code that leads nowhere keeps its row, and whoever joins the tables says so.
    pub(crate) fn carry<V: Clone>(
        &self,
        what: &str,
        year: u16,
        rows: BTreeMap<CommuneCode, V>,
        rule: &Rule<V>,
        findings: &mut Vec<Finding>,
    ) -> BTreeMap<CommuneCode, V> {
        let (from, to) = (Day::first_of(year), Day::first_of(self.year));
        let mut carried: BTreeMap<CommuneCode, Vec<Row<V>>> = BTreeMap::new();
        for (code, value) in rows {
            let found = self.history.translate(code, Some(from), to, to, |_| true);
            let in_force = self.history.in_force(code, from) != Some(false);
            let same_ground =
                found.only().is_some_and(|commune| in_force || self.was_once(code, year, commune));
            let inherited = in_force && rule.split == Split::Inherit;
            let row = |whole, value| Row { code, in_force, same_ground, whole, value };
            match (found.communes.as_slice(), found.relation) {
                ([commune], _) => carried.entry(*commune).or_default().push(row(true, value)),
                (communes, Relation::Ambiguous) if inherited => {
                    for commune in communes {
                        carried.entry(*commune).or_default().push(row(false, value.clone()));
                    }
                }
                (communes, Relation::Ambiguous) => {
                    let detail = format!(
                        "{what} of {year}: several communes here, {}; not shared out",
                        listed(communes, ", ")
                    );
                    findings.push(Finding::new(FindingKind::NotCarriedOver, code, detail));
                }
                _ => carried.entry(code).or_default().push(Row { same_ground: true, ..row(true, value) }),
            }
        }
        let settle = |(code, rows): (CommuneCode, Vec<Row<V>>)| {
            let rows = self.of_year(what, year, code, rows, findings);
            Some((code, self.settle(what, year, code, &rows, rule, findings)?))
        };
        carried.into_iter().filter_map(settle).collect()
    }

    /// Whether a code that is no commune's in a year was one before, of the ground that a commune has now.
    fn was_once(&self, code: CommuneCode, year: u16, commune: CommuneCode) -> bool {
        let now = Day::first_of(self.year);
        let mut days = (FIRST_YEAR..year).rev().map(Day::first_of);
        let last = days.find(|day| self.history.in_force(code, *day) == Some(true));
        last.is_some_and(|then| {
            self.history.follow(code, then, now) == [commune]
                && self.history.follow(commune, now, then) == [code]
        })
    }

    /// The rows that count for a commune: those of communes of the table's year; where there are none, the one of another
    /// year's code for the same ground. All others are told.
    fn of_year<V>(
        &self,
        what: &str,
        year: u16,
        code: CommuneCode,
        rows: Vec<Row<V>>,
        findings: &mut Vec<Finding>,
    ) -> Vec<Row<V>> {
        let (rows, strays): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.in_force);
        let (mut same, others): (Vec<_>, Vec<_>) = strays.into_iter().partition(|row| row.same_ground);
        let mut tell = |strays: &[Row<V>], why: &str| {
            for stray in strays {
                let detail = format!("{what}: no commune of {year}; {code} {why}");
                findings.push(Finding::new(FindingKind::NotCarriedOver, stray.code, detail));
            }
        };
        if !rows.is_empty() {
            tell(&same, "has a row of its own, which was kept");
            tell(&others, "has a row of its own, which was kept");
            return rows;
        }
        tell(&others, "is larger");
        if same.len() > 1 {
            tell(&same, "would have several rows");
            same.clear();
        }
        same
    }

    /// The value of one commune, from the rows that count for it.
    fn settle<V: Clone>(
        &self,
        what: &str,
        year: u16,
        code: CommuneCode,
        rows: &[Row<V>],
        rule: &Rule<V>,
        findings: &mut Vec<Finding>,
    ) -> Option<V> {
        let codes: Vec<CommuneCode> = rows.iter().map(|row| row.code).collect();
        let first = rows.first()?;
        if first.in_force && year != self.year {
            let mut sources = self.history.follow(code, Day::first_of(self.year), Day::first_of(year));
            sources.retain(|source| !codes.contains(source));
            if !sources.is_empty() {
                let (named, missing) = (listed(&codes, " + "), listed(&sources, ", "));
                let detail = format!("{what} of {year}: {named} without {missing}, which it holds too");
                findings.push(Finding::new(FindingKind::NotCarriedOver, code, detail));
                return None;
            }
        }
        if rows.len() == 1 && first.code == code && first.whole {
            return Some(first.value.clone());
        }
        let values: Vec<&V> = rows.iter().map(|row| &row.value).collect();
        let combined = (rule.combine)(&values);
        let (kind, said) = match &combined {
            Some(value) => {
                (FindingKind::CarriedOver, format!("{} from {}", (rule.tell)(value), listed(&codes, " + ")))
            }
            None => {
                let each = rows.iter().map(|row| format!("{} {}", row.code, (rule.tell)(&row.value)));
                let each = each.collect::<Vec<_>>().join(" + ");
                (FindingKind::NotCarriedOver, format!("{each}, {}", rule.otherwise))
            }
        };
        findings.push(Finding::new(kind, code, format!("{what} of {year}: {said}")));
        combined
    }
}

fn listed(codes: &[CommuneCode], between: &str) -> String {
    codes.iter().map(CommuneCode::as_str).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests;
