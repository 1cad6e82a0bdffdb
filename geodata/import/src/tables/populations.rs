//! Municipal populations by commune.

use std::collections::BTreeMap;
use std::path::Path;

use desserte_model::CommuneCode;

use super::codes::{CodeReading, parent_of_arrondissement, read_code, read_departement};
use super::counts::read_count;
use super::table::{Row, Table, TableError};
use crate::carry::{Carrier, INHABITANTS};
use crate::{Finding, FindingKind};

/// Columns that hold a whole commune code.
const CODE: &[&str] =
    &["com", "codgeo", "insee", "code_insee", "insee_com", "code_commune", "depcom", "geo", "code", "codcom"];

/// Columns of municipal population: INSEE's reference populations, census tables (`P22_POP`), other publishers. Total
/// population (`PTOT`) is not among them, because it counts some people twice.
const POPULATION: &[&str] = &[
    "pmun",
    "pmun_*",
    "pmun*",
    "population_municipale",
    "pop_mun",
    "p22_pop",
    "p21_pop",
    "p20_pop",
    "population",
];

/// Populations by commune; a code with `None` is listed without a figure.
pub(crate) type Populations = BTreeMap<CommuneCode, Option<u32>>;

/// Reads a table of populations into `known`, which earlier tables may have filled: the first figure stays. A table of
/// another year is carried over if there is a carrier.
pub(crate) fn read_populations(
    path: &Path,
    octets: Vec<u8>,
    carrier: Option<&Carrier>,
    known: &mut Populations,
    findings: &mut Vec<Finding>,
) -> Result<usize, TableError> {
    let table = Table::read(path, octets, "the commune's code", CODE)?;
    let population = table.need("the municipal population", POPULATION)?;
    let code_column = table.column(&CODE[..CODE.len() - 1]);
    let parts = (table.column(&["dep"]), table.column(&["codcom"]));
    let mut here = Populations::new();
    let mut rows = 0;
    for row in table.rows() {
        rows += 1;
        let (text, reading) = code_of(row, code_column, parts);
        let Some(code) = reading.code() else {
            findings.push(Finding::new(
                FindingKind::UnreadableCode,
                text,
                format!("populations, line {}", row.line),
            ));
            continue;
        };
        if matches!(reading, CodeReading::Restored(_)) {
            findings.push(Finding::new(
                FindingKind::RestoredCode,
                code,
                format!("populations, from {text:?}"),
            ));
        }
        let cell = row.cell(Some(population)).unwrap_or_default();
        let count = read_count(cell).unwrap_or_else(|()| {
            findings.push(Finding::new(
                FindingKind::UnreadablePopulation,
                code,
                format!("{cell:?}, line {}", row.line),
            ));
            None
        });
        keep_first(&mut here, code, count, findings);
    }
    sum_arrondissements(&mut here, findings);
    if let Some(carrier) = carrier {
        let year = carrier.year_of(&here);
        here = carrier.carry("populations", year, here, &INHABITANTS, findings);
    }
    for (code, count) in here {
        keep_first(known, code, count, findings);
    }
    Ok(rows)
}

/// Files a figure; a second, different one for the same commune is reported and not used.
fn keep_first(known: &mut Populations, code: CommuneCode, count: Option<u32>, findings: &mut Vec<Finding>) {
    match known.get(&code).copied().flatten() {
        None => {
            known.insert(code, count);
        }
        Some(first) => {
            if let Some(second) = count.filter(|second| *second != first) {
                let detail = format!("{first} kept, {second} found later");
                findings.push(Finding::new(FindingKind::PopulationConflict, code, detail));
            }
        }
    }
}

/// The code of a row: in one column, or in two, as in the file for Mayotte whose code column is empty.
fn code_of(
    row: Row<'_>,
    code: Option<usize>,
    parts: (Option<usize>, Option<usize>),
) -> (String, CodeReading) {
    if let Some(text) = row.cell(code) {
        return (text.to_owned(), read_code(text));
    }
    let (Some(dep), Some(com)) = (row.cell(parts.0), row.cell(parts.1)) else {
        return (String::new(), CodeReading::Unreadable);
    };
    let text = format!("{dep}+{com}");
    // Overseas, the commune's three digits repeat the third character of the département: 976 and 601 make 97601.
    let reading = match (read_departement(dep), com.len()) {
        (Some(dep), 3) => read_code(&format!("{}{com}", &dep[..2])),
        (Some(dep), 2) if dep.len() == 3 => read_code(&format!("{dep}{com}")),
        (Some(dep), 1 | 2) if dep.len() == 2 => match read_code(&format!("{dep}{com:0>3}")) {
            CodeReading::Sound(code) => CodeReading::Restored(code),
            other => other,
        },
        _ => CodeReading::Unreadable,
    };
    (text, reading)
}

/// Adds up Paris, Lyon and Marseille where only their arrondissements are listed. A figure for the whole stays.
fn sum_arrondissements(known: &mut Populations, findings: &mut Vec<Finding>) {
    let mut sums: BTreeMap<CommuneCode, (usize, Option<u32>)> = BTreeMap::new();
    known.retain(|code, count| {
        let Some(parent) = parent_of_arrondissement(*code) else { return true };
        let (rows, sum) = sums.entry(parent).or_insert((0, Some(0)));
        *rows += 1;
        // One arrondissement without a figure leaves the commune without one: part of a city is not the city.
        *sum = sum.zip(*count).map(|(sum, count)| sum.saturating_add(count));
        false
    });
    for (parent, (rows, sum)) in sums {
        if known.get(&parent).copied().flatten().is_none() {
            known.insert(parent, sum);
            let total = sum.map_or_else(|| "no total".to_owned(), |sum| sum.to_string());
            let detail = format!("{rows} arrondissements, {total}");
            findings.push(Finding::new(FindingKind::ArrondissementsSummed, parent, detail));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_of_anything_never_stop_the_program(rows: Vec<u8>, cells in "([0-9A-Zé ;,]{0,12}\n){0,8}") {
            let mut octets = b"REG;DEP;CODCOM;COM;PMUN\n".to_vec();
            octets.extend_from_slice(cells.as_bytes());
            octets.extend_from_slice(&rows);
            let (mut known, mut findings) = (Populations::new(), Vec::new());
            // An unreadable row is an error or a finding; either is an answer.
            let _ = read_populations(Path::new("p.csv"), octets, None, &mut known, &mut findings);
            prop_assert!(known.keys().all(|code| parent_of_arrondissement(*code).is_none()));
        }
    }

    fn read(text: &str) -> (Populations, Vec<Finding>) {
        let (mut known, mut findings) = (Populations::new(), Vec::new());
        read_populations(Path::new("p.csv"), text.as_bytes().to_vec(), None, &mut known, &mut findings)
            .unwrap();
        (known, findings)
    }

    fn of(known: &Populations, code: &str) -> Option<Option<u32>> {
        known.get(&code.parse().unwrap()).copied()
    }

    #[test]
    fn the_code_is_put_together_where_its_column_is_empty() {
        let (known, findings) = read(
            "CODREG;REG;DEP;CODARR;CODCAN;CODCOM;COM;PMUN;PCAP;PTOT\r\n06;;976;;;601;;5192;192;5384\r\n",
        );
        assert_eq!(of(&known, "97601"), Some(Some(5_192)));
        assert!(findings.is_empty(), "{findings:?}");
    }

    #[test]
    fn arrondissements_are_added_up_unless_the_commune_has_its_own_figure() {
        let (known, findings) = read("COM;PMUN\n75101;10\n75102;20\n69381;5\n69123;100\n13201;7\n13202;\n");
        assert_eq!(of(&known, "75056"), Some(Some(30)));
        assert_eq!(of(&known, "69123"), Some(Some(100)));
        assert_eq!(of(&known, "13055"), Some(None), "a city with an unknown part has no total");
        assert_eq!(of(&known, "75101"), None);
        assert_eq!(findings.len(), 2, "{findings:?}");
    }

    #[test]
    fn the_first_figure_stays_and_the_other_is_reported() {
        let (known, findings) = read("CODGEO,PMUN\n23001,10\n23001,12\n23002,s\n1004,x1\n");
        assert_eq!(of(&known, "23001"), Some(Some(10)));
        assert_eq!(of(&known, "23002"), Some(None));
        assert_eq!(of(&known, "01004"), Some(None));
        let kinds: Vec<_> = findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(
            kinds,
            [FindingKind::PopulationConflict, FindingKind::RestoredCode, FindingKind::UnreadablePopulation]
        );
    }

    #[test]
    fn total_population_is_not_taken_for_municipal_population() {
        let mut known = Populations::new();
        let result = read_populations(
            Path::new("p.csv"),
            b"COM;PTOT\n01001;9\n".to_vec(),
            None,
            &mut known,
            &mut vec![],
        );
        assert!(matches!(result, Err(TableError::NoColumn { .. })));
    }
}
