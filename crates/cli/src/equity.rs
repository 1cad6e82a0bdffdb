//! `desserte equity`: how unequally something is spread over the rows of a table, and how sure that is.

mod moran;
pub(crate) mod plots;
mod strata;
mod table;
mod words;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use desserte_equity::{Distribution, Parameters, Unusable};
use desserte_indicators::study::{Question, Study, json};

use crate::arguments::Lang;
use crate::out::{Failure, Outcome, line};
pub(crate) use moran::{MoranArguments, run as moran};
use table::Table;

/// Most draws of a bootstrap: its statistics stay within some hundred megabytes.
const DRAWS_MAX: u32 = 200_000;

/// Options of `desserte equity index`.
#[derive(Debug, Args)]
#[command(
    after_help = "A row without a value (empty, NA, nd…) is left out and counted with its weight; it is never a zero. \
    A row without a group makes a group with others like it, so that the parts add up to the whole.\n\
    Indices on rates are told as they are and, with --top-code, also without what is beyond use."
)]
pub(crate) struct IndexArguments {
    /// Table to read: CSV with a header, delimited by comma, semicolon or tab; also gzip.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Name of the column of what is spread: zero or more.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) value: String,
    /// Name of the column of weights: inhabitants, premises, probes.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) weight: String,
    /// Name of a column of groups, between and within which Theil's indices are parted.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) group: Option<String>,
    /// Name of a column of which no text may come twice, such as the code of a territory.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) key: Option<String>,
    /// Name of a column of numbers, such as incomes: says whether rows that rank high in it have more.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) rank: Option<String>,
    /// Name of a column of strata: rows are weighed so that strata count as in the table of populations.
    #[arg(long, value_name = "COLUMN", requires = "population")]
    pub(crate) stratum: Option<String>,
    /// Table of populations: its first two columns are the stratum and how many there are.
    #[arg(long, value_name = "FILE", requires = "stratum")]
    pub(crate) population: Option<PathBuf>,
    /// What is below this is in want; what equals it is not.
    #[arg(long, value_name = "VALUE", value_parser = above_zero)]
    pub(crate) poverty_line: Option<f64>,
    /// Tell everything a second time with no value above this.
    #[arg(long, value_name = "VALUE", value_parser = above_zero)]
    pub(crate) top_code: Option<f64>,
    /// Draw the rows so many times again, and give intervals.
    #[arg(long, value_name = "DRAWS", requires = "seed")]
    pub(crate) bootstrap: Option<u32>,
    /// Seed of the draws: the same gives the same intervals, on any machine.
    #[arg(long, requires = "bootstrap")]
    pub(crate) seed: Option<u64>,
    /// Name of a column of clusters, such as probes: rows of one cluster are not independent and are drawn together.
    #[arg(long, value_name = "COLUMN", requires = "bootstrap")]
    pub(crate) cluster: Option<String>,
    /// Name of a column of days, which are drawn within their cluster.
    #[arg(long, value_name = "COLUMN", requires = "cluster")]
    pub(crate) day: Option<String>,
    /// Threads to use; by default as many as the machine runs at once.
    #[arg(long, value_name = "COUNT")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Directory to write drawings (SVG), their tables (CSV) and a page with both into.
    #[arg(long, value_name = "DIR")]
    pub(crate) plot: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

pub(crate) fn above_zero(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|number| number.is_finite() && *number > 0.0)
        .ok_or_else(|| "give a number above 0".to_owned())
}

pub(crate) fn index(arguments: &IndexArguments) -> Outcome {
    let parameters = Parameters::built_in();
    let fewest = parameters.draws_min.value;
    if let Some(draws) = arguments.bootstrap.filter(|draws| !(fewest..=DRAWS_MAX).contains(draws)) {
        return Err(Failure::usage(anyhow!("--bootstrap {draws}: give {fewest} to {DRAWS_MAX} draws")));
    }
    let file = arguments.file.display();
    let table = Table::read(arguments)?;
    let distribution = Distribution::new(&table.units).map_err(|unusable| match unusable {
        Unusable::Empty => anyhow!("{}", words::empty(arguments, table.last_line)),
        other => anyhow!("{file}: {other}"),
    })?;
    let question = Question {
        group: arguments.group.clone(),
        rank: arguments.rank.clone(),
        poverty_line: arguments.poverty_line,
        top_code: arguments.top_code,
        bootstrap: arguments.bootstrap,
        seed: arguments.seed,
        threads: arguments.threads,
    };
    let study = Study::new(&question, &table.beside(), &distribution, &parameters)
        .map_err(|unusable| anyhow!("{file}: {unusable}"))?;
    let strata = table.strata.as_ref();
    if let Some(dir) = &arguments.plot {
        crate::plots::write(dir, &plots::title(arguments), &plots::of(&study, arguments), arguments.lang)?;
    }
    if arguments.json {
        let mut found = json::of(&study);
        if let Some(strata) = strata {
            found["post_stratification"] = strata.json();
        }
        line(&found.to_string())
    } else {
        words::of(&study, strata, arguments.lang).iter().try_for_each(|text| line(text))
    }
}
