//! What the commands of a cluster do.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use desserte_boot::logging::{self, LogFormat};
use desserte_boot::signals;
use desserte_cluster::{
    ClusterAnswer, ClusterError, ClusterHistory, ClusterOptions, ExecutorOptions, SchedulerOptions, execute,
    schedule,
};
use desserte_lake::arrow::array::RecordBatch;
use desserte_lake::arrow::datatypes::Schema;
use desserte_lake::{AskOptions, LakeError, LakeOptions, Stopped};
use desserte_territory::Locator;

use super::{ClusterAddress, ClusterCommand, ExecutorArguments, SchedulerArguments};
use crate::arguments::DataArguments;
use crate::lake::runtime;
use crate::out::{Failure, Outcome, line, note};
use crate::probe::open_existing;
use crate::query::{QueryArguments, Rows, advice, territory, written};

pub(crate) fn run(command: &ClusterCommand) -> Outcome {
    match command {
        ClusterCommand::Scheduler(arguments) => scheduler(arguments),
        ClusterCommand::Executor(arguments) => executor(arguments),
    }
}

fn scheduler(arguments: &SchedulerArguments) -> Outcome {
    logging::init(&arguments.part.log, LogFormat::Text).map_err(Failure::usage)?;
    let options = SchedulerOptions {
        listen: arguments.listen,
        advertise: arguments.part.advertise.clone(),
        territory: named(arguments.part.territory.as_deref())?,
    };
    runtime()?.block_on(async {
        line(&format!("df://{}", arguments.listen))?;
        tokio::select! {
            ended = schedule(options) => ended.map_err(failed),
            _ = signals::shutdown() => Ok(()),
        }
    })
}

fn executor(arguments: &ExecutorArguments) -> Outcome {
    logging::init(&arguments.part.log, LogFormat::Text).map_err(Failure::usage)?;
    let machine = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let options = ExecutorOptions {
        scheduler: arguments.scheduler.clone(),
        listen: arguments.listen,
        advertise: arguments.part.advertise.clone(),
        work: arguments.work.clone(),
        cores: arguments.cores.unwrap_or_else(machine).get(),
        data: arguments.data.clone(),
        memory_bytes: arguments.max_memory.saturating_mul(1 << 20),
        territory: named(arguments.part.territory.as_deref())?,
    };
    // It ends by itself at a signal, after what it has begun.
    runtime()?.block_on(execute(options)).map_err(failed)
}

fn named(path: Option<&Path>) -> anyhow::Result<Option<Arc<Locator>>> {
    let Some(path) = path else { return Ok(None) };
    let territory =
        Locator::open(path).with_context(|| format!("cannot use territory {}", path.display()))?;
    Ok(Some(Arc::new(territory)))
}

fn failed(error: ClusterError) -> Failure {
    match error {
        error @ ClusterError::Unspecified { .. } => Failure::usage(error),
        error => error.into(),
    }
}

/// An answer that comes from a cluster.
pub(crate) struct Answer(ClusterAnswer);

impl Answer {
    pub(crate) fn schema(&self) -> Arc<Schema> {
        self.0.schema()
    }

    pub(crate) async fn next_rows(&mut self) -> anyhow::Result<Option<RecordBatch>> {
        self.0.next_rows().await.map_err(advised)
    }
}

/// Asks a cluster about files that this machine and its executors find under one path.
pub(crate) fn ask(arguments: &QueryArguments, data: &Path, cluster: &ClusterAddress) -> Outcome {
    let store = Arc::new(open_existing(&DataArguments { data: data.to_owned() })?);
    runtime()?.block_on(async {
        let limits = arguments.limits.limits();
        let options = ClusterOptions {
            host: cluster.host.clone(),
            port: cluster.port,
            parts: arguments.parts.get(),
            ask: AskOptions { limits, territory: territory(data, arguments.limits.territory.as_deref())? },
        };
        let lake = LakeOptions::default();
        let opened = ClusterHistory::open(&store, data, &lake, arguments.as_of.clone(), options).await;
        let history = opened.map_err(advised)?;
        let answer = history.ask(&arguments.sql).await.map_err(advised)?;
        written(arguments, Rows::Cluster(Box::new(Answer(answer)))).await?;
        note(&format!(
            "generation {}, as of number {}; what waits in the store is not in it",
            history.generation(),
            history.cited()
        ));
        Ok(())
    })
}

/// An error, and what to do about it if a limit was reached.
fn advised(error: ClusterError) -> anyhow::Error {
    match error {
        ClusterError::Lake(LakeError::Stopped(stopped @ Stopped::Memory { .. })) => {
            anyhow!("{stopped}: group by fewer values, or give executors more with their --max-memory")
        }
        ClusterError::Lake(error) => advice(error),
        error => error.into(),
    }
}
