//! `desserte territory translate`: commune codes of one day as those of another, one by one or in a table.

mod table;
mod words;

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use desserte_model::CommuneCode;
use desserte_territory::{Day, Territory, Translation};
use serde_json::{Value, json};

use crate::arguments::Lang;
use crate::out::{Failure, Outcome, line, note};

/// The first day that can be asked for: INSEE's movements of communes begin in that year.
const FIRST_DAY: Day = Day::first_of(1943);

/// Options of `desserte territory translate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Status: same; renumbered (same ground, other code); within (one commune that is larger); \
    ambiguous (several, all named); gone; not_yet; unknown.\n\
    Exit code 2 if a CODE has not exactly one answer."
)]
pub(crate) struct TranslateArguments {
    /// Codes to translate.
    #[arg(value_name = "CODE", required_unless_present = "table", conflicts_with = "table")]
    pub(crate) codes: Vec<String>,
    /// Territory file made by `desserte-geodata import --movements`.
    #[arg(long, value_name = "FILE")]
    pub(crate) territory: PathBuf,
    /// Day that the codes were used on, 2018-06-30, or a year for its 1 January. Without it a code is read as the answer's
    /// day has it, or else as the last commune that carried it.
    #[arg(long, value_name = "DATE|YEAR")]
    pub(crate) from: Option<Day>,
    /// Day to translate to; by default 1 January of the territory's year.
    #[arg(long, value_name = "DATE|YEAR")]
    pub(crate) to: Option<Day>,
    /// Table with codes: Parquet, or CSV with a header, delimited by comma, semicolon or tab; also gzip.
    #[arg(long, value_name = "IN", requires = "out")]
    pub(crate) table: Option<PathBuf>,
    /// Name of the column of codes.
    #[arg(long, value_name = "COLUMN", default_value = "code", requires = "table")]
    pub(crate) column: String,
    /// Name of a column with the day of each row, instead of one day for all.
    #[arg(long, value_name = "COLUMN", requires = "table", conflicts_with = "from")]
    pub(crate) date_column: Option<String>,
    /// Table to write, of the same kind: the same rows in the same order, with commune, status, effective and candidates
    /// added.
    #[arg(long, value_name = "OUT", requires = "table")]
    pub(crate) out: Option<PathBuf>,
    /// What the names of the added columns begin with, if the table has some of these already.
    #[arg(long, value_name = "TEXT", default_value = "", requires = "table")]
    pub(crate) prefix: String,
    /// Print one JSON object for each code.
    #[arg(long, conflicts_with = "table")]
    pub(crate) json: bool,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

pub(crate) fn run(arguments: &TranslateArguments) -> Outcome {
    let codes: Vec<CommuneCode> = arguments
        .codes
        .iter()
        .map(|text| text.trim().to_ascii_uppercase().parse())
        .collect::<Result<_, _>>()
        .map_err(Failure::usage)?;
    let territory = Territory::open(&arguments.territory)?;
    check_days(arguments, &territory)?;
    if territory.is_synthetic() {
        note(words::made_up(arguments.lang));
    }
    if let (Some(input), Some(out)) = (&arguments.table, &arguments.out) {
        return table::run(arguments, &territory, input, out);
    }
    let mut unclear = Vec::new();
    for code in codes {
        let found = territory.translate(code, arguments.from, arguments.to);
        if arguments.json {
            line(&json(&territory, &found).to_string())?;
        } else {
            words::sentences(&territory, &found, arguments.lang).iter().try_for_each(|text| line(text))?;
        }
        if found.only().is_none() {
            unclear.push(code.to_string());
        }
    }
    if unclear.is_empty() {
        Ok(())
    } else {
        Err(Failure::no(anyhow!("no single answer for {}", unclear.join(", "))))
    }
}

/// Refuses days of which the territory knows nothing: an answer would look as sound as any other.
fn check_days(arguments: &TranslateArguments, territory: &Territory) -> Outcome {
    let file = arguments.territory.display();
    let Some(last) = territory.history().last_day() else {
        let advice = "import it with --movements FILE (INSEE v_mvt_commune)";
        return Err(
            anyhow!("{file} holds no movements of communes, so no code can be followed; {advice}").into()
        );
    };
    let last = last.max(Day::first_of(territory.vintage().as_year()));
    for (option, day) in [("--from", arguments.from), ("--to", arguments.to)] {
        if let Some(day) = day.filter(|day| *day < FIRST_DAY) {
            return Err(Failure::usage(anyhow!("{option} {day}: movements are known from {FIRST_DAY} on")));
        }
    }
    // A code used after the last movement is one of the last list; an answer for a later day would be a guess.
    if let Some(day) = arguments.to.filter(|day| *day > last) {
        return Err(Failure::usage(anyhow!("--to {day}: {file} knows movements up to {last}")));
    }
    Ok(())
}

fn json(territory: &Territory, found: &Translation) -> Value {
    let named = |code: &CommuneCode| json!({ "code": code.as_str(), "name": territory.name_on(*code, found.to), "here": territory.commune(*code).is_some() });
    let step = |step: &desserte_territory::Succession| json!({ "from": step.from.as_str(), "day": step.effective.to_string(), "to": step.to.as_str() });
    json!({
        "code": found.code.as_str(),
        "name": territory.name_on(found.code, found.from),
        "from": found.from.to_string(),
        "to": found.to.to_string(),
        "reading": words::reading(found.reading),
        "status": words::status(found.relation),
        "commune": found.only().map(|code| code.as_str().to_owned()),
        "effective": found.effective().map(|day| day.to_string()),
        "candidates": found.communes.iter().map(named).collect::<Vec<_>>(),
        "steps": found.steps.iter().map(step).collect::<Vec<_>>(),
    })
}
