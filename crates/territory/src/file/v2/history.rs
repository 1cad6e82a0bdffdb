//! The section of code histories. Files of this version without it are read as having none.

use desserte_model::CommuneCode;
use serde::{Deserialize, Serialize};

use crate::{CommunePart, Day, FormerName, Lineage, PartKind, Succession};

/// A commune code.
pub(super) type Letters = [u8; 5];

/// What `meta` does not hold of a lineage, as postcard writes it: field order is the format.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Section {
    begun: Vec<(Letters, u32)>,
    ended: Vec<(Letters, u32)>,
    passed: Vec<(Letters, u32, Letters)>,
    names: Vec<(Letters, u32, String)>,
    parts: Vec<(Letters, u8, Letters, String)>,
}

/// Kinds of parts and their numbers in the file.
const KINDS: [(PartKind, u8); 3] =
    [(PartKind::Delegated, 0), (PartKind::Associated, 1), (PartKind::Arrondissement, 2)];

/// The octets of the section; `None` where there is nothing to say.
pub(super) fn encode(lineage: &Lineage) -> Option<Vec<u8>> {
    let Lineage { successions: _, begun, ended, passed, names, parts } = lineage;
    if begun.is_empty() && ended.is_empty() && passed.is_empty() && names.is_empty() && parts.is_empty() {
        return None;
    }
    let dated = |rows: &[(CommuneCode, Day)]| {
        rows.iter().map(|(code, day)| (letters(*code), day.number())).collect::<Vec<_>>()
    };
    let kind =
        |kind: PartKind| KINDS.iter().find(|(known, _)| *known == kind).map_or(0, |(_, number)| *number);
    let section = Section {
        begun: dated(begun),
        ended: dated(ended),
        passed: triples(passed),
        names: names.iter().map(|row| (letters(row.code), row.until.number(), row.name.clone())).collect(),
        parts: parts
            .iter()
            .map(|row| (letters(row.code), kind(row.kind), letters(row.commune), row.name.clone()))
            .collect(),
    };
    Some(postcard::to_stdvec(&section).expect("lists in memory always encode"))
}

/// Successions as letters and numbers.
pub(super) fn triples(rows: &[Succession]) -> Vec<(Letters, u32, Letters)> {
    rows.iter().map(|row| (letters(row.from), row.effective.number(), letters(row.to))).collect()
}

/// The lineage of the section and of the successions in `meta`.
pub(super) fn decode(
    successions: &[(Letters, u32, Letters)],
    octets: Option<&[u8]>,
) -> Result<Lineage, String> {
    let section = match octets {
        None => Section::default(),
        Some(octets) => {
            let (section, rest) =
                postcard::take_from_bytes::<Section>(octets).map_err(|error| error.to_string())?;
            if !rest.is_empty() {
                return Err(format!("{} octets after the history", rest.len()));
            }
            section
        }
    };
    let dated = |rows: Vec<(Letters, u32)>| -> Result<Vec<_>, String> {
        rows.into_iter().map(|(letters, number)| Ok((code(letters)?, day(number)?))).collect()
    };
    let kind = |number: u8| {
        let known = KINDS.iter().find(|(_, known)| *known == number).map(|(kind, _)| *kind);
        known.ok_or_else(|| format!("a part of kind {number}"))
    };
    Ok(Lineage {
        successions: read_triples(successions)?,
        begun: dated(section.begun)?,
        ended: dated(section.ended)?,
        passed: read_triples(&section.passed)?,
        names: section
            .names
            .into_iter()
            .map(|(letters, until, name)| Ok(FormerName { code: code(letters)?, until: day(until)?, name }))
            .collect::<Result<_, String>>()?,
        parts: section
            .parts
            .into_iter()
            .map(|(part, number, commune, name)| {
                Ok(CommunePart { code: code(part)?, kind: kind(number)?, commune: code(commune)?, name })
            })
            .collect::<Result<_, String>>()?,
    })
}

/// Reads a section and, if it can be read, checks that it is written back as it was.
#[cfg(fuzzing)]
pub(crate) fn read_back(successions: &[(Letters, u32, Letters)], octets: &[u8]) -> Result<Lineage, String> {
    let lineage = decode(successions, Some(octets))?;
    let written = encode(&lineage);
    let again = decode(&triples(&lineage.successions), written.as_deref()).expect("what was written is read");
    assert_eq!(again, lineage);
    Ok(lineage)
}

fn read_triples(rows: &[(Letters, u32, Letters)]) -> Result<Vec<Succession>, String> {
    let row = |(from, effective, to): &(Letters, u32, Letters)| {
        Ok(Succession { from: code(*from)?, effective: day(*effective)?, to: code(*to)? })
    };
    rows.iter().map(row).collect()
}

pub(super) fn letters(code: CommuneCode) -> Letters {
    let mut letters = Letters::default();
    letters.copy_from_slice(code.as_str().as_bytes());
    letters
}

pub(super) fn code(letters: Letters) -> Result<CommuneCode, String> {
    String::from_utf8_lossy(&letters)
        .parse()
        .map_err(|error: desserte_model::NotACommuneCode| error.to_string())
}

fn day(number: u32) -> Result<Day, String> {
    Day::from_number(number).ok_or_else(|| format!("{number} is no day"))
}
