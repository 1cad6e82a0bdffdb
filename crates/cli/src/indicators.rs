//! `desserte indicators`: makes a month's indicators and keeps them for the API and the tables.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use desserte_collector::META_DEMONSTRATION;
use desserte_indicators::{Kept, Month, Rules, make};
use desserte_territory::Territory;

use crate::arguments::{DataArguments, Lang};
use crate::collector::TERRITORY_FILE;
use crate::out::{Failure, Outcome, line};
use crate::probe::open_existing;
use crate::service::{sites, today};

/// Options of `desserte indicators`.
#[derive(Debug, Args)]
#[command(
    after_help = "A collector does this by itself once a month is over. Do it again when records came late, or when sites were declared.\n\
    Only what may be told to anyone is kept: docs/spec/indicators.md."
)]
pub(crate) struct IndicatorsArguments {
    /// Directory of the store.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The month, such as 2026-10; by default the last one that is over.
    #[arg(long, value_name = "MONTH")]
    month: Option<Month>,
    /// Table of sites (CSV) with columns `probe`, `class_a` and `public_building`, 1 or 0, empty where nobody knows.
    #[arg(long, value_name = "FILE")]
    sites: Option<PathBuf>,
    /// Territory file made by `desserte-geodata import`; by default the one in DIR.
    #[arg(long, value_name = "FILE")]
    territory: Option<PathBuf>,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    lang: Lang,
}

pub(crate) fn run(arguments: &IndicatorsArguments) -> Outcome {
    let declared = match &arguments.sites {
        Some(path) => sites::read(path, arguments.lang)?,
        None => BTreeMap::new(),
    };
    let path = arguments.territory.clone().unwrap_or_else(|| arguments.data.join(TERRITORY_FILE));
    let territory =
        Territory::open(&path).with_context(|| format!("cannot use territory {}", path.display()))?;
    let store = open_existing(&DataArguments { data: arguments.data.clone() })?;
    let today = today(&store)?;
    let month = match arguments.month {
        Some(month) if month.days().is_none_or(|(_, end)| end > today) => {
            return Err(Failure::usage(anyhow!("--month {month}: this month is not over")));
        }
        Some(month) => month,
        None => Month::over_before(today).ok_or_else(|| anyhow!("no month is over"))?,
    };
    let made = make(&store, &territory, month, &Rules::built_in(), &declared)?;
    let demonstration = store.meta(META_DEMONSTRATION)?.is_some() || territory.is_synthetic();
    let kept = Kept { demonstration, ..made };
    let path = kept.write(&arguments.data).context("cannot keep the month")?;
    let (places, measures, withheld) = (kept.places.len(), kept.measures.len(), kept.withheld);
    let path = path.display();
    line(&match arguments.lang {
        Lang::Fr => format!(
            "{path} : {places} lieux, {measures} mesures d'inégalité ; tus, car trop peu de foyers : {} départements, {} communes",
            withheld[0], withheld[1]
        ),
        Lang::En => format!(
            "{path}: {places} places, {measures} measures of inequality; withheld, since homes are too few: {} départements, {} \
             communes",
            withheld[0], withheld[1]
        ),
    })
}
