//! `desserte campaign cells`: which cells of a declared mobile map have enough tests, and bad enough ones, to ask the operator about.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use csv::ByteRecord;
use desserte_evidence::{
    CellLack, CellTest, ChallengeReport, ChallengeRule, ChallengedCell, Uncounted, challenge,
};
use jiff::civil::Date;

use super::table::{flag, local};
use crate::arguments::Lang;
use crate::locate::columns::column;
use crate::out::{Failure, Outcome, line};
use crate::sheet::{Fault, Faults, Sheet, is_missing};

/// Options of `desserte campaign cells`.
#[derive(Debug, Args)]
#[command(
    after_help = "Which tests count follows from their times and places, never from their outcomes. A cell that lacks nothing is a question to the \
    operator and no verdict: `desserte contradiction` judges.\n\
    Exit codes: 0, told, whatever cells lack; 1, a file or a row cannot be read; 2, no test counts; 64, a wrong option or column."
)]
pub(crate) struct CellsArguments {
    /// Table of every test made, good or bad: CSV with a header, delimited by comma, semicolon or tab; also gzip.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the column of times, as 2026-11-23T09:00:00 by the local clock.
    #[arg(long, value_name = "COLUMN")]
    time: String,
    /// Name of the column of cells, such as H3 indices of resolution 8.
    #[arg(long, value_name = "COLUMN")]
    cell: String,
    /// Name of the column of parts of cells, such as H3 indices of resolution 9.
    #[arg(long, value_name = "COLUMN")]
    part: String,
    /// Name of the column that says, by 1 or 0, whether a test reached what is declared.
    #[arg(long, value_name = "COLUMN")]
    reached: String,
    /// Name of the column of declared coverage: a row where it is empty is outside.
    #[arg(long, value_name = "COLUMN")]
    declared: Option<String>,
    /// Day of the challenge: older tests than the rule takes do not count, nor later ones.
    #[arg(long, value_name = "DAY")]
    on: Date,
    /// File of the rule set; by default the one of this program, which binds nobody in France.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    lang: Lang,
}

pub(super) fn cells(arguments: &CellsArguments) -> Outcome {
    let rule = match &arguments.rules {
        Some(path) => {
            let name = || format!("cannot use {}", path.display());
            let text = std::fs::read_to_string(path).with_context(name).map_err(Failure::usage)?;
            ChallengeRule::parse(&text).with_context(name).map_err(Failure::usage)?
        }
        None => ChallengeRule::model(),
    };
    let (tests, outside) = read(arguments)?;
    let report = challenge(&tests, arguments.on, &rule);
    told(&report, &rule, outside, arguments.lang).iter().try_for_each(|text| line(text))?;
    if report.cells.is_empty() {
        return Err(Failure::no(match arguments.lang {
            Lang::Fr => anyhow!("{} : aucun essai ne compte", arguments.file.display()),
            Lang::En => anyhow!("{}: no test counts", arguments.file.display()),
        }));
    }
    Ok(())
}

/// The tests within declared coverage, and how many lie outside.
fn read(arguments: &CellsArguments) -> Result<(Vec<CellTest>, u64), Failure> {
    let name = arguments.file.display();
    let Sheet { mut reader, names, .. } = Sheet::open(&arguments.file)?;
    let find = |wanted: &str, option: &str| {
        column(&names, wanted, option).map_err(|error| Failure::usage(anyhow!("{name}: {error}")))
    };
    let (time, cell) = (find(&arguments.time, "--time")?, find(&arguments.cell, "--cell")?);
    let (part, reached) = (find(&arguments.part, "--part")?, find(&arguments.reached, "--reached")?);
    let declared = arguments.declared.as_deref().map(|wanted| find(wanted, "--declared")).transpose()?;
    let (mut tests, mut outside, mut faults) = (Vec::new(), 0, Faults::default());
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
        let line = row.position().map_or(0, csv::Position::line);
        let text = |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_owned();
        if declared.is_some_and(|at| is_missing(&text(at))) {
            outside += 1;
            continue;
        }
        let (cell, part) = (text(cell), text(part));
        for (place, column) in [(&cell, &arguments.cell), (&part, &arguments.part)] {
            if is_missing(place) {
                faults.add(line, Fault::Missing { column: column.clone() });
            }
        }
        let reached = flag(&mut faults, line, &arguments.reached, text(reached));
        match local(&text(time)) {
            Some(at) => tests.push(CellTest { cell, part, at, reached }),
            None => faults.add(line, Fault::NoTime { column: arguments.time.clone(), text: text(time) }),
        }
    }
    faults.end(&arguments.file, arguments.lang)?;
    Ok((tests, outside))
}

fn told(report: &ChallengeReport, rule: &ChallengeRule, outside: u64, lang: Lang) -> Vec<String> {
    let mut lines = vec![match lang {
        Lang::Fr => format!("Règles {} : un modèle, qui ne lie personne en France.", rule.set),
        Lang::En => format!("Rules {}: a model, which binds nobody in France.", rule.set),
    }];
    lines.extend(report.cells.iter().map(|cell| of_cell(cell, rule, lang)));
    let mut counts: BTreeMap<Uncounted, u64> = BTreeMap::new();
    report.uncounted.iter().flatten().for_each(|why| *counts.entry(*why).or_insert(0) += 1);
    let count = |why| counts.get(&why).copied().unwrap_or(0);
    let [unknown, hour, age] = [Uncounted::NoOutcome, Uncounted::Hour, Uncounted::Age].map(count);
    lines.push(match lang {
        Lang::Fr => format!(
            "Essais écartés : hors de la couverture déclarée {outside} ; sans résultat connu {unknown} ; la nuit {hour} ; trop anciens, ou après le jour dit {age}."
        ),
        Lang::En => format!(
            "Tests left out: outside declared coverage {outside}; without a known outcome {unknown}; at night {hour}; too old, or after the day {age}."
        ),
    });
    lines.push(
        match lang {
            Lang::Fr => "Une maille où rien ne manque est une question à l’opérateur, non un verdict.",
            Lang::En => "A cell that lacks nothing is a question to the operator, no verdict.",
        }
        .to_owned(),
    );
    lines
}

fn of_cell(cell: &ChallengedCell, rule: &ChallengeRule, lang: Lang) -> String {
    let ChallengedCell { cell: name, tests, negatives, lacks } = cell;
    let lacks: Vec<String> = lacks.iter().map(|lack| in_words(*lack, rule, lang)).collect();
    match (lang, lacks.is_empty()) {
        (Lang::Fr, true) => {
            format!(
                "{name} : {tests} essais, {negatives} négatifs ; il ne manque rien pour interroger l’opérateur"
            )
        }
        (Lang::En, true) => {
            format!("{name}: {tests} tests, {negatives} negative; nothing lacks to ask the operator")
        }
        (Lang::Fr, false) => {
            format!("{name} : {tests} essais, {negatives} négatifs ; il manque {}", lacks.join(", "))
        }
        (Lang::En, false) => {
            format!("{name}: {tests} tests, {negatives} negative; lacks {}", lacks.join(", "))
        }
    }
}

fn in_words(lack: CellLack, rule: &ChallengeRule, lang: Lang) -> String {
    let (each, bad, hours) =
        (rule.tests_of_part.value, rule.negatives_of_part.value, rule.apart_s.value / 3_600);
    match (lack, lang) {
        (CellLack::Parts { found, wanted }, Lang::Fr) => {
            format!("des parties de maille avec {each} essais dont {bad} négatif ({found} sur {wanted})")
        }
        (CellLack::Parts { found, wanted }, Lang::En) => {
            format!("parts of the cell with {each} tests, {bad} of them negative ({found} of {wanted})")
        }
        (CellLack::Apart, Lang::Fr) => format!("deux négatifs à {hours} h d’écart à l’horloge"),
        (CellLack::Apart, Lang::En) => format!("two negatives {hours} h apart by the clock"),
        (CellLack::Negatives { found, wanted }, Lang::Fr) => format!("des négatifs ({found} sur {wanted})"),
        (CellLack::Negatives { found, wanted }, Lang::En) => format!("negatives ({found} of {wanted})"),
    }
}
