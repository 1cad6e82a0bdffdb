//! `desserte demo-history`: a made-up history of any size, for measuring and for trying questions.
//!
//! Raw records of a year of a département would take hours to sign, check and keep. Rows of the history are made directly, in
//! the order of their arrival, and go through the same door as a flush's ([`Lake::append`]): same schema, same files, same
//! upkeep. A share of the days arrives up to a month late. The same seed gives the same rows, and the probes of a smaller
//! history are the first ones of a larger one.

mod arrivals;
mod probe;
mod tables;

use anyhow::{Context as _, anyhow};
use clap::Args;
use desserte_collector::{META_AS_OF, META_DEMONSTRATION};
use desserte_lake::{Lake, LakeOptions};
use desserte_store::{STORE_FILE, Store, StoreOptions};
use desserte_territory::Territory;
use desserte_units::Timestamp;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{END, territory};
use crate::arguments::DemoPlaceArguments;
use crate::lake::runtime;
use crate::out::{Failure, Outcome, line as print_line};
use arrivals::Arrivals;
use probe::Probe;
use tables::Tables;

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// Records in one commit, about: what a flush takes at once is of this order (`crates/lake`).
const COMMIT_RECORDS: u32 = 150_000;

/// Records that one probe makes in an hour, about.
const RECORDS_PER_HOUR: u32 = 62;

/// Commits between two compactions: the number of small files from which on they are put together, and a few.
const COMPACT_EVERY: u32 = 10;

/// Options of `desserte demo-history`.
#[derive(Debug, Args)]
pub(crate) struct YearArguments {
    #[command(flatten)]
    place: DemoPlaceArguments,
    /// Probes.
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    probes: u32,
    /// Days, the last one ending at the start of November 2026.
    #[arg(long, value_name = "COUNT", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3_660))]
    days: u32,
    /// Leave out `custody`, which has a row for every row of the others.
    #[arg(long)]
    without_custody: bool,
}

pub(crate) fn run(arguments: &YearArguments) -> Outcome {
    let place = &arguments.place;
    if place.out.join(STORE_FILE).exists() {
        let said = format!("{} holds a store already; name an empty directory", place.out.display());
        return Err(Failure::usage(anyhow!(said)));
    }
    std::fs::create_dir_all(&place.out).with_context(|| format!("cannot create {}", place.out.display()))?;
    let territory = territory(place)?;
    let departement = match &place.departement {
        Some(code) => code.clone(),
        None => territory.departements().first().context("the territory has no département")?.code.clone(),
    };
    let store = Store::open(&place.out, StoreOptions::default()).context("cannot create the store")?;
    store.set_meta(META_DEMONSTRATION, &format!("seed {}", place.seed))?;
    let as_of = END.saturating_add_micros(-1_000_000);
    store.set_meta(META_AS_OF, &as_of.as_unix_micros().to_string())?;
    let lake = Lake::open(&place.out, store.history_generation()?, LakeOptions::default())?;
    let start = END.saturating_add_micros(-i64::from(arguments.days) * DAY_US);
    let probes = probes(&territory, &departement, arguments.probes, place.seed, start)?;
    let rows = runtime()?.block_on(fill(&lake, probes, arguments, start))?;
    print_line(&format!(
        "{} made-up probes, {} days (seed {}): {rows} rows in {}",
        arguments.probes,
        arguments.days,
        place.seed,
        lake.root().display()
    ))
}

/// Probes spread over the communes of a département, whose order the seed gives.
fn probes(
    territory: &Territory,
    departement: &str,
    count: u32,
    seed: u64,
    start: Timestamp,
) -> Result<Vec<Probe>, Failure> {
    let mut communes: Vec<String> =
        territory.communes_of_departement(departement).map(|commune| commune.code.to_string()).collect();
    if communes.is_empty() {
        return Err(Failure::usage(anyhow!("{departement:?} has no commune in this territory")));
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for i in (1..communes.len()).rev() {
        communes.swap(i, random.random_range(0..=i));
    }
    let vintage = i64::from(territory.vintage().as_year());
    let spread = communes.iter().cycle();
    Ok((0..count).zip(spread).map(|(n, commune)| Probe::new(n, seed, commune, vintage, start)).collect())
}

async fn fill(
    lake: &Lake,
    probes: Vec<Probe>,
    arguments: &YearArguments,
    start: Timestamp,
) -> Result<u64, Failure> {
    let hours = (COMMIT_RECORDS / RECORDS_PER_HOUR / arguments.probes).clamp(1, 24);
    // A day is a whole number of commits.
    let hours = (1..=hours).rev().find(|hours| 24 % hours == 0).unwrap_or(1);
    let commits = arguments.days * 24 / hours;
    let mut arrivals = Arrivals::new(probes);
    let mut rows = 0;
    for commit in 0..commits {
        let from = start.saturating_add_micros(i64::from(commit * hours) * HOUR_US);
        let until = from.saturating_add_micros(i64::from(hours) * HOUR_US);
        let mut tables = Tables::new(!arguments.without_custody);
        arrivals.between(from, until, commit + 1 == commits, &mut tables);
        for (rows_of_table, last) in tables.into_rows() {
            rows += lake.append(&rows_of_table, last).await?;
        }
        if (commit + 1).is_multiple_of(COMPACT_EVERY) || commit + 1 == commits {
            lake.compact().await?;
            crate::out::note(&format!("{commit} of {commits} commits, {rows} rows"));
        }
    }
    Ok(rows)
}
