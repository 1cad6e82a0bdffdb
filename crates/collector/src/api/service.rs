//! Service indicators of a month as JSON: by place, released by rule.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use desserte_indicators::figures::Figure;
use desserte_indicators::{Kept, Month, Place};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::schema::ProblemSchema;
use super::{Params, blocking};
use crate::problem::ApiError;
use crate::state::Shared;

/// Which month.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MonthQuery {
    /// The month, such as 2026-10; the last one kept when absent.
    #[param(pattern = r"^2\d{3}-(0[1-9]|1[0-2])$")]
    mois: Option<String>,
}

/// What all figures of a month share.
#[derive(Serialize, ToSchema)]
pub(crate) struct MonthAnswer {
    /// The month, by the clock of each site.
    month: String,
    /// Months that are kept, the last one first.
    months: Vec<String>,
    /// True when nothing here describes a real user's line.
    demonstration: bool,
    /// Version of the methods by which records were made.
    method: String,
    /// Names of the sets of parameters that figures follow; the one that begins with `release` says what may be told.
    parameters: Vec<String>,
    /// Fingerprint of the territory file.
    territory: String,
}

/// One service indicator.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceFigure)]
pub(crate) struct FigureAnswer {
    /// What is told, as docs/spec/service.md names it.
    indicator: String,
    /// Which use, or which direction.
    of: Option<String>,
    /// Unit of value and ends.
    unit: String,
    /// `enough`, `indicative`, `not_enough`, `not_measured`, or `observed` for what needs no verdict.
    state: String,
    /// What is lacking: `observations`, `class_a_probes`, `days`, `slots`.
    lacks: Vec<String>,
    /// The value; null where there is not enough.
    value: Option<f64>,
    /// Lower end of its interval or bounds; null where there is none.
    low: Option<f64>,
    /// Upper end.
    high: Option<f64>,
}

/// A place with its service indicators.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlaceAnswer {
    /// `all`, `departement` or `commune`.
    level: String,
    /// Its code; empty for everything that was measured.
    code: String,
    /// Its name.
    name: String,
    /// True when too many sites stand in public buildings, or nobody said where they stand.
    may_over_represent_centres: bool,
    figures: Vec<FigureAnswer>,
}

/// Service indicators of a month.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServiceAnswer {
    #[serde(flatten)]
    month: MonthAnswer,
    /// Everything that was measured; null when that may not be told.
    whole: Option<PlaceAnswer>,
    /// Codes of the départements that have an answer of their own.
    departements: Vec<String>,
    /// Codes of the communes that have one.
    communes: Vec<String>,
    /// Départements that something was measured in and that may not be told.
    departements_withheld: usize,
    /// Communes that something was measured in and that may not be told.
    communes_withheld: usize,
}

/// Service indicators of a place in a month.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServicePlaceAnswer {
    #[serde(flatten)]
    month: MonthAnswer,
    place: PlaceAnswer,
}

impl From<&Figure> for FigureAnswer {
    fn from(of: &Figure) -> Self {
        let figure = of.clone();
        Self {
            indicator: figure.indicator,
            of: figure.of,
            unit: figure.unit,
            state: figure.state,
            lacks: figure.lacks,
            value: figure.value,
            low: figure.low,
            high: figure.high,
        }
    }
}

impl From<&Place> for PlaceAnswer {
    fn from(place: &Place) -> Self {
        Self {
            level: place.level.clone(),
            code: place.code.clone(),
            name: place.name.clone(),
            may_over_represent_centres: place.may_over_represent_centres,
            figures: place.figures.iter().map(FigureAnswer::from).collect(),
        }
    }
}

/// The month asked for, or the last one kept.
pub(super) fn month(shared: &Shared, query: &MonthQuery) -> Result<(Arc<Kept>, MonthAnswer), ApiError> {
    let months = shared.months.all().map_err(ApiError::internal)?;
    let wanted: Month = match &query.mois {
        Some(text) => text.parse().map_err(|error| ApiError::bad_query(format!("mois: {error}")))?,
        None => *months.first().ok_or_else(|| ApiError::not_found("no month of indicators is kept yet"))?,
    };
    let kept = shared.months.get(wanted).map_err(ApiError::internal)?;
    let kept = kept.ok_or_else(|| ApiError::not_found(format!("the indicators of {wanted} are not kept")))?;
    let answer = MonthAnswer {
        month: wanted.to_string(),
        months: months.iter().map(ToString::to_string).collect(),
        demonstration: kept.demonstration,
        method: kept.method.clone(),
        parameters: kept.parameters.clone(),
        territory: kept.territory.clone(),
    };
    Ok((kept, answer))
}

/// Service indicators of everything that was measured in a month, and the places that have their own.
#[utoipa::path(
    get,
    path = "/api/v1/service",
    tag = "figures",
    params(MonthQuery),
    responses(
        (status = 200, body = ServiceAnswer),
        (status = 400, description = "A parameter cannot be read", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 404, description = "The month is not kept", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_service(
    State(shared): State<Arc<Shared>>,
    Params(query): Params<MonthQuery>,
) -> Result<Json<ServiceAnswer>, ApiError> {
    blocking(move || {
        let (kept, month) = month(&shared, &query)?;
        let codes = |level: &str| {
            let own = kept.places.iter().filter(|place| place.level == level);
            own.map(|place| place.code.clone()).collect()
        };
        Ok(Json(ServiceAnswer {
            month,
            whole: kept.place("all", "").map(PlaceAnswer::from),
            departements: codes("departement"),
            communes: codes("commune"),
            departements_withheld: kept.withheld[0],
            communes_withheld: kept.withheld[1],
        }))
    })
    .await
}

/// Service indicators of a département in a month.
#[utoipa::path(
    get,
    path = "/api/v1/service/departements/{code}",
    tag = "figures",
    params(("code" = String, Path, description = "Code of the département, such as 23, 2A or 974"), MonthQuery),
    responses(
        (status = 200, body = ServicePlaceAnswer),
        (status = 400, description = "A parameter cannot be read", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 404, description = "The month is not kept, or nothing of the place may be told", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_service_departement(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Params(query): Params<MonthQuery>,
) -> Result<Json<ServicePlaceAnswer>, ApiError> {
    of_place(shared, "departement", code, query).await
}

/// Service indicators of a commune in a month.
#[utoipa::path(
    get,
    path = "/api/v1/service/communes/{code}",
    tag = "figures",
    params(("code" = String, Path, description = "INSEE code of the commune, five characters"), MonthQuery),
    responses(
        (status = 200, body = ServicePlaceAnswer),
        (status = 400, description = "A parameter cannot be read", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 404, description = "The month is not kept, or nothing of the place may be told", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_service_commune(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Params(query): Params<MonthQuery>,
) -> Result<Json<ServicePlaceAnswer>, ApiError> {
    of_place(shared, "commune", code, query).await
}

async fn of_place(
    shared: Arc<Shared>,
    level: &'static str,
    code: String,
    query: MonthQuery,
) -> Result<Json<ServicePlaceAnswer>, ApiError> {
    blocking(move || {
        let (kept, month) = month(&shared, &query)?;
        let place = kept.place(level, &code).map(PlaceAnswer::from).ok_or_else(|| {
            let code: String = code.chars().take(32).collect();
            ApiError::not_found(format!(
                "nothing may be told of {code:?} in this month: nothing was measured there, or by too few homes"
            ))
        })?;
        Ok(Json(ServicePlaceAnswer { month, place }))
    })
    .await
}
