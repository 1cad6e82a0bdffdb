//! Tables of numbers as CSV, and what is wrong with their rows.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use csv::ReaderBuilder;
use desserte_evidence::InputFile;
use sha2::{Digest as _, Sha256};

use crate::arguments::Lang;
use crate::locate::columns::delimiter;
use crate::locate::text::{HEAD, opened};
use crate::locate::{is_parquet, number};
use crate::out::{Failure, Outcome};

/// What stands in a cell for *not known*, in small letters; INSEE writes `nd`, `ns` and `s`.
const MISSING: [&str; 9] = ["", "na", "n/a", "nan", "null", "none", "nd", "ns", "s"];

/// Faults that are told; one more line says how many there are beside.
const TOLD_MAX: usize = 20;

/// Whether a cell says that something is not known.
pub(crate) fn is_missing(cell: &str) -> bool {
    MISSING.iter().any(|missing| cell.eq_ignore_ascii_case(missing))
}

/// A table that is read, possibly from gzip.
pub(crate) struct Sheet {
    pub(crate) reader: csv::Reader<Box<dyn Read>>,
    /// Names of the columns.
    pub(crate) names: Vec<String>,
    /// Where commas separate cells, none can be within a number.
    pub(crate) decimal_comma: bool,
}

impl Sheet {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        if is_parquet(path)? {
            return Err(Failure::usage(anyhow!("{name}: this is Parquet; give the table as CSV")));
        }
        let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
        let mut input = opened(file, path);
        let mut head = Vec::new();
        (&mut input)
            .take(HEAD as u64)
            .read_to_end(&mut head)
            .with_context(|| format!("cannot read {name}"))?;
        let delimiter = delimiter(&head);
        let all: Box<dyn Read> = Box::new(Cursor::new(head).chain(input));
        let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(all);
        let header = reader.byte_headers().with_context(|| format!("cannot read the header of {name}"))?;
        let text = |name| String::from_utf8_lossy(name).trim_start_matches('\u{feff}').trim().to_owned();
        let names = header.iter().map(text).collect();
        Ok(Self { reader, names, decimal_comma: delimiter != b',' })
    }
}

/// A file by its name and digest, as studies name what they were made from.
pub(crate) fn input(path: &Path) -> anyhow::Result<InputFile> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let unreadable = || format!("cannot read {}", path.display());
    let mut digest = Sha256::new();
    let mut file = File::open(path).with_context(unreadable)?;
    let mut piece = vec![0; HEAD];
    loop {
        let count = file.read(&mut piece).with_context(unreadable)?;
        if count == 0 {
            break;
        }
        digest.update(&piece[..count]);
    }
    Ok(InputFile { name, sha256: hex::encode(digest.finalize()) })
}

/// What is wrong with the rows of a table, by lines.
#[derive(Default)]
pub(crate) struct Faults {
    told: Vec<(u64, Fault)>,
    count: usize,
}

impl Faults {
    pub(crate) fn add(&mut self, line: u64, fault: Fault) {
        self.count += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push((line, fault));
        }
    }

    /// A number, or `None` where it is missing; anything else is a fault.
    pub(crate) fn number(
        &mut self,
        line: u64,
        column: &str,
        cell: &str,
        decimal_comma: bool,
        not_negative: bool,
    ) -> Option<f64> {
        if is_missing(cell) {
            return None;
        }
        let (column, text) = (column.to_owned(), cell.to_owned());
        match number::parse(cell.as_bytes(), decimal_comma).map(|number| number.value) {
            None => self.add(line, Fault::NoNumber { column, text }),
            Some(number) if not_negative && number < 0.0 => self.add(line, Fault::Negative { column, text }),
            number => return number,
        }
        None
    }

    /// Refuses the table if a row was faulty.
    pub(crate) fn end(&self, file: &Path, lang: Lang) -> Outcome {
        if self.told.is_empty() {
            return Ok(());
        }
        let name = file.display();
        let told = self.told.iter().map(|(line, fault)| format!("{name}:{line}: {}", fault.told(lang)));
        let mut lines: Vec<String> = told.collect();
        if self.count > self.told.len() {
            lines.push(more(self.count - self.told.len(), lang));
        }
        Err(anyhow!("{}", lines.join("\n")).into())
    }
}

/// What is wrong with a row.
pub(crate) enum Fault {
    NoKey,
    Twice {
        key: String,
        first: u64,
    },
    NoCluster,
    Missing {
        column: String,
    },
    NoNumber {
        column: String,
        text: String,
    },
    Negative {
        column: String,
        text: String,
    },
    NoFlag {
        column: String,
        text: String,
    },
    NoTime {
        column: String,
        text: String,
    },
    NoDay {
        column: String,
        text: String,
    },
    /// A code that is not one commune of the territory; the communes that it may be.
    NoCommune {
        text: String,
        candidates: Vec<String>,
    },
}

impl Fault {
    fn told(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::NoKey, Lang::Fr) => "clé vide".to_owned(),
            (Self::NoKey, Lang::En) => "the key is empty".to_owned(),
            (Self::Twice { key, first }, Lang::Fr) => format!("{key} est déjà à la ligne {first}"),
            (Self::Twice { key, first }, Lang::En) => format!("{key} is on line {first} already"),
            (Self::NoCluster, Lang::Fr) => "grappe ou jour manquant : la ligne ne peut être tirée".to_owned(),
            (Self::NoCluster, Lang::En) => {
                "the cluster or the day is missing: the row cannot be drawn".to_owned()
            }
            (Self::Missing { column }, Lang::Fr) => format!("{column} : poids manquant"),
            (Self::Missing { column }, Lang::En) => format!("{column}: the weight is missing"),
            (Self::NoNumber { column, text }, Lang::Fr) => format!("{column} : {text:?} n'est pas un nombre"),
            (Self::NoNumber { column, text }, Lang::En) => format!("{column}: {text:?} is not a number"),
            (Self::Negative { column, text }, Lang::Fr) => format!("{column} : {text} est négatif"),
            (Self::NoFlag { column, text }, Lang::Fr) => format!("{column} : {text:?} n'est ni 0 ni 1"),
            (Self::NoFlag { column, text }, Lang::En) => format!("{column}: {text:?} is neither 0 nor 1"),
            (Self::NoTime { column, text }, Lang::Fr) => {
                format!("{column} : {text:?} n'est pas une heure locale telle que 2026-11-23T09:00:00")
            }
            (Self::NoTime { column, text }, Lang::En) => {
                format!("{column}: {text:?} is no local time such as 2026-11-23T09:00:00")
            }
            (Self::NoDay { column, text }, Lang::Fr) => {
                format!("{column} : {text:?} ne commence pas par un jour tel que 2026-11-23")
            }
            (Self::NoDay { column, text }, Lang::En) => {
                format!("{column}: {text:?} does not begin with a day such as 2026-11-23")
            }
            (Self::NoCommune { text, candidates }, Lang::Fr) if candidates.is_empty() => {
                format!("{text:?} n'est le code d'aucune commune du territoire, ni l'un de ses anciens codes")
            }
            (Self::NoCommune { text, candidates }, Lang::En) if candidates.is_empty() => {
                format!("{text:?} is no code of a commune of the territory, nor a former one")
            }
            (Self::NoCommune { text, candidates }, Lang::Fr) => {
                format!("{text} est aujourd'hui à plusieurs communes : {}", candidates.join(", "))
            }
            (Self::NoCommune { text, candidates }, Lang::En) => {
                format!("{text} is several communes today: {}", candidates.join(", "))
            }
            (Self::Negative { column, text }, Lang::En) => format!("{column}: {text} is negative"),
        }
    }
}

fn more(count: usize, lang: Lang) -> String {
    match lang {
        Lang::Fr => format!("et {count} autres défauts"),
        Lang::En => format!("and {count} more faults"),
    }
}
