//! Commune codes of another year, in the rows of a table.

use std::collections::HashMap;

use desserte_model::CommuneCode;
use desserte_territory::{Day, Territory};

use crate::sheet::{Fault, Faults};

/// Codes of a table as a territory has them.
pub(crate) struct Codes<'a> {
    territory: &'a Territory,
    from: Option<Day>,
    /// Lines by the commune they were found to be.
    seen: HashMap<CommuneCode, u64>,
    translated: Vec<(String, CommuneCode)>,
}

impl<'a> Codes<'a> {
    /// Codes that were used on a day; without one a code is read as the territory has it, or else as the last commune that carried
    /// it.
    pub(crate) fn new(territory: &'a Territory, from: Option<Day>) -> Self {
        Self { territory, from, seen: HashMap::new(), translated: Vec::new() }
    }

    /// The commune of a row; what is wrong with it is added to the faults. Two rows of one commune are a fault even if they had two
    /// codes.
    pub(crate) fn read(&mut self, line: u64, text: &str, faults: &mut Faults) -> Option<CommuneCode> {
        if text.is_empty() {
            faults.add(line, Fault::NoKey);
            return None;
        }
        let code: Option<CommuneCode> = text.to_ascii_uppercase().parse().ok();
        let found = code.map(|code| self.territory.translate(code, self.from, None));
        let here = found.as_ref().and_then(|found| found.only());
        let Some(here) = here.filter(|code| self.territory.commune(*code).is_some()) else {
            let candidates = found.map_or_else(Vec::new, |found| found.communes);
            let candidates = candidates.iter().map(CommuneCode::to_string).collect();
            faults.add(line, Fault::NoCommune { text: text.to_owned(), candidates });
            return None;
        };
        let key = if code == Some(here) { text.to_owned() } else { format!("{text} → {here}") };
        if let Some(first) = self.seen.get(&here).copied() {
            faults.add(line, Fault::Twice { key, first });
            return None;
        }
        self.seen.insert(here, line);
        if code != Some(here) {
            self.translated.push((text.to_owned(), here));
        }
        Some(here)
    }

    /// The codes that were of another year, each with what it is now.
    pub(crate) fn translated(self) -> Vec<(String, CommuneCode)> {
        self.translated
    }
}
