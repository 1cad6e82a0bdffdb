//! `desserte demo-data`: a store full of made-up measurements, for tests, dashboards and a first look.
//!
//! Nothing here was measured. The store says so, and every page made from it does. Batches are signed and pass the same
//! checks as those of real probes. The same seed and territory give the same octets.

mod line;
mod records;
mod sites;
mod upload;
pub(crate) mod year;

use std::path::Path;

use anyhow::{Context as _, anyhow};
use desserte_collector::{Ingest, Intake, META_AS_OF, META_DEMONSTRATION};
use desserte_signing::ProbeKey;
use desserte_store::{Host, NewProbe, STORE_FILE, Store, StoreOptions};
use desserte_territory::{Territory, synthetic};
use desserte_units::Timestamp;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::arguments::{DemoDataArguments, DemoPlaceArguments};
use crate::collector::TERRITORY_FILE;
use crate::out::{Failure, Outcome, line as print_line};
use records::Spans;
use sites::Site;

/// The moment that the demonstration takes for now: 2026-11-01T00:00:00Z. Fixed, so that octets are too.
const END: Timestamp = Timestamp::from_unix_secs(1_793_491_200);

pub(crate) fn run(arguments: &DemoDataArguments) -> Outcome {
    let place = &arguments.place;
    let target = place.out.join(STORE_FILE);
    if target.exists() {
        return Err(Failure::usage(anyhow!("{} exists already; name an empty directory", target.display())));
    }
    std::fs::create_dir_all(&place.out).with_context(|| format!("cannot create {}", place.out.display()))?;
    let territory = territory(place)?;
    let departement = match &place.departement {
        Some(code) => territory
            .departement(code)
            .ok_or_else(|| Failure::usage(anyhow!("{code:?} is no département of this territory")))?,
        None => {
            territory.departements().first().ok_or_else(|| anyhow!("the territory has no département"))?
        }
    };
    // The store grows in a directory beside its place and moves there when whole.
    let building = place.out.join(".building");
    if building.exists() {
        std::fs::remove_dir_all(&building).context("cannot remove what an interrupted run left")?;
    }
    let records = fill(&building, &territory, &departement.code, arguments)?;
    std::fs::rename(building.join("compact"), &target).context("cannot move the store to its place")?;
    std::fs::remove_dir_all(&building).context("cannot tidy up")?;
    let data = place.out.display();
    print_line(&format!(
        "{records} made-up records in {} (seed {}); look at them with\n  desserte collector --data {data}",
        target.display(),
        place.seed
    ))
}

fn territory(arguments: &DemoPlaceArguments) -> Result<Territory, Failure> {
    let copy = arguments.out.join(TERRITORY_FILE);
    match &arguments.territory {
        Some(path) => {
            let territory =
                Territory::open(path).with_context(|| format!("cannot use territory {}", path.display()))?;
            if path != &copy {
                std::fs::copy(path, &copy).context("cannot copy the territory")?;
            }
            Ok(territory)
        }
        None => {
            let territory = synthetic::declared(arguments.seed);
            std::fs::write(&copy, territory.to_bytes()).context("cannot write the territory")?;
            Ok(territory)
        }
    }
}

/// Makes the store in `building` and a compact copy of it named `compact`; gives the number of records.
fn fill(
    building: &Path,
    territory: &Territory,
    departement: &str,
    arguments: &DemoDataArguments,
) -> Result<u64, Failure> {
    let seed = arguments.place.seed;
    let store = Store::open(building, StoreOptions::default()).context("cannot create the store")?;
    store.set_meta(META_DEMONSTRATION, &format!("seed {seed}"))?;
    // The last second before the end, so that periods, which are whole hours, end there.
    let as_of = END.saturating_add_micros(-1_000_000);
    store.set_meta(META_AS_OF, &as_of.as_unix_micros().to_string())?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut sites = sites::choose(territory, departement, &mut random);
    sites.truncate(arguments.probes.unwrap_or(usize::MAX));
    if sites.is_empty() {
        return Err(anyhow!("département {departement} has no commune with an inside").into());
    }
    let rules = Ingest::default();
    let intake = Intake { store: &store, territory, rules: &rules };
    let spans = Spans { days: arguments.days.into(), minute_days: arguments.minute_days.into() };
    let mut kept = 0;
    for (number, site) in (1..).zip(&sites) {
        kept += one_probe(&intake, number, site, spans, &mut random)?;
    }
    store.compact_into(&building.join("compact")).context("cannot compact the store")?;
    Ok(kept)
}

fn one_probe(
    intake: &Intake<'_>,
    number: u32,
    site: &Site,
    spans: Spans,
    random: &mut ChaCha8Rng,
) -> Result<u64, Failure> {
    let key = ProbeKey::from_seed(random.random());
    intake.store.register_probe(NewProbe {
        id: key.id(),
        public_key: key.public().to_string(),
        name: format!("sonde de démonstration {number}"),
        site: Some(format!("{} ({})", site.commune_name, site.commune)),
        created: site.from(END, spans.days),
    })?;
    let host = if site.public { Host::PublicBuilding } else { Host::Person };
    intake.store.declare_host(&key.id(), host)?;
    let days = records::make(&key, site, END, spans, random);
    upload::send(intake, &key, days, random)
}
