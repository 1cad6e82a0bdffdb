//! The places of a table, their values, and which are beside which.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use csv::ByteRecord;
use desserte_model::CommuneCode;
use desserte_territory::Territory;

use super::MoranArguments;
use crate::locate::columns::column;
use crate::out::Failure;
use crate::sheet::{Fault, Faults, Sheet};
use crate::vintage::Codes;

/// One entry a place in `names`, `values` and `around`, in the order of the table.
pub(super) struct Places {
    pub(super) names: Vec<String>,
    pub(super) values: Vec<Option<f64>>,
    pub(super) around: Vec<Vec<usize>>,
    /// Codes of another year, with what they are now.
    pub(super) translated: Vec<(String, String)>,
    /// Where neighbours come from.
    pub(super) source: String,
}

impl Places {
    pub(super) fn read(arguments: &MoranArguments) -> Result<Self, Failure> {
        match &arguments.territory {
            Some(file) => Self::of_territory(arguments, &Territory::open(file)?),
            None => {
                let (names, values) =
                    rows(arguments, |line, text, faults, seen: &mut HashMap<String, u64>| {
                        match seen.get(text).copied() {
                            _ if text.is_empty() => faults.add(line, Fault::NoKey),
                            Some(first) => faults.add(line, Fault::Twice { key: text.to_owned(), first }),
                            None => _ = seen.insert(text.to_owned(), line),
                        }
                        Some(text.to_owned())
                    })?;
                let file = arguments.neighbours.as_deref().unwrap_or(Path::new(""));
                let around = pairs(file, &names)?;
                Ok(Self { names, values, around, translated: Vec::new(), source: file.display().to_string() })
            }
        }
    }

    fn of_territory(arguments: &MoranArguments, territory: &Territory) -> Result<Self, Failure> {
        let mut codes = Codes::new(territory, arguments.from);
        let (found, values): (Vec<CommuneCode>, _) =
            rows(arguments, |line, text, faults, (): &mut ()| codes.read(line, text, faults))?;
        let places: HashMap<CommuneCode, usize> = found.iter().copied().zip(0..).collect();
        let around = |code: &CommuneCode| {
            territory.neighbours(*code).filter_map(|beside| places.get(&beside.code).copied()).collect()
        };
        let translated = codes.translated().into_iter().map(|(from, to)| (from, to.to_string())).collect();
        Ok(Self {
            around: found.iter().map(around).collect(),
            names: found.iter().map(CommuneCode::to_string).collect(),
            values,
            translated,
            source: format!(
                "{} ({})",
                arguments.territory.as_deref().unwrap_or(Path::new("")).display(),
                territory.vintage().as_year()
            ),
        })
    }

    /// How many have a value and a neighbour that has one.
    pub(super) fn kept(&self) -> usize {
        let known = |at: &usize| self.values[*at].is_some();
        (0..self.names.len()).filter(|at| known(at) && self.around[*at].iter().any(known)).count()
    }

    pub(super) fn without_value(&self) -> usize {
        self.values.iter().filter(|value| value.is_none()).count()
    }

    /// Places with a value and no neighbour that has one.
    pub(super) fn islands(&self) -> Vec<&str> {
        let known = |at: &usize| self.values[*at].is_some();
        let alone = |at: &usize| known(at) && !self.around[*at].iter().any(known);
        (0..self.names.len()).filter(alone).map(|at| self.names[at].as_str()).collect()
    }
}

/// The rows of the table, each place as `place` reads it.
fn rows<T, S: Default>(
    arguments: &MoranArguments,
    mut place: impl FnMut(u64, &str, &mut Faults, &mut S) -> Option<T>,
) -> Result<(Vec<T>, Vec<Option<f64>>), Failure> {
    let name = arguments.file.display();
    let Sheet { mut reader, names, decimal_comma } = Sheet::open(&arguments.file)?;
    let find = |wanted: &str, option: &str| {
        column(&names, wanted, option).map_err(|error| Failure::usage(anyhow!("{name}: {error}")))
    };
    let (key, value) = (find(&arguments.key, "--key")?, find(&arguments.value, "--value")?);
    let (mut faults, mut seen) = (Faults::default(), S::default());
    let (mut found, mut values) = (Vec::new(), Vec::new());
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_owned();
        let read = place(line, &cell(key), &mut faults, &mut seen);
        let number = faults.number(line, &arguments.value, &cell(value), decimal_comma, false);
        if let Some(read) = read {
            found.push(read);
            values.push(number);
        }
    }
    faults.end(&arguments.file, arguments.lang)?;
    Ok((found, values))
}

/// The neighbours of each place, from a table of pairs. Pairs with a place that is not asked for are passed over.
fn pairs(file: &Path, names: &[String]) -> Result<Vec<Vec<usize>>, Failure> {
    let name = file.display();
    let Sheet { mut reader, names: columns, .. } = Sheet::open(file)?;
    if columns.len() < 2 {
        return Err(Failure::usage(anyhow!("{name}: two columns are needed, a pair of places in each row")));
    }
    let places: HashMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
    let mut around = vec![BTreeSet::new(); names.len()];
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
        let place = |at: usize| {
            let text = String::from_utf8_lossy(row.get(at).unwrap_or_default());
            places.get(text.trim()).copied()
        };
        if let (Some(one), Some(other)) = (place(0), place(1)) {
            around[one].insert(other);
            around[other].insert(one);
        }
    }
    Ok(around.into_iter().map(|beside| beside.into_iter().collect()).collect())
}
