//! What the public may know of probes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::blocking;
use super::schema::utc_text;
use crate::problem::ApiError;
use crate::state::Shared;

/// Probes in service, in the order of registration.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProbesAnswer {
    probes: Vec<ProbeAnswer>,
}

/// A probe. Its name, site, position, address and operator are not published.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProbeAnswer {
    /// Opaque identifier, made from its public key.
    id: String,
    /// Code of the commune of its latest record; null before the first.
    commune: Option<String>,
    /// When its last new record arrived, to the second; null before the first.
    last_seen_utc: Option<String>,
    /// Event time of its latest measurement; null while not known.
    last_measurement_utc: Option<String>,
}

/// Lists the probes.
#[utoipa::path(get, path = "/api/v1/probes", tag = "figures", responses((status = 200, body = ProbesAnswer)))]
pub(crate) async fn get_probes(State(shared): State<Arc<Shared>>) -> Result<Json<ProbesAnswer>, ApiError> {
    blocking(move || {
        let probes = shared.store.probes()?;
        let probes = probes.into_iter().filter(|probe| probe.retired.is_none()).map(|probe| {
            let seen = probe.seen.as_ref();
            ProbeAnswer {
                id: probe.id.to_string(),
                commune: seen.map(|seen| seen.commune.to_string()),
                last_seen_utc: seen.map(|seen| utc_text(seen.received)),
                last_measurement_utc: seen.and_then(|seen| seen.measured).map(utc_text),
            }
        });
        Ok(Json(ProbesAnswer { probes: probes.collect() }))
    })
    .await
}
