//! `desserte campaign`: plans a campaign of tests on one line, and says afterwards which tests count and what they show.

mod areas;
mod cells;
mod table;
mod words;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use desserte_evidence::{
    CAMPAIGN_SCHEMA, CampaignColumns, CampaignRule, CampaignStudy, Conclusion, Contract, StudiedAttempt,
    check_campaign, plan_campaign,
};
use desserte_model::CommuneCode;
use jiff::civil::Date;

use crate::arguments::Lang;
use crate::equity::above_zero;
use crate::out::{Failure, Outcome, line};
use crate::sheet::input;

/// What to do with a campaign.
#[derive(Debug, Subcommand)]
pub(crate) enum CampaignCommand {
    /// Say when to test a line, from a day on; or how many measurements of a declared mobile map an area takes.
    Plan(PlanArguments),
    /// Say which tests count, what is missing, and what they show.
    Check(Box<CheckArguments>),
    /// Say of each cell of a declared mobile map what its tests lack to be challenged.
    Cells(cells::CellsArguments),
    /// Say of each area of a declared mobile map which share of measurements succeeded, and what the regulator asks.
    Areas(areas::AreasArguments),
}

/// Which rule set.
#[derive(Debug, Args)]
struct RuleArguments {
    /// File of the rule set; by default the contract rule of this program: thirty tests on three days. It binds in Germany; elsewhere
    /// it is a model.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    lang: Lang,
}

/// Options of `desserte campaign plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// First day of tests on one line, as 2026-11-23.
    #[arg(long, value_name = "DAY", required_unless_present = "surface")]
    from: Option<Date>,
    /// In place of it, the surface of an area of a declared mobile map, in square kilometres; --rules is then a set such as coverage-areas-1.
    #[arg(long, value_name = "KM2", value_parser = above_zero, conflicts_with = "from")]
    surface: Option<f64>,
    #[command(flatten)]
    rule: RuleArguments,
}

/// Options of `desserte campaign check`.
#[derive(Debug, Args)]
#[command(
    after_help = "Which tests count follows from their times and circumstances, never from their rates. A test whose circumstances are not \
    known does not count.\n\
    For a dossier (`desserte dossier build --campaign FILE`) keep what --json prints; it takes --commune.\n\
    Exit codes: 0, told, whatever is concluded; 1, a file or a row cannot be read; 64, a wrong option or column."
)]
pub(crate) struct CheckArguments {
    /// Table of every test made, good or bad: CSV with a header, delimited by comma, semicolon or tab; also gzip.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the column of times, as 2026-11-23T09:00:00 by the line's own clock.
    #[arg(long, value_name = "COLUMN")]
    time: String,
    /// Name of the column of rates, in the unit of the contract; empty where a test gave none.
    #[arg(long, value_name = "COLUMN")]
    rate: String,
    /// Name of the column that says, by 1 or 0, whether the test was made by cable.
    #[arg(long, value_name = "COLUMN")]
    wired: String,
    /// Name of the column that says, by 1 or 0, whether nobody else used the line.
    #[arg(long, value_name = "COLUMN")]
    alone: String,
    /// Maximum rate of the contract.
    #[arg(long, value_name = "RATE", value_parser = above_zero)]
    maximum: Option<f64>,
    /// Rate that the contract calls normally available.
    #[arg(long, value_name = "RATE", value_parser = above_zero)]
    normal: Option<f64>,
    /// Minimum rate of the contract.
    #[arg(long, value_name = "RATE", value_parser = above_zero)]
    minimum: Option<f64>,
    /// Code of the commune that the line is in.
    #[arg(long, value_name = "CODE")]
    commune: Option<CommuneCode>,
    /// What the line is called.
    #[arg(long, value_name = "NAME")]
    line: Option<String>,
    /// Unit of the rates, such as Mbit/s.
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    rule: RuleArguments,
}

pub(crate) fn run(command: &CampaignCommand) -> Outcome {
    match command {
        CampaignCommand::Plan(arguments) => plan(arguments),
        CampaignCommand::Check(arguments) => check(arguments),
        CampaignCommand::Cells(arguments) => cells::cells(arguments),
        CampaignCommand::Areas(arguments) => areas::areas(arguments),
    }
}

/// A rule set and its text.
fn rule(path: Option<&Path>) -> Result<(CampaignRule, String), Failure> {
    let Some(path) = path else { return Ok((CampaignRule::contract(), CampaignRule::CONTRACT.to_owned())) };
    let name = || format!("cannot use {}", path.display());
    let text = std::fs::read_to_string(path).with_context(name).map_err(Failure::usage)?;
    let rule = CampaignRule::parse(&text).with_context(name).map_err(Failure::usage)?;
    Ok((rule, text))
}

fn plan(arguments: &PlanArguments) -> Outcome {
    let (rules, lang) = (arguments.rule.rules.as_deref(), arguments.rule.lang);
    let Some(from) = arguments.from else {
        return areas::plan(arguments.surface.unwrap_or_default(), rules, lang);
    };
    let (rule, _) = rule(rules)?;
    let days = plan_campaign(from, &rule)
        .ok_or_else(|| Failure::usage(anyhow!("the calendar ends before the campaign: begin earlier")))?;
    words::plan(&days, &rule, lang).iter().try_for_each(|text| line(text))
}

fn check(arguments: &CheckArguments) -> Outcome {
    let (rule, rule_text) = rule(arguments.rule.rules.as_deref())?;
    let contract =
        Contract { maximum: arguments.maximum, normal: arguments.normal, minimum: arguments.minimum };
    if contract == Contract::default() {
        return Err(Failure::usage(anyhow!(
            "say what the contract promises: --maximum, --normal or --minimum"
        )));
    }
    let attempts = table::read(arguments)?;
    if arguments.json {
        let study = CampaignStudy {
            schema: CAMPAIGN_SCHEMA.to_owned(),
            rule: String::new(),
            rule_text,
            table: input(&arguments.file)?,
            columns: CampaignColumns {
                time: arguments.time.clone(),
                rate: arguments.rate.clone(),
                wired: arguments.wired.clone(),
                alone: arguments.alone.clone(),
            },
            commune: arguments.commune.map(|code| code.to_string()),
            line: arguments.line.clone(),
            unit: arguments.unit.clone(),
            contract,
            days: None,
            attempts: attempts.iter().map(StudiedAttempt::of).collect(),
            counted: Vec::new(),
            missing: Vec::new(),
            conclusion: Conclusion::Incomplete,
            shortfalls: Vec::new(),
        };
        return line(&serde_json::to_string(&study.judged(&rule)).context("cannot write the study")?);
    }
    let report = check_campaign(&attempts, &contract, &rule);
    words::report(&report, &attempts, &rule, arguments.rule.lang).iter().try_for_each(|text| line(text))
}
