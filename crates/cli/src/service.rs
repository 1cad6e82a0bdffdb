//! `desserte service`: what the lines of a place allowed their users to do, and how sure that is.

mod figures;
mod read;
pub(crate) mod sites;
mod words;

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::{ArgGroup, Args};
use desserte_collector::META_DEMONSTRATION;
use desserte_indicators::sites::{records, weights};
use desserte_model::{CommuneCode, ProbeId};
use desserte_service::{AreaReport, Sets, SiteReport, SiteWeight, area_report, site_report};
use desserte_territory::Territory;
use jiff::civil::Date;

use crate::arguments::{DataArguments, Lang};
use crate::collector::TERRITORY_FILE;
use crate::out::{Failure, Outcome, line};
use crate::probe::open_existing;
pub(crate) use read::today;

/// Days of the usual period: whole weeks, so that each day of the week counts the same.
const DAYS: i64 = 28;

/// Longest period in days: minutes are read one by one, some 40 000 a probe and month.
const DAYS_MAX: i32 = 92;

/// Options of `desserte service`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("place").required(true),
    after_help = "Hours are those of a week without public holiday, by the clock of the place. What nobody observed is not known: it \
    widens the bounds in brackets.\nFormulas and parameters: docs/spec/service.md."
)]
pub(crate) struct ServiceArguments {
    /// Directory of the store.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The commune of this code.
    #[arg(long, value_name = "CODE", group = "place")]
    pub(crate) commune: Option<CommuneCode>,
    /// The intercommunality of this SIREN number.
    #[arg(long, value_name = "SIREN", group = "place")]
    pub(crate) epci: Option<String>,
    /// The département of this code.
    #[arg(long, value_name = "CODE", group = "place")]
    pub(crate) departement: Option<String>,
    /// Everything that the store holds.
    #[arg(long, group = "place")]
    pub(crate) all: bool,
    /// One probe, wherever it stood.
    #[arg(long, value_name = "PROBE", group = "place")]
    pub(crate) site: Option<ProbeId>,
    /// First day of the period, such as 2026-10-01; by default 28 days before its end.
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Option<Date>,
    /// First day after the period; by default today.
    #[arg(long, value_name = "DAY")]
    pub(crate) to: Option<Date>,
    /// Set of parameters (TOML) in place of the built-in one of its kind; repeatable.
    #[arg(long, value_name = "FILE")]
    pub(crate) parameters: Vec<PathBuf>,
    /// Table of sites (CSV) with columns `probe`, `class_a` and `public_building`, 1 or 0, empty where nobody knows.
    #[arg(long, value_name = "FILE")]
    pub(crate) sites: Option<PathBuf>,
    /// Territory file made by `desserte-geodata import`; by default the one in DIR.
    #[arg(long, value_name = "FILE")]
    pub(crate) territory: Option<PathBuf>,
    /// Leave the sites out, and tell the territory alone.
    #[arg(long)]
    pub(crate) without_sites: bool,
    /// Print one JSON object.
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print CSV, one figure a row.
    #[arg(long)]
    pub(crate) csv: bool,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

/// All that is told.
pub(crate) struct Told<'a> {
    pub(crate) place: String,
    pub(crate) from: Date,
    pub(crate) to: Date,
    pub(crate) demonstration: bool,
    pub(crate) sets: &'a Sets,
    pub(crate) territory: &'a Territory,
    pub(crate) reports: &'a [SiteReport],
    pub(crate) area: AreaReport,
}

pub(crate) fn run(arguments: &ServiceArguments) -> Outcome {
    let sets = sets(arguments)?;
    let declared = arguments.sites.as_ref().map(|path| sites::read(path, arguments.lang)).transpose()?;
    let territory = territory(arguments)?;
    let store = open_existing(&DataArguments { data: arguments.data.clone() })?;
    let (from, to) = period(arguments, &store)?;
    let place = read::Place::of(arguments, &territory)?;
    let mut reports = Vec::new();
    for (site, records) in records(&store, &place.scopes, place.probe.as_ref(), (from, to))? {
        let declared = declared.as_ref().and_then(|declared| declared.get(&site.probe)).copied();
        // Nothing but days beyond the calendar gives no report, and the period is none.
        reports.extend(site_report(site, declared.unwrap_or_default(), &records, (from, to), &sets));
    }
    let weights = weights(&reports, &territory);
    let weighed: Vec<SiteWeight<'_>> =
        reports.iter().zip(weights).map(|(report, weight)| SiteWeight { report, weight }).collect();
    let told = Told {
        place: place.label,
        from,
        to,
        demonstration: store.meta(META_DEMONSTRATION)?.is_some() || territory.is_synthetic(),
        sets: &sets,
        territory: &territory,
        area: area_report(&weighed, &sets),
        reports: if arguments.without_sites { &[] } else { &reports },
    };
    if arguments.json {
        line(&figures::json(&told).to_string())
    } else if arguments.csv {
        figures::csv(&told)
    } else {
        words::of(&told, arguments.lang).iter().try_for_each(|text| line(text))
    }
}

fn sets(arguments: &ServiceArguments) -> Result<Sets, Failure> {
    let mut sets = Sets::built_in();
    for path in &arguments.parameters {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))
            .map_err(Failure::usage)?;
        sets.replace(&text).with_context(|| path.display().to_string()).map_err(Failure::usage)?;
    }
    Ok(sets)
}

fn territory(arguments: &ServiceArguments) -> Result<Territory, Failure> {
    let path = arguments.territory.clone().unwrap_or_else(|| arguments.data.join(TERRITORY_FILE));
    Ok(Territory::open(&path).with_context(|| format!("cannot use territory {}", path.display()))?)
}

fn period(arguments: &ServiceArguments, store: &desserte_store::Store) -> Result<(Date, Date), Failure> {
    let wrong = |text: String| Failure::usage(anyhow!(text));
    let to = match arguments.to {
        Some(to) => to,
        None => read::today(store)?,
    };
    let span = jiff::Span::new().days(DAYS);
    let from = match arguments.from {
        Some(from) => from,
        None => to.checked_sub(span).map_err(|_| wrong(format!("--to {to} is beyond the calendar")))?,
    };
    let days = from.until(to).map_or(0, |span| span.get_days());
    if (1..=DAYS_MAX).contains(&days) {
        Ok((from, to))
    } else {
        Err(wrong(format!("a period lasts from 1 to {DAYS_MAX} days; from {from} to {to} are {days}")))
    }
}
