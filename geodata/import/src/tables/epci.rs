//! Intercommunal bodies: who belongs to which, and what they are called.

use std::collections::BTreeMap;
use std::path::Path;

use desserte_model::CommuneCode;

use super::codes::read_code;
use super::table::{Table, TableError};
use crate::carry::{Carrier, MEMBERSHIP};
use crate::{Finding, FindingKind};

pub(super) const SIREN: &[&str] = &["siren", "epci", "siren_epci", "code_epci", "codes_siren_des_epci"];
const MEMBER: &[&str] = &["insee", "codgeo", "depcom", "com", "code_insee", "insee_com", "code_commune"];
const NAME: &[&str] = &["raison_sociale", "libepci", "nom_epci", "libelle", "nom"];

/// Membership and names from all EPCI tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct EpciTable {
    pub(crate) members: BTreeMap<CommuneCode, String>,
    pub(crate) names: BTreeMap<String, String>,
}

/// Adds a table: of members (one row for each commune), of names (one row for each EPCI), or of both. Members of another
/// year are carried over if there is a carrier.
pub(crate) fn read_epci(
    path: &Path,
    octets: Vec<u8>,
    carrier: Option<&Carrier>,
    known: &mut EpciTable,
    findings: &mut Vec<Finding>,
) -> Result<usize, TableError> {
    let table = Table::read(path, octets, "the SIREN number of the EPCI", SIREN)?;
    let number = table.need("the SIREN number of the EPCI", SIREN)?;
    let (member, name) = (table.column(MEMBER), table.column(NAME));
    let mut rows = 0;
    let mut members: BTreeMap<CommuneCode, String> = BTreeMap::new();
    for row in table.rows() {
        rows += 1;
        let Some(siren) = row.cell(Some(number)).and_then(siren) else { continue };
        if let Some(name) = row.cell(name) {
            known.names.entry(siren.clone()).or_insert_with(|| name.to_owned());
        }
        let Some(text) = row.cell(member) else { continue };
        let Some(code) = read_code(text).code() else {
            findings.push(Finding::new(
                FindingKind::UnreadableCode,
                text,
                format!("EPCI, line {}", row.line),
            ));
            continue;
        };
        keep_first(&mut members, code, siren, findings);
    }
    if let Some(carrier) = carrier {
        let year = carrier.year_of(&members);
        members = carrier.carry("EPCI", year, members, &MEMBERSHIP, findings);
    }
    for (code, siren) in members {
        keep_first(&mut known.members, code, siren, findings);
    }
    Ok(rows)
}

/// Files a member; a second EPCI for the same commune is reported and not used.
fn keep_first(
    members: &mut BTreeMap<CommuneCode, String>,
    code: CommuneCode,
    siren: String,
    findings: &mut Vec<Finding>,
) {
    let first = members.entry(code).or_insert_with(|| siren.clone());
    if *first != siren {
        let detail = format!("EPCI {first} kept, {siren} found later");
        findings.push(Finding::new(FindingKind::UnitConflict, code, detail));
    }
}

/// Reads a SIREN number; `None` for the marks of "in no EPCI" (`ZZZZZZZZZ`, `NC`, `NR`).
///
/// Admin Express joins two numbers by `/` in Greater Paris: the metropolis, which is the EPCI, comes first.
pub(crate) fn siren(text: &str) -> Option<String> {
    let first = text.split(['/', ',', ';']).next()?.trim();
    (first.len() == 9 && first.bytes().all(|b| b.is_ascii_digit())).then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marks_of_no_epci_are_not_numbers() {
        assert_eq!(siren("200069193").as_deref(), Some("200069193"));
        assert_eq!(siren("200054781/200057966").as_deref(), Some("200054781"));
        for none in ["ZZZZZZZZZ", "NC", "", "12"] {
            assert_eq!(siren(none), None, "{none}");
        }
    }

    #[test]
    fn members_and_names_may_come_in_one_table_or_two() {
        let mut known = EpciTable::default();
        let mut findings = vec![];
        let members = "dept,siren,raison_sociale,insee\n01,200029999,CC Rives de l'Ain,01304\n01,200069193,CC Dombes,01304\n";
        read_epci(Path::new("m.csv"), members.as_bytes().to_vec(), None, &mut known, &mut findings).unwrap();
        let names = "EPCI,NOM_EPCI\n243300316,Bordeaux Métropole\n";
        read_epci(Path::new("n.csv"), names.as_bytes().to_vec(), None, &mut known, &mut findings).unwrap();
        assert_eq!(known.members[&"01304".parse().unwrap()], "200029999");
        assert_eq!(known.names["243300316"], "Bordeaux Métropole");
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].kind, FindingKind::UnitConflict);
    }
}
