//! `desserte probe`: who may send.

pub(crate) mod erase;
pub(crate) mod invite;
mod qr;
mod words;

use anyhow::{Context as _, anyhow};
use desserte_lake::{Lake, LakeOptions};
use desserte_model::ProbeId;
use desserte_signing::PublicKey;
use desserte_store::{Host, InvitationState, NewProbe, STORE_FILE, Store, StoreOptions};

use crate::arguments::{
    DataArguments, ProbeAddArguments, ProbeHost, ProbeHostArguments, ProbeMoveArguments, ProbeRetireArguments,
};
use crate::clock;
use crate::lake::runtime;
use crate::out::{Failure, Outcome, line, note};
use crate::registry;

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
    let lake = Lake::open(&arguments.data, store.history_generation()?, LakeOptions::default())?;
    let runtime = runtime()?;
    let register = registry::of_data(&arguments.data, runtime.handle().clone()).map_err(Failure::usage)?;
    let new = NewProbe {
        id: key.id(),
        public_key: key.to_string(),
        name: arguments.name.clone(),
        site: arguments.site.clone(),
        created: clock::now(),
    };
    if register.is_shared() {
        // It decides; the history is told with the next hand-over.
        register.add(&store, new)?;
        return added(&key, arguments);
    }
    if let Some(home) = runtime.block_on(lake.take_home(key.id().as_str(), arguments.take_over))? {
        return Err(Failure::no(anyhow!(
            "probe {} belongs to collector {home}, which writes {} too: take it out of service there, then add --take-over here",
            key.id(),
            lake.place()
        )));
    }
    store.register_probe(new)?;
    added(&key, arguments)
}

fn added(key: &PublicKey, arguments: &ProbeAddArguments) -> Outcome {
    let file = arguments.data.join(STORE_FILE);
    // The identifier alone on standard output, for scripts.
    note(&format!("probe {} ({:?}) is registered in {}", key.id(), arguments.name, file.display()));
    line(key.id().as_str())
}

pub(crate) fn list(arguments: &DataArguments) -> Outcome {
    let store = open_existing(arguments)?;
    let (probes, now) = (store.probes_of_all()?, clock::now());
    let invited: Vec<_> = store
        .invitations()?
        .into_iter()
        .filter(|invitation| invitation.state(now) == InvitationState::Open)
        .collect();
    if probes.is_empty() && invited.is_empty() {
        return line("no probe is registered; invite one with `desserte probe invite`");
    }
    line(&format!(
        "{:<32}  {:<7}  {:<20}  {:<7}  {:<20}  name",
        "probe", "state", "last heard", "commune", "last measurement"
    ))?;
    for probe in probes {
        let seen = probe.seen.as_ref();
        let elsewhere = probe.home.filter(|_| probe.retired.is_none());
        let state = if elsewhere.is_some() { "other" } else { probe.standing(now).code() };
        let heard = seen.map_or_else(|| "never".to_owned(), |seen| clock::text(seen.received));
        let commune = seen.map_or_else(|| "-".to_owned(), |seen| seen.commune.to_string());
        let measured = seen.and_then(|seen| seen.measured).map_or_else(|| "-".to_owned(), clock::text);
        let site = probe.site.map(|site| format!(", {site}")).unwrap_or_default();
        let home = elsewhere.map(|number| format!(" (collector {number})")).unwrap_or_default();
        let name = probe.name;
        line(&format!(
            "{}  {state:<7}  {heard:<20}  {commune:<7}  {measured:<20}  {name}{site}{home}",
            probe.id
        ))?;
    }
    for invitation in invited {
        let (number, made) = (invitation.number, invitation.made);
        let commune = made.commune.map_or_else(|| "-".to_owned(), |code| code.to_string());
        let site = made.site.map(|site| format!(", {site}")).unwrap_or_default();
        let until = format!("until {}", clock::text(made.expires));
        line(&format!(
            "{:<32}  {:<7}  {:<20}  {commune:<7}  {until:<20}  {}{site}",
            format!("invitation {number}"),
            "invited",
            "never",
            made.name
        ))?;
    }
    Ok(())
}

pub(crate) fn relocate(arguments: &ProbeMoveArguments) -> Outcome {
    let id: ProbeId = arguments.probe.parse().map_err(Failure::usage)?;
    let (store, runtime) = (open_existing(&DataArguments { data: arguments.data.clone() })?, runtime()?);
    let register = registry::of_data(&arguments.data, runtime.handle().clone())?;
    if register.relocate(&store, &id, &arguments.site, clock::now())? {
        line(&format!("probe {id} stands at {} now", arguments.site))
    } else {
        Err(Failure::no(anyhow!("no probe {id} is in service here")))
    }
}

pub(crate) fn host(arguments: &ProbeHostArguments) -> Outcome {
    let id: ProbeId = arguments.probe.parse().map_err(Failure::usage)?;
    let (store, runtime) = (open_existing(&DataArguments { data: arguments.data.clone() })?, runtime()?);
    let register = registry::of_data(&arguments.data, runtime.handle().clone())?;
    let (host, told) = match arguments.host {
        ProbeHost::Public => (Host::PublicBuilding, "in a public building"),
        ProbeHost::Person => (Host::Person, "at someone's home"),
    };
    if register.declare_host(&store, &id, host, clock::now())? {
        line(&format!("probe {id} stands {told}"))
    } else {
        Err(Failure::no(anyhow!("no probe {id} is registered here")))
    }
}

pub(crate) fn retire(arguments: &ProbeRetireArguments) -> Outcome {
    let id: ProbeId = arguments.probe.parse().map_err(Failure::usage)?;
    let (store, runtime) = (open_existing(&DataArguments { data: arguments.data.clone() })?, runtime()?);
    let register = registry::of_data(&arguments.data, runtime.handle().clone())?;
    if register.retire(&store, &id, clock::now())? {
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
