//! The form of an answer of Locate version 2.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::config::MeasurementServer;

/// Measurement servers, or why there are none, in the form of Locate version 2.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Nearest {
    /// Why there are no servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<NearestError>,
    /// Servers, the one to be tried first in front.
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<Vec<NearestTarget>>,
}

/// Why there are no servers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NearestError {
    /// `client` for a fault of the client, `nearest` for one of ours.
    #[serde(rename = "type")]
    kind: &'static str,
    /// For people.
    title: &'static str,
    /// HTTP status.
    status: u16,
}

/// A measurement server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NearestTarget {
    /// Its name.
    machine: String,
    /// Where it stands; absent when that is not configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<NearestCity>,
    /// Address by template: `wss:///ndt/v7/download`, `wss:///ndt/v7/upload`, and the same with `ws`.
    urls: BTreeMap<String, String>,
}

/// Where a server stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NearestCity {
    /// The town.
    city: String,
    /// Two letters of ISO 3166-1.
    country: String,
}

impl Nearest {
    pub(super) fn found(targets: Vec<NearestTarget>) -> Self {
        Self { error: None, results: Some(targets) }
    }

    pub(super) fn refused(kind: &'static str, title: &'static str, status: u16) -> Self {
        Self { error: Some(NearestError { kind, title, status }), results: None }
    }
}

impl From<&MeasurementServer> for NearestTarget {
    fn from(server: &MeasurementServer) -> Self {
        let origins = [("wss", server.wss.as_ref()), ("ws", server.ws.as_ref())];
        let mut urls = BTreeMap::new();
        for (scheme, origin) in origins {
            for path in ["/ndt/v7/download", "/ndt/v7/upload"] {
                if let Some(origin) = origin {
                    urls.insert(format!("{scheme}://{path}"), format!("{origin}{path}"));
                }
            }
        }
        let city = server.city.clone();
        let location = city.map(|city| NearestCity { city, country: server.country.clone() });
        Self { machine: server.machine.clone(), location, urls }
    }
}
