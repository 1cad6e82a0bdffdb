//! `desserte ledger compare`: ledgers beside each other, commune by commune.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use csv::{ByteRecord, WriterBuilder};
use desserte_ledger::cells::place;
use desserte_ledger::{Ledger, Nature, Shareable};
use desserte_model::CommuneCode;
use desserte_territory::{Commune, Day, Territory};

use super::cells::Cells;
use crate::arguments::Lang;
use crate::locate::columns::column;
use crate::out::{Failure, Outcome, line, note, written_whole};
use crate::sheet::{Fault, Faults, Sheet};

/// Options of `desserte ledger compare`.
#[derive(Debug, Args)]
#[command(
    after_help = "What is measured by us, measured by others and declared stands in columns of its own; nothing is added up or averaged \
    across them.\nOokla's cells are under CC BY-NC-SA 4.0: they are shown here and are in no table that is written."
)]
pub(crate) struct CompareArguments {
    /// Territory file made by `desserte-geodata import`.
    #[arg(long, value_name = "FILE")]
    pub(crate) territory: PathBuf,
    /// Table of ours by commune: CSV with a header, delimited by comma, semicolon or tab; also gzip.
    #[arg(long, value_name = "FILE", requires = "value")]
    pub(crate) ours: Option<PathBuf>,
    /// Name of the column of commune codes in our table; none may come twice.
    #[arg(long, value_name = "COLUMN", default_value = "commune")]
    pub(crate) key: String,
    /// Name of the column of numbers in our table.
    #[arg(long, value_name = "COLUMN", requires = "ours")]
    pub(crate) value: Option<String>,
    /// Day or year of the codes in our table, if it is not the territory's: they are translated, and that is said.
    #[arg(long, value_name = "DATE|YEAR", requires = "ours")]
    pub(crate) codes_of: Option<Day>,
    /// Cells of Ookla, CSV or Parquet; repeatable.
    #[arg(long, value_name = "FILE")]
    pub(crate) cells: Vec<PathBuf>,
    /// A figure of the territory file, or the share of one in another; repeatable.
    #[arg(long, value_name = "FIGURE[/FIGURE]")]
    pub(crate) figure: Vec<String>,
    /// Communes of this département alone.
    #[arg(long, value_name = "CODE")]
    pub(crate) departement: Option<String>,
    /// Table to write, CSV; ledgers that must not be passed on are left out of it, and that is said.
    #[arg(long, value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
    /// Threads to use; by default as many as the machine runs at once.
    #[arg(long, value_name = "COUNT")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

pub(crate) fn run(arguments: &CompareArguments) -> Outcome {
    let territory = Territory::open(&arguments.territory)?;
    let ours = ours(arguments, &territory)?;
    let ledgers = ledgers(arguments, &territory)?;
    if ledgers.is_empty() {
        return Err(Failure::usage(anyhow!("nothing to compare: give --cells or --figure")));
    }
    let communes: Vec<&Commune> = match &arguments.departement {
        None => territory.communes().collect(),
        Some(departement) => territory.communes_of_departement(departement).collect(),
    };
    if communes.is_empty() {
        return Err(Failure::usage(anyhow!(
            "--departement {}: no commune",
            arguments.departement.as_deref().unwrap_or_default()
        )));
    }
    heads(&ledgers, arguments.lang)?;
    match &arguments.out {
        None => shown(&communes, &ours, &ledgers, arguments),
        Some(out) => {
            let mut may = Vec::new();
            for ledger in &ledgers {
                match ledger.shareable() {
                    Ok(shareable) => may.push(shareable),
                    Err(withheld) => note(&withheld.to_string()),
                }
            }
            if may.is_empty() && arguments.ours.is_none() {
                return Err(Failure::no(anyhow!("{}: there is nothing that may be written", out.display())));
            }
            territory.exportable()?;
            written_whole(out, |file| table(&communes, &ours, &may, arguments, file))
        }
    }
}

fn ledgers(arguments: &CompareArguments, territory: &Territory) -> Result<Vec<Ledger>, Failure> {
    let mut ledgers = Vec::new();
    for asked in &arguments.figure {
        let (name, over) = match asked.split_once('/') {
            Some((name, over)) => (name, Some(over)),
            None => (asked.as_str(), None),
        };
        ledgers.push(Ledger::of_figure(territory, name, over).map_err(Failure::usage)?);
    }
    if !arguments.cells.is_empty() {
        let cells = Cells::read(&arguments.cells, arguments.lang)?;
        let threads = arguments.threads.or_else(|| std::thread::available_parallelism().ok());
        let threads = threads.unwrap_or(NonZeroUsize::MIN);
        ledgers.push(place(&cells.cells, territory, cells.vintage(), threads).ledger(territory));
    }
    Ok(ledgers)
}

/// Our table by commune. Codes of another day are followed; what has no single answer is named and left out.
fn ours(
    arguments: &CompareArguments,
    territory: &Territory,
) -> Result<BTreeMap<CommuneCode, Option<f64>>, Failure> {
    let (Some(file), Some(value)) = (&arguments.ours, &arguments.value) else { return Ok(BTreeMap::new()) };
    let name = file.display();
    let Sheet { mut reader, names, decimal_comma } = Sheet::open(file)?;
    let place = |wanted: &str, option| {
        column(&names, wanted, option).map_err(|error| Failure::usage(anyhow!("{name}: {error}")))
    };
    let (key, at) = (place(&arguments.key, "--key")?, place(value, "--value")?);
    let (mut faults, mut seen, mut row) = (Faults::default(), HashMap::new(), ByteRecord::new());
    let mut found = BTreeMap::new();
    while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_owned();
        let text = cell(key);
        let number = faults.number(line, value, &cell(at), decimal_comma, true);
        let Ok(code) = text.to_ascii_uppercase().parse::<CommuneCode>() else {
            faults.add(line, Fault::NoKey);
            continue;
        };
        let answer = territory.translate(code, arguments.codes_of, None);
        let Some(here) = answer.only().filter(|code| territory.commune(*code).is_some()) else {
            note(&format!("{name}:{line}: {code} has no single commune here; left out"));
            continue;
        };
        if here != code {
            note(&format!("{name}:{line}: {code} -> {here}"));
        }
        match seen.insert(here, line) {
            Some(first) => faults.add(line, Fault::Twice { key: here.to_string(), first }),
            None => _ = found.insert(here, number),
        }
    }
    faults.end(file, arguments.lang)?;
    Ok(found)
}

fn heads(ledgers: &[Ledger], lang: Lang) -> Outcome {
    for (number, ledger) in (1..).zip(ledgers) {
        let nature = match (ledger.nature(), lang) {
            (Nature::Declared, Lang::Fr) => "déclaré",
            (Nature::Declared, Lang::En) => "declared",
            (Nature::Measured, Lang::Fr) => "mesuré par d'autres",
            (Nature::Measured, Lang::En) => "measured by others",
        };
        note(&format!(
            "[{number}] {} ({}, {nature}) ; communes {} ; {}",
            ledger.name(),
            ledger.unit(),
            ledger.len(),
            ledger.credit().told()
        ));
    }
    Ok(())
}

/// A number in a column on screen.
const NUMBER: usize = 16;

fn shown(
    communes: &[&Commune],
    ours: &BTreeMap<CommuneCode, Option<f64>>,
    ledgers: &[Ledger],
    arguments: &CompareArguments,
) -> Outcome {
    let cell = |value: Option<f64>| {
        let text = value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
        let text = if arguments.lang == Lang::Fr { text.replace('.', ",") } else { text };
        format!("{text:>NUMBER$}")
    };
    // Names are long and alike at their beginning: the number leads to the line above that has it whole.
    let short =
        |number: usize, name: &str| format!("[{number}] {name}").chars().take(NUMBER - 1).collect::<String>();
    let mut head = format!("{:<6} {:<28}", "code", "nom");
    if arguments.value.is_some() {
        let ours = if arguments.lang == Lang::Fr { "mesuré (nous)" } else { "measured (ours)" };
        head.push_str(&format!("{ours:>NUMBER$}"));
    }
    for (number, ledger) in (1..).zip(ledgers) {
        head.push_str(&format!("{:>NUMBER$}", short(number, ledger.name())));
    }
    line(&head)?;
    for commune in communes {
        let name: String = commune.name.chars().take(28).collect();
        let mut text = format!("{:<6} {name:<28}", commune.code.as_str());
        if arguments.value.is_some() {
            text.push_str(&cell(ours.get(&commune.code).copied().flatten()));
        }
        ledgers.iter().for_each(|ledger| text.push_str(&cell(ledger.value(commune.code))));
        line(&text)?;
    }
    Ok(())
}

/// Writes what may leave: it takes nothing else.
fn table(
    communes: &[&Commune],
    ours: &BTreeMap<CommuneCode, Option<f64>>,
    ledgers: &[Shareable<'_>],
    arguments: &CompareArguments,
    file: &mut dyn std::io::Write,
) -> anyhow::Result<()> {
    let mut table = WriterBuilder::new().from_writer(file);
    let own = arguments.value.as_ref().map(|value| format!("measured:{value}"));
    let head = |shareable: &Shareable<'_>| {
        let ledger = shareable.ledger();
        let nature = match ledger.nature() {
            Nature::Declared => "declared",
            Nature::Measured => "measured_by_others",
        };
        format!("{nature}:{}", ledger.name())
    };
    let names = ["code".to_owned(), "nom".to_owned()].into_iter().chain(own.clone());
    table.write_record(names.chain(ledgers.iter().map(head)))?;
    let cell = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for commune in communes {
        let named = [commune.code.to_string(), commune.name.clone()].into_iter();
        let own = own.iter().map(|_| cell(ours.get(&commune.code).copied().flatten()));
        let others = ledgers.iter().map(|ledger| cell(ledger.ledger().value(commune.code)));
        table.write_record(named.chain(own).chain(others))?;
    }
    Ok(table.flush()?)
}
