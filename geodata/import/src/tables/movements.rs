//! Movements of communes: INSEE's `v_mvt_commune`, every change of the list of communes since 1943.
//!
//! The rule is docs/spec/territory-file.md, "Translating codes": rows that lead from commune to commune, or from and
//! to nothing, and change their ground or code; all rows of a day at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use desserte_model::CommuneCode;
use desserte_territory::{Day, FormerName, Lineage, Succession};

use super::codes::read_code;
use super::table::{Row, Table, TableError};
use crate::{Finding, FindingKind};

const CODE_BEFORE: &[&str] = &["com_av"];
const CODE_AFTER: &[&str] = &["com_ap"];
const DATE: &[&str] = &["date_eff"];
const KIND: &[&str] = &["mod"];

/// Kinds of movements that change the ground or the code of communes (INSEE, `MOD`): creation, re-establishment,
/// suppression, simple merger, new commune, association, another département, another chief town. Those left out change
/// names, or only what delegated and associated communes are.
const OF_GROUND: [&str; 8] = ["20", "21", "30", "31", "32", "33", "41", "50"];

/// A change of name.
const RENAMED: &str = "10";

/// One row between communes; `None` stands for nothing.
struct Movement<'a> {
    day: Day,
    of_ground: bool,
    before: Option<(CommuneCode, &'a str)>,
    after: Option<(CommuneCode, &'a str)>,
}

/// Changes of one day: from what to what.
type Changes = BTreeSet<(Option<CommuneCode>, Option<CommuneCode>)>;

/// Reads a file of movements. Parts of communes are not in it.
pub(crate) fn read_movements(
    path: &Path,
    octets: Vec<u8>,
    findings: &mut Vec<Finding>,
) -> Result<Lineage, TableError> {
    let table = Table::read(path, octets, "the code before the movement", CODE_BEFORE)?;
    let columns = Columns::of(&table)?;
    let movements: Vec<Movement<'_>> =
        table.rows().filter_map(|row| columns.movement(row, findings)).collect();
    let mut days: BTreeMap<Day, Changes> = BTreeMap::new();
    for row in movements.iter().filter(|row| row.of_ground) {
        let change = (row.before.map(|(code, _)| code), row.after.map(|(code, _)| code));
        days.entry(row.day).or_default().insert(change);
    }
    let passed = take_passing(&mut days);
    let mut lineage = Lineage { passed, names: names(&movements), ..Lineage::default() };
    for (day, changes) in &days {
        for change in changes {
            match *change {
                (Some(from), Some(to)) if from != to || touches_others(from, changes) => {
                    lineage.successions.push(Succession { from, effective: *day, to });
                }
                (Some(from), None) => lineage.ended.push((from, *day)),
                (None, Some(to)) => lineage.begun.push((to, *day)),
                _ => {}
            }
        }
    }
    lineage.successions.sort_unstable();
    lineage.begun.sort_unstable();
    lineage.ended.sort_unstable();
    report_contradictions(&days, findings);
    Ok(lineage)
}

/// Where the columns are.
struct Columns {
    kind: usize,
    date: usize,
    before: Side,
    after: Side,
}

struct Side {
    kind: Option<usize>,
    code: usize,
    name: Option<usize>,
}

impl Columns {
    fn of(table: &Table) -> Result<Self, TableError> {
        Ok(Self {
            kind: table.need("the kind of movement", KIND)?,
            date: table.need("the day of the movement", DATE)?,
            before: Side {
                kind: table.column(&["typecom_av"]),
                code: table.need("the code before the movement", CODE_BEFORE)?,
                name: table.column(&["libelle_av", "nccenr_av"]),
            },
            after: Side {
                kind: table.column(&["typecom_ap"]),
                code: table.need("the code after the movement", CODE_AFTER)?,
                name: table.column(&["libelle_ap", "nccenr_ap"]),
            },
        })
    }

    /// A row that is about communes on both sides; others say nothing of the list of communes.
    fn movement<'a>(&self, row: Row<'a>, findings: &mut Vec<Finding>) -> Option<Movement<'a>> {
        let kind = row.cell(Some(self.kind))?;
        if kind != RENAMED && !OF_GROUND.contains(&kind) {
            return None;
        }
        let date = row.cell(Some(self.date)).unwrap_or_default();
        let unreadable = |what: &str| {
            let detail = format!("{what}, line {}", row.line);
            Finding::new(
                FindingKind::UnreadableMovement,
                row.cell(Some(self.before.code)).unwrap_or("?"),
                detail,
            )
        };
        let Some(day) = read_day(date) else {
            findings.push(unreadable(&format!("{date:?} is no day")));
            return None;
        };
        let mut sides = [None, None];
        for (found, side) in sides.iter_mut().zip([&self.before, &self.after]) {
            let Some(text) = row.cell(Some(side.code)) else { continue };
            if row.cell(side.kind).is_some_and(|kind| !kind.eq_ignore_ascii_case("COM")) {
                return None;
            }
            let Some(code) = read_code(text).code() else {
                findings.push(unreadable(&format!("{text:?} is no commune code")));
                return None;
            };
            *found = Some((code, row.cell(side.name).unwrap_or_default()));
        }
        let [before, after] = sides;
        (before.is_some() || after.is_some()).then_some(Movement {
            day,
            of_ground: kind != RENAMED,
            before,
            after,
        })
    }
}

/// Reads `2018-01-01`, and the other order of older files, `01/01/2018` or `01-01-2018`.
fn read_day(text: &str) -> Option<Day> {
    let mut parts: Vec<&str> = text.split(['-', '/']).collect();
    if parts.first()?.len() == 2 {
        parts.reverse();
    }
    if parts.len() == 3 { parts.join("-").parse().ok() } else { None }
}

/// Whether a code takes ground from others or gives some on that day.
fn touches_others(code: CommuneCode, changes: &Changes) -> bool {
    changes.iter().any(|(from, to)| from != to && (*from == Some(code) || *to == Some(code)))
}

fn comes(changes: &Changes, code: CommuneCode) -> bool {
    changes.iter().any(|(_, to)| *to == Some(code))
}

fn goes(changes: &Changes, code: CommuneCode) -> bool {
    changes.iter().any(|(from, _)| *from == Some(code))
}

/// Takes out codes that were given and taken back on one day: a commune that changed its département and merged at
/// once. What led to them leads on to what they led to.
fn take_passing(days: &mut BTreeMap<Day, Changes>) -> Vec<Succession> {
    let mut passed = Vec::new();
    let mut in_force: BTreeMap<CommuneCode, bool> = BTreeMap::new();
    for (day, changes) in days.iter_mut() {
        let befores: BTreeSet<CommuneCode> = changes.iter().filter_map(|(from, _)| *from).collect();
        let passing: Vec<CommuneCode> = befores
            .into_iter()
            .filter(|code| comes(changes, *code) && !changes.contains(&(Some(*code), Some(*code))))
            // A code that was in force before is another commune's that is free for a new one on this very day.
            .filter(|code| !in_force.get(code).copied().unwrap_or(false))
            .collect();
        for code in passing {
            let (through, rest): (Changes, Changes) =
                changes.iter().partition(|(from, to)| *from == Some(code) || *to == Some(code));
            *changes = rest;
            let sources: Vec<_> =
                through.iter().filter(|(_, to)| *to == Some(code)).map(|(from, _)| *from).collect();
            for (_, target) in through.iter().filter(|(from, _)| *from == Some(code)) {
                changes.extend(sources.iter().map(|source| (*source, *target)));
                passed.extend(target.map(|to| Succession { from: code, effective: *day, to }));
            }
        }
        for (from, _) in changes.iter() {
            in_force.extend(from.map(|code| (code, false)));
        }
        for (_, to) in changes.iter() {
            in_force.extend(to.map(|code| (code, true)));
        }
    }
    passed.sort_unstable();
    passed
}

/// Reports codes that are given up while they are not in force, or come into force while they are.
fn report_contradictions(days: &BTreeMap<Day, Changes>, findings: &mut Vec<Finding>) {
    let mut last: BTreeMap<CommuneCode, (Day, bool)> = BTreeMap::new();
    for (day, changes) in days {
        let codes: BTreeSet<CommuneCode> =
            changes.iter().flat_map(|(from, to)| [*from, *to]).flatten().collect();
        for code in codes {
            let (before, after) = (goes(changes, code), comes(changes, code));
            if let Some((since, in_force)) = last.insert(code, (*day, after))
                && in_force != before
            {
                let what = if in_force {
                    "comes into force while it is"
                } else {
                    "changes while it is not in force"
                };
                let detail = format!("{what}: {since} and {day}");
                findings.push(Finding::new(FindingKind::MovementConflict, code, detail));
            }
        }
    }
}

/// The names that communes lost, by renaming or with their code.
fn names(movements: &[Movement<'_>]) -> Vec<FormerName> {
    let mut after: BTreeMap<(CommuneCode, Day), &str> = BTreeMap::new();
    for row in movements {
        after.extend(row.after.map(|(code, name)| ((code, row.day), name)));
    }
    let mut names: BTreeMap<(CommuneCode, Day), &str> = BTreeMap::new();
    for row in movements {
        let Some((code, name)) = row.before.filter(|(_, name)| !name.is_empty()) else { continue };
        // The row that leads to itself tells the name best; any row that leads to it tells the same.
        if after.get(&(code, row.day)) != Some(&name) {
            names.entry((code, row.day)).or_insert(name);
        }
    }
    let former =
        |((code, until), name): ((CommuneCode, Day), &str)| FormerName { code, until, name: name.to_owned() };
    names.into_iter().map(former).collect()
}

#[cfg(test)]
mod tests;
