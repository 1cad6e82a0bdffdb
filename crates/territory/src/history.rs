//! What became of commune codes: which followed which, on what day, and how a code is read as of another day.
//!
//! The rule is docs/spec/territory-file.md, "Translating codes"; the reasons are docs/adr/0019-commune-codes-in-time.md.

mod translate;
mod walk;

use desserte_model::CommuneCode;

use crate::{Day, InvalidContents};

pub use translate::{Reading, Relation, Translation};

/// The lists that a [`History`] is made of, each in order and without repetition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lineage {
    /// Which code followed which. On a day on which a commune gains or loses ground, every code in force before that
    /// touches the change is a `from`, and every code in force after it a `to`; one that goes on follows itself.
    pub successions: Vec<Succession>,
    /// Codes that came into force without a commune of the list before: land that joined the country or its list.
    pub begun: Vec<(CommuneCode, Day)>,
    /// Codes that went out of force without a commune of the list after them.
    pub ended: Vec<(CommuneCode, Day)>,
    /// Codes that were given and taken back on one day, and so were never in force.
    pub passed: Vec<Succession>,
    /// Names that communes no longer have.
    pub names: Vec<FormerName>,
    /// Codes of parts of communes in the vintage of the territory; some were communes once.
    pub parts: Vec<CommunePart>,
}

/// A commune code that was given up or split, and what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Succession {
    /// The code before.
    pub from: CommuneCode,
    /// The day from which the successor holds.
    pub effective: Day,
    /// The code after. A split has one succession for each part.
    pub to: CommuneCode,
}

/// A name that a commune had until it was renamed or went out of force.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FormerName {
    /// The commune.
    pub code: CommuneCode,
    /// The first day on which it no longer had the name.
    pub until: Day,
    /// The name.
    pub name: String,
}

/// The code of a part of a commune.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommunePart {
    /// The part's code. A commune may carry it as well: then it means the commune.
    pub code: CommuneCode,
    /// What kind of part.
    pub kind: PartKind,
    /// The commune that it lies in, in the vintage of the territory.
    pub commune: CommuneCode,
    /// The part's name.
    pub name: String,
}

/// Kinds of parts of communes that have codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    /// A delegated commune (`COMD`), a part of a new commune.
    Delegated,
    /// An associated commune (`COMA`), a part of a commune merged before 2010.
    Associated,
    /// A municipal arrondissement (`ARM`) of Paris, Lyon or Marseille.
    Arrondissement,
}

/// Lists that are in order, ready to be walked through.
#[derive(Debug, Clone, Default)]
pub struct History {
    lineage: Lineage,
    /// Successions in the order of the codes after.
    by_successor: Vec<Succession>,
}

impl History {
    /// Takes lists that are in order.
    ///
    /// # Errors
    /// When a list is out of order or repeats itself.
    pub fn new(lineage: Lineage) -> Result<Self, InvalidContents> {
        lineage.check()?;
        let mut by_successor = lineage.successions.clone();
        by_successor.sort_unstable_by_key(|row| (row.to, row.effective, row.from));
        Ok(Self { lineage, by_successor })
    }

    /// The lists.
    #[must_use]
    pub const fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// The last day on which anything is known to have happened; `None` without any movement.
    #[must_use]
    pub fn last_day(&self) -> Option<Day> {
        let days = self.lineage.successions.iter().map(|row| row.effective);
        let others = [&self.lineage.begun, &self.lineage.ended].into_iter().flatten().map(|(_, day)| *day);
        days.chain(others).max()
    }

    /// The parts with this code: one, or none. A code is in the official list at most once for each kind, and a part
    /// is found whatever its kind.
    #[must_use]
    pub fn part(&self, code: CommuneCode) -> Option<&CommunePart> {
        let parts = &self.lineage.parts;
        parts.get(parts.partition_point(|part| part.code < code)).filter(|part| part.code == code)
    }

    /// The name that a commune had on a day, if it has lost it since.
    #[must_use]
    pub fn former_name(&self, code: CommuneCode, day: Day) -> Option<&str> {
        let names = &self.lineage.names;
        let next = names.partition_point(|former| (former.code, former.until) <= (code, day));
        names.get(next).filter(|former| former.code == code).map(|former| former.name.as_str())
    }
}

impl Lineage {
    /// Checks what look-ups rely on.
    pub(crate) fn check(&self) -> Result<(), InvalidContents> {
        let of = |list| move |code: CommuneCode| InvalidContents::ListOrder { list, code: code.to_string() };
        rising(&self.successions, |row| row.from).map_err(of("successions"))?;
        rising(&self.passed, |row| row.from).map_err(of("passed codes"))?;
        rising(&self.begun, |row| row.0).map_err(of("codes begun"))?;
        rising(&self.ended, |row| row.0).map_err(of("codes ended"))?;
        rising(&self.names, |row| row.code).map_err(of("former names"))?;
        rising(&self.parts, |row| row.code).map_err(of("parts of communes"))
    }
}

/// The code of the first row that is not above the one before it.
fn rising<T: Ord>(rows: &[T], code: impl Fn(&T) -> CommuneCode) -> Result<(), CommuneCode> {
    rows.windows(2).find(|pair| pair[0] >= pair[1]).map_or(Ok(()), |pair| Err(code(&pair[1])))
}

#[cfg(test)]
mod tests;
