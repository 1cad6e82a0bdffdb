//! `desserte query`: questions in SQL.

mod arguments;
mod remote;
mod written;

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use desserte_lake::arrow::array::RecordBatch;
use desserte_lake::arrow::datatypes::Schema;
use desserte_lake::{Answer, AskOptions, History, LakeError, LakeOptions, Stopped};
use desserte_territory::Locator;

pub(crate) use self::arguments::QueryArguments;
use self::remote::Remote;
use self::written::{Capped, write};
use crate::arguments::DataArguments;
use crate::cluster;
use crate::collector::TERRITORY_FILE;
use crate::lake::runtime;
use crate::out::{Outcome, note};
use crate::probe::open_existing;

/// Where rows come from.
pub(crate) enum Rows {
    /// From files of this machine.
    Here(Answer),
    /// From a collector.
    There(Box<Remote>),
    /// From a cluster.
    #[cfg_attr(not(feature = "cluster"), expect(dead_code, reason = "only the feature asks a cluster"))]
    Cluster(Box<cluster::Answer>),
}

impl Rows {
    fn schema(&self) -> Arc<Schema> {
        match self {
            Self::Here(answer) => answer.schema(),
            Self::There(remote) => remote.schema(),
            Self::Cluster(answer) => answer.schema(),
        }
    }

    /// The next rows; `None` after the last.
    async fn next(&mut self) -> anyhow::Result<Option<RecordBatch>> {
        match self {
            Self::Here(answer) => answer.next_rows().await.map_err(advice),
            Self::There(remote) => remote.next_rows().await,
            Self::Cluster(answer) => answer.next_rows().await,
        }
    }
}

pub(crate) fn run(arguments: &QueryArguments) -> Outcome {
    match (&arguments.data, &arguments.url, &arguments.cluster) {
        (Some(data), _, Some(cluster)) => cluster::ask(arguments, data, cluster),
        (Some(data), _, None) => here(arguments, data),
        (None, Some(url), _) => there(arguments, url),
        (None, None, _) => unreachable!("one of the two is asked for"),
    }
}

/// Asks files of this machine.
fn here(arguments: &QueryArguments, data: &Path) -> Outcome {
    let store = Arc::new(open_existing(&DataArguments { data: data.to_owned() })?);
    runtime()?.block_on(async {
        let options = LakeOptions::default();
        let territory = territory(data, arguments.limits.territory.as_deref())?;
        let ask = AskOptions { limits: arguments.limits.limits(), territory };
        let history = History::open_with(&store, data, &options, arguments.as_of.clone(), ask).await?;
        let answer = history.ask(&arguments.sql).await.map_err(advice)?;
        written(arguments, Rows::Here(answer)).await?;
        note(&format!("generation {}, as of number {}", history.generation(), history.cited()));
        Ok(())
    })
}

/// Asks a collector.
fn there(arguments: &QueryArguments, url: &str) -> Outcome {
    runtime()?.block_on(async {
        let settings =
            remote::Settings { as_of: arguments.as_of.clone(), seconds: arguments.limits.max_seconds };
        let remote = Remote::ask(url, arguments.ca.as_deref(), &settings, &arguments.sql).await?;
        written(arguments, Rows::There(Box::new(remote))).await
    })
}

pub(crate) async fn written(arguments: &QueryArguments, rows: Rows) -> Outcome {
    let (format, bytes) = (arguments.format, arguments.limits.bytes());
    match &arguments.out {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            write(rows, format, Capped::new(BufWriter::new(file), bytes)).await
        }
        None => write(rows, format, Capped::new(BufWriter::new(io::stdout()), bytes)).await,
    }
}

/// The territory that `commune_at` looks in.
pub(crate) fn territory(data: &Path, named: Option<&Path>) -> anyhow::Result<Option<Arc<Locator>>> {
    let usual = data.join(TERRITORY_FILE);
    let path = match named {
        Some(path) => path,
        None if usual.is_file() => usual.as_path(),
        None => return Ok(None),
    };
    let territory =
        Locator::open(path).with_context(|| format!("cannot use territory {}", path.display()))?;
    Ok(Some(Arc::new(territory)))
}

/// An error, and what to do about it if a limit was reached.
pub(crate) fn advice(error: LakeError) -> anyhow::Error {
    let advice = match &error {
        LakeError::Stopped(Stopped::Time { .. }) => {
            "ask for less, a commune or a month, or allow more with --max-seconds"
        }
        LakeError::Stopped(Stopped::Memory { .. }) => {
            "group by fewer values, ask month by month, or allow more with --max-memory"
        }
        LakeError::Stopped(Stopped::Rows { .. }) => "aggregate, ask in parts, or allow more with --max-rows",
        _ => return error.into(),
    };
    anyhow!("{error}: {advice}")
}
