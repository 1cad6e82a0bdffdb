//! The one mapping from what went wrong to an HTTP answer: a problem document (RFC 9457).
//!
//! Public text says what to do; internal text goes to the log only.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use desserte_model::{Problem, Receipt};
use desserte_store::StoreError;
use http::{HeaderValue, StatusCode, header};

use crate::refusals;

/// Media type of a problem document.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Seconds after which a client of an overloaded collector should come back.
const COME_BACK_S: u64 = 10;

/// Seconds after which a client of a collector without room should come back: a person has to act first.
const COME_BACK_WHEN_FULL_S: u64 = 300;

/// An error on its way to the client.
#[derive(Debug)]
pub(crate) struct ApiError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    internal: Option<String>,
    retry_after_s: Option<u64>,
    receipt: Option<Receipt>,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self(Box::new(Parts {
            status,
            kind,
            title,
            detail: detail.into(),
            internal: None,
            retry_after_s: None,
            receipt: None,
        }))
    }

    pub(crate) fn malformed_batch(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-batch", "The body is not a batch", detail)
    }

    pub(crate) fn bad_query(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-parameter", "A parameter cannot be read", detail)
    }

    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "batch-too-large", "The batch is too large", detail)
    }

    pub(crate) fn unsupported(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "The body's type or encoding is not supported",
            detail,
        )
    }

    pub(crate) fn unauthorized(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, kind, "The request is not signed by a known probe", detail)
    }

    pub(crate) fn forbidden(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, kind, "The key may not send this", detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing here", detail)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let detail = "see /api/v1/openapi.json for the methods of each address";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "The method is not allowed here",
            detail,
        )
    }

    pub(crate) fn refused(receipt: Receipt) -> Self {
        let detail = format!(
            "{} of the batch's records were refused and are listed in the receipt; the others are kept",
            receipt.refused.len()
        );
        let mut error = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "records-refused",
            "Some records were refused",
            detail,
        );
        error.0.receipt = Some(receipt);
        error
    }

    pub(crate) fn too_many(detail: impl Into<String>) -> Self {
        let error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-requests",
            "Too many requests at once",
            detail,
        );
        error.come_back_in(COME_BACK_S)
    }

    /// As [`Self::too_many`], for whoever has to wait for longer.
    pub(crate) fn too_many_for(detail: impl Into<String>, wait: Duration) -> Self {
        Self::too_many(detail).come_back_in(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }

    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        let error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "The collector cannot answer now",
            detail,
        );
        error.come_back_in(COME_BACK_S)
    }

    pub(crate) fn internal(internal: impl ToString) -> Self {
        let detail = "the collector failed to answer; its log says why";
        let error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The collector failed", detail);
        error.because(internal)
    }

    /// Adds what is written to the log and nowhere else.
    pub(crate) fn because(mut self, internal: impl ToString) -> Self {
        self.0.internal = Some(internal.to_string());
        self
    }

    /// Says when to come again.
    pub(crate) fn come_back_in(mut self, seconds: u64) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    pub(crate) fn kind(&self) -> &'static str {
        self.0.kind
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    pub(crate) fn document(&self) -> Problem {
        Problem {
            kind: format!("urn:desserte:problem:{}", self.0.kind),
            title: self.0.title.to_owned(),
            status: self.0.status.as_u16(),
            detail: Some(self.0.detail.clone()),
            receipt: self.0.receipt.clone(),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Full(_) => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "disk-full",
                "The collector has no room left",
                "nothing of this request was kept; keep your records and come back later",
            )
            .because(&error)
            .come_back_in(COME_BACK_WHEN_FULL_S),
            StoreError::Busy(_) | StoreError::Closed => Self::unavailable(
                "the collector has too much to do or is stopping; nothing of this request was kept",
            )
            .because(&error),
            StoreError::UnknownProbe(_) => {
                Self::unauthorized("unknown-key", "this key is not registered at this collector")
            }
            _ => Self::unavailable("the collector could not use its store; nothing of this request was kept")
                .because(&error),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Some(internal) = &self.0.internal {
            tracing::error!(
                status = self.0.status.as_u16(),
                kind = self.0.kind,
                error = internal,
                "a request failed"
            );
        }
        if self.0.kind == "unknown-key" {
            refusals::unknown_probe(&self.0.detail);
        }
        if let Some(receipt) = &self.0.receipt {
            refusals::records(receipt);
        }
        let mut response = (self.0.status, Json(self.document())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(error: ApiError) -> (StatusCode, Option<String>, String) {
        let response = error.into_response();
        let retry = response.headers().get(header::RETRY_AFTER).map(|v| v.to_str().unwrap().to_owned());
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, retry, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn internal_text_stays_inside() {
        let secret = "/srv/desserte/collector.sqlite: disk I/O error";
        let errors = [
            StoreError::Database { doing: "committing", message: secret.to_owned() },
            StoreError::Full(secret.to_owned()),
            StoreError::Corrupt { what: "record", message: secret.to_owned() },
        ];
        for error in errors {
            let (_, _, body) = answer(error.into()).await;
            assert!(!body.contains("collector.sqlite"), "{body}");
        }
        let (_, _, body) = answer(ApiError::internal(secret)).await;
        assert!(!body.contains("collector.sqlite"), "{body}");
    }

    #[tokio::test]
    async fn a_full_disk_is_507_and_an_overloaded_store_503_both_with_a_time_to_come_back() {
        let (status, retry, body) = answer(StoreError::Full(String::new()).into()).await;
        assert_eq!((status.as_u16(), retry.as_deref()), (507, Some("300")));
        assert!(body.contains("urn:desserte:problem:disk-full"));
        let (status, retry, _) = answer(StoreError::Busy(1).into()).await;
        assert_eq!((status.as_u16(), retry.as_deref()), (503, Some("10")));
    }
}
