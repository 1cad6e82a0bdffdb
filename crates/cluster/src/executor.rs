//! An executor: reads files and computes the parts of questions that a scheduler gives it.

use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use ballista_core::RuntimeProducer;
use ballista_core::serde::BallistaPhysicalExtensionCodec;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use desserte_lake::Place;
use desserte_territory::Locator;

use crate::codec::LakeCodec;
use crate::scheduler::{self, advertised};
use crate::session::registry;
use crate::{ClusterError, Work, ready};

/// Seconds between two signs of life; Ballista's own 60 s find out a loss after minutes.
pub(crate) const HEARTBEAT: u64 = 5;

/// Seconds for which what a question left behind may lie about untouched: longer than any question takes. The scheduler has it
/// removed after ten minutes; this is for what a scheduler forgot when it was started anew. Ballista's own default never removes it.
const LEFTOVERS_KEPT: u64 = 6 * 3_600;

/// Seconds between two looks for leftovers.
const LEFTOVERS_INTERVAL: u64 = 600;

/// Seconds that an executor waits for its scheduler to appear: both are started at once when a machine starts.
const SCHEDULER_WAIT: u16 = 30;

/// What is between groups and sorts lies in the directory of work: rows name probes.
const DIRECTORY_MODE: u32 = 0o700;

/// How an executor is started.
#[derive(Clone)]
pub struct ExecutorOptions {
    /// HOST:PORT of the scheduler.
    pub scheduler: (String, u16),
    /// Where others fetch its results.
    pub listen: SocketAddr,
    /// The name or address by which scheduler, executors and clients reach it; by default the one that it listens on.
    pub advertise: Option<String>,
    /// Directory for what is between the parts of a question; created if missing.
    pub work: PathBuf,
    /// Parts that are computed at once.
    pub cores: usize,
    /// Memory for sorts, groups and joins of all of them together, in octets; beyond it they go to the directory.
    pub memory_bytes: u64,
    /// Directory whose `history.toml` says in which object store the history stands; without it only files of this machine are read.
    pub data: Option<PathBuf>,
    /// Where `commune_at` looks; without it that function is refused.
    pub territory: Option<Arc<Locator>>,
}

/// Runs until a signal to end, and then finishes what it has begun.
///
/// # Errors
/// When it cannot listen, cannot use its directory, or its scheduler does not appear.
#[must_use]
pub fn execute(options: ExecutorOptions) -> Work<'static, ()> {
    Box::pin(run(options))
}

async fn run(options: ExecutorOptions) -> Result<(), ClusterError> {
    let directory = |source| ClusterError::Directory { path: options.work.display().to_string(), source };
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(&options.work).map_err(directory)?;
    let work = std::path::absolute(&options.work).map_err(directory)?;
    let place = options.data.as_deref().map(Place::of_data).transpose()?;
    let temporary = work.clone();
    let runtime: RuntimeProducer = Arc::new(move |_| {
        let environment = RuntimeEnvBuilder::new().with_temp_file_path(&temporary).build_arc()?;
        if let Some(place) = &place {
            place.make_known(&environment);
        }
        Ok(environment)
    });
    let (scheduler_host, scheduler_port) = options.scheduler;
    ready::wait(&scheduler_host, scheduler_port, SCHEDULER_WAIT.into()).await?;
    let config = ExecutorProcessConfig {
        bind_host: options.listen.ip().to_string(),
        port: options.listen.port(),
        task_scheduling_policy: scheduler::POLICY,
        // Nothing listens for work: it is asked for.
        grpc_port: options.listen.port(),
        external_host: Some(advertised(options.advertise, options.listen)?),
        scheduler_host,
        scheduler_port,
        scheduler_connect_timeout_seconds: SCHEDULER_WAIT,
        vcores: options.cores,
        work_dir: Some(work.to_string_lossy().into_owned()),
        memory_pool_size: Some(options.memory_bytes),
        executor_heartbeat_interval_seconds: HEARTBEAT,
        job_data_ttl_seconds: LEFTOVERS_KEPT,
        job_data_clean_up_interval_seconds: LEFTOVERS_INTERVAL,
        override_runtime_producer: Some(runtime),
        override_function_registry: Some(Arc::new(registry(options.territory)?)),
        override_logical_codec: Some(Arc::new(LakeCodec::default())),
        override_physical_codec: Some(Arc::new(BallistaPhysicalExtensionCodec::default())),
        ..ExecutorProcessConfig::default()
    };
    start_executor_process(Arc::new(config)).await.map_err(ClusterError::ended("executor"))
}
