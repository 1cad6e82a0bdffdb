//! Tests that residents give, and take back.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use desserte_model::CommuneCode;
use desserte_units::Timestamp;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::blocking;
use super::schema::{ProblemSchema, utc_text};
use crate::contributions::{BODY_BYTES_MAX, Code, Giving, NoCode, Released, window};
use crate::listen::Client;
use crate::problem::ApiError;
use crate::small_body;
use crate::state::{Shared, now};

/// What became of a test that was given.
#[derive(Serialize, ToSchema)]
#[schema(as = ContributionAnswer)]
pub(crate) struct GivenAnswer {
    /// The code by which it, and all others of the same code, can be erased. Only the contributor has it.
    code: String,
    /// The commune that it was kept for.
    commune: String,
    /// The hour that it was kept for, UTC.
    hour: String,
    /// Steady download, bits per second; null where no figure could be made.
    download_bps: Option<f64>,
    /// Steady upload, bits per second; null where no figure could be made.
    upload_bps: Option<f64>,
    /// Version of the method of the figures.
    method: String,
    /// Whole months after which it is forgotten.
    keep_months: u16,
}

/// Whose tests are to be erased.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Erasing {
    /// The code that was given with the first test.
    code: String,
}

/// What was erased.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErasedAnswer {
    /// Tests erased; zero if there were none of this code.
    erased: usize,
}

/// What residents' tests say of a commune. Class C: by people who chose to, over whatever link they had.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResidentsAnswer {
    /// The commune.
    commune: String,
    /// The département that is told in its place.
    departement: String,
    /// First moment of the months told, UTC.
    from: String,
    /// The moment after their last, UTC.
    to: String,
    /// True when nothing here describes a real user's line.
    demonstration: bool,
    /// The set of rules by which numbers are released.
    rules: String,
    of_commune: ResidentsFigure,
    of_departement: ResidentsFigure,
}

/// A place's figure.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResidentsFigure {
    /// `none`: no test; `withheld`: too few contributors; `told`.
    state: &'static str,
    /// Contributors, rounded down; null unless told.
    contributors: Option<u32>,
    /// The middle contributor's middle download, bits per second, coarse; null unless told.
    download_bps: Option<f64>,
    /// The same of uploads.
    upload_bps: Option<f64>,
}

impl From<Released> for ResidentsFigure {
    fn from(of: Released) -> Self {
        let without = |state| Self { state, contributors: None, download_bps: None, upload_bps: None };
        match of {
            Released::Nothing => without("none"),
            Released::Withheld => without("withheld"),
            Released::Told(told) => Self {
                state: "told",
                contributors: Some(told.contributors),
                download_bps: told.download.map(desserte_units::BitRate::as_bits_per_second),
                upload_bps: told.upload.map(desserte_units::BitRate::as_bits_per_second),
            },
        }
    }
}

/// Keeps a test that a resident gives.
#[utoipa::path(
    post,
    path = "/api/v1/contributions",
    tag = "residents",
    request_body = Giving,
    responses(
        (status = 201, description = "Kept", body = GivenAnswer),
        (status = 400, description = "Not a test that can be kept", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 403, description = "This collector takes none", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 429, description = "Too many from this address; Retry-After says when to come again", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 507, description = "The disk is full", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post_contribution(
    State(shared): State<Arc<Shared>>,
    client: Option<axum::Extension<Client>>,
    request: Request,
) -> Result<Response, ApiError> {
    if !shared.config.contributions.accept {
        return Err(ApiError::forbidden("no-contributions", "this collector takes no tests of residents"));
    }
    admit(&shared, client.map(|client| client.0))?;
    let giving: Giving = body(request).await?;
    let answer = blocking(move || keep(&shared, &giving)).await?;
    Ok((StatusCode::CREATED, no_store(), Json(answer)).into_response())
}

fn keep(shared: &Shared, giving: &Giving) -> Result<GivenAnswer, ApiError> {
    let code = match &giving.code {
        Some(typed) => typed.parse().map_err(|wrong: NoCode| malformed(wrong.to_string()))?,
        None => Code::new().map_err(ApiError::internal)?,
    };
    let new = giving.checked(&code, &shared.territory, now()).map_err(malformed)?;
    let answer = GivenAnswer {
        code: code.to_string(),
        commune: new.commune.clone(),
        hour: utc_text(new.hour),
        download_bps: new.download_bps,
        upload_bps: new.upload_bps,
        method: new.method.clone(),
        keep_months: shared.config.contributions.keep_months,
    };
    shared.store.contribute(new)?;
    Ok(answer)
}

/// Erases every test of a code.
#[utoipa::path(
    post,
    path = "/api/v1/contributions/erasure",
    tag = "residents",
    request_body = Erasing,
    responses(
        (status = 200, description = "None of this code is left", body = ErasedAnswer),
        (status = 400, description = "Not a code", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 429, description = "Too many from this address; Retry-After says when to come again", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post_erasure(
    State(shared): State<Arc<Shared>>,
    client: Option<axum::Extension<Client>>,
    request: Request,
) -> Result<Response, ApiError> {
    admit(&shared, client.map(|client| client.0))?;
    let Erasing { code } = body(request).await?;
    let erased = blocking(move || erase(&shared, &code)).await?;
    Ok((no_store(), Json(ErasedAnswer { erased })).into_response())
}

/// Erases every test of the code that was typed; gives how many there were.
pub(crate) fn erase(shared: &Shared, typed: &str) -> Result<usize, ApiError> {
    let code: Code = typed.parse().map_err(|wrong: NoCode| malformed(wrong.to_string()))?;
    Ok(shared.store.erase_contributions(code.contributor())?)
}

/// What residents' tests say of a commune, over the twelve whole months before this one.
#[utoipa::path(
    get,
    path = "/api/v1/contributions/communes/{code}",
    tag = "residents",
    params(("code" = String, Path, description = "INSEE code of the commune")),
    responses(
        (status = 200, body = ResidentsAnswer),
        (status = 404, description = "Not part of the territory", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_contributions(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
) -> Result<Json<ResidentsAnswer>, ApiError> {
    blocking(move || {
        let unknown = || ApiError::not_found("this commune is not part of the territory");
        let code: CommuneCode = code.to_ascii_uppercase().parse().map_err(|_| unknown())?;
        let commune = shared.territory.commune(code).ok_or_else(unknown)?;
        let months =
            window(shared.as_of()).ok_or_else(|| ApiError::internal("the clock is beyond the calendar"))?;
        let residents = shared.residents(&commune.departement)?;
        let text = |moment: Timestamp| utc_text(moment);
        Ok(Json(ResidentsAnswer {
            commune: commune.code.to_string(),
            departement: commune.departement.clone(),
            from: text(months.period.start),
            to: text(months.period.end),
            demonstration: shared.demonstration,
            rules: desserte_equity::ReleaseRules::built_in().set,
            of_commune: residents.commune(commune.code.as_str()).into(),
            of_departement: residents.departement.into(),
        }))
    })
    .await
}

/// Counts a request of an address, which is then forgotten.
pub(crate) fn admit(shared: &Shared, client: Option<Client>) -> Result<(), ApiError> {
    // Without an address nobody could be told from anybody; only tests ask without a connection.
    let Some(client) = client else { return Ok(()) };
    shared.giving.take(client.address(), Instant::now()).map_err(|wait| {
        let detail = "too many tests or erasures from this address within the hour";
        ApiError::too_many(detail).come_back_in(wait.as_secs() + 1)
    })
}

async fn body<T: DeserializeOwned>(request: Request) -> Result<T, ApiError> {
    small_body::read(request, BODY_BYTES_MAX).await.map_err(|unread| unread.answer(malformed))
}

fn malformed(detail: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "malformed-contribution", "This test cannot be kept", detail)
}

fn no_store() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    headers
}
