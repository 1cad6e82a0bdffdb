//! Metrics in the Prometheus text format.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use desserte_store::Scope;
use http::{HeaderMap, Uri, header};
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, TextEncoder};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::departements::unknown;
use super::{Params, blocking, window};
use crate::metrics::{EditionRoom, probe_families, store_families, territoire_families};
use crate::problem::ApiError;
use crate::state::Shared;

/// Which département.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DepartementQuery {
    /// Code of the département, such as 23.
    #[param(required = true, pattern = "^[0-9AB]{2,3}$")]
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
        let free = shared.store.free_bytes();
        let editions =
            EditionRoom { taken: shared.store.editions_octets()?, room: shared.config.editions.room() };
        families.extend(store_families(free, editions, &shared.territory).map_err(ApiError::internal)?);
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

/// One group of Prometheus's HTTP service discovery.
#[derive(Serialize, ToSchema)]
pub(crate) struct TargetGroup {
    /// The address that this was asked at.
    targets: Vec<String>,
    /// Which page to scrape there.
    labels: BTreeMap<&'static str, String>,
}

/// The départements with measurements, as targets of Prometheus's HTTP service discovery.
#[utoipa::path(
    get,
    path = "/metrics/targets",
    tag = "operation",
    responses(
        (status = 200, body = Vec<TargetGroup>),
        (status = 400, description = "The request names no host"),
    )
)]
pub(crate) async fn metrics_targets(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Vec<TargetGroup>>, ApiError> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| uri.authority().map(|authority| authority.as_str()));
    let host = host.ok_or_else(|| ApiError::bad_query("the request names no host"))?.to_owned();
    blocking(move || {
        let mut codes = BTreeSet::new();
        for commune in shared.store.communes_seen(&Scope::All)? {
            codes.extend(shared.territory.departement_of(commune.commune).map(|of| of.code.clone()));
        }
        let group = |code: String| TargetGroup {
            targets: vec![host.clone()],
            labels: BTreeMap::from([
                ("__metrics_path__", "/metrics/territoire".to_owned()),
                ("__param_departement", code),
            ]),
        };
        Ok(Json(codes.into_iter().map(group).collect()))
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
