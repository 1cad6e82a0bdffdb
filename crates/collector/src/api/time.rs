//! The collector's clock, for probes whose own is not set.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::now;

/// The collector's time.
#[derive(Serialize, ToSchema)]
pub(crate) struct Time {
    /// UTC, microseconds since the Unix epoch.
    utc_us: i64,
}

/// Tells the time.
#[utoipa::path(get, path = "/api/v1/time", tag = "probes", responses((status = 200, body = Time)))]
pub(crate) async fn get_time() -> Response {
    let time = Time { utc_us: now().as_unix_micros() };
    ([(header::CACHE_CONTROL, "no-store")], Json(time)).into_response()
}
