//! Where to measure: the configured measurement servers, in the form of Locate version 2 (m-lab/locate), so that ndt7 clients of
//! any make find them (docs/spec/locate.md).

mod answer;
mod limit;
mod order;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

pub(crate) use self::answer::Nearest;
pub(crate) use self::limit::Limiter;
use self::order::Position;
use crate::api::Params;
use crate::listen::Client;
use crate::problem::ApiError;
use crate::state::Shared;

/// Servers named in one answer, as many as the reference service names.
const TARGETS_MAX: usize = 4;

/// What a client says of itself. Everything else in its query (its name and version, say) is for services that keep it; this
/// one does not.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NearestQuery {
    /// Latitude of the client in degrees, -90 to 90; used for this answer and then forgotten.
    lat: Option<f64>,
    /// Longitude of the client in degrees, -180 to 180.
    lon: Option<f64>,
}

impl NearestQuery {
    fn position(&self) -> Option<Position> {
        Position::new(self.lon?, self.lat?)
    }
}

/// The nearest measurement servers for ndt7: by distance from the position in the query, or all in turn when it has none.
#[utoipa::path(
    get,
    path = "/v2/nearest/ndt/ndt7",
    tag = "probes",
    params(NearestQuery),
    responses(
        (status = 200, description = "Up to four servers, the one to be tried first in front", body = Nearest),
        (status = 400, description = "A position that is no pair of numbers", body = Nearest),
        (status = 429, description = "Asked too often from this address; Retry-After says when to come again", body = Nearest),
        (status = 404, description = "This collector names no measurement servers", body = Nearest),
    )
)]
pub(crate) async fn get_nearest(
    State(shared): State<Arc<Shared>>,
    client: Option<axum::Extension<Client>>,
    query: Result<Params<NearestQuery>, ApiError>,
) -> Response {
    let Ok(Params(query)) = query else {
        let title = "lat and lon are numbers of degrees";
        return answered(StatusCode::BAD_REQUEST, &Nearest::refused("client", title, 400));
    };
    let rules = &shared.config.locate;
    if rules.servers.is_empty() {
        let title = "this collector names no measurement servers";
        return answered(StatusCode::NOT_FOUND, &Nearest::refused("nearest", title, 404));
    }
    // Without an address nobody could be told from anybody; only tests ask without a connection.
    let address = client.map_or(IpAddr::from([127, 0, 0, 1]), |client| client.0.address());
    if let Err(wait) = shared.limiter.take(address, Instant::now()) {
        let title = "too many requests from this address";
        let mut response = answered(StatusCode::TOO_MANY_REQUESTS, &Nearest::refused("client", title, 429));
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return response;
    }
    let servers = match query.position() {
        Some(position) => order::by_distance(&rules.servers, position),
        None => order::in_turn(&rules.servers, shared.limiter.turn()),
    };
    let targets = servers.into_iter().take(TARGETS_MAX).map(Into::into).collect();
    answered(StatusCode::OK, &Nearest::found(targets))
}

/// Pages of any origin may read it: it says the same to everyone.
fn answered(status: StatusCode, body: &Nearest) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (status, headers, Json(body)).into_response()
}
