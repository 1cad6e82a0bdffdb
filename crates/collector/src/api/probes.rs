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
    /// `waiting` before its first record, `active`, or `silent` when none came for 72 minutes.
    state: &'static str,
    /// Code of the commune of its latest record; null before the first.
    commune: Option<String>,
    /// When its last new record arrived, to the second; null before the first.
    last_seen_utc: Option<String>,
    /// Event time of its latest measurement; null while not known.
    last_measurement_utc: Option<String>,
    /// What is known of the chain of its records; null before the first that was checked.
    chain: Option<ChainAnswer>,
}

/// Whether a probe's records name each other in an unbroken row (docs/spec/wire-v1.md, section 2.1). All are kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChainAnswer {
    /// Records that name the one before them, or begin the chain.
    linked: u64,
    /// Places that no record kept here has taken: not sent yet, refused, or dropped unsent.
    missing: u64,
    /// Records whose place another record has.
    forks: u64,
    /// Records that name another one before them than is kept there.
    broken: u64,
}

/// Lists the probes.
#[utoipa::path(get, path = "/api/v1/probes", tag = "figures", responses((status = 200, body = ProbesAnswer)))]
pub(crate) async fn get_probes(State(shared): State<Arc<Shared>>) -> Result<Json<ProbesAnswer>, ApiError> {
    blocking(move || {
        let now = shared.as_of();
        let probes = shared.store.probes()?;
        let probes = probes.into_iter().filter(|probe| probe.retired.is_none()).map(|probe| {
            let seen = probe.seen.as_ref();
            ProbeAnswer {
                id: probe.id.to_string(),
                state: probe.standing(now).code(),
                commune: seen.map(|seen| seen.commune.to_string()),
                last_seen_utc: seen.map(|seen| utc_text(seen.received)),
                last_measurement_utc: seen.and_then(|seen| seen.measured).map(utc_text),
                chain: probe.chain.map(|chain| ChainAnswer {
                    linked: chain.linked,
                    missing: chain.missing,
                    forks: chain.forks,
                    broken: chain.broken,
                }),
            }
        });
        Ok(Json(ProbesAnswer { probes: probes.collect() }))
    })
    .await
}
