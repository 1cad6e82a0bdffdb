//! Pages for people.

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};

use crate::state::Shared;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
}

pub(crate) fn not_found(_: &Uri, _: &HeaderMap) -> Response {
    StatusCode::NOT_FOUND.into_response()
}
