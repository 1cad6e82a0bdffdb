//! `desserte contradiction`: what tests say against declared coverage.

mod table;
mod words;

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use desserte_evidence::{CellVerdict, ContradictionRule, Judgement, Lack, judge};
use serde_json::{Value, json};

use crate::arguments::Lang;
use crate::out::{Failure, Outcome, line};
use table::Table;

/// Options of `desserte contradiction`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each row of the table is a test. `desserte locate --overlay NAME=FILE.dso` adds the commune and the declared \
    area of each. Tests outside declared coverage, without a cell or without an outcome are left out and counted.\n\
    A cell that contradicts the declaration contradicts it there, not for a whole map; one that does not contradict it does not \
    confirm it either."
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

/// Everything that is told.
struct Study<'a> {
    arguments: &'a ContradictionArguments,
    rule: &'a ContradictionRule,
    table: &'a Table,
    verdicts: &'a [CellVerdict],
    /// Correlation within clusters that was reckoned with.
    correlation: f64,
}

pub(crate) fn run(arguments: &ContradictionArguments) -> Outcome {
    let rule = match &arguments.rule {
        Some(path) => {
            let name = || format!("cannot use {}", path.display());
            let text = std::fs::read_to_string(path).with_context(name).map_err(Failure::usage)?;
            ContradictionRule::parse(&text).with_context(name).map_err(Failure::usage)?
        }
        None => ContradictionRule::built_in(),
    };
    let table = Table::read(arguments)?;
    if table.cells.is_empty() {
        return Err(Failure::no(anyhow!("{}", words::nothing(arguments, &table))));
    }
    let (verdicts, correlation) = judge(&table.cells, arguments.required, &rule);
    let study = Study { arguments, rule: &rule, table: &table, verdicts: &verdicts, correlation };
    if arguments.json {
        line(&of(&study).to_string())
    } else {
        words::of(&study).iter().try_for_each(|text| line(text))
    }
}

fn of(study: &Study<'_>) -> Value {
    let left_out = &study.table.left_out;
    json!({
        "rule": study.rule.set,
        "level": study.rule.level.value,
        "required": study.arguments.required,
        "correlation_within_clusters": study.correlation,
        "left_out": {
            "outside_declared_coverage": left_out.outside,
            "without_cell": left_out.no_cell,
            "without_outcome": left_out.no_outcome,
        },
        "cells": study.verdicts.iter().map(cell).collect::<Vec<_>>(),
    })
}

fn cell(verdict: &CellVerdict) -> Value {
    let mut object = json!({
        "cell": verdict.name,
        "tests": verdict.tests,
        "failures": verdict.failures,
        "clusters": verdict.clusters,
        "effective_tests": verdict.effective_tests,
    });
    let more = match &verdict.judgement {
        Judgement::NotEnough(lacks) => json!({
            "judgement": "not_enough",
            "lacks": lacks.iter().map(lack).collect::<Vec<_>>(),
        }),
        Judgement::NotContradicted { probability, adjusted } => json!({
            "judgement": "not_contradicted", "probability": probability, "adjusted_probability": adjusted,
        }),
        Judgement::Contradicted { probability, adjusted } => json!({
            "judgement": "contradicted", "probability": probability, "adjusted_probability": adjusted,
        }),
    };
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}

fn lack(lack: &Lack) -> Value {
    match lack {
        Lack::Tests { found, wanted } => json!({ "of": "effective_tests", "found": found, "wanted": wanted }),
        Lack::Clusters { found, wanted } => json!({ "of": "clusters", "found": found, "wanted": wanted }),
    }
}
