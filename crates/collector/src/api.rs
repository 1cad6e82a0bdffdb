//! The JSON interface: what handlers answer, and the OpenAPI document made from them.

pub(crate) mod admin;
pub(crate) mod communes;
pub(crate) mod contributions;
pub(crate) mod departements;
mod equity;
mod happenings;
mod health;
mod metrics;
mod openapi;
mod probes;
pub(crate) mod schema;
mod seals;
mod service;
mod time;

pub use openapi::openapi_json;
pub(crate) use openapi::router;

use crate::figures::Window;
use crate::problem::ApiError;
use crate::state::Shared;

/// The query of a request; one that cannot be read is answered by a problem document.
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned> axum::extract::FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut http::request::Parts, state: &S) -> Result<Self, ApiError> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|query| Self(query.0)).map_err(|rejection| ApiError::bad_query(rejection.body_text()))
    }
}

/// Runs what reads the database on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)?
}

/// The period asked for by its length and its end, or the usual one.
pub(crate) fn window(shared: &Shared, days: Option<u16>, end: Option<&str>) -> Result<Window, ApiError> {
    let days = days.unwrap_or(shared.config.publication.period_days);
    let window = match end {
        Some(end) => Window::until(end, shared.as_of(), days),
        None => Window::ending(shared.as_of(), days),
    };
    window.map_err(|error| ApiError::bad_query(error.to_string()))
}
