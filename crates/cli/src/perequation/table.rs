//! What is declared of territories, from a table.

use std::collections::HashMap;

use anyhow::{Context as _, anyhow};
use csv::ByteRecord;
use desserte_equity::perequation::{Declared, Scenario, Territory};

use super::PerequationArguments;
use crate::locate::columns::column;
use crate::out::Failure;
use crate::sheet::{Fault, Faults, Sheet};
use crate::vintage::Codes;

/// Territories, in the order of the table.
pub(super) struct Table {
    pub(super) territories: Vec<Territory>,
    /// The line of each code, 1 being the header.
    pub(super) lines: HashMap<String, u64>,
    /// Codes of another year, with what they are now.
    pub(super) translated: Vec<(String, String)>,
}

/// Places of columns; of a number, with its name.
struct Columns<'a> {
    key: usize,
    declared: [[Option<(usize, &'a str)>; 2]; 3],
    last: Option<(usize, &'a str)>,
    flags: [Option<(usize, &'a str)>; 2],
}

impl<'a> Columns<'a> {
    fn find(
        names: &[String],
        arguments: &'a PerequationArguments,
        scenario: &Scenario,
    ) -> Result<Self, String> {
        let of = |name: &'a str, option: &str| column(names, name, option).map(|place| (place, name));
        let some =
            |name: &'a Option<String>, option: &str| name.as_deref().map(|name| of(name, option)).transpose();
        let wanted = |name: &'a Option<String>, option: &str, asked: bool| match name {
            None if asked => Err(format!("the scenario asks for it: name the column with {option}")),
            _ => some(name, option),
        };
        let (coverage, connections) =
            (scenario.coverage_reference.is_some(), scenario.connection_reference.is_some());
        Ok(Self {
            key: of(&arguments.key, "--key")?.0,
            declared: [
                [Some(of(&arguments.lines, "--lines")?), Some(of(&arguments.cost, "--cost")?)],
                [
                    wanted(&arguments.places, "--places", coverage)?,
                    wanted(&arguments.place_cost, "--place-cost", coverage)?,
                ],
                [
                    wanted(&arguments.drops, "--drops", connections)?,
                    wanted(&arguments.drop_cost, "--drop-cost", connections)?,
                ],
            ],
            last: some(&arguments.last, "--last")?,
            flags: [some(&arguments.dense, "--dense")?, some(&arguments.pooled, "--pooled")?],
        })
    }
}

impl Table {
    /// Reads the table. Bad rows are all looked for before it is refused.
    pub(super) fn read(arguments: &PerequationArguments, scenario: &Scenario) -> Result<Self, Failure> {
        let name = arguments.table.display();
        let territory = arguments.territory.as_ref().map(desserte_territory::Territory::open).transpose()?;
        let mut codes = territory.as_ref().map(|territory| Codes::new(territory, arguments.from));
        let Sheet { mut reader, names, decimal_comma } = Sheet::open(&arguments.table)?;
        let columns = Columns::find(&names, arguments, scenario)
            .map_err(|error| Failure::usage(anyhow!("{name}: {error}")))?;
        let (mut faults, mut lines, mut territories) = (Faults::default(), HashMap::new(), Vec::new());
        let mut row = ByteRecord::new();
        while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
            let line = row.position().map_or(0, csv::Position::line);
            let cell = |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_owned();
            let code = code(line, &cell(columns.key), codes.as_mut(), &mut lines, &mut faults);
            let mut number = |place: Option<(usize, &str)>| {
                let (at, name) = place?;
                faults.number(line, name, &cell(at), decimal_comma, true)
            };
            let declared =
                columns.declared.map(|[count, cost]| Declared { count: number(count), cost: number(cost) });
            let last_cents = number(columns.last).map(cents);
            let [dense, pooled] = columns.flags.map(|place| {
                place.is_some_and(|(at, name)| match cell(at).as_str() {
                    "1" => true,
                    "0" => false,
                    text => {
                        faults.add(line, Fault::NoFlag { column: name.to_owned(), text: text.to_owned() });
                        false
                    }
                })
            });
            territories.push(Territory { code, declared, last_cents, dense, pooled });
        }
        faults.end(&arguments.table, arguments.lang)?;
        let translated = codes.map_or_else(Vec::new, Codes::translated);
        let translated = translated.into_iter().map(|(from, to)| (from, to.to_string())).collect();
        Ok(Self { territories, lines, translated })
    }
}

/// The code of a row, once; where there is a territory, as that has it.
fn code(
    line: u64,
    text: &str,
    codes: Option<&mut Codes<'_>>,
    lines: &mut HashMap<String, u64>,
    faults: &mut Faults,
) -> String {
    let code = match codes {
        Some(codes) => codes.read(line, text, faults).map_or_else(String::new, |code| code.to_string()),
        None => {
            match lines.get(text).copied() {
                _ if text.is_empty() => faults.add(line, Fault::NoKey),
                Some(first) => faults.add(line, Fault::Twice { key: text.to_owned(), first }),
                None => {}
            }
            text.to_owned()
        }
    };
    lines.insert(code.clone(), line);
    code
}

#[expect(clippy::cast_possible_truncation, reason = "a number too large is the largest, and only bounds")]
fn cents(euros: f64) -> i64 {
    (euros * 100.0).round() as i64
}
