//! `desserte collector`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use desserte_boot::{build_info, config, logging, signals};
use desserte_collector::{Collector, Config, DEFAULT_CONFIG, DossierProgram};
use desserte_lake::Place;
use desserte_sql::SqlConfig;
use desserte_territory::Territory;
use prometheus::Registry;
use serde::Deserialize;
use tokio::runtime::Handle;

use crate::arguments::CollectorArguments;
use crate::out::{Failure, Outcome, line};
use crate::{history, registry, sql};

/// Name of a territory file in a data directory.
pub(crate) const TERRITORY_FILE: &str = "territoire.dst";

/// The history's engine tells every step of every table at the level at which a collector tells what matters. What the
/// configuration says of a part of it by name holds. What opens a table calls it an error that there is none yet; to us it is an answer.
const QUIET_ENGINE: &str = "buoyant_kernel=warn,buoyant_kernel::snapshot::builder=off,deltalake_core=warn,deltalake_core::writer=error";

/// The collector's configuration file: its own sections, and those of what runs in it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Whole {
    #[serde(flatten)]
    collector: Config,
    sql: SqlConfig,
}

pub(crate) fn run(arguments: &CollectorArguments) -> Outcome {
    let template = format!("{DEFAULT_CONFIG}\n{}", desserte_sql::DEFAULT_CONFIG);
    if arguments.print_config {
        return line(template.trim_end());
    }
    let Whole { collector: mut config, sql } = match &arguments.config {
        Some(path) => config::load(path, &template).map_err(Failure::usage)?,
        None => Whole::default(),
    };
    config.publication.demonstration |= arguments.demonstration;
    let filter = match arguments.flush_every.is_some() || !sql.listen.is_empty() {
        true => format!("{QUIET_ENGINE},{}", config.log.filter),
        false => config.log.filter.clone(),
    };
    logging::init(&filter, config.log.format).map_err(Failure::usage)?;
    let data = arguments.data.as_deref().ok_or_else(|| Failure::usage(anyhow!("--data is missing")))?;
    let path = territory_file(arguments, data)?;
    let territory =
        Territory::open(&path).with_context(|| format!("cannot use territory {}", path.display()))?;
    if config.dossiers.offer {
        let executable = std::env::current_exe().context("cannot tell where this program is")?;
        config.dossiers.program = Some(DossierProgram { executable, territory: path.clone() });
    }
    // Before anything is taken in: a wrong address or certificate ends the program, not half of it.
    let place = Place::of_data(data)?;
    if place.is_remote() {
        tracing::info!(%place, "the history stands in an object store");
    }
    let _history = match sql.listen.is_empty() {
        true => None,
        false => Some(sql::start(sql, data, &path)?),
    };
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(serve(config, arguments, data, territory))
}

fn territory_file(arguments: &CollectorArguments, data: &Path) -> Result<PathBuf, Failure> {
    let path: PathBuf = arguments.territory.clone().unwrap_or_else(|| data.join(TERRITORY_FILE));
    if arguments.territory.is_none() && !path.is_file() {
        let hint = "name a territory file with --territory; `desserte-geodata import` makes one";
        return Err(Failure::usage(anyhow!("there is no {}: {hint}", path.display())));
    }
    Ok(path)
}

async fn serve(config: Config, arguments: &CollectorArguments, data: &Path, territory: Territory) -> Outcome {
    let communes = territory.communes().len();
    let register = registry::of_data(data, Handle::current()).map_err(Failure::usage)?;
    if let Some(place) = register.place() {
        tracing::info!(%place, "probes and codes are shared with other collectors");
    }
    let (addresses, build) = (&arguments.listen, build_info!("desserte"));
    let collector =
        Collector::bind(config, data, territory, addresses, register, Registry::new(), build).await?;
    for address in collector.addresses().context("cannot read the addresses listened on")? {
        tracing::info!(%address, communes, "the collector answers");
        // For people and scripts that started it, one line for each address on standard output.
        line(&format!("http://{address}/"))?;
    }
    if let Some(seconds) = arguments.flush_every {
        history::keep(data, Duration::from_secs(seconds))?;
    }
    let shutdown = async {
        match signals::shutdown().await {
            Ok(signal) => tracing::info!(signal, "finishing the requests under way"),
            Err(error) => tracing::error!(%error, "cannot listen for signals; stopping"),
        }
    };
    collector.run(shutdown).await?;
    tracing::info!("the collector has stopped");
    Ok(())
}
