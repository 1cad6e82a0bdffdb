//! The official list of communes.

use std::collections::BTreeMap;
use std::path::Path;

use desserte_model::CommuneCode;
use desserte_territory::{CommunePart, PartKind};

use super::codes::{read_code, read_departement};
use super::epci::{SIREN, siren};
use super::table::{Table, TableError};
use crate::{Finding, FindingKind};

const CODE: &[&str] = &["com", "depcom", "codgeo", "code_insee", "insee_com", "code"];
const NAME: &[&str] = &["libelle", "libgeo", "nom_depcom", "nom_commune", "nom", "nom_officiel"];
const DEPARTEMENT: &[&str] = &["dep", "departement", "code_departement", "insee_dep"];
const REGION: &[&str] = &["reg", "region", "code_region", "insee_reg"];
const ARRONDISSEMENT: &[&str] = &["arr", "code_arrondissement", "insee_arr"];

/// Kinds of parts of communes (INSEE, `TYPECOM`).
const KINDS: [(&str, PartKind); 3] =
    [("COMD", PartKind::Delegated), ("COMA", PartKind::Associated), ("ARM", PartKind::Arrondissement)];

/// Communes by code.
pub(crate) type Cog = BTreeMap<CommuneCode, CogRow>;

/// What the list says of a commune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CogRow {
    pub(crate) name: Option<String>,
    pub(crate) departement: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) arrondissement: Option<String>,
    pub(crate) epci: Option<String>,
}

/// Reads the list: communes, and apart from them delegated and associated communes and municipal arrondissements.
///
/// The key of the official file is (`TYPECOM`, `COM`): a delegated commune carries the code of the commune it was, or
/// even of the commune it belongs to. Only rows of type `COM` are communes.
pub(crate) fn read_cog(
    path: &Path,
    octets: Vec<u8>,
    findings: &mut Vec<Finding>,
) -> Result<(Cog, Vec<CommunePart>), TableError> {
    let table = Table::read(path, octets, "the commune's code", CODE)?;
    let code = table.need("the commune's code", CODE)?;
    let kind = table.column(&["typecom"]);
    let (name, departement, region) = (table.column(NAME), table.column(DEPARTEMENT), table.column(REGION));
    let (epci, arrondissement) = (table.column(SIREN), table.column(ARRONDISSEMENT));
    let parent = table.column(&["comparent"]);
    let mut cog = Cog::new();
    let mut parts = Vec::new();
    for row in table.rows() {
        let kind = row.cell(kind).unwrap_or("COM");
        let text = row.cell(Some(code)).unwrap_or_default();
        let Some(code) = read_code(text).code() else {
            findings.push(Finding::new(FindingKind::UnreadableCode, text, format!("COG, line {}", row.line)));
            continue;
        };
        if kind != "COM" {
            let commune = row.cell(parent).and_then(|text| read_code(text).code());
            let known = KINDS.iter().find(|(known, _)| *known == kind).map(|(_, kind)| *kind);
            let name = row.cell(name).unwrap_or_default().to_owned();
            parts.extend(known.zip(commune).map(|(kind, commune)| CommunePart { code, kind, commune, name }));
            continue;
        }
        cog.entry(code).or_insert_with(|| CogRow {
            name: row.cell(name).map(str::to_owned),
            departement: row.cell(departement).and_then(read_departement),
            region: row.cell(region).map(|text| format!("{text:0>2}")),
            arrondissement: row.cell(arrondissement).map(|text| format!("{text:0>3}")),
            epci: row.cell(epci).and_then(siren),
        });
    }
    parts.sort_unstable();
    parts.dedup();
    Ok((cog, parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_communes_are_taken_from_the_official_list() {
        let text = "TYPECOM,COM,REG,DEP,CTCD,ARR,TNCC,NCC,NCCENR,LIBELLE,CAN,COMPARENT\n\
                    COM,01033,84,01,01D,012,0,VALSERHONE,Valserhône,Valserhône,0118,\n\
                    COMD,01033,,,,,0,BELLEGARDE,Bellegarde,Bellegarde-sur-Valserine,,01033\n\
                    ARM,75101,11,75,75C,751,0,PARIS 1,Paris 1,Paris 1er Arrondissement,,75056\n";
        let mut findings = vec![];
        let (cog, parts) = read_cog(Path::new("cog.csv"), text.as_bytes().to_vec(), &mut findings).unwrap();
        assert_eq!(cog.len(), 1);
        let row = &cog[&"01033".parse().unwrap()];
        assert_eq!(row.name.as_deref(), Some("Valserhône"));
        assert_eq!((row.departement.as_deref(), row.region.as_deref()), (Some("01"), Some("84")));
        assert_eq!(row.arrondissement.as_deref(), Some("012"));
        let parts: Vec<_> =
            parts.iter().map(|part| (part.code.as_str(), part.kind, part.commune.as_str())).collect();
        assert_eq!(
            parts,
            [("01033", PartKind::Delegated, "01033"), ("75101", PartKind::Arrondissement, "75056")]
        );
        assert!(findings.is_empty());
    }
}
