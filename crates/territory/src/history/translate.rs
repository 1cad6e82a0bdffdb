//! One code, as of one day, on another day.

use std::collections::BTreeSet;

use desserte_model::CommuneCode;

use super::walk::{Standing, Walk};
use super::{History, PartKind, Succession};
use crate::Day;

/// What a code of one day is on another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// The code that was asked for.
    pub code: CommuneCode,
    /// The day as of which it was read.
    pub from: Day,
    /// The day that the answer is for.
    pub to: Day,
    /// What the code stood for on the day `from`.
    pub reading: Reading,
    /// How the answer relates to the commune that was asked for.
    pub relation: Relation,
    /// The communes that hold ground of the one asked for, in the order of their codes: one, or the candidates of an
    /// ambiguous answer, or none.
    pub communes: Vec<CommuneCode>,
    /// The changes on the way, by day. A commune that goes on enlarged or diminished follows itself.
    pub steps: Vec<Succession>,
}

/// What a code stands for on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// A commune.
    Commune,
    /// A commune that went out of force on this day.
    GivenUp(Day),
    /// A part of this commune, in the vintage of the territory.
    Part(PartKind, CommuneCode),
    /// Nothing: the code was given and taken back on this day.
    Passed(Day),
    /// Nothing yet: the code came into force on this day.
    NotBefore(Day),
    /// Nothing: no list and no movement has the code.
    Unknown,
}

/// How the answer relates to the commune that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The same code for the same ground.
    Same,
    /// Another code for the same ground.
    Renumbered,
    /// One commune that is larger: it took this one in, or this one was cut out of it later.
    Within,
    /// Several communes: on the way forward it was split, on the way back it had not been put together. Which of them
    /// holds a given place, only the place can tell.
    Ambiguous,
    /// No commune of the list any more since this day.
    Gone(Day),
    /// No commune of the list before this day.
    NotYet(Day),
    /// The code means nothing, so nothing follows it.
    Unknown,
}

impl Translation {
    /// The commune, if there is exactly one.
    #[must_use]
    pub fn only(&self) -> Option<CommuneCode> {
        match self.communes.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// The day of the change that is nearest to the answer: on the way forward the answer holds from that day, on the
    /// way back it held until that day. `None` if nothing changed.
    #[must_use]
    pub fn effective(&self) -> Option<Day> {
        let mut days = self.steps.iter().map(|step| step.effective);
        if self.to >= self.from { days.next_back() } else { days.next() }
    }
}

impl History {
    /// Translates a code.
    ///
    /// `from` is the day that the code was used on. Without it a code is read as what it stands for on `to`; failing
    /// that, as a part of a commune of the vintage; failing that, as the last commune that carried it before; failing
    /// that, as the first one after.
    ///
    /// `vintage` is the day of the list of communes, and `listed` says whether that list has a code; it decides for
    /// codes that no movement speaks of.
    #[must_use]
    pub fn translate(
        &self,
        code: CommuneCode,
        from: Option<Day>,
        to: Day,
        vintage: Day,
        listed: impl Fn(CommuneCode) -> bool,
    ) -> Translation {
        let asked = from.unwrap_or(to);
        let found = |from, reading, walk| self.told(code, from, to, reading, walk);
        let standing = self.standing(code, asked);
        if standing == Standing::InForce || (standing == Standing::NoMovement && listed(code)) {
            return found(asked, Reading::Commune, Some((code, self.walk(code, asked, to))));
        }
        if let Some(part) = self.part(code) {
            let walk = self.walk(part.commune, vintage, to);
            return found(vintage, Reading::Part(part.kind, part.commune), Some((part.commune, walk)));
        }
        if let Standing::Until(gone) = standing {
            let last = gone.previous();
            let (used, reading) = match from {
                None => (last, Reading::Commune),
                Some(_) => (last, Reading::GivenUp(gone)),
            };
            return found(used, reading, Some((code, self.walk(code, last, to))));
        }
        if let Some(passed) = self.lineage.passed.iter().find(|row| row.from == code) {
            let walk = self.walk(passed.to, passed.effective, to);
            return found(passed.effective, Reading::Passed(passed.effective), Some((passed.to, walk)));
        }
        match (standing, from) {
            (Standing::NotBefore(_), None) => {
                let first = self.next_coming(code, asked).unwrap_or(asked);
                found(first, Reading::Commune, Some((code, self.walk(code, first, to))))
            }
            (Standing::NotBefore(first), Some(_)) => found(asked, Reading::NotBefore(first), None),
            _ => found(asked, Reading::Unknown, None),
        }
    }

    /// Puts an answer together from a walk that began at a commune.
    fn told(
        &self,
        code: CommuneCode,
        from: Day,
        to: Day,
        reading: Reading,
        walk: Option<(CommuneCode, Walk)>,
    ) -> Translation {
        let (start, walk) = walk.map_or((code, None), |(start, walk)| (start, Some(walk)));
        let part = matches!(reading, Reading::Part(..) | Reading::Passed(_));
        let relation =
            walk.as_ref().map_or(Relation::Unknown, |walk| self.relation(start, from, to, part, walk));
        let walk = walk.unwrap_or_default();
        let mut steps: Vec<Succession> = walk.steps.into_iter().collect();
        steps.sort_by_key(|step| (step.effective, step.from, step.to));
        Translation { code, from, to, reading, relation, communes: walk.ends.into_iter().collect(), steps }
    }

    fn relation(&self, start: CommuneCode, from: Day, to: Day, part: bool, walk: &Walk) -> Relation {
        let mut ends = walk.ends.iter();
        match (ends.next(), ends.next(), walk.nothing) {
            (None, _, Some(day)) if to >= from => Relation::Gone(day),
            (None, _, Some(day)) => Relation::NotYet(day),
            (None, ..) => Relation::Unknown,
            (Some(_), Some(_), _) => Relation::Ambiguous,
            _ if part => Relation::Within,
            (Some(end), None, nothing) => {
                let back = self.walk(*end, to, from);
                let same_ground =
                    nothing.is_none() && back.nothing.is_none() && back.ends == BTreeSet::from([start]);
                match same_ground {
                    true if *end == start => Relation::Same,
                    true => Relation::Renumbered,
                    false => Relation::Within,
                }
            }
        }
    }

    /// The communes of the day `to` that a commune in force on `from` shares ground with.
    #[must_use]
    pub fn follow(&self, code: CommuneCode, from: Day, to: Day) -> Vec<CommuneCode> {
        self.walk(code, from, to).ends.into_iter().collect()
    }
}
