//! The public services that are tried.

use serde::Deserialize;
use url::Url;

use super::fault::{ConfigFault, fault};
use super::file::seconds;
use super::{Reach, Service};

#[derive(Debug, Default, Deserialize)]
pub(super) struct ReachTable {
    per_day: Option<u16>,
    doh: Option<String>,
    every_s: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ServiceTable {
    url: String,
    expect: Option<String>,
}

impl ReachTable {
    pub(super) fn check(self, services: Vec<ServiceTable>) -> Result<Reach, ConfigFault> {
        let web = |key: String, text: &str| match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "https" | "http") && url.has_host() => Ok(url),
            _ => Err(fault(key, "expected https://host[:port]/path")),
        };
        let read = |(place, table): (usize, ServiceTable)| {
            let url = web(format!("services[{place}].url"), &table.url)?;
            Ok(Service { url, expect: table.expect })
        };
        let every = |every| seconds("reachability.every_s", Some(every), every, 1.0);
        Ok(Reach {
            services: services.into_iter().enumerate().map(read).collect::<Result<_, _>>()?,
            per_day: self.per_day.unwrap_or(4),
            doh: self
                .doh
                .filter(|doh| !doh.is_empty())
                .map(|doh| web("reachability.doh".to_owned(), &doh))
                .transpose()?,
            every: self.every_s.map(every).transpose()?,
        })
    }
}
