//! The tests of a campaign, from a table.

use anyhow::{Context as _, anyhow};
use csv::ByteRecord;
use desserte_evidence::Attempt;
use jiff::civil::DateTime;

use super::CheckArguments;
use crate::locate::columns::column;
use crate::out::Failure;
use crate::sheet::{Fault, Faults, Sheet, is_missing};

/// Reads every test. Bad rows are all looked for before the table is refused.
pub(super) fn read(arguments: &CheckArguments) -> Result<Vec<Attempt>, Failure> {
    let (name, lang) = (arguments.file.display(), arguments.rule.lang);
    let Sheet { mut reader, names, decimal_comma } = Sheet::open(&arguments.file)?;
    let find = |wanted: &str, option: &str| {
        column(&names, wanted, option).map_err(|error| Failure::usage(anyhow!("{name}: {error}")))
    };
    let time = find(&arguments.time, "--time")?;
    let rate = find(&arguments.rate, "--rate")?;
    let wired = find(&arguments.wired, "--wired")?;
    let alone = find(&arguments.alone, "--alone")?;
    let (mut attempts, mut faults) = (Vec::new(), Faults::default());
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
        let line = row.position().map_or(0, csv::Position::line);
        let text = |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_owned();
        let rate = faults.number(line, &arguments.rate, &text(rate), decimal_comma, true);
        let wired = flag(&mut faults, line, &arguments.wired, text(wired));
        let alone = flag(&mut faults, line, &arguments.alone, text(alone));
        match local(&text(time)) {
            Some(begun) => attempts.push(Attempt { begun, rate, wired, alone }),
            None => faults.add(line, Fault::NoTime { column: arguments.time.clone(), text: text(time) }),
        }
    }
    faults.end(&arguments.file, lang)?;
    Ok(attempts)
}

/// A time by the line's own clock. One with an offset or a Z is another clock's, perhaps, and is refused rather than guessed.
pub(super) fn local(text: &str) -> Option<DateTime> {
    let tail = text.get(10..).unwrap_or_default();
    if tail.contains(['Z', 'z', '+', '-', '[']) { None } else { text.parse().ok() }
}

pub(super) fn flag(faults: &mut Faults, line: u64, column: &str, text: String) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        other if is_missing(other) => None,
        _ => {
            faults.add(line, Fault::NoFlag { column: column.to_owned(), text });
            None
        }
    }
}
