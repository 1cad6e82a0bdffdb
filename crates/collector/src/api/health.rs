//! Whether the process lives, and whether it can do its work.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use super::blocking;
use crate::problem::ApiError;
use crate::state::Shared;

const PLAIN: [(header::HeaderName, &str); 2] =
    [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];

/// Says that the process answers.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn healthz() -> Response {
    (PLAIN, "ok\n").into_response()
}

/// Says whether batches can be taken: the store writes, the territory is loaded.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operation",
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 503, description = "The store cannot be written"),
        (status = 507, description = "The disk is full"),
    )
)]
pub(crate) async fn readyz(State(shared): State<Arc<Shared>>) -> Result<Response, ApiError> {
    blocking(move || {
        shared.store.check_writable()?;
        let text = format!("ready: store writable, {} communes\n", shared.territory.communes().len());
        Ok((PLAIN, text).into_response())
    })
    .await
}
