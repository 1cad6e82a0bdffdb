//! `desserte perequation`: a scenario's amounts, each with what it was made from.

mod json;
mod plots;
mod table;
mod words;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use desserte_equity::perequation::{Allocation, Scenario, Share, Swing, allocate_years, sensitivity};
use desserte_indicators::scenarios;
use desserte_territory::Day;

use crate::arguments::Lang;
use crate::out::{Failure, Outcome, line, note};
use table::Table;

/// Options of `desserte perequation`.
#[derive(Debug, Args)]
#[command(
    after_help = "A territory of which a number is not known that the scenario asks for (empty, NA, nd…) has no amount and counts in no \
    sum.\n\
    Costs are declared or assumed; nothing here is measured, and no scenario is current law."
)]
pub(crate) struct PerequationArguments {
    /// Scenario (TOML): rule, envelope and references, each with date, source and mark.
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
    /// Name of a column of places to cover, for a scenario with `coverage_reference`.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) places: Option<String>,
    /// Name of a column of what covering a place costs, euros.
    #[arg(long, value_name = "COLUMN", requires = "places")]
    pub(crate) place_cost: Option<String>,
    /// Name of a column of connections to be made, for a scenario with `connection_reference`.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) drops: Option<String>,
    /// Name of a column of what a connection costs, euros.
    #[arg(long, value_name = "COLUMN", requires = "drops")]
    pub(crate) drop_cost: Option<String>,
    /// Name of a column of last year's amounts in euros, for a scenario with a clamp.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) last: Option<String>,
    /// Name of a column with 1 for a dense territory and 0 for another, for a levy.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) dense: Option<String>,
    /// Name of a column with 1 for a territory that pools its network or runs it as a commons, for the bonus.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) pooled: Option<String>,
    /// Territory file: codes are commune codes, and those of another year are translated and said.
    #[arg(long, value_name = "FILE")]
    pub(crate) territory: Option<PathBuf>,
    /// Day that the codes were used on, 2018-06-30, or a year for its 1 January.
    #[arg(long, value_name = "DATE|YEAR", requires = "territory")]
    pub(crate) from: Option<Day>,
    /// Unfold the amount of this territory, from inputs to cents.
    #[arg(long, value_name = "CODE")]
    pub(crate) explain: Option<String>,
    /// Say which assumption moves the amounts of the first year most, from the `low` and `high` of the scenario.
    #[arg(long, conflicts_with = "explain")]
    pub(crate) sensitivity: bool,
    /// Directory to write the sensitivity as a drawing (SVG), its table (CSV) and a page with both into.
    #[arg(long, value_name = "DIR", requires = "sensitivity")]
    pub(crate) plot: Option<PathBuf>,
    /// Directory of a store: its collector tells the amounts to anyone, apart from what was measured, under the name of the scenario's
    /// file.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["explain", "sensitivity"])]
    pub(crate) publish: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

/// All that is told.
struct Told<'a> {
    arguments: &'a PerequationArguments,
    scenario: &'a Scenario,
    table: &'a Table,
    years: &'a [Allocation],
}

pub(crate) fn run(arguments: &PerequationArguments) -> Outcome {
    let file = arguments.scenario.display();
    let text = std::fs::read_to_string(&arguments.scenario).with_context(|| format!("cannot read {file}"))?;
    let scenario = Scenario::parse(&text).with_context(|| file.to_string())?;
    let table = Table::read(arguments, &scenario)?;
    let name = || arguments.table.display().to_string();
    if arguments.sensitivity {
        let swings = sensitivity(&scenario, &table.territories).with_context(name)?;
        if let Some(dir) = &arguments.plot {
            let plot = plots::sensitivity(arguments, &scenario, &swings);
            crate::plots::write(dir, &plot.caption.title.clone(), &[plot], arguments.lang)?;
        }
        return tell(
            arguments,
            || json::sensitivity(&scenario, &swings),
            || words::sensitivity(&swings, arguments.lang),
        );
    }
    let years = allocate_years(&scenario, &table.territories).with_context(name)?;
    let told = Told { arguments, scenario: &scenario, table: &table, years: &years };
    if let Some(data) = &arguments.publish {
        publish(&told, data)?;
    }
    match &arguments.explain {
        None => tell(arguments, || json::of(&told), || words::of(&told)),
        Some(code) => {
            let shares: Vec<&Share> = years
                .iter()
                .filter_map(|year| year.shares.iter().find(|share| share.code == *code))
                .collect();
            if shares.is_empty() {
                return Err(Failure::usage(anyhow!("--explain {code}: {} has no such territory", name())));
            }
            tell(arguments, || json::explained(&told, &shares), || words::explained(&told, &shares))
        }
    }
}

/// Keeps the amounts where a collector finds them.
fn publish(told: &Told<'_>, data: &Path) -> Outcome {
    let name = told.arguments.scenario.file_stem().unwrap_or_default().to_string_lossy();
    if !scenarios::is_name(&name) {
        return Err(Failure::usage(anyhow!(
            "--publish: {name:?} cannot be published; name the file in small letters, digits and dashes"
        )));
    }
    if !data.is_dir() {
        return Err(Failure::usage(anyhow!("--publish: {} is no directory", data.display())));
    }
    scenarios::publish(data, &name, &json::of(told)).context("cannot publish the amounts")?;
    note(&match told.arguments.lang {
        Lang::Fr => format!("publié : /api/v1/perequation/{name}"),
        Lang::En => format!("published: /api/v1/perequation/{name}"),
    });
    Ok(())
}

fn tell(
    arguments: &PerequationArguments,
    json: impl FnOnce() -> serde_json::Value,
    words: impl FnOnce() -> Vec<String>,
) -> Outcome {
    if arguments.json { line(&json().to_string()) } else { words().iter().try_for_each(|text| line(text)) }
}

/// Cents as euros, exactly.
fn euros(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

/// The largest of what swings move, as a base for shares; one if nothing moves.
fn largest(swings: &[Swing]) -> i64 {
    swings.iter().map(Swing::moved_cents).max().unwrap_or(0).max(1)
}
