//! Around every request: a place, a time limit, a count, and the headers that keep a page to itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};
use tokio::sync::Semaphore;

use crate::problem::ApiError;
use crate::state::Shared;

/// What every answer carries. Nothing may be loaded from another origin, framed, or run.
const HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// The route pattern of requests that no route matches, so that made-up addresses make no series.
const NO_ROUTE: &str = "none";

/// Places for requests under way.
#[derive(Clone)]
pub(crate) struct Guard {
    shared: Arc<Shared>,
    places: Arc<Semaphore>,
}

impl Guard {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let places = Arc::new(Semaphore::new(shared.config.server.concurrent_requests));
        Self { shared, places }
    }
}

/// Answers one request within the limits.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = method_label(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| NO_ROUTE.to_owned(), |path| path.as_str().to_owned());
    let mut response = match guard.places.try_acquire() {
        Ok(_place) => {
            let limit = Duration::from_secs(guard.shared.config.server.request_timeout_s);
            match tokio::time::timeout(limit, next.run(request)).await {
                Ok(response) => response,
                Err(_) => ApiError::unavailable("the answer took too long").into_response(),
            }
        }
        Err(_) => ApiError::unavailable("too many requests are under way").into_response(),
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    let metrics = &guard.shared.metrics;
    let status = response.status();
    metrics.requests.with_label_values(&[route.as_str(), method, status.as_str()]).inc();
    metrics.answer_seconds.with_label_values(&[route.as_str()]).observe(started.elapsed().as_secs_f64());
    response
}

/// The method, or `other`: a client may send any word.
fn method_label(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        _ => "other",
    }
}
