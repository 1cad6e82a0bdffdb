//! Rows to numbers.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use desserte_model::CommuneCode;
use desserte_territory::FigureValue;

use super::RawFigure;
use super::layout::{CODE, FigureColumn, Layout, Rule, layout_of};
use super::read::{Rows, filter, fits, named};
use crate::tables::{Row, Table, TableError};
use crate::{Finding, FindingKind};

/// A figure to read: where its cell is.
struct Wanted {
    figure: RawFigure,
    cell: usize,
    when: Option<(usize, &'static str)>,
}

/// Reads the figures of a table that is asked for as `name`, which names them as zonings are named.
pub(crate) fn read_figures(
    name: &str,
    path: &Path,
    octets: Vec<u8>,
    findings: &mut Vec<Finding>,
) -> Result<Vec<RawFigure>, TableError> {
    let table = Table::read(path, octets, "the commune's code", CODE)?;
    let code = table.need("the commune's code", CODE)?;
    let layout = layout_of(&table).filter(|layout| !layout.figures.is_empty());
    let layout = layout.ok_or_else(|| table.has_no("figure"))?;
    let found = layout.figures.iter().flat_map(|column| found(&table, column)).collect();
    let mut wanted = named(name, found, |wanted: &mut Wanted| &mut wanted.figure.name);
    let rows = Rows { name, table: &table, code, only: filter(&table, layout.only) };
    rows.each(findings, |code, row, findings| {
        check_rule(name, &table, layout, code, row, findings);
        for Wanted { figure, cell, when } in &mut wanted {
            if fits(row, *when) {
                file(figure, code, row, *cell, findings);
            }
        }
    });
    Ok(wanted.into_iter().map(|wanted| wanted.figure).collect())
}

fn file(figure: &mut RawFigure, code: CommuneCode, row: Row<'_>, cell: usize, findings: &mut Vec<Finding>) {
    let Some(text) = row.cell(Some(cell)) else { return };
    let Some(value) = read_figure(text) else {
        let detail = format!("{}: {text:?}, line {}", figure.name, row.line);
        findings.push(Finding::new(FindingKind::UnreadableValue, code, detail));
        return;
    };
    match figure.values.entry(code) {
        Entry::Vacant(entry) => {
            entry.insert(value);
        }
        Entry::Occupied(first) if *first.get() != value => {
            let (name, line) = (&figure.name, row.line);
            let detail = format!("{name}: {:?} kept, {value:?} found later, line {line}", first.get());
            findings.push(Finding::new(FindingKind::LayerConflict, code, detail));
        }
        Entry::Occupied(_) => {
            let detail = format!("{}: {text} again, line {}", figure.name, row.line);
            findings.push(Finding::new(FindingKind::LayerRepeated, code, detail));
        }
    }
}

/// Reads a number with a decimal comma or point and spaces between thousands, or the reason why there is none.
///
/// # Missing data
/// `s` is statistical secret; `nd` and its like, and a dash, that the source has none: neither is zero. `None` for
/// anything else that is no number.
fn read_figure(text: &str) -> Option<FigureValue> {
    let tight: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    match tight.to_ascii_lowercase().as_str() {
        "s" => Some(FigureValue::Secret),
        "nd" | "na" | "n/a" | "nc" | "nr" | "null" | "-" => Some(FigureValue::Unavailable),
        number if number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.' | b'-')) => {
            number.replace(',', ".").parse().ok().map(FigureValue::Known)
        }
        _ => None,
    }
}

/// The figures that a column of a layout stands for in this table, under their keys.
fn found(table: &Table, column: &FigureColumn) -> Vec<Wanted> {
    let when = filter(table, column.when);
    let matches = column.names.iter().flat_map(|name| table.matching(name));
    let wanted = matches.map(|(cell, digits)| Wanted {
        figure: RawFigure {
            name: column
                .key
                .strip_suffix('*')
                .map_or_else(|| column.key.to_owned(), |stem| format!("{stem}{digits}")),
            unit: column.unit.to_owned(),
            period: period(column.key, digits),
            additive: column.additive,
            values: BTreeMap::new(),
        },
        cell,
        when,
    });
    // Without digits in the key, two columns would have one name: the first is meant.
    wanted.take(if column.key.ends_with('*') { usize::MAX } else { 1 }).collect()
}

/// What the digits of a column's name say: `21` is 2021; `2018` behind a key of a first quarter is its quarter.
fn period(key: &str, digits: &str) -> Option<String> {
    match digits.len() {
        2 => Some(format!("20{digits}")),
        4 => {
            let quarter =
                ["t1", "t2", "t3", "t4"].into_iter().find(|quarter| key.ends_with(&format!("_{quarter}_*")));
            Some(
                quarter.map_or_else(
                    || digits.to_owned(),
                    |quarter| format!("{digits}-{}", quarter.to_uppercase()),
                ),
            )
        }
        _ => None,
    }
}

/// Reports a row whose numbers contradict each other; the numbers stay as they are.
fn check_rule(
    name: &str,
    table: &Table,
    layout: &Layout,
    code: CommuneCode,
    row: Row<'_>,
    findings: &mut Vec<Finding>,
) {
    let number = |column: &str| {
        let text = row.cell(table.column(&[column]))?;
        read_figure(text)?.known()
    };
    let broken = match &layout.rule {
        None => None,
        Some(Rule::Sum { whole, parts }) => {
            let sum: Option<f64> = parts.iter().map(|part| number(part)).sum();
            // Counts are whole numbers, so half of one is nobody's premise.
            number(whole).zip(sum).filter(|(whole, sum)| (whole - sum).abs() > 0.5).map(|(all, sum)| {
                format!("{name}: {whole} is {all}, its parts add up to {sum}, line {}", row.line)
            })
        }
        Some(Rule::AtMost { whole, parts }) => number(whole).and_then(|all| {
            let (part, more) = parts
                .iter()
                .filter_map(|part| Some((part, number(part)?)))
                .find(|(_, count)| *count > all + 0.5)?;
            Some(format!("{name}: {part} is {more}, more than {whole} with {all}, line {}", row.line))
        }),
    };
    if let Some(detail) = broken {
        findings.push(Finding::new(FindingKind::FigureContradiction, code, detail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FigureValue::{Known, Secret, Unavailable};

    fn read(name: &str, text: &[u8]) -> (Vec<RawFigure>, Vec<Finding>) {
        let mut findings = vec![];
        let figures = read_figures(name, Path::new("t.csv"), text.to_vec(), &mut findings).unwrap();
        (figures, findings)
    }

    fn values(figure: &RawFigure) -> Vec<(&str, FigureValue)> {
        figure.values.iter().map(|(code, value)| (code.as_str(), *value)).collect()
    }

    #[test]
    fn numbers_and_the_reasons_of_their_absence_are_told_apart() {
        for (text, expected) in [
            ("21660", Some(Known(21_660.0))),
            ("50,0", Some(Known(50.0))),
            ("-14,8", Some(Known(-14.8))),
            ("12 394", Some(Known(12_394.0))),
            ("0", Some(Known(0.0))),
            ("s", Some(Secret)),
            ("nd", Some(Unavailable)),
            ("-", Some(Unavailable)),
            ("#VALEUR!", None),
            ("1,2,3", None),
        ] {
            assert_eq!(read_figure(text), expected, "{text}");
        }
    }

    #[test]
    fn incomes_carry_their_year_and_their_secrets() {
        let text = "CODGEO;NBMENFISC21;NBPERSMENFISC21;MED21;TP6021;D121;D921;RD21\n01001;346;895;25820;s;s;s;s\n01002;;;nd;17,0;;;\n";
        let (figures, findings) = read("filosofi", text.as_bytes());
        let named: Vec<_> = figures.iter().map(|figure| figure.name.as_str()).collect();
        assert_eq!(
            named,
            [
                "filosofi_menages",
                "filosofi_personnes",
                "filosofi_med",
                "filosofi_tp60",
                "filosofi_d1",
                "filosofi_d9",
                "filosofi_rd"
            ]
        );
        assert_eq!(figures[2].period.as_deref(), Some("2021"));
        assert_eq!(values(&figures[2]), [("01001", Known(25_820.0)), ("01002", Unavailable)]);
        assert_eq!(values(&figures[3]), [("01001", Secret), ("01002", Known(17.0))]);
        assert_eq!(values(&figures[4]), [("01001", Secret)], "an empty cell says nothing");
        assert!(findings.is_empty());
        let (one, _) = read("med", text.as_bytes());
        assert_eq!(one.len(), 1);
    }

    #[test]
    fn tables_of_connections_are_read_for_all_premises_and_checked() {
        let text = b"code_insee;nbr;type;elig_ftth;elig_coax;elig_cu;elig_thdr;elig_4fg;elig_hdr;elig_sat;date\n\
            1004;10;all;8;0;9;0;3;0;10;2020-12-31\n1004;4;pro;4;0;4;0;0;0;4;2020-12-31\n01005;5;all;6;0;0;0;0;0;5;x\n";
        let (figures, findings) = read("techno", text);
        let of = |name: &str| values(figures.iter().find(|figure| figure.name == name).unwrap());
        assert_eq!(of("techno_elig_4gf"), [("01004", Known(3.0)), ("01005", Known(0.0))], "the older name");
        assert_eq!(of("techno_locaux"), [("01004", Known(10.0)), ("01005", Known(5.0))]);
        use FindingKind::{FigureContradiction, RestoredCode};
        let kinds: Vec<_> = findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [RestoredCode, FigureContradiction]);

        let text = b"code_insee;nbr;nbr_elig_8;elig_ftth;elig_coax;elig_cu_30;elig_thdr;elig_cu_8;elig_4gf;elig_hdr;elig_sat\n\
            01004;12;10;6;1;1;0;1;1;0;0\n01005;12;10;6;1;1;0;1;1;1;0\n";
        let (figures, findings) = read("meilleure", text);
        assert_eq!((figures.len(), findings.len()), (10, 1), "one row adds up to 11");

        let text = b"code_insee;nbr;type;inel_hd;elig_hd05;elig_hd3;elig_bhd8;elig_thd30;elig_thd100;elig_thd1g;date\n01004;10;all;0;10;10;9;8;8;8;x\n";
        let (figures, _) = read("filaire", text);
        assert_eq!(
            figures.iter().find(|f| f.name == "filaire_elig_thd30").map(values),
            Some(vec![("01004", Known(8.0))])
        );
    }

    #[test]
    fn premises_of_2018_are_read_by_quarter() {
        let text =
            "t\n\nCode commune,Champ,T4 2017,T1 2018\n01001,Locaux Raccordables,7,9\n01001,Catégorie,0,25\n";
        let (figures, _) = read("ftth", text.as_bytes());
        let told: Vec<_> = figures
            .iter()
            .map(|figure| (figure.name.as_str(), figure.period.as_deref().unwrap(), values(figure)[0].1))
            .collect();
        assert_eq!(
            told,
            [
                ("ftth_raccordables_t1_2018", "2018-T1", Known(9.0)),
                ("ftth_raccordables_t4_2017", "2017-T4", Known(7.0))
            ]
        );
    }

    #[test]
    fn a_table_without_figures_is_refused() {
        let text = b"DEPCOM,zonage_abc\n01001,Zone C\n".to_vec();
        let error = read_figures("x", Path::new("abc.csv"), text, &mut vec![]).unwrap_err();
        assert!(error.to_string().contains("no figure"), "{error}");
    }
}
