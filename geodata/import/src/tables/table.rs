//! A table with a header, whatever its separator, title lines and spelling of column names.

use std::path::{Path, PathBuf};

use super::encoding::{decoded, unpacked};
use super::sheet::{Kind, kind_of, rows_of};

/// How many lines before the header may hold titles and notes.
const TITLE_LINES: usize = 20;

/// A table in memory.
#[derive(Debug)]
pub(crate) struct Table {
    path: PathBuf,
    columns: Vec<String>,
    rows: Vec<(u64, csv::StringRecord)>,
}

/// Why a table is of no use.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It cannot be unpacked.
    #[error("unpacking {}", path.display())]
    Packed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: std::io::Error,
    },
    /// It is a spreadsheet that cannot be read.
    #[error("{} cannot be read as a spreadsheet; save it as CSV and give that file", path.display())]
    Spreadsheet {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: Box<gdal::errors::GdalError>,
    },
    /// A needed column is not there under any known name.
    #[error("{} has no column for {what}; known names are {}", path.display(), names.join(", "))]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// What the column would hold.
        what: &'static str,
        /// Names that would be recognised, whatever their case and accents.
        names: &'static [&'static str],
    },
    /// The table holds nothing of the kind that is asked for.
    #[error("{} is a table of a known layout that holds no {what}", path.display())]
    HasNo {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        what: &'static str,
    },
    /// Several columns could be meant.
    #[error(
        "{} has several columns of values: {}; give it the name of one, as in --zoning {example}=FILE",
        path.display(), columns.join(", ")
    )]
    Ambiguous {
        /// The file.
        path: PathBuf,
        /// Its columns.
        columns: Vec<String>,
        /// The last of them.
        example: String,
    },
    /// A row cannot be read at all.
    #[error("{}: a row cannot be read", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: csv::Error,
    },
}

impl Table {
    /// Reads a table. The header is the first line with a cell named as one of `keys`.
    pub(crate) fn read(
        path: &Path,
        octets: Vec<u8>,
        what: &'static str,
        keys: &'static [&'static str],
    ) -> Result<Self, TableError> {
        if let Some(kind) = kind_of(path, &octets) {
            return Self::of_sheets(path, kind, what, keys);
        }
        let octets =
            unpacked(octets).map_err(|source| TableError::Packed { path: path.to_owned(), source })?;
        let text = decoded(octets);
        let missing = || TableError::NoColumn { path: path.to_owned(), what, names: keys };
        let (skipped, delimiter) = header_of(&text, keys).ok_or_else(missing)?;
        let body: String = text.split_inclusive('\n').skip(skipped).collect();
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(body.as_bytes());
        let failed = |source| TableError::Row { path: path.to_owned(), source };
        let columns = reader.headers().map_err(failed)?.iter().map(plain).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(failed)?;
            let line = record.position().map_or(0, csv::Position::line) + skipped as u64;
            rows.push((line, record));
        }
        Ok(Self { path: path.to_owned(), columns, rows })
    }

    /// The first sheet with a line that has a cell named as one of `keys`.
    fn of_sheets(
        path: &Path,
        kind: Kind,
        what: &'static str,
        keys: &'static [&'static str],
    ) -> Result<Self, TableError> {
        let failed = |error| TableError::Spreadsheet { path: path.to_owned(), source: Box::new(error) };
        for sheet in rows_of(path, kind).map_err(failed)? {
            let is_header = |row: &Vec<String>| row.iter().any(|cell| keys.contains(&plain(cell).as_str()));
            let Some(header) = sheet.iter().take(TITLE_LINES).position(is_header) else { continue };
            let columns = sheet[header].iter().map(|name| plain(name)).collect();
            let rows = (1..).zip(&sheet).skip(header + 1).map(|(line, row)| (line, row.iter().collect()));
            return Ok(Self { path: path.to_owned(), columns, rows: rows.collect() });
        }
        Err(TableError::NoColumn { path: path.to_owned(), what, names: keys })
    }

    /// The refusal to find in a table what its layout does not have.
    pub(crate) fn has_no(&self, what: &'static str) -> TableError {
        TableError::HasNo { path: self.path.clone(), what }
    }

    /// The refusal to choose between columns.
    pub(crate) fn ambiguous(&self) -> TableError {
        let example = self.columns.last().cloned().unwrap_or_default();
        TableError::Ambiguous { path: self.path.clone(), columns: self.columns.clone(), example }
    }

    /// The names of all columns, in small letters, without accents, with `_` for spaces.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The position of the first column that has one of these names, in the order of the names.
    pub(crate) fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.matching(name).next().map(|(position, _)| position))
    }

    /// The positions of the columns of a name, each with the digits that the name's `*` stands for.
    pub(crate) fn matching<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        self.columns.iter().enumerate().filter_map(move |(position, column)| {
            let digits = match name.strip_suffix('*') {
                Some(start) => {
                    column.strip_prefix(start).filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
                }
                None => (column == name).then_some(""),
            };
            digits.map(|digits| (position, digits))
        })
    }

    /// As [`Self::column`], or the error that says what would have been recognised.
    pub(crate) fn need(
        &self,
        what: &'static str,
        names: &'static [&'static str],
    ) -> Result<usize, TableError> {
        self.column(names).ok_or_else(|| TableError::NoColumn { path: self.path.clone(), what, names })
    }

    /// The rows with the lines they began on.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, record)| Row { line: *line, record })
    }
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) line: u64,
    record: &'a csv::StringRecord,
}

impl<'a> Row<'a> {
    /// All cells as they stand.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &'a str> {
        self.record.iter()
    }

    /// The trimmed text of a cell; `None` if the column is absent or the cell empty.
    pub(crate) fn cell(&self, column: Option<usize>) -> Option<&'a str> {
        let text = self.record.get(column?)?.trim();
        (!text.is_empty()).then_some(text)
    }
}

/// Finds the header and its separator.
fn header_of(text: &str, keys: &[&str]) -> Option<(usize, u8)> {
    text.lines().take(TITLE_LINES).enumerate().find_map(|(number, line)| {
        [b';', b',', b'\t'].into_iter().find_map(|delimiter| {
            let mut cells =
                line.split(char::from(delimiter)).map(|cell| plain(cell.trim().trim_matches('"')));
            let named = cells.any(|cell| keys.contains(&cell.as_str()));
            // A lone key in a line of another separator is a title, not a header.
            (named && line.contains(char::from(delimiter))).then_some((number, delimiter))
        })
    })
}

/// A column name in small letters, without accents, with `_` for spaces.
fn plain(name: &str) -> String {
    folded(name.trim().trim_start_matches('\u{feff}')).replace([' ', '-', '.'], "_")
}

/// Small letters without accents: what names and labels have in common over the years.
pub(crate) fn folded(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|letter| match letter {
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'à' | 'â' => 'a',
            'î' | 'ï' => 'i',
            'ô' => 'o',
            'û' | 'ù' | 'ü' => 'u',
            'ç' => 'c',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[&str] = &["com", "codgeo"];

    fn read(text: &str) -> Result<Table, TableError> {
        Table::read(Path::new("table.csv"), text.as_bytes().to_vec(), "the commune's code", KEYS)
    }

    #[test]
    fn title_lines_separators_accents_and_case_do_not_matter() {
        for text in [
            "REG;Région;COM\r\n84;Y;01001\r\n",
            "reg,region,Com\n84,Y,01001\n",
            "Titre; un\n\nREG\tRegion\tCOM\n84\tY\t01001\n",
        ] {
            let table = read(text).unwrap();
            let row = table.rows().next().unwrap();
            assert_eq!(row.cell(table.column(&["com"])), Some("01001"), "{text}");
            assert_eq!(row.cell(table.column(&["region"])), Some("Y"), "{text}");
        }
    }

    #[test]
    fn a_name_with_a_year_is_recognised() {
        let table = read("COM;pmun_2025\n01001;12\n").unwrap();
        assert_eq!(table.column(&["pmun", "pmun_*"]), Some(1));
    }

    #[test]
    fn a_table_without_a_code_says_what_it_looked_for() {
        let error = read("a;b\n1;2\n").unwrap_err().to_string();
        assert!(error.contains("no column for the commune's code") && error.contains("codgeo"), "{error}");
        assert!(matches!(read("PK\u{3}\u{4}..."), Err(TableError::Spreadsheet { .. })));
    }

    #[test]
    fn a_quoted_cell_keeps_its_separator() {
        let table = read("COM,LIBELLE\n01001,\"A, B\"\n").unwrap();
        assert_eq!(table.rows().next().unwrap().cell(Some(1)), Some("A, B"));
    }
}
