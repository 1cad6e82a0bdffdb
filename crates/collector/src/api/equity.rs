//! How services were spread in a month, and what an operator published of péréquation scenarios: two ledgers, never in one answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use desserte_indicators::{Measure, scenarios};
use serde::Serialize;
use utoipa::ToSchema;

use super::schema::ProblemSchema;
use super::service::{MonthAnswer, MonthQuery, month};
use super::{Params, blocking};
use crate::problem::ApiError;
use crate::state::Shared;

/// One number about a spread, or why there is none.
#[derive(Serialize, ToSchema)]
#[schema(as = EquityMeasure)]
pub(crate) struct MeasureAnswer {
    /// What is spread: `hours_possible` or `rate_p20_peak`.
    subject: String,
    /// Which use, or `download`.
    of: String,
    /// Unit of what is spread.
    unit: String,
    /// What is below this is in want.
    line: f64,
    /// No value counts above this; null: all count as they are.
    top_coded_at: Option<f64>,
    /// Class of communes; null for everything.
    class: Option<String>,
    /// Group of that class; empty for what no class is known of.
    group: Option<String>,
    /// Group that it is compared with: the value is the difference, the first minus this one.
    versus: Option<String>,
    /// `mean`, `fgt0`, `gini`, `theil_t_between`… as `desserte equity index` names them.
    figure: String,
    /// `enough`, `indicative` or `not_enough`.
    state: String,
    /// What is lacking: `observations`, `class_a_probes`, `days`, `slots`.
    lacks: Vec<String>,
    /// The value; null where there is not enough.
    value: Option<f64>,
    /// Lower end of its interval.
    low: Option<f64>,
    /// Upper end.
    high: Option<f64>,
    /// Of a comparison: `ex_aequo`, `first_higher`, `second_higher` or `not_enough_data`.
    verdict: Option<String>,
}

/// How services were spread in a month.
#[derive(Serialize, ToSchema)]
pub(crate) struct EquityAnswer {
    #[serde(flatten)]
    month: MonthAnswer,
    /// Always `measured`: costs are in a ledger of their own.
    ledger: String,
    /// Seed of the draws behind intervals.
    seed: u64,
    /// Classes of which the territory has a stand-in only.
    stand_ins: Vec<String>,
    /// Classes that the territory does not know.
    absent: Vec<String>,
    /// Empty when nothing may be told.
    measures: Vec<MeasureAnswer>,
}

/// Péréquation scenarios that the operator published.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScenariosAnswer {
    /// Always `declared_or_assumed`: nothing here is measured, and no scenario is current law.
    ledger: String,
    /// Their names.
    scenarios: Vec<String>,
}

/// What a published scenario gives.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScenarioAnswer {
    /// Version of the form.
    format: u64,
    /// Always `declared_or_assumed`.
    ledger: String,
    /// The scenario's name.
    name: String,
    /// What `desserte perequation --json` tells: each amount with formula, inputs, factor, bound and rounding.
    #[schema(value_type = Object)]
    answer: serde_json::Value,
}

impl From<&Measure> for MeasureAnswer {
    fn from(of: &Measure) -> Self {
        let measure = of.clone();
        Self {
            subject: measure.subject,
            of: measure.of,
            unit: measure.unit,
            line: measure.line,
            top_coded_at: measure.top_coded_at,
            class: measure.class,
            group: measure.group,
            versus: measure.versus,
            figure: measure.figure,
            state: measure.state,
            lacks: measure.lacks,
            value: measure.value,
            low: measure.low,
            high: measure.high,
            verdict: measure.verdict,
        }
    }
}

/// How services were spread over everything that was measured in a month.
#[utoipa::path(
    get,
    path = "/api/v1/equity",
    tag = "figures",
    params(MonthQuery),
    responses(
        (status = 200, body = EquityAnswer),
        (status = 400, description = "A parameter cannot be read", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 404, description = "The month is not kept", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_equity(
    State(shared): State<Arc<Shared>>,
    Params(query): Params<MonthQuery>,
) -> Result<Json<EquityAnswer>, ApiError> {
    blocking(move || {
        let (kept, month) = month(&shared, &query)?;
        Ok(Json(EquityAnswer {
            month,
            ledger: "measured".to_owned(),
            seed: kept.seed,
            stand_ins: kept.stand_ins.clone(),
            absent: kept.absent.clone(),
            measures: kept.measures.iter().map(MeasureAnswer::from).collect(),
        }))
    })
    .await
}

/// The péréquation scenarios that the operator published.
#[utoipa::path(get, path = "/api/v1/perequation", tag = "figures", responses((status = 200, body = ScenariosAnswer)))]
pub(crate) async fn get_scenarios(
    State(shared): State<Arc<Shared>>,
) -> Result<Json<ScenariosAnswer>, ApiError> {
    blocking(move || {
        let scenarios = scenarios::names(shared.months.data()).map_err(ApiError::internal)?;
        Ok(Json(ScenariosAnswer { ledger: "declared_or_assumed".to_owned(), scenarios }))
    })
    .await
}

/// What a published péréquation scenario gives.
#[utoipa::path(
    get,
    path = "/api/v1/perequation/{name}",
    tag = "figures",
    params(("name" = String, Path, description = "Name of the scenario: small letters, digits and dashes")),
    responses(
        (status = 200, body = ScenarioAnswer),
        (status = 404, description = "Nothing was published under this name", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_scenario(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
) -> Result<Json<ScenarioAnswer>, ApiError> {
    blocking(move || {
        let told = scenarios::published(shared.months.data(), &name).map_err(ApiError::internal)?;
        let mut told =
            told.ok_or_else(|| ApiError::not_found("no scenario was published under this name"))?;
        let text = |part: &serde_json::Value| part.as_str().unwrap_or_default().to_owned();
        Ok(Json(ScenarioAnswer {
            format: told["format"].as_u64().unwrap_or_default(),
            ledger: text(&told["ledger"]),
            name: text(&told["name"]),
            answer: told["answer"].take(),
        }))
    })
    .await
}
