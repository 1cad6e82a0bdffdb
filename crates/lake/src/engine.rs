//! The engine: functions and tables known, ready to be asked about one moment after another.

use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use desserte_store::HandoverTable;
use desserte_territory::Locator;

use crate::indicators::{IndicatorTable, IndicatorView};
use crate::moment::{Moment, MomentTable};
use crate::public::{self, ReleaseRule};
use crate::released::ReleasedTable;
use crate::rollup::view::RollupView;
use crate::sketch::function;
use crate::{LakeError, QueryLimits, Rollup, Work, functions, limits};

/// Functions that stay out of reach. Approximate percentiles: the exact ones are faster with many groups, and say what they say.
const WITHHELD_AGGREGATES: [&str; 3] =
    ["approx_percentile_cont", "approx_percentile_cont_with_weight", "approx_median"];

/// Functions that make as much out of a few characters as one asks for, which no limit on memory sees.
const WITHHELD: [&str; 5] = ["repeat", "lpad", "rpad", "array_repeat", "array_resize"];

/// Name of the catalogue, which clients call the database.
pub const CATALOG: &str = "desserte";

/// Name of the schema that the tables are in.
pub const SCHEMA: &str = "public";

/// Whose questions are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Those who may see every row.
    Operators,
    /// Anyone: only what [`ReleaseRule::built_in`] releases.
    Public,
}

/// What questions are asked of, without its rows.
pub struct Engine {
    template: SessionContext,
    environment: Arc<RuntimeEnv>,
}

impl Engine {
    /// Makes tables and functions known to the questions of an audience; without a territory `commune_at` is refused.
    ///
    /// # Errors
    /// Never, as long as the tables made of others are understood, which a test sees to.
    pub fn new<'a>(audience: Audience, territory: Option<Arc<Locator>>) -> Work<'a, Self> {
        Box::pin(Self::with_rule(audience, territory, ReleaseRule::built_in()))
    }

    /// As [`Self::new`], with another rule of release: for tests.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub async fn with_rule(
        audience: Audience,
        territory: Option<Arc<Locator>>,
        rule: ReleaseRule,
    ) -> Result<Self, LakeError> {
        let wrap = LakeError::query("preparing the tables");
        let environment =
            RuntimeEnvBuilder::new().build_arc().map_err(LakeError::query("starting the engine"))?;
        let whole = session(environment.clone(), territory.clone(), None);
        for table in HandoverTable::ALL {
            whole.register_table(table.name(), Arc::new(MomentTable::new(table))).map_err(&wrap)?;
        }
        for rollup in Rollup::ALL {
            whole.register_table(rollup.name(), Arc::new(RollupView::new(rollup))).map_err(&wrap)?;
        }
        let template = match audience {
            Audience::Operators => whole.clone(),
            Audience::Public => session(environment.clone(), territory, None),
        };
        for table in public::tables(rule) {
            let question = whole.sql(&table.sql).await.map_err(&wrap)?.into_unoptimized_plan();
            let released = ReleasedTable::new(question, table.keys);
            template.register_table(table.name, Arc::new(released)).map_err(&wrap)?;
        }
        for table in IndicatorTable::ALL {
            template.register_table(table.name(), Arc::new(IndicatorView::new(table))).map_err(&wrap)?;
        }
        Ok(Self { template, environment })
    }

    /// A session that knows the functions and no table: what a machine needs that is sent parts of questions.
    ///
    /// # Errors
    /// When there is no place for temporary files.
    pub fn functions(territory: Option<Arc<Locator>>) -> Result<SessionContext, LakeError> {
        let environment =
            RuntimeEnvBuilder::new().build_arc().map_err(LakeError::query("starting the engine"))?;
        Ok(session(environment, territory, None))
    }

    /// The session that those of questions are copies of; what is made known to it is known to all later ones.
    #[must_use]
    pub const fn template(&self) -> &SessionContext {
        &self.template
    }

    /// A session for one question about one moment, with memory and disk of its own; without a moment it knows all but the rows.
    ///
    /// # Errors
    /// When there is no place for temporary files.
    pub fn at(&self, moment: Option<Arc<Moment>>, limits: &QueryLimits) -> Result<SessionContext, LakeError> {
        let environment = RuntimeEnvBuilder::from_runtime_env(&self.environment)
            .with_memory_pool(limits::memory(limits.memory_bytes))
            .with_max_temp_directory_size(limits.spill_bytes)
            .build_arc()
            .map_err(LakeError::query("starting the engine"))?;
        let state = self.template.state();
        // The catalogue is the template's; the builder would put an empty one in its place.
        let mut config = state.config().clone().with_create_default_catalog_and_schema(false);
        if let Some(moment) = moment {
            moment.place().make_known(&environment);
            config = config.with_extension(moment);
        }
        let state = SessionStateBuilder::new_from_existing(state)
            .with_config(config)
            .with_runtime_env(environment)
            .build();
        Ok(SessionContext::new_with_state(state))
    }
}

/// Whether a question reads the history, and not only what tells of it.
#[must_use]
pub fn reads_history(plan: &LogicalPlan) -> bool {
    let found = plan.apply_with_subqueries(|node| {
        Ok(match node {
            LogicalPlan::TableScan(scan)
                if scan.table_name.schema().is_none_or(|schema| schema == SCHEMA) =>
            {
                TreeNodeRecursion::Stop
            }
            _ => TreeNodeRecursion::Continue,
        })
    });
    // It is no error to have a moment too many.
    !matches!(found, Ok(TreeNodeRecursion::Continue | TreeNodeRecursion::Jump))
}

/// Whether this is the name of a table, whoever may read it.
#[must_use]
pub fn is_table(name: &str) -> bool {
    HandoverTable::ALL.iter().any(|table| table.name() == name)
        || Rollup::ALL.iter().any(|rollup| rollup.name() == name)
        || IndicatorTable::ALL.iter().any(|table| table.name() == name)
}

/// A session with our functions and without those withheld; tables find their rows in the moment.
pub(crate) fn session(
    environment: Arc<RuntimeEnv>,
    territory: Option<Arc<Locator>>,
    moment: Option<Arc<Moment>>,
) -> SessionContext {
    let mut config =
        SessionConfig::new().with_information_schema(true).with_default_catalog_and_schema(CATALOG, SCHEMA);
    if let Some(moment) = moment {
        config = config.with_extension(moment);
    }
    let session = SessionContext::new_with_config_rt(config, environment);
    for name in WITHHELD_AGGREGATES {
        session.deregister_udaf(name);
    }
    for name in WITHHELD {
        session.deregister_udf(name);
    }
    function::aggregates().into_iter().for_each(|function| session.register_udaf(function));
    function::scalars().into_iter().for_each(|function| session.register_udf(function));
    functions::scalars(territory).into_iter().for_each(|function| session.register_udf(function));
    session
}
