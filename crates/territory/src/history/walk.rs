//! From one day to another along the successions, and what was in force when.

use std::collections::BTreeSet;

use desserte_model::CommuneCode;

use super::{History, Succession};
use crate::Day;

/// Whether a code is a commune's on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is.
    InForce,
    /// It was, until this day.
    Until(Day),
    /// It was not yet, before this day.
    NotBefore(Day),
    /// No movement speaks of it: the list of communes alone tells.
    NoMovement,
}

/// Where a walk ended and what it passed.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) ends: BTreeSet<CommuneCode>,
    /// Every succession on the way.
    pub(super) steps: BTreeSet<Succession>,
    /// The day on which a way ended without a commune to go on with: gone on the way forward, not there yet backward.
    pub(super) nothing: Option<Day>,
}

impl History {
    /// The successions that lead away from a code, by day.
    fn after(&self, code: CommuneCode) -> &[Succession] {
        let all = &self.lineage.successions;
        let begin = all.partition_point(|row| row.from < code);
        &all[begin..begin + all[begin..].partition_point(|row| row.from == code)]
    }

    /// The successions that lead to a code, by day.
    fn before(&self, code: CommuneCode) -> &[Succession] {
        let all = &self.by_successor;
        let begin = all.partition_point(|row| row.to < code);
        &all[begin..begin + all[begin..].partition_point(|row| row.to == code)]
    }

    fn begun(&self, code: CommuneCode) -> impl Iterator<Item = Day> {
        of(&self.lineage.begun, code)
    }

    fn ended(&self, code: CommuneCode) -> impl Iterator<Item = Day> {
        of(&self.lineage.ended, code)
    }

    /// Whether a code is a commune's on a day, as far as movements tell.
    pub(super) fn standing(&self, code: CommuneCode, day: Day) -> Standing {
        let goes = || self.after(code).iter().map(|row| row.effective).chain(self.ended(code));
        let comes = || self.before(code).iter().map(|row| row.effective).chain(self.begun(code));
        let last_gone = goes().filter(|when| *when <= day).max();
        let last_come = comes().filter(|when| *when <= day).max();
        if last_gone.is_some() || last_come.is_some() {
            return match last_gone {
                Some(gone) if last_come.is_none_or(|come| come < gone) => Standing::Until(gone),
                _ => Standing::InForce,
            };
        }
        match (goes().min(), comes().min()) {
            (None, None) => Standing::NoMovement,
            (Some(gone), come) if come.is_none_or(|come| gone <= come) => Standing::InForce,
            (gone, come) => Standing::NotBefore(come.or(gone).unwrap_or(day)),
        }
    }

    /// Whether a commune carries this code on a day; `None` where no movement speaks of it.
    #[must_use]
    pub fn in_force(&self, code: CommuneCode, day: Day) -> Option<bool> {
        match self.standing(code, day) {
            Standing::NoMovement => None,
            standing => Some(standing == Standing::InForce),
        }
    }

    /// The first day on which the code came into force after a day.
    pub(super) fn next_coming(&self, code: CommuneCode, day: Day) -> Option<Day> {
        self.before(code)
            .iter()
            .map(|row| row.effective)
            .chain(self.begun(code))
            .filter(|when| *when > day)
            .min()
    }

    /// What a commune that is in force on `from` is on `to`, later or earlier.
    pub(super) fn walk(&self, code: CommuneCode, from: Day, to: Day) -> Walk {
        let mut walk = Walk::default();
        let mut seen = BTreeSet::from([(code, from)]);
        let mut open = vec![(code, from)];
        while let Some((code, day)) = open.pop() {
            let (rows, nothing) = if to >= day { self.next(code, day, to) } else { self.last(code, day, to) };
            walk.nothing = walk.nothing.max(nothing);
            if rows.is_empty() && nothing.is_none() {
                walk.ends.insert(code);
            }
            for row in rows {
                walk.steps.insert(*row);
                // All that happens on a day happens at once: the way goes on after it, or before it.
                let next =
                    if to >= day { (row.to, row.effective) } else { (row.from, row.effective.previous()) };
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        walk
    }

    /// The first change of a code after `day` and up to `to`.
    fn next(&self, code: CommuneCode, day: Day, to: Day) -> (&[Succession], Option<Day>) {
        let rows = self.after(code);
        let rows = &rows[rows.partition_point(|row| row.effective <= day)..];
        let first = rows.first().map(|row| row.effective).filter(|first| *first <= to);
        let ended = self.ended(code).find(|when| *when > day && *when <= to);
        match (first, ended) {
            (first, Some(ended)) if first.is_none_or(|first| ended < first) => (&[], Some(ended)),
            (Some(first), _) => (&rows[..rows.partition_point(|row| row.effective == first)], None),
            _ => (&[], None),
        }
    }

    /// The last change of a code up to `day` and after `to`.
    fn last(&self, code: CommuneCode, day: Day, to: Day) -> (&[Succession], Option<Day>) {
        let rows = self.before(code);
        let rows = &rows[..rows.partition_point(|row| row.effective <= day)];
        let last = rows.last().map(|row| row.effective).filter(|last| *last > to);
        let begun = self.begun(code).filter(|when| *when <= day && *when > to).last();
        match (last, begun) {
            (last, Some(begun)) if last.is_none_or(|last| begun > last) => (&[], Some(begun)),
            (Some(last), _) => (&rows[rows.partition_point(|row| row.effective < last)..], None),
            _ => (&[], None),
        }
    }
}

fn of(list: &[(CommuneCode, Day)], code: CommuneCode) -> impl Iterator<Item = Day> {
    let begin = list.partition_point(|(known, _)| *known < code);
    list[begin..].iter().take_while(move |(known, _)| *known == code).map(|(_, day)| *day)
}
