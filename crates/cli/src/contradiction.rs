//! `desserte contradiction`: what tests say against declared coverage.

mod table;
mod words;

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use desserte_evidence::{CONTRADICTION_SCHEMA, ContradictionColumns, ContradictionRule, ContradictionStudy};

use crate::arguments::Lang;
use crate::out::{Failure, Outcome, line};
use crate::sheet::input;
use table::Table;

/// Options of `desserte contradiction`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each row of the table is a test. `desserte locate --overlay NAME=FILE.dso` adds the commune and the declared \
    area of each. Tests outside declared coverage, without a cell or without an outcome are left out and counted.\n\
    A cell that contradicts the declaration contradicts it there, not for a whole map; one that does not contradict it does not \
    confirm it either.\n\
    For a dossier (`desserte dossier build --contradiction FILE`) keep what --json prints; it takes --commune and --day.\n\
    Exit codes: 0, told, whatever the verdicts are; 2, no test counts; 1, a file or a row cannot be read; 64, a wrong option or column."
)]
pub(crate) struct ContradictionArguments {
    /// Table of tests: CSV with a header, delimited by comma, semicolon or tab; also gzip.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the column of outcomes: 1 or true where the test succeeded, 0 or false where it failed.
    #[arg(long, value_name = "COLUMN")]
    success: String,
    /// Name of the column of cells: communes, hexagons.
    #[arg(long, value_name = "COLUMN")]
    cell: String,
    /// Name of a column of what goes together, such as the probe; repeat it, as in `--cluster probe --cluster day`, for
    /// tests that share all of them.
    #[arg(long, value_name = "COLUMN", required = true)]
    cluster: Vec<String>,
    /// Name of the column of declared coverage: a row where it is empty is outside.
    #[arg(long, value_name = "COLUMN")]
    declared: Option<String>,
    /// File of the declared areas that the tests were located in, to be named by its SHA-256.
    #[arg(long, value_name = "FILE")]
    coverage: Option<PathBuf>,
    /// Name of the column of communes' codes.
    #[arg(long, value_name = "COLUMN")]
    commune: Option<String>,
    /// Name of the column of days, such as 2026-11-23, or of times on them.
    #[arg(long, value_name = "COLUMN")]
    day: Option<String>,
    /// Name of the column of classes of evidence: A, B or C. A cell with tests of class C alone is not judged.
    #[arg(long, value_name = "COLUMN")]
    class: Option<String>,
    /// Who declares what, and what a test that succeeds is, in a few words.
    #[arg(long, value_name = "TEXT")]
    declaration: Option<String>,
    /// Smallest probability of success that is declared, such as 0.95.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    required: f64,
    /// File of the rule; by default the one of this program.
    #[arg(long, value_name = "FILE")]
    rule: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    lang: Lang,
}

fn share(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|number| *number > 0.0 && *number < 1.0)
        .ok_or_else(|| "give a share such as 0.95".to_owned())
}

pub(crate) fn run(arguments: &ContradictionArguments) -> Outcome {
    let (rule, rule_text) = match &arguments.rule {
        Some(path) => {
            let name = || format!("cannot use {}", path.display());
            let text = std::fs::read_to_string(path).with_context(name).map_err(Failure::usage)?;
            (ContradictionRule::parse(&text).with_context(name).map_err(Failure::usage)?, text)
        }
        None => (ContradictionRule::built_in(), ContradictionRule::BUILT_IN.to_owned()),
    };
    let Table { cells, left_out, days } = Table::read(arguments)?;
    if cells.is_empty() {
        return Err(Failure::no(anyhow!("{}", words::nothing(arguments, &left_out))));
    }
    let study = ContradictionStudy {
        schema: CONTRADICTION_SCHEMA.to_owned(),
        rule: String::new(),
        rule_text,
        level: rule.level.value,
        declaration: arguments.declaration.clone(),
        required: arguments.required,
        table: input(&arguments.file)?,
        coverage: arguments.coverage.as_deref().map(input).transpose()?,
        columns: ContradictionColumns {
            success: arguments.success.clone(),
            cell: arguments.cell.clone(),
            cluster: arguments.cluster.clone(),
            declared: arguments.declared.clone(),
            commune: arguments.commune.clone(),
            day: arguments.day.clone(),
            class: arguments.class.clone(),
        },
        days,
        correlation_within_clusters: 0.0,
        left_out,
        cells,
    };
    let study = study.judged(&rule);
    if arguments.json {
        line(&serde_json::to_string(&study).context("cannot write the study")?)
    } else {
        words::of(&study, arguments.lang).iter().try_for_each(|text| line(text))
    }
}
