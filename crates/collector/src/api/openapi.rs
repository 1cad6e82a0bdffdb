//! The OpenAPI document, made from the handlers themselves.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    admin, communes, contributions, departements, equity, health, metrics, probes, seals, service, time,
};
use crate::state::Shared;
use crate::{enrol, ingest, locate};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Desserte collector",
        description = "Batches of signed measurements in, figures by commune out. Every error is a problem document (RFC 9457). Rates are in bits per second, times in microseconds or seconds as their names say; null means not known, never zero.",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2"),
    ),
    tags(
        (name = "probes", description = "For probes"),
        (name = "figures", description = "For everyone"),
        (name = "residents", description = "For residents who test their own line"),
        (name = "operation", description = "For operators"),
        (name = "administration", description = "For who has a token (docs/spec/roles.md)"),
    )
)]
struct Document;

fn routed() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(ingest::post_batch))
        .routes(routes!(enrol::post_enrolment))
        .routes(routes!(time::get_time))
        .routes(routes!(communes::get_commune))
        .routes(routes!(departements::get_departement))
        .routes(routes!(service::get_service))
        .routes(routes!(service::get_service_departement))
        .routes(routes!(service::get_service_commune))
        .routes(routes!(equity::get_equity))
        .routes(routes!(equity::get_scenarios))
        .routes(routes!(equity::get_scenario))
        .routes(routes!(probes::get_probes))
        .routes(routes!(admin::get_admin_probes))
        .routes(routes!(admin::delete_invitation))
        .routes(routes!(admin::get_audit))
        .routes(routes!(seals::get_seals))
        .routes(routes!(seals::get_seal))
        .routes(routes!(locate::get_nearest))
        .routes(routes!(contributions::post_contribution))
        .routes(routes!(contributions::post_erasure))
        .routes(routes!(contributions::get_contributions))
        .routes(routes!(get_openapi))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::own_metrics))
        .routes(routes!(metrics::territoire_metrics))
        .routes(routes!(metrics::metrics_targets))
}

/// The routes of the interface.
pub(crate) fn router() -> Router<Arc<Shared>> {
    routed().split_for_parts().0
}

/// The OpenAPI document as JSON text, as committed in `docs/spec/openapi.json`.
///
/// # Panics
/// Never: the document holds nothing that JSON cannot.
#[must_use]
pub fn openapi_json() -> String {
    let document = routed().split_for_parts().1;
    let mut text = document.to_pretty_json().expect("an OpenAPI document is JSON");
    text.push('\n');
    text
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "operation", responses((status = 200, body = Object, content_type = "application/json")))]
async fn get_openapi(State(_): State<Arc<Shared>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi_json()).into_response()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::openapi_json;

    /// To publish a change on purpose: `DESSERTE_UPDATE=1 cargo test -p desserte-collector openapi`.
    #[test]
    fn the_committed_document_is_the_one_the_handlers_make() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/openapi.json");
        let made = openapi_json();
        if std::env::var_os("DESSERTE_UPDATE").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == made,
            "docs/spec/openapi.json differs from the handlers; see this test's comment"
        );
    }
}
