//! `desserte registry`: the probes and one-time codes that several collectors share (docs/spec/registry.md).

mod handed;
mod words;

use std::collections::BTreeSet;
use std::io::BufRead as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use desserte_collector::Register;
use desserte_lake::{CollectorNumber, Place};
use desserte_registry::{REGISTRY_FILE, RegistryError, grants, tables};
use desserte_store::Store;
use tokio::runtime::{Handle, Runtime};

use crate::arguments::{DataArguments, Lang};
use crate::clock;
use crate::history::take_homes;
use crate::lake::runtime;
use crate::out::{Failure, Outcome, line, note};
use crate::probe::open_existing;

/// What to do with the register.
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryCommand {
    /// Make the register's tables, unless they are there, and publish what this collector has.
    Init(InitArguments),
    /// Say how the register and the collectors that share it stand; ends with 2 if it cannot be followed.
    Status(StatusArguments),
    /// Take over the probes of a collector that is lost for ever.
    TakeOver(TakeOverArguments),
}

/// Options of `desserte registry init`.
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    #[command(flatten)]
    data: DataArguments,
    /// Only print the SQL, with the rights for this role of the database, for whoever may make tables there.
    #[arg(long, value_name = "ROLE")]
    print_for: Option<String>,
    /// Language of the text.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    lang: Lang,
}

/// Options of `desserte registry status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    data: DataArguments,
    /// Language of the text.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    lang: Lang,
}

/// Options of `desserte registry take-over`.
#[derive(Debug, Args)]
pub(crate) struct TakeOverArguments {
    #[command(flatten)]
    data: DataArguments,
    /// Number of the collector that is lost.
    #[arg(value_name = "COLLECTOR", value_parser = clap::value_parser!(u8).range(1..=i64::from(desserte_lake::COLLECTORS_MAX)))]
    collector: u8,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Language of the text.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    lang: Lang,
}

pub(crate) fn run(command: &RegistryCommand) -> Outcome {
    match command {
        RegistryCommand::Init(arguments) => init(arguments),
        RegistryCommand::Status(arguments) => status(arguments),
        RegistryCommand::TakeOver(arguments) => take_over(arguments),
    }
}

/// The register of a data directory: the store's own, or the one that its `registry.toml` names.
pub(crate) fn of_data(data: &Path, runtime: Handle) -> anyhow::Result<Register> {
    if !data.join(REGISTRY_FILE).exists() {
        return Ok(Register::own());
    }
    let place = Place::of_data(data)?;
    // The number of a collector, and whose a probe is, are agreed on there.
    if !place.is_remote() {
        return Err(anyhow!(
            "{} is for collectors that write one history: name the object store in history.toml first, with this collector's number",
            data.join(REGISTRY_FILE).display()
        ));
    }
    Ok(Register::of_data(data, place.collector().number(), runtime)?)
}

/// A register that others share, the store beside it, and what connections live on.
struct Bench {
    runtime: Runtime,
    store: Arc<Store>,
    register: Register,
    own: CollectorNumber,
}

impl Bench {
    fn open(arguments: &DataArguments) -> Result<Self, Failure> {
        let store = Arc::new(open_existing(arguments)?);
        let runtime = runtime()?;
        let register = of_data(&arguments.data, runtime.handle().clone()).map_err(Failure::usage)?;
        if !register.is_shared() {
            let file = arguments.data.join(REGISTRY_FILE);
            return Err(Failure::usage(anyhow!(
                "there is no {}: docs/spec/registry.md says what it names",
                file.display()
            )));
        }
        Ok(Self { runtime, store, register, own: Place::of_data(&arguments.data)?.collector() })
    }

    fn place(&self) -> &str {
        self.register.place().unwrap_or_default()
    }
}

fn init(arguments: &InitArguments) -> Outcome {
    if let Some(role) = &arguments.print_for {
        return line(&format!("{}\n{}", tables(), grants(role)));
    }
    let bench = Bench::open(&arguments.data)?;
    let made = bench.register.make()?;
    line(&words::made(bench.place(), made, arguments.lang))?;
    // Once for what the others have, once for what is this collector's as the history says, once for codes of those probes.
    bench.register.look(&bench.store, clock::now())?;
    bench.runtime.block_on(take_homes(&bench.store, &arguments.data.data))?;
    bench.register.look(&bench.store, clock::now())?;
    let change = bench.register.look(&bench.store, clock::now())?;
    line(&words::published(bench.store.probes()?.len(), change, arguments.lang))
}

fn status(arguments: &StatusArguments) -> Outcome {
    let bench = Bench::open(&arguments.data)?;
    let change = bench.register.look(&bench.store, clock::now()).map_err(Failure::no)?;
    line(&words::standing(bench.place(), change, arguments.lang))?;
    for seen in bench.register.collectors().map_err(Failure::no)? {
        line(&words::collector(&seen, seen.number == bench.own.number(), arguments.lang))?;
    }
    Ok(())
}

fn take_over(arguments: &TakeOverArguments) -> Outcome {
    let (from, lang) = (arguments.collector, arguments.lang);
    let bench = Bench::open(&arguments.data)?;
    if from == bench.own.number() {
        return Err(Failure::usage(anyhow!("collector {from} is this one")));
    }
    bench.register.is_lost(from).map_err(|error| match error {
        RegistryError::Alive { .. } => Failure::no(error),
        error => error.into(),
    })?;
    bench.register.look(&bench.store, clock::now())?;
    let probes: BTreeSet<_> = bench
        .store
        .probes_of_all()?
        .into_iter()
        .filter(|probe| probe.home == Some(from) && probe.retired.is_none())
        .map(|probe| probe.id)
        .collect();
    if !arguments.yes && !confirmed(&words::question(from, probes.len(), lang))? {
        return Err(Failure::no(anyhow!("{}", words::left(lang))));
    }
    // First what the history has of them: a batch that comes again must be known before the first one is taken.
    let known = handed::note(&bench.runtime, &bench.store, &arguments.data.data, &probes, clock::now())?;
    let moved = bench.register.take_over(&bench.store, from, clock::now())?;
    bench.runtime.block_on(take_homes(&bench.store, &arguments.data.data))?;
    line(&words::taken(from, moved, known, lang))
}

/// Whether a person says yes.
fn confirmed(question: &str) -> anyhow::Result<bool> {
    note(question);
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("cannot read the answer")?;
    Ok(["o", "oui", "y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
