//! `desserte probe`: who may send.

use anyhow::{Context as _, anyhow};
use desserte_model::ProbeId;
use desserte_signing::PublicKey;
use desserte_store::{Host, NewProbe, STORE_FILE, Store, StoreOptions};

use crate::arguments::{
    DataArguments, ProbeAddArguments, ProbeHost, ProbeHostArguments, ProbeRetireArguments,
};
use crate::clock;
use crate::out::{Failure, Outcome, line, note};

pub(crate) fn add(arguments: &ProbeAddArguments) -> Outcome {
    let key: PublicKey = arguments.public_key.parse().map_err(Failure::usage)?;
    let data = arguments.data.display();
    let file = arguments.data.join(STORE_FILE);
    // A mistyped directory must not become a store that no collector reads.
    if !arguments.create && !file.is_file() {
        return Err(Failure::usage(anyhow!(
            "there is no store in {data}: name the directory the collector was started with, or add --create to begin \
             a new store there"
        )));
    }
    let store = Store::open(&arguments.data, StoreOptions::default()).context("cannot open the store")?;
    store.register_probe(NewProbe {
        id: key.id(),
        public_key: key.to_string(),
        name: arguments.name.clone(),
        site: arguments.site.clone(),
        created: clock::now(),
    })?;
    // The identifier alone on standard output, for scripts.
    note(&format!("probe {} ({:?}) is registered in {}", key.id(), arguments.name, file.display()));
    line(key.id().as_str())
}

pub(crate) fn list(arguments: &DataArguments) -> Outcome {
    let store = open_existing(arguments)?;
    let probes = store.probes()?;
    if probes.is_empty() {
        return line("no probe is registered; add one with `desserte probe add`");
    }
    line(&format!(
        "{:<32}  {:<20}  {:<7}  {:<20}  name",
        "probe", "last heard", "commune", "last measurement"
    ))?;
    for probe in probes {
        let seen = probe.seen.as_ref();
        let heard = seen.map_or_else(|| "never".to_owned(), |seen| clock::text(seen.received));
        let commune = seen.map_or_else(|| "-".to_owned(), |seen| seen.commune.to_string());
        let measured = seen.and_then(|seen| seen.measured).map_or_else(|| "-".to_owned(), clock::text);
        let retired = if probe.retired.is_some() { " (retired)" } else { "" };
        let site = probe.site.map(|site| format!(", {site}")).unwrap_or_default();
        let name = probe.name;
        line(&format!("{}  {heard:<20}  {commune:<7}  {measured:<20}  {name}{site}{retired}", probe.id))?;
    }
    Ok(())
}

pub(crate) fn host(arguments: &ProbeHostArguments) -> Outcome {
    let id: ProbeId = arguments.probe.parse().map_err(Failure::usage)?;
    let store = open_existing(&DataArguments { data: arguments.data.clone() })?;
    let (host, told) = match arguments.host {
        ProbeHost::Public => (Host::PublicBuilding, "in a public building"),
        ProbeHost::Person => (Host::Person, "at someone's home"),
    };
    if store.declare_host(&id, host)? {
        line(&format!("probe {id} stands {told}"))
    } else {
        Err(Failure::no(anyhow!("no probe {id} is registered here")))
    }
}

pub(crate) fn retire(arguments: &ProbeRetireArguments) -> Outcome {
    let id: ProbeId = arguments.probe.parse().map_err(Failure::usage)?;
    let store = open_existing(&DataArguments { data: arguments.data.clone() })?;
    if store.retire_probe(&id, clock::now())? {
        line(&format!("probe {id} is out of service"))
    } else {
        Err(Failure::no(anyhow!("no probe {id} is in service here")))
    }
}

/// Opens a store that must be there: a mistyped directory must not become an empty store.
pub(crate) fn open_existing(arguments: &DataArguments) -> Result<Store, Failure> {
    let file = arguments.data.join(desserte_store::STORE_FILE);
    if !file.is_file() {
        return Err(Failure::usage(anyhow!("there is no store in {}", arguments.data.display())));
    }
    Ok(Store::open(&arguments.data, StoreOptions::default()).context("cannot open the store")?)
}
