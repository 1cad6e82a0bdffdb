//! A client: plans a question here and has it answered there.

use std::path::Path;
use std::sync::Arc;

use ballista_core::JobId;
use ballista_core::execution_plans::DistributedQueryExec;
use ballista_core::extension::SessionConfigExt as _;
use ballista_core::optimizer::with_ballista_optimizer_rules;
use ballista_core::planner::BallistaQueryPlanner;
use ballista_core::serde::protobuf::CancelJobParams;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::utils::create_grpc_client_endpoint;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::dataframe::DataFrame;
use datafusion::execution::SessionStateBuilder;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use datafusion_proto::protobuf::LogicalPlanNode;
use desserte_lake::{
    Answer, AskOptions, Audience, Bounded, Engine, LakeError, LakeOptions, Moment, QueryLimits, State,
    Stopped, deadline, only_questions, within,
};
use desserte_store::Store;

use crate::codec::LakeCodec;
use crate::{ClusterError, Work, ready};

/// What may be chosen when a cluster is asked.
#[derive(Clone)]
pub struct ClusterOptions {
    /// HOST of the scheduler.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Parts that a table's files are read in at the most, and groups are spread over: as many as the executors have cores together.
    pub parts: usize,
    /// Limits, and where `commune_at` looks when it is asked about constants. Memory is limited by each executor for itself.
    pub ask: AskOptions,
}

/// The history's files at one moment, asked through a cluster.
pub struct ClusterHistory {
    engine: Engine,
    moment: Arc<Moment>,
    options: ClusterOptions,
}

/// What the cluster gives.
pub struct ClusterAnswer {
    rows: Answer,
    job: Job,
}

impl ClusterHistory {
    /// What is in files of the history of `data`, as [`Moment::filed`]. The executors must find the files under the same paths.
    ///
    /// # Errors
    /// When a table cannot be read, or there is no scheduler or no executor.
    pub fn open<'a>(
        store: &'a Arc<Store>,
        data: &'a Path,
        lake: &'a LakeOptions,
        as_of: Option<State>,
        options: ClusterOptions,
    ) -> Work<'a, Self> {
        Box::pin(async move {
            ready::check(&options.host, options.port).await?;
            let engine = Engine::new(Audience::Operators, options.ask.territory.clone()).await?;
            let moment = Arc::new(Moment::filed(store, data, lake, as_of).await?);
            Ok(Self { engine, moment, options })
        })
    }

    /// The generation of the history that is asked.
    #[must_use]
    pub fn generation(&self) -> i64 {
        self.moment.generation()
    }

    /// What is seen: with the generation it names the state that answers come from.
    #[must_use]
    pub fn cited(&self) -> &State {
        self.moment.cited()
    }

    /// Asks one question. Nothing can be changed by it. After its time it is stopped here and there.
    ///
    /// # Errors
    /// When it cannot be understood, names what is not in files, would change something, or takes too long.
    pub fn ask<'a>(&'a self, sql: &'a str) -> Work<'a, ClusterAnswer> {
        Box::pin(self.send(sql))
    }

    async fn send(&self, sql: &str) -> Result<ClusterAnswer, ClusterError> {
        let limits = &self.options.ask.limits;
        let deadline = deadline(limits);
        let session = self.session(limits)?;
        let planned = async {
            let frame = session.sql_with_options(sql, only_questions()).await;
            let plan = frame.map_err(said("understanding the query"))?.into_unoptimized_plan();
            let plan = self.moment.as_files(&session.runtime_env(), plan).await?;
            let frame = DataFrame::new(session.state(), plan);
            let plan = frame.create_physical_plan().await.map_err(said("planning the query"))?;
            Ok::<_, LakeError>(plan)
        };
        let plan = within(deadline, limits.time, planned).await.map_err(LakeError::Stopped)??;
        let rows = execute_stream(plan.clone(), session.task_ctx()).map_err(said("sending the query"))?;
        let job = Job { url: self.url(), plan };
        Ok(ClusterAnswer { rows: Answer::new(Bounded::new(rows, limits.clone(), deadline)), job })
    }

    fn url(&self) -> String {
        format!("http://{}:{}", self.options.host, self.options.port)
    }

    /// A session that plans for the cluster.
    fn session(&self, limits: &QueryLimits) -> Result<SessionContext, LakeError> {
        let state = self.engine.at(Some(self.moment.clone()), limits)?.state();
        let codec = Arc::new(LakeCodec::default());
        let config = state
            .config()
            .clone()
            .with_create_default_catalog_and_schema(false)
            .upgrade_for_ballista()
            .with_target_partitions(self.options.parts)
            // Planned once. Of questions that it plans anew while they run, Ballista 55 was seen to refuse what executors reported
            // after one of them was lost.
            .with_ballista_adaptive_query_planner(false)
            // Parts of a union that a task has no share of become sorts of no partition, which the engine's assertions, where they
            // are compiled in, take for a fault. What is sorted last is an answer, and not much.
            .with_repartition_sorts(false);
        let planner = BallistaQueryPlanner::<LogicalPlanNode>::with_extension(
            self.url(),
            config.ballista_config(),
            codec,
        );
        let rules = with_ballista_optimizer_rules(state.optimizers());
        let state = SessionStateBuilder::new_from_existing(state)
            .with_config(config)
            .with_optimizer_rules(rules)
            .with_query_planner(Arc::new(planner))
            .build();
        Ok(SessionContext::new_with_state(state))
    }
}

fn said(doing: &'static str) -> impl Fn(datafusion::error::DataFusionError) -> LakeError {
    move |error| LakeError::Query { doing, said: error.strip_backtrace() }
}

impl ClusterAnswer {
    /// Names and kinds of its columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }

    /// The next rows; `None` after the last.
    ///
    /// # Errors
    /// When a limit is reached, or the cluster fails.
    pub fn next_rows(&mut self) -> Work<'_, Option<RecordBatch>> {
        Box::pin(async {
            let error = match self.rows.next_rows().await {
                Ok(rows) => return Ok(rows),
                Err(error) => error,
            };
            if matches!(error, LakeError::Stopped(Stopped::Time { .. } | Stopped::Rows { .. })) {
                self.job.cancel().await;
            }
            Err(ClusterError::told(error))
        })
    }
}

/// A question as the scheduler knows it.
struct Job {
    url: String,
    plan: Arc<dyn ExecutionPlan>,
}

impl Job {
    /// Tells the scheduler that nobody waits for the answer: executors would go on computing it.
    async fn cancel(&self) {
        let sent = self.plan.downcast_ref::<DistributedQueryExec<LogicalPlanNode>>();
        let Some(id) = sent.and_then(DistributedQueryExec::job_id) else { return };
        if let Err(said) = cancelled(&self.url, id).await {
            tracing::warn!(said, "the cluster was not told that the question was stopped");
        }
    }
}

async fn cancelled(url: &str, id: JobId) -> Result<(), String> {
    let endpoint = create_grpc_client_endpoint(url.to_owned(), None).map_err(|error| error.to_string())?;
    let channel = endpoint.connect().await.map_err(|error| error.to_string())?;
    let params = CancelJobParams { job_id: id.into() };
    SchedulerGrpcClient::new(channel).cancel_job(params).await.map_err(|error| error.to_string())?;
    Ok(())
}
