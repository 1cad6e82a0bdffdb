//! The seals of the days: what proofs are held against (docs/spec/custody.md).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use desserte_custody::{Day, read_stamp};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use super::blocking;
use super::schema::{ProblemSchema, utc_text};
use crate::problem::ApiError;
use crate::state::Shared;

/// Sealed days, the first one first.
#[derive(Serialize, ToSchema)]
pub(crate) struct SealsAnswer {
    seals: Vec<SealAnswer>,
}

/// A sealed day.
#[derive(Serialize, ToSchema)]
pub(crate) struct SealAnswer {
    /// The day, UTC.
    day: String,
    /// Entries of its tree.
    size: u64,
    /// Root of its tree, hexadecimal (RFC 9162, section 2.1.1, over SHA-256).
    root: String,
    /// When it was sealed, by this collector's clock.
    sealed_utc: String,
    /// Time-stamps of authorities over it; empty when there are none.
    stamps: Vec<StampAnswer>,
}

/// A time-stamp.
#[derive(Serialize, ToSchema)]
pub(crate) struct StampAnswer {
    /// Who gave it, as the operator calls them.
    authority: String,
    /// The time in it; null when it cannot be read.
    stamped_utc: Option<String>,
    /// The answer as received (RFC 3161, `TimeStampResp`), base64.
    response: String,
}

/// Lists the sealed days.
#[utoipa::path(get, path = "/api/v1/seals", tag = "figures", responses((status = 200, body = SealsAnswer)))]
pub(crate) async fn get_seals(State(shared): State<Arc<Shared>>) -> Result<Json<SealsAnswer>, ApiError> {
    blocking(move || {
        let stamps = shared.store.stamps()?;
        let seals = shared.store.seals()?.into_iter().map(|sealed| {
            let statement = sealed.statement;
            let of_day = stamps.iter().filter(|stamp| stamp.day == statement.day);
            SealAnswer {
                day: statement.day.to_string(),
                size: statement.size,
                root: statement.root.to_string(),
                sealed_utc: utc_text(sealed.sealed),
                stamps: of_day
                    .map(|stamp| StampAnswer {
                        authority: stamp.authority.clone(),
                        stamped_utc: read_stamp(&statement, None, &stamp.response)
                            .ok()
                            .map(|read| utc_text(read.time)),
                        response: BASE64_STANDARD.encode(&stamp.response),
                    })
                    .collect(),
            }
        });
        Ok(Json(SealsAnswer { seals: seals.collect() }))
    })
    .await
}

/// Gives the statement of a sealed day, the octets that time-stamps are over.
#[utoipa::path(
    get,
    path = "/api/v1/seals/{day}",
    tag = "figures",
    params(("day" = String, Path, description = "The day, UTC, as 2026-11-22")),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 404, description = "No day, or not sealed", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_seal(
    State(shared): State<Arc<Shared>>,
    Path(day): Path<String>,
) -> Result<Response, ApiError> {
    let day: Day =
        day.parse().map_err(|_| ApiError::not_found("no such day; one is written as 2026-11-22"))?;
    blocking(move || {
        let found = shared.store.seals()?.into_iter().find(|sealed| sealed.statement.day == day);
        let sealed = found.ok_or_else(|| {
            ApiError::not_found("this day is not sealed: a day is once it is over, if anything was received")
        })?;
        Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], sealed.statement.text()).into_response())
    })
    .await
}
