//! `desserte equity national`: an external ledger over a whole territory, between and within classes of communes, with intervals.
//!
//! What others measured or declared is told as theirs. The classes are a full count of communes; what is drawn again are the clusters
//! that the ledger's numbers come from, to say how much a difference owes to where numbers happen to be.

mod accumulate;
mod draws;
mod json;
mod plots;
mod study;
mod subject;
mod words;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use desserte_equity::Parameters;
use desserte_territory::Territory;

use crate::arguments::Lang;
use crate::out::{Failure, Outcome, line, note};
use crate::plots::write;
use crate::territory::classes;
use study::Study;
use subject::Subject;

/// Most draws of a bootstrap: with the classes of a run their statistics stay within some hundred megabytes.
const DRAWS_MAX: u32 = 100_000;

/// Options of `desserte equity national`.
#[derive(Debug, Args)]
#[command(
    after_help = "A commune without a number is left out and counted with its inhabitants. A commune whose class is not known makes a \
    group with others like it, so that the parts add up; it is compared with none.\n\
    A difference whose interval holds zero is ex æquo. Nothing here is measured by Desserte."
)]
pub(crate) struct NationalArguments {
    /// Territory file made by `desserte-geodata import --classes`.
    #[arg(long, value_name = "FILE")]
    pub(crate) territory: PathBuf,
    /// Cells of Ookla, CSV or Parquet; repeatable. Their download, in Mbit/s, is the ledger.
    #[arg(long, value_name = "FILE", required_unless_present = "figure")]
    pub(crate) cells: Vec<PathBuf>,
    /// Instead of cells: a figure of the territory file, or the share of one in another, in percent.
    #[arg(long, value_name = "FIGURE[/FIGURE]", conflicts_with = "cells")]
    pub(crate) figure: Option<String>,
    /// What the ledger is called in texts and drawings; by default its own name.
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Let every cell of a commune stand for as many inhabitants as any other, whatever its tests.
    #[arg(long, requires = "cells")]
    pub(crate) even_cells: bool,
    /// Communes of this class alone, such as `rural=oui`; the rest is not looked at.
    #[arg(long, value_name = "CLASS=VALUE", value_parser = classes::taken)]
    pub(crate) only: Option<(String, String)>,
    /// Class to part and compare by, as `desserte territory classes` names them; repeatable.
    #[arg(long, value_name = "CLASS", required = true)]
    pub(crate) by: Vec<String>,
    /// Read a class from this layer, where several would do; repeatable.
    #[arg(long, value_name = "CLASS=LAYER", value_parser = classes::taken)]
    pub(crate) take: Vec<(String, String)>,
    /// What is below this is in want, in the ledger's unit; repeatable.
    #[arg(long, value_name = "VALUE", required = true, value_parser = crate::equity::above_zero)]
    pub(crate) poverty_line: Vec<f64>,
    /// Tell indices and means a second time with no value above this.
    #[arg(long, value_name = "VALUE", value_parser = crate::equity::above_zero)]
    pub(crate) top_code: f64,
    /// Draw so many times.
    #[arg(long, value_name = "DRAWS", default_value_t = 2_000)]
    pub(crate) bootstrap: u32,
    /// Seed of the draws: the same gives the same intervals, on any machine.
    #[arg(long)]
    pub(crate) seed: u64,
    /// What is drawn whole: communes that share a network are not independent.
    #[arg(long, value_enum, default_value_t = Cluster::Epci)]
    pub(crate) cluster: Cluster,
    /// Tell the differences for this cluster too; repeatable.
    #[arg(long, value_enum, value_name = "CLUSTER")]
    pub(crate) also_cluster: Vec<Cluster>,
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

/// What is drawn whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cluster {
    /// A commune with all its cells.
    Commune,
    /// An EPCI with all its communes; a commune without one by itself.
    Epci,
    /// A département: public networks are contracted for by département as a rule.
    Departement,
}

pub(crate) fn run(arguments: &NationalArguments) -> Outcome {
    let parameters = Parameters::built_in();
    let fewest = parameters.draws_min.value;
    if !(fewest..=DRAWS_MAX).contains(&arguments.bootstrap) {
        let draws = arguments.bootstrap;
        return Err(Failure::usage(anyhow!("--bootstrap {draws}: give {fewest} to {DRAWS_MAX} draws")));
    }
    let territory = Territory::open(&arguments.territory)?;
    if territory.is_synthetic() {
        note("TERRITOIRE FICTIF : données inventées / MADE-UP TERRITORY: invented data");
    }
    let classes = classes::of(&territory, &arguments.take)?;
    let columns = classes::chosen(&classes, &arguments.by)?;
    let mut subject = Subject::of(arguments, &territory)?;
    if let Some(name) = &arguments.name {
        subject.name.clone_from(name);
    }
    if let Some((key, value)) = &arguments.only {
        let column = classes::chosen(&classes, std::slice::from_ref(key))?[0];
        if !column.values.contains(value) {
            let known = column.values.join(", ");
            return Err(Failure::usage(anyhow!("--only {key}={value}: the values are {known}")));
        }
        subject.keep(|row| column.value(row) == Some(value));
    }
    let study = Study::new(arguments, &territory, &subject, &columns, &parameters)?;
    if let Some(dir) = &arguments.plot {
        write(dir, &plots::title(&study), &plots::of(&study), arguments.lang)?;
    }
    if arguments.json {
        line(&json::of(&study).to_string())
    } else {
        words::of(&study).iter().try_for_each(|text| line(text))
    }
}

impl Cluster {
    /// As JSON and tables have it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Commune => "commune",
            Self::Epci => "epci",
            Self::Departement => "departement",
        }
    }
}
