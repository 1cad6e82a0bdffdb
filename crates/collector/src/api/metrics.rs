//! Metrics in the Prometheus text format.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, TextEncoder};
use serde::Deserialize;
use utoipa::IntoParams;

use super::departements::unknown;
use super::{Params, blocking, window};
use crate::metrics::{probe_families, territoire_families};
use crate::problem::ApiError;
use crate::state::Shared;

/// Which département.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DepartementQuery {
    /// Code of the département, such as 23.
    departement: Option<String>,
}

/// The collector's own metrics and each probe's.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses((status = 200, body = String, content_type = "text/plain; version=0.0.4")))]
pub(crate) async fn own_metrics(State(shared): State<Arc<Shared>>) -> Result<Response, ApiError> {
    blocking(move || {
        let (records, undated) = shared.store.record_counts()?;
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        shared.metrics.records.set(signed(records));
        shared.metrics.records_undated.set(signed(undated));
        shared.metrics.store_bytes.set(signed(shared.store.disk_bytes()));
        let mut families = shared.metrics.registry.gather();
        families.extend(probe_families(&shared.store.probes()?).map_err(ApiError::internal)?);
        text(families)
    })
    .await
}

/// Gauges of the communes of one département over the usual period.
#[utoipa::path(
    get,
    path = "/metrics/territoire",
    tag = "operation",
    params(DepartementQuery),
    responses(
        (status = 200, body = String, content_type = "text/plain; version=0.0.4"),
        (status = 400, description = "No département named"),
        (status = 404, description = "Not in this collector's territory"),
    )
)]
pub(crate) async fn territoire_metrics(
    State(shared): State<Arc<Shared>>,
    Params(query): Params<DepartementQuery>,
) -> Result<Response, ApiError> {
    let code = query.departement.ok_or_else(|| {
        ApiError::bad_query("name a département, such as /metrics/territoire?departement=23")
    })?;
    let window = window(&shared, None, None)?;
    blocking(move || {
        let departement = shared.territory.departement(&code).ok_or_else(|| unknown(&code))?;
        let figures = shared.departement_figures(&departement.code, &window)?;
        let rules = &shared.config.publication;
        let families = territoire_families(&shared.territory, &departement.code, &window, rules, &figures);
        text(families.map_err(ApiError::internal)?)
    })
    .await
}

fn text(mut families: Vec<MetricFamily>) -> Result<Response, ApiError> {
    families.retain(|family| !family.get_metric().is_empty());
    families.sort_by(|a, b| a.name().cmp(b.name()));
    let encoder = TextEncoder::new();
    let mut body = Vec::new();
    encoder.encode(&families, &mut body).map_err(ApiError::internal)?;
    let headers = [(header::CONTENT_TYPE, prometheus::TEXT_FORMAT), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, body).into_response())
}
