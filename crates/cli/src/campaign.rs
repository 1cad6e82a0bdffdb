//! `desserte campaign`: plans a campaign of tests on one line, and says afterwards which tests count and what they show.

mod table;
mod words;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use desserte_evidence::{CampaignRule, Contract, check_campaign, plan_campaign};
use jiff::civil::Date;

use crate::arguments::Lang;
use crate::equity::above_zero;
use crate::out::{Failure, Outcome, line};

/// What to do with a campaign.
#[derive(Debug, Subcommand)]
pub(crate) enum CampaignCommand {
    /// Say when to test, from a day on.
    Plan(PlanArguments),
    /// Say which tests count, what is missing, and what they show.
    Check(CheckArguments),
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
    /// First day, as 2026-11-23.
    #[arg(long, value_name = "DAY")]
    from: Date,
    #[command(flatten)]
    rule: RuleArguments,
}

/// Options of `desserte campaign check`.
#[derive(Debug, Args)]
#[command(
    after_help = "Which tests count follows from their times and circumstances, never from their rates. A test whose circumstances are not \
    known does not count."
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
    #[command(flatten)]
    rule: RuleArguments,
}

pub(crate) fn run(command: &CampaignCommand) -> Outcome {
    match command {
        CampaignCommand::Plan(arguments) => plan(arguments),
        CampaignCommand::Check(arguments) => check(arguments),
    }
}

fn rule(path: Option<&Path>) -> Result<CampaignRule, Failure> {
    let Some(path) = path else { return Ok(CampaignRule::contract()) };
    let name = || format!("cannot use {}", path.display());
    let text = std::fs::read_to_string(path).with_context(name).map_err(Failure::usage)?;
    CampaignRule::parse(&text).with_context(name).map_err(Failure::usage)
}

fn plan(arguments: &PlanArguments) -> Outcome {
    let rule = rule(arguments.rule.rules.as_deref())?;
    let days = plan_campaign(arguments.from, &rule)
        .ok_or_else(|| Failure::usage(anyhow!("the calendar ends before the campaign: begin earlier")))?;
    words::plan(&days, &rule, arguments.rule.lang).iter().try_for_each(|text| line(text))
}

fn check(arguments: &CheckArguments) -> Outcome {
    let rule = rule(arguments.rule.rules.as_deref())?;
    let contract =
        Contract { maximum: arguments.maximum, normal: arguments.normal, minimum: arguments.minimum };
    if contract == Contract::default() {
        return Err(Failure::usage(anyhow!(
            "say what the contract promises: --maximum, --normal or --minimum"
        )));
    }
    let attempts = table::read(arguments)?;
    let report = check_campaign(&attempts, &contract, &rule);
    words::report(&report, &attempts, &rule, arguments.rule.lang).iter().try_for_each(|text| line(text))
}
