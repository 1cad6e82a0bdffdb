//! A département as JSON: its communes with their figures.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use desserte_model::CommuneCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::communes::{CommuneIdentity, FiguresAnswer, MethodAnswer, PeriodAnswer, PeriodQuery, identity};
use super::schema::ProblemSchema;
use super::{Params, blocking, window};
use crate::area::Area;
use crate::figures::{CommuneFigures, Figures, Window};
use crate::problem::ApiError;
use crate::state::Shared;

/// The communes of a département that have records in the period.
#[derive(Serialize, ToSchema)]
pub(crate) struct DepartementAnswer {
    code: String,
    name: String,
    /// True when nothing here describes a real user's line.
    demonstration: bool,
    period: PeriodAnswer,
    method: MethodAnswer,
    /// Communes of the territory, with or without records.
    communes_in_territory: usize,
    /// Communes with records in the period, by code. One that is not here was not measured.
    communes: Vec<MeasuredCommune>,
}

/// A commune with its figures.
#[derive(Serialize, ToSchema)]
pub(crate) struct MeasuredCommune {
    commune: CommuneIdentity,
    #[serde(flatten)]
    figures: FiguresAnswer,
}

/// Figures of the communes of a département.
#[utoipa::path(
    get,
    path = "/api/v1/departements/{code}",
    tag = "figures",
    params(("code" = String, Path, description = "Code of the département, such as 23, 2A or 974"), PeriodQuery),
    responses(
        (status = 200, body = DepartementAnswer),
        (status = 400, description = "A parameter cannot be read", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 404, description = "Not in this collector's territory", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_departement(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Params(query): Params<PeriodQuery>,
) -> Result<Json<DepartementAnswer>, ApiError> {
    let window = window(&shared, query.jours, query.au.as_deref())?;
    blocking(move || {
        let area = Area::departement(&shared.territory, &code).ok_or_else(|| unknown(&code))?;
        let figures = shared.figures_of(&area, &window)?;
        Ok(Json(DepartementAnswer::new(&shared, &area, &window, &figures)))
    })
    .await
}

impl DepartementAnswer {
    /// The answer; that of an intercommunality, which no address of the interface gives, is kept with its page.
    pub(crate) fn new(shared: &Shared, area: &Area, window: &Window, figures: &Figures) -> Self {
        let measured = |(code, figures): (&CommuneCode, &CommuneFigures)| {
            Some(MeasuredCommune { commune: identity(shared, *code)?, figures: figures.into() })
        };
        Self {
            code: area.code().to_owned(),
            name: area.label(&shared.territory).to_owned(),
            demonstration: shared.demonstration,
            period: PeriodAnswer::from(window),
            method: MethodAnswer::from(&shared.config.publication),
            communes_in_territory: area.communes(&shared.territory).count(),
            communes: figures.iter().filter_map(measured).collect(),
        }
    }
}

pub(super) fn unknown(code: &str) -> ApiError {
    let code: String = code.chars().take(32).collect();
    ApiError::not_found(format!("{code:?} is no département of this collector's territory"))
}
