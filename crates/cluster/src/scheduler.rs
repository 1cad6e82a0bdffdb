//! The scheduler: takes questions, cuts them into parts, and gives the parts to executors.

use std::net::SocketAddr;
use std::sync::Arc;

use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::serde::BallistaPhysicalExtensionCodec;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;
use desserte_territory::Locator;

use crate::codec::LakeCodec;
use crate::session::{planning, registry};
use crate::{ClusterError, Work, executor};

/// Seconds after which an executor that says nothing is taken for lost, and its work is given to others: three signs of life. Ballista's
/// own 180 s keep a question waiting for minutes.
const EXECUTOR_TIMEOUT: u64 = 3 * executor::HEARTBEAT;

/// Executors ask for work. Where the scheduler sends it (Ballista's default), it forgets to take back the cores of parts that it withdraws
/// when an executor is lost, until none is left and questions wait for ever.
pub(crate) const POLICY: TaskSchedulingPolicy = TaskSchedulingPolicy::PullStaged;

/// Seconds between two looks for lost executors.
const EXPIRY_INTERVAL: u64 = executor::HEARTBEAT;

/// Seconds after which executors remove what a question left with them, counted from its end. Its answer must have been fetched
/// by then.
const RESULTS_KEPT: u64 = 600;

/// Seconds for which the scheduler remembers a question that ended.
const STATE_KEPT: u64 = 3_600;

/// How a scheduler is started.
#[derive(Clone)]
pub struct SchedulerOptions {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The name or address by which executors and clients reach it; by default the one that it listens on.
    pub advertise: Option<String>,
    /// Where `commune_at` looks when it is asked about constants.
    pub territory: Option<Arc<Locator>>,
}

/// Runs until it fails, or until the future is dropped.
///
/// # Errors
/// When it cannot listen, or other machines could not reach it.
#[must_use]
pub fn schedule(options: SchedulerOptions) -> Work<'static, ()> {
    Box::pin(run(options))
}

async fn run(options: SchedulerOptions) -> Result<(), ClusterError> {
    let external_host = advertised(options.advertise, options.listen)?;
    let functions = Arc::new(registry(options.territory)?);
    let config = SchedulerConfig {
        bind_host: options.listen.ip().to_string(),
        bind_port: options.listen.port(),
        external_host,
        scheduling_policy: POLICY,
        executor_timeout_seconds: EXECUTOR_TIMEOUT,
        expire_dead_executor_interval_seconds: EXPIRY_INTERVAL,
        no_executors_grace_period_seconds: EXECUTOR_TIMEOUT,
        finished_job_data_clean_up_interval_seconds: RESULTS_KEPT,
        finished_job_state_clean_up_interval_seconds: STATE_KEPT,
        override_session_builder: Some(Arc::new(move |config| planning(config, &functions))),
        override_logical_codec: Some(Arc::new(LakeCodec::default())),
        override_physical_codec: Some(Arc::new(BallistaPhysicalExtensionCodec::default())),
        ..SchedulerConfig::default()
    };
    let failed = ClusterError::ended("scheduler");
    let cluster = BallistaCluster::new_from_config(&config).await.map_err(&failed)?;
    start_server(cluster, options.listen, Arc::new(config)).await.map_err(failed)
}

/// The name under which others find this machine.
pub(crate) fn advertised(named: Option<String>, listen: SocketAddr) -> Result<String, ClusterError> {
    match named {
        Some(name) => Ok(name),
        None if listen.ip().is_unspecified() => Err(ClusterError::Unspecified { address: listen }),
        None => Ok(listen.ip().to_string()),
    }
}
