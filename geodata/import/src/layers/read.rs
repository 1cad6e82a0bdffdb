//! Rows to values.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use desserte_model::CommuneCode;

use super::RawZoning;
use super::cells::{Reading, Zone, as_it_stands, postcodes};
use super::layout::{CODE, Names, ZoneColumn, layout_of};
use crate::tables::{CodeReading, Row, Table, TableError, read_code};
use crate::{Finding, FindingKind};

/// Columns of names: what a table of codes and values may have beside the two.
const LABELS: &[&str] = &[
    "libgeo",
    "libelle",
    "nom",
    "nom_commune",
    "nom_com",
    "commune",
    "lib_com",
    "dep",
    "reg",
    "departement",
    "region",
    "code_departement",
    "code_region",
    "insee_dep",
    "insee_reg",
    "lib_dep",
    "lib_reg",
];

/// The zoning in which the collector's search finds the postcodes of a commune, and the columns that publishers keep them in. A commune may
/// have several, in one row or in several.
const POSTCODES: &str = "code_postal";
const POSTCODE_COLUMNS: Names = &["code_postal", "codes_postaux"];

/// A zoning to read: where its cells are.
struct Wanted {
    name: String,
    cells: Vec<usize>,
    when: Option<(usize, &'static str)>,
    read: Reading,
}

/// Reads the zonings of a table that is asked for as `name`.
///
/// A file with one zoning gives it that name. Of a file with several, `name` picks the one that is called so; any other
/// name takes all of them, as `name_key`.
pub(crate) fn read_zonings(
    name: &str,
    path: &Path,
    octets: Vec<u8>,
    findings: &mut Vec<Finding>,
) -> Result<Vec<RawZoning>, TableError> {
    let table = Table::read(path, octets, "the commune's code", CODE)?;
    let code = table.need("the commune's code", CODE)?;
    // Publishers of other things give postcodes beside them.
    let layout = if name == POSTCODES { None } else { layout_of(&table) };
    let wanted = match layout {
        Some(layout) if layout.zonings.is_empty() => return Err(table.has_no("zoning")),
        Some(layout) => {
            let found = layout.zonings.iter().flat_map(|column| found(&table, column)).collect();
            named(name, found, |wanted| &mut wanted.name)
        }
        None => vec![generic(name, &table, code)?],
    };
    let only = layout.and_then(|layout| filter(&table, layout.only));
    let rows = Rows { name, table: &table, code, only };
    let mut zonings: Vec<RawZoning> = wanted
        .iter()
        .map(|wanted| RawZoning { name: wanted.name.clone(), values: BTreeMap::new() })
        .collect();
    rows.each(findings, |code, row, findings| {
        for (wanted, zoning) in wanted.iter().zip(&mut zonings) {
            if !fits(row, wanted.when) {
                continue;
            }
            let cells: Vec<Option<&str>> = wanted.cells.iter().map(|cell| row.cell(Some(*cell))).collect();
            let read = (wanted.read)(&cells);
            file(zoning, code, read, &cells, row.line, findings);
        }
    });
    Ok(zonings)
}

/// Files what a row says of a commune's zone.
fn file(
    zoning: &mut RawZoning,
    code: CommuneCode,
    zone: Zone,
    cells: &[Option<&str>],
    line: u64,
    findings: &mut Vec<Finding>,
) {
    let name = &zoning.name;
    let written = || cells.iter().map(|cell| cell.unwrap_or_default()).collect::<Vec<_>>().join(" | ");
    let value = match zone {
        Zone::Absent => return,
        Zone::Unreadable => {
            let detail = format!("{name}: {:?}, line {line}", written());
            findings.push(Finding::new(FindingKind::UnreadableValue, code, detail));
            return;
        }
        Zone::Restored(value) => {
            let detail = format!("{name}: {value} from {:?}", written());
            findings.push(Finding::new(FindingKind::RestoredValue, code, detail));
            value
        }
        Zone::Value(value) => value,
        Zone::Several(values) => {
            let all = zoning.values.entry(code).or_default();
            for value in values.split(' ') {
                if !all.split(' ').any(|known| known == value) {
                    let space = if all.is_empty() { "" } else { " " };
                    *all = format!("{all}{space}{value}");
                }
            }
            return;
        }
    };
    match zoning.values.entry(code) {
        Entry::Vacant(entry) => {
            entry.insert(value);
        }
        Entry::Occupied(first) if *first.get() != value => {
            let detail = format!("{name}: {} kept, {value} found later, line {line}", first.get());
            findings.push(Finding::new(FindingKind::LayerConflict, code, detail));
        }
        Entry::Occupied(_) => {
            let detail = format!("{name}: {value} again, line {line}");
            findings.push(Finding::new(FindingKind::LayerRepeated, code, detail));
        }
    }
}

/// The rows of a table by commune.
pub(super) struct Rows<'a> {
    /// What the table is asked for as, for findings.
    pub(super) name: &'a str,
    pub(super) table: &'a Table,
    pub(super) code: usize,
    pub(super) only: Option<(usize, &'static str)>,
}

impl Rows<'_> {
    /// Says the code of every row that has a readable one and is to be read.
    pub(super) fn each(
        &self,
        findings: &mut Vec<Finding>,
        mut say: impl FnMut(CommuneCode, Row<'_>, &mut Vec<Finding>),
    ) {
        for row in self.table.rows().filter(|row| fits(*row, self.only)) {
            let text = row.cell(Some(self.code)).unwrap_or_default();
            let reading = read_code(text);
            let Some(code) = reading.code() else {
                let detail = format!("{}, line {}", self.name, row.line);
                findings.push(Finding::new(FindingKind::UnreadableCode, text, detail));
                continue;
            };
            if matches!(reading, CodeReading::Restored(_)) {
                let detail = format!("{}, from {text:?}", self.name);
                findings.push(Finding::new(FindingKind::RestoredCode, code, detail));
            }
            say(code, row, findings);
        }
    }
}

pub(super) fn fits(row: Row<'_>, condition: Option<(usize, &str)>) -> bool {
    condition.is_none_or(|(column, text)| row.cell(Some(column)) == Some(text))
}

pub(super) fn filter(
    table: &Table,
    condition: Option<(&'static str, &'static str)>,
) -> Option<(usize, &'static str)> {
    condition.and_then(|(column, text)| Some((table.column(&[column])?, text)))
}

/// The zonings that a column of a layout stands for in this table, under their keys: none if it is not there, several if
/// the table has it for several years.
fn found(table: &Table, column: &ZoneColumn) -> Vec<Wanted> {
    let wanted =
        |name: String, cells| Wanted { name, cells, when: filter(table, column.when), read: column.read };
    if let Some(stem) = column.key.strip_suffix('*') {
        let names = column.cells.first().copied().unwrap_or_default();
        let matches = names.iter().flat_map(|name| table.matching(name));
        return matches.map(|(cell, digits)| wanted(format!("{stem}{digits}"), vec![cell])).collect();
    }
    let cells: Option<Vec<usize>> = column.cells.iter().map(|names| table.column(names)).collect();
    cells.map(|cells| wanted(column.key.to_owned(), cells)).into_iter().collect()
}

/// Gives layers their names by what the file was asked for as.
pub(super) fn named<T>(name: &str, mut found: Vec<T>, of: impl Fn(&mut T) -> &mut String) -> Vec<T> {
    if let Some(at) = found.iter_mut().position(|layer| of(layer) == name) {
        return vec![found.swap_remove(at)];
    }
    if let [only] = found.as_mut_slice() {
        name.clone_into(of(only));
    } else {
        for layer in &mut found {
            let key = of(layer);
            *key = format!("{name}_{key}");
        }
    }
    found
}

/// A table of codes and values: the column called `name`, else the only one beside names; a list of codes alone says that
/// they are in the zone.
fn generic(name: &str, table: &Table, code: usize) -> Result<Wanted, TableError> {
    let others: Vec<usize> = (0..table.columns().len())
        .filter(|column| *column != code && !LABELS.contains(&table.columns()[*column].as_str()))
        .collect();
    let is_postcodes = name == POSTCODES;
    let called = if is_postcodes { table.column(POSTCODE_COLUMNS) } else { table.column(&[name]) };
    let called = called.filter(|column| *column != code);
    let (cells, read): (Vec<usize>, Reading) = match (called, others.as_slice()) {
        (Some(column), _) if is_postcodes => (vec![column], postcodes),
        (Some(column), _) => (vec![column], as_it_stands),
        (None, [column]) => (vec![*column], as_it_stands),
        (None, []) => (vec![], |_| Zone::Value("oui".to_owned())),
        (None, _) => return Err(table.ambiguous()),
    };
    Ok(Wanted { name: name.to_owned(), cells, when: None, read })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> (Vec<RawZoning>, Vec<Finding>) {
        let mut findings = vec![];
        let zonings =
            read_zonings(name, Path::new("t.csv"), text.as_bytes().to_vec(), &mut findings).unwrap();
        (zonings, findings)
    }

    fn values(zoning: &RawZoning) -> Vec<(String, &str)> {
        zoning.values.iter().map(|(code, value)| (code.to_string(), value.as_str())).collect()
    }

    #[test]
    fn a_file_with_several_zonings_gives_all_or_the_one_asked_for() {
        let text = "CODGEO,LIBGEO,CV,ZE2020,UU2020,AAV2020,CATEAAV2020,BV2022\n01001,A,0108,8405,01000,524,20,01093\n2A004,B,2A01,9401,2A501,093,11,2A004\n";
        let (all, findings) = read("insee", text);
        let names: Vec<_> = all.iter().map(|zoning| zoning.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "insee_cv",
                "insee_ze2020",
                "insee_uu2020",
                "insee_aav2020",
                "insee_cateaav2020",
                "insee_bv2022"
            ]
        );
        let (one, _) = read("uu2020", text);
        assert_eq!(values(&one[0]), [("01001".to_owned(), "01000"), ("2A004".to_owned(), "2A501")]);
        assert_eq!((one.len(), findings.len()), (1, 0));
    }

    #[test]
    fn a_plain_table_is_read_as_codes_and_values_and_a_list_as_membership() {
        let (plain, _) = read("littoral", "insee_com;nom_commune;classement\n17300;La Rochelle;Mer\n");
        assert_eq!(values(&plain[0]), [("17300".to_owned(), "Mer")]);
        let (list, _) = read("montagne", "code_insee;nom\n73000;X\n");
        assert_eq!(values(&list[0]), [("73000".to_owned(), "oui")]);
        let error = read_zonings("z", Path::new("t.csv"), b"code;a;b\n01001;1;2\n".to_vec(), &mut vec![]);
        assert!(error.unwrap_err().to_string().contains("a, b"));
        let (called, _) = read("b", "code;a;b\n01001;1;2\n");
        assert_eq!(values(&called[0]), [("01001".to_owned(), "2")]);
    }

    #[test]
    fn rows_that_cannot_be_read_are_told_and_contradictions_too() {
        let text = "code_insee;fermeture_technique;output_usager\n1004;31/01/2027;le 31 janvier 2027\n01004;31/01/2028;x\nZ;;\n";
        let (zonings, findings) = read("cuivre", text);
        assert_eq!(values(&zonings[0]), [("01004".to_owned(), "prevu")]);
        assert_eq!(values(&zonings[1]), [("01004".to_owned(), "2027-01-31")]);
        use FindingKind::{LayerConflict, RestoredCode, UnreadableCode, UnreadableValue};
        let kinds: Vec<_> = findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [RestoredCode, UnreadableValue, LayerConflict, UnreadableCode]);
    }

    #[test]
    fn a_commune_that_stands_twice_is_named_with_its_line_whether_its_rows_agree_or_not() {
        let (zonings, findings) =
            read("littoral", "code;classement\n17300;Mer\n17301;Mer\n17300;Mer\n17301;Lac\n");
        assert_eq!(zonings[0].values.len(), 2);
        let told: Vec<_> = findings.iter().map(|finding| (finding.kind, finding.detail.as_str())).collect();
        let expected = [
            (FindingKind::LayerRepeated, "littoral: Mer again, line 4"),
            (FindingKind::LayerConflict, "littoral: Mer kept, Lac found later, line 5"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn postcodes_of_a_commune_are_read_from_one_row_or_from_several() {
        let text = "Code_commune_INSEE;Nom_de_la_commune;Code_postal;Ligne_5\n2A004;AJACCIO;20000;\n2A004;AJACCIO;20167;MEZZAVIA\n2A004;AJACCIO;20000;\n23096;GUERET;23000;\n";
        let (zonings, findings) = read("code_postal", text);
        assert_eq!(values(&zonings[0]), [("23096".to_owned(), "23000"), ("2A004".to_owned(), "20000 20167")]);
        let text =
            "code,nom,departement,codes_postaux,population\n2A004,Ajaccio,2A,20000|20090|20167,76320\n";
        assert_eq!(values(&read("code_postal", text).0[0]), [("2A004".to_owned(), "20000 20090 20167")]);
        assert!(findings.is_empty(), "{findings:?}");
    }

    #[test]
    fn a_table_with_two_rows_for_each_commune_is_read_by_kind_of_row() {
        let text =
            "t\n\nCode commune,Champ,T4 2017,T1 2018\n01001,Locaux Raccordables,7,9\n01001,Catégorie,0,25\n";
        let (zonings, findings) = read("ftth", text);
        let read: Vec<_> = zonings.iter().map(|zoning| (zoning.name.as_str(), values(zoning)[0].1)).collect();
        assert_eq!(read, [("ftth_categorie_t1_2018", "25"), ("ftth_categorie_t4_2017", "0")]);
        assert!(findings.is_empty(), "{findings:?}");
    }
}
