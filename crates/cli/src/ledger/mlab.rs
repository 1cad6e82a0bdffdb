//! `desserte ledger mlab`: percentiles of Measurement Lab, told as ours are.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use csv::WriterBuilder;
use desserte_ledger::mlab::{Country, credit};
use serde_json::{Value, json};

use crate::arguments::Lang;
use crate::out::{Failure, Outcome, line, written_whole};

/// Options of `desserte ledger mlab`.
#[derive(Debug, Args)]
#[command(
    after_help = "The files order percentiles from bad to good; here each says which share of tests is below it, and the files' own \
    name stands beside it."
)]
pub(crate) struct MlabArguments {
    /// Files named country_year_month.json, such as re_2025_10.json.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Table to write, CSV: country, month, metric, below, original, value, tests.
    #[arg(long, value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
    /// Print one JSON object for each file.
    #[arg(long)]
    pub(crate) json: bool,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

pub(crate) fn run(arguments: &MlabArguments) -> Outcome {
    let countries = arguments.files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
    if let Some((at, country)) = countries.iter().enumerate().find(|(at, country)| {
        countries[..*at].iter().any(|before| (&before.code, &before.month) == (&country.code, &country.month))
    }) {
        let (file, code, month) = (arguments.files[at].display(), &country.code, &country.month);
        return Err(Failure::usage(anyhow!("{file}: {code} of {month} is given twice")));
    }
    if let Some(out) = &arguments.out {
        written_whole(out, |file| table(&countries, file))?;
    }
    for country in &countries {
        if arguments.json {
            line(&json(country).to_string())?;
        } else if arguments.out.is_none() {
            told(country, arguments.lang)?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Country, Failure> {
    let octets = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Country::read(&name, &octets)?)
}

/// The count of tests behind a metric: uploads for what is sent, downloads for the rest.
fn tests(country: &Country, metric: &str) -> Option<u64> {
    if metric.starts_with("upload") { country.uploads } else { country.downloads }
}

fn table(countries: &[Country], file: &mut dyn std::io::Write) -> anyhow::Result<()> {
    let mut table = WriterBuilder::new().from_writer(file);
    table.write_record(["country", "month", "metric", "below", "original", "value", "tests"])?;
    for country in countries {
        for value in &country.values {
            let tests = tests(country, &value.metric).map_or_else(String::new, |tests| tests.to_string());
            table.write_record([
                country.code.as_str(),
                &country.month,
                &value.metric,
                &value.below.to_string(),
                &value.original,
                &value.value.to_string(),
                &tests,
            ])?;
        }
    }
    Ok(table.flush()?)
}

fn json(country: &Country) -> Value {
    let value = |value: &desserte_ledger::mlab::Percentile| json!({ "metric": value.metric, "below": value.below, "original": value.original, "value": value.value });
    json!({
        "country": country.code,
        "month": country.month,
        "credit": credit(&country.month),
        "downloads": country.downloads,
        "uploads": country.uploads,
        "percentiles": country.values.iter().map(value).collect::<Vec<_>>(),
    })
}

fn told(country: &Country, lang: Lang) -> Outcome {
    let (tests, unknown) =
        if lang == Lang::Fr { ("tests", "nombre inconnu") } else { ("tests", "unknown number") };
    let count = country.downloads.map_or_else(|| unknown.to_owned(), |count| count.to_string());
    line(&format!(
        "{} {} ; {count} {tests} ; {}",
        country.code,
        country.month,
        credit(&country.month).told()
    ))?;
    let mut metrics: Vec<&str> = country.values.iter().map(|value| value.metric.as_str()).collect();
    metrics.dedup();
    for metric in metrics {
        let values = country.values.iter().filter(|value| value.metric == metric);
        let told: Vec<String> = values
            .map(|value| {
                let number = format!("{:.3}", value.value);
                let number = if lang == Lang::Fr { number.replace('.', ",") } else { number };
                format!("p{} {number} ({})", value.below, value.original)
            })
            .collect();
        line(&format!("  {metric}: {}", told.join(" ; ")))?;
    }
    Ok(())
}
