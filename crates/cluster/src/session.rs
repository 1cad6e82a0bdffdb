//! What each part of a cluster knows: the engine's functions and ours, without those withheld.

use std::sync::Arc;

use ballista_core::optimizer::ballista_default_optimizer_rules;
use ballista_core::registry::BallistaFunctionRegistry;
use datafusion::common::Result;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;
use desserte_lake::{Engine, LakeError};
use desserte_territory::Locator;

/// The functions, as an executor is given them.
pub(crate) fn registry(
    territory: Option<Arc<Locator>>,
) -> std::result::Result<BallistaFunctionRegistry, LakeError> {
    Ok(BallistaFunctionRegistry::from(&Engine::functions(territory)?.state()))
}

/// A session that plans the question of a client; `config` comes from there.
pub(crate) fn planning(config: SessionConfig, functions: &BallistaFunctionRegistry) -> Result<SessionState> {
    Ok(SessionStateBuilder::new()
        .with_default_features()
        .with_config(config)
        .with_runtime_env(RuntimeEnvBuilder::new().build_arc()?)
        .with_optimizer_rules(ballista_default_optimizer_rules())
        .with_scalar_functions(functions.scalar_functions.values().cloned().collect())
        .with_aggregate_functions(functions.aggregate_functions.values().cloned().collect())
        .with_window_functions(functions.window_functions.values().cloned().collect())
        .build())
}
