//! `desserte territory classes`: communes by classes, each with its source and vintage.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use csv::WriterBuilder;
use desserte_ledger::{ClassColumn, Classes, Rules};
use desserte_territory::Territory;
use serde_json::{Value, json};

use crate::arguments::Lang;
use crate::out::{Failure, Outcome, line, note, written_whole};

/// What the name of the table of sources ends with, beside the table of communes.
const SOURCES: &str = ".sources.csv";

/// Options of `desserte territory classes`.
#[derive(Debug, Args)]
#[command(after_help = "An empty cell is a commune of which the source says nothing: neither yes nor no.\n\
    Beside OUT stands OUT.sources.csv: for each class its layer, source, vintage, licence, and whether it stands in for another.")]
pub(crate) struct ClassesArguments {
    /// Territory file made by `desserte-geodata import --classes`, or with --zoning, --figures and --overlay.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Table to write, CSV: code, name, département, EPCI, population, then a column for each class.
    #[arg(long, value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
    /// Read a class from this layer, where several would do; repeatable.
    #[arg(long, value_name = "CLASS=LAYER", value_parser = taken)]
    pub(crate) take: Vec<(String, String)>,
    /// Print one JSON object: the classes with their sources and counts.
    #[arg(long)]
    pub(crate) json: bool,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

/// Reads `CLASS=LAYER`.
pub(crate) fn taken(text: &str) -> Result<(String, String), String> {
    let (class, layer) = text.split_once('=').ok_or("write CLASS=LAYER")?;
    Ok((class.to_owned(), layer.to_owned()))
}

/// The classes of a territory, with the layers that were asked for.
pub(crate) fn of(territory: &Territory, take: &[(String, String)]) -> Result<Classes, Failure> {
    let take: BTreeMap<String, String> = take.iter().cloned().collect();
    Classes::of(territory, &Rules::built_in(), &take).map_err(Failure::usage)
}

pub(crate) fn run(arguments: &ClassesArguments) -> Outcome {
    let territory = Territory::open(&arguments.file)?;
    let classes = of(&territory, &arguments.take)?;
    if let Some(out) = &arguments.out {
        territory.exportable()?;
        let columns: Vec<&ClassColumn> =
            classes.columns.iter().filter(|column| !column.credit.withheld).collect();
        written_whole(out, |file| communes(&territory, &columns, file))?;
        let mut beside = out.as_os_str().to_owned();
        beside.push(SOURCES);
        written_whole(Path::new(&beside), |file| sources(&columns, file))?;
        for column in classes.columns.iter().filter(|column| column.credit.withheld) {
            note(&format!("{} : {}", column.rule.key, column.credit.told()));
        }
    }
    if arguments.json {
        return line(&json(&classes).to_string());
    }
    told(&classes, territory.communes().len(), arguments.lang)
}

fn communes(
    territory: &Territory,
    columns: &[&ClassColumn],
    file: &mut dyn std::io::Write,
) -> anyhow::Result<()> {
    let mut table = WriterBuilder::new().from_writer(file);
    let fixed = ["code", "nom", "departement", "epci", "population"];
    table.write_record(fixed.into_iter().chain(columns.iter().map(|column| column.rule.key.as_str())))?;
    for (row, commune) in territory.communes().enumerate() {
        let population = commune.population.map_or_else(String::new, |count| count.to_string());
        let epci = commune.epci.as_deref().unwrap_or_default();
        let fixed = [commune.code.as_str(), &commune.name, &commune.departement, epci, &population];
        let classes = columns.iter().map(|column| column.value(row).unwrap_or_default());
        table.write_record(fixed.into_iter().chain(classes))?;
    }
    Ok(table.flush()?)
}

fn sources(columns: &[&ClassColumn], file: &mut dyn std::io::Write) -> anyhow::Result<()> {
    let mut table = WriterBuilder::new().from_writer(file);
    table.write_record([
        "class",
        "fr",
        "en",
        "layer",
        "stand_in",
        "title",
        "publisher",
        "vintage",
        "licence",
        "legal",
        "note_fr",
        "note_en",
    ])?;
    for column in columns {
        let (rule, credit) = (&column.rule, &column.credit);
        let some = |text: &Option<String>| text.clone().unwrap_or_default();
        table.write_record([
            rule.key.as_str(),
            &rule.fr,
            &rule.en,
            &column.layer,
            if column.stand_in { "1" } else { "0" },
            &credit.title,
            &some(&credit.publisher),
            &some(&credit.vintage),
            &some(&credit.licence),
            &rule.legal,
            &column.note.0,
            &column.note.1,
        ])?;
    }
    Ok(table.flush()?)
}

fn json(classes: &Classes) -> Value {
    let column = |column: &ClassColumn| {
        let counts = column.values.iter().cloned().zip(column.counts().into_iter().map(Value::from));
        json!({
            "class": column.rule.key,
            "fr": column.rule.fr,
            "en": column.rule.en,
            "layer": column.layer,
            "stand_in": column.stand_in,
            "credit": column.credit,
            "legal": column.rule.legal,
            "note": { "fr": column.note.0, "en": column.note.1 },
            "communes": counts.collect::<serde_json::Map<_, _>>(),
            "unknown": column.of.iter().filter(|value| value.is_none()).count(),
            "unread": column.unread,
        })
    };
    json!({
        "set": classes.set,
        "classes": classes.columns.iter().map(column).collect::<Vec<_>>(),
        "absent": classes.absent,
    })
}

fn told(classes: &Classes, communes: usize, lang: Lang) -> Outcome {
    let french = lang == Lang::Fr;
    let t = |fr: &'static str, en: &'static str| if french { fr } else { en };
    line(&format!("{} {communes} ; {} {}", t("communes", "communes"), t("jeu", "set"), classes.set))?;
    for column in &classes.columns {
        let name = if french { &column.rule.fr } else { &column.rule.en };
        let stands = if column.stand_in { t(" (à défaut)", " (stands in)") } else { "" };
        line(&format!("{:<11} {name}{stands}", column.rule.key))?;
        line(&format!("            {}", column.credit.told()))?;
        let counts = column.values.iter().zip(column.counts());
        let counts: Vec<String> = counts.map(|(value, count)| format!("{value} {count}")).collect();
        let unknown = column.of.iter().filter(|value| value.is_none()).count();
        line(&format!("            {} ; {} {unknown}", counts.join(" ; "), t("sans valeur", "no value")))?;
        let note = if french { &column.note.0 } else { &column.note.1 };
        if !note.is_empty() {
            line(&format!("            {note}"))?;
        }
        for (text, count) in &column.unread {
            line(&format!("            {text:?} : {count}, {}", t("non lu", "not read")))?;
        }
    }
    if !classes.absent.is_empty() {
        let said = t("aucune couche n'en parle", "no layer speaks of");
        line(&format!("{said}: {}", classes.absent.join(", ")))?;
    }
    Ok(())
}

/// The classes that were asked for, in their order.
pub(crate) fn chosen<'a>(classes: &'a Classes, asked: &[String]) -> Result<Vec<&'a ClassColumn>, Failure> {
    asked
        .iter()
        .map(|key| {
            classes.column(key).ok_or_else(|| {
                let known: Vec<&str> =
                    classes.columns.iter().map(|column| column.rule.key.as_str()).collect();
                Failure::usage(anyhow!("no class {key:?} in this territory; it has {}", known.join(", ")))
            })
        })
        .collect()
}
