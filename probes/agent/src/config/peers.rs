//! Whom the probe measures with, and whom it sends echoes to.

use std::str::FromStr as _;

use desserte_model::{IpFamily, TargetId};
use desserte_net::{FamilyChoice, ServerUrl};
use serde::Deserialize;

use super::fault::{ConfigFault, fault};
use super::{MeasurementServer, Method, Target};

/// Targets beyond this cost data without adding knowledge.
const TARGETS_MAX: usize = 8;

#[derive(Debug, Deserialize)]
pub(super) struct ServerTable {
    pub(super) url: String,
    family: Option<Family>,
    network: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TargetTable {
    id: String,
    pub(super) host: String,
    method: Option<String>,
    family: Option<Family>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Family {
    Any,
    Ipv4,
    Ipv6,
}

pub(super) fn servers(tables: Vec<ServerTable>) -> Result<Vec<MeasurementServer>, ConfigFault> {
    let read = |(place, table): (usize, ServerTable)| {
        let url = ServerUrl::from_str(&table.url).map_err(|e| fault(format!("servers[{place}].url"), e))?;
        Ok(MeasurementServer { url, family: choice(table.family), network: table.network })
    };
    tables.into_iter().enumerate().map(read).collect()
}

pub(super) fn targets(tables: Vec<TargetTable>) -> Result<Vec<Target>, ConfigFault> {
    if tables.len() > TARGETS_MAX {
        return Err(fault("targets", format!("at most {TARGETS_MAX}")));
    }
    let mut targets: Vec<Target> = Vec::new();
    for (place, table) in tables.into_iter().enumerate() {
        let key = |name: &str| format!("targets[{place}].{name}");
        let id: TargetId = table.id.parse().map_err(|error| fault(key("id"), error))?;
        let host = table.host;
        if host.is_empty() || host.contains(['/', ' ']) {
            return Err(fault(key("host"), "expected a name or an address"));
        }
        if targets.iter().any(|other| other.id == id) {
            return Err(fault(key("id"), format!("{id} is the name of another target too")));
        }
        if targets.iter().any(|other| other.host == host) {
            return Err(fault(key("host"), "named twice; two targets must be independent of each other"));
        }
        let method = match table.method.as_deref() {
            None | Some("icmp") => Method::Icmp,
            Some(text) => match text.strip_prefix("tcp:").map(str::parse) {
                Some(Ok(port)) if port > 0 => Method::Tcp(port),
                _ => return Err(fault(key("method"), "expected icmp or tcp:PORT")),
            },
        };
        targets.push(Target { id, host, method, family: choice(table.family) });
    }
    Ok(targets)
}

fn choice(family: Option<Family>) -> FamilyChoice {
    match family {
        None | Some(Family::Any) => FamilyChoice::Any,
        Some(Family::Ipv4) => FamilyChoice::Only(IpFamily::Ipv4),
        Some(Family::Ipv6) => FamilyChoice::Only(IpFamily::Ipv6),
    }
}
