//! `desserte perequation`: a scenario's amounts, each with what it was made from.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use csv::ByteRecord;
use desserte_equity::perequation::{Allocation, Amount, Bound, Scenario, Territory, allocate};
use serde_json::{Value, json};

use crate::arguments::Lang;
use crate::locate::columns::column;
use crate::out::{Failure, Outcome, line};
use crate::sheet::{Fault, Faults, Sheet};

/// Options of `desserte perequation`.
#[derive(Debug, Args)]
#[command(
    after_help = "A territory whose lines or cost are not known (empty, NA, nd…) has no amount and counts in no sum.\n\
    Costs are declared or assumed; nothing here is measured, and no scenario is current law."
)]
pub(crate) struct PerequationArguments {
    /// Scenario (TOML): rule, envelope and reference, each with date, source and mark.
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: PathBuf,
    /// Table of territories: CSV with a header, delimited by comma, semicolon or tab; also gzip.
    #[arg(value_name = "TABLE")]
    pub(crate) table: PathBuf,
    /// Name of the column of codes; none may come twice.
    #[arg(long, value_name = "COLUMN", default_value = "code")]
    pub(crate) key: String,
    /// Name of the column of active lines.
    #[arg(long, value_name = "COLUMN", default_value = "lines")]
    pub(crate) lines: String,
    /// Name of the column of operating costs, euros per line and month.
    #[arg(long, value_name = "COLUMN", default_value = "cost")]
    pub(crate) cost: String,
    /// Name of a column of last year's amounts in euros, for a scenario with a clamp.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) last: Option<String>,
    /// Name of a column with 1 for a dense territory and 0 for another, for a levy.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) dense: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

pub(crate) fn run(arguments: &PerequationArguments) -> Outcome {
    let file = arguments.scenario.display();
    let text = std::fs::read_to_string(&arguments.scenario).with_context(|| format!("cannot read {file}"))?;
    let scenario = Scenario::parse(&text).with_context(|| file.to_string())?;
    let territories = territories(arguments)?;
    let allocation =
        allocate(&scenario, &territories).with_context(|| arguments.table.display().to_string())?;
    if arguments.json {
        line(&json(&scenario, &allocation).to_string())
    } else {
        told(&allocation, arguments.lang).iter().try_for_each(|text| line(text))
    }
}

fn territories(arguments: &PerequationArguments) -> Result<Vec<Territory>, Failure> {
    let name = arguments.table.display();
    let Sheet { mut reader, names, decimal_comma } = Sheet::open(&arguments.table)?;
    let place = |wanted: &str, option: &str| {
        column(&names, wanted, option).map_err(|error| Failure::usage(anyhow!("{name}: {error}")))
    };
    let (key, lines, cost) = (
        place(&arguments.key, "--key")?,
        place(&arguments.lines, "--lines")?,
        place(&arguments.cost, "--cost")?,
    );
    let some = |wanted: Option<&'_ str>, option| wanted.map(|name| place(name, option)).transpose();
    let last = some(arguments.last.as_deref(), "--last")?.zip(arguments.last.as_deref());
    let dense = some(arguments.dense.as_deref(), "--dense")?.zip(arguments.dense.as_deref());
    let (mut faults, mut seen, mut found) = (Faults::default(), HashMap::new(), Vec::new());
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
        let at = row.position().map_or(0, csv::Position::line);
        let cell =
            |column: usize| String::from_utf8_lossy(row.get(column).unwrap_or_default()).trim().to_owned();
        let code = cell(key);
        match seen.get(&code).copied() {
            _ if code.is_empty() => faults.add(at, Fault::NoKey),
            Some(first) => faults.add(at, Fault::Twice { key: code.clone(), first }),
            None => _ = seen.insert(code.clone(), at),
        }
        let mut number =
            |column: usize, name: &str| faults.number(at, name, &cell(column), decimal_comma, true);
        let territory = Territory {
            code,
            lines: number(lines, &arguments.lines),
            operating_cost: number(cost, &arguments.cost),
            last_cents: last.and_then(|(column, name)| number(column, name)).map(cents),
            dense: false,
        };
        let is_dense = match dense {
            None => false,
            Some((column, name)) => match cell(column).as_str() {
                "1" => true,
                "0" => false,
                text => {
                    faults.add(at, Fault::NoFlag { column: name.to_owned(), text: text.to_owned() });
                    false
                }
            },
        };
        found.push(Territory { dense: is_dense, ..territory });
    }
    faults.end(&arguments.table, arguments.lang)?;
    Ok(found)
}

#[expect(clippy::cast_possible_truncation, reason = "a number too large is the largest, and only bounds")]
fn cents(euros: f64) -> i64 {
    (euros * 100.0).round() as i64
}

/// Cents as euros, exactly.
fn euros(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

fn json(scenario: &Scenario, allocation: &Allocation) -> Value {
    let share = |share: &desserte_equity::perequation::Share| {
        let amount = share.amount.as_ref();
        json!({
            "code": share.code,
            "amount_euros": amount.map(|amount| euros(amount.cents)),
            "formula": amount.map(|amount| &amount.formula),
            "base_euros": amount.map(|amount| amount.base_euros),
            "factor": amount.map(|amount| amount.factor),
            "bound": amount.and_then(|amount| amount.bound).map(|bound| match bound {
                Bound::Lowest => "lowest",
                Bound::Highest => "highest",
            }),
            "rounding_euros": amount.map(|amount| amount.rounding_euros),
        })
    };
    json!({
        "scenario": allocation.scenario,
        "status": allocation.status,
        "envelope_euros": scenario.envelope_euros,
        "operating_reference": scenario.operating_reference,
        "total_euros": euros(allocation.total_cents),
        "territories": allocation.shares.iter().map(share).collect::<Vec<_>>(),
    })
}

fn told(allocation: &Allocation, lang: Lang) -> Vec<String> {
    let t = |french: &'static str, english: &'static str| if lang == Lang::Fr { french } else { english };
    let shown = |text: String| if lang == Lang::Fr { text.replace('.', ",") } else { text };
    let (name, status) = (&allocation.scenario, &allocation.status);
    let mut lines = vec![match lang {
        Lang::Fr => format!(
            "Scénario {name} ({status}) : coûts déclarés ou supposés ; ce n'est pas le droit en vigueur"
        ),
        Lang::En => format!("Scenario {name} ({status}): declared or assumed costs; this is not current law"),
    }];
    let held = |amount: &Amount| match amount.bound {
        None => String::new(),
        Some(Bound::Lowest) => format!(" ; {}", t("tenu au plus bas", "held at the lowest")),
        Some(Bound::Highest) => format!(" ; {}", t("tenu au plus haut", "held at the highest")),
    };
    lines.extend(allocation.shares.iter().map(|share| match &share.amount {
        None => {
            let said = t("lignes ou coût inconnus : pas de montant", "lines or cost not known: no amount");
            format!("{:<10} {said}", share.code)
        }
        Some(amount) => {
            let cents = shown(euros(amount.cents));
            // The formula stands as it is computed, with points.
            format!(
                "{:<10} {cents:>16} €  = {} * {}{}",
                share.code,
                amount.formula,
                amount.factor,
                held(amount)
            )
        }
    }));
    lines.push(format!("{:<10} {:>16} €", t("total", "total"), shown(euros(allocation.total_cents))));
    lines
}
