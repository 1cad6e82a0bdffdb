//! Single echoes: ICMP, or the opening of a TCP connection.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use desserte_net::echo::RoundTrip;
use desserte_net::{FamilyChoice, StampsKept};

use crate::book::family_of;
use crate::config::{Method, Target};

/// How long an address found for a name is used before it is looked up again.
const ADDRESS_KEPT: Duration = Duration::from_secs(600);

/// After a name could not be resolved, its last address serves for this long.
const RESOLVE_AGAIN: Duration = Duration::from_secs(60);

/// How long the resolver may take; beyond, the last address serves.
const RESOLVE_MAX: Duration = Duration::from_secs(2);

/// What became of one echo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Echo {
    /// It came back.
    Answered(RoundTrip),
    /// It was sent and did not come back in time.
    Lost,
    /// It could not be sent, for this reason: not a loss.
    NotSent(String),
}

/// A round trip as records have it.
pub(crate) fn micros(trip: RoundTrip) -> u32 {
    u32::try_from(trip.time.as_micros()).unwrap_or(u32::MAX)
}

/// Where an echo goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) address: IpAddr,
    /// The interface's number, for a link-local address.
    pub(crate) scope: u32,
}

/// Sends echoes.
#[derive(Default)]
pub(crate) struct Echoer {
    /// Opened with the first echo.
    stamps: RefCell<Option<StampsKept>>,
    addresses: RefCell<HashMap<String, (IpAddr, Instant)>>,
}

impl Echoer {
    /// The address of a target: as configured, or found for its name and kept for when names cannot be resolved.
    pub(crate) async fn address(&self, target: &Target) -> Option<IpAddr> {
        if let Ok(address) = target.host.parse::<IpAddr>() {
            return target.family.allows(family_of(address)).then_some(address);
        }
        let kept = self.addresses.borrow().get(&target.host).copied();
        if let Some((address, _)) = kept.filter(|(_, found)| found.elapsed() < ADDRESS_KEPT) {
            return Some(address);
        }
        match resolve(&target.host, target.family).await {
            Some(address) => {
                self.addresses.borrow_mut().insert(target.host.clone(), (address, Instant::now()));
                Some(address)
            }
            None => {
                // Names are not asked for again at once: while they cannot be resolved each try takes its time.
                let (address, _) = kept?;
                let tried = Instant::now();
                let found = tried.checked_sub(ADDRESS_KEPT - RESOLVE_AGAIN).unwrap_or(tried);
                self.addresses.borrow_mut().insert(target.host.clone(), (address, found));
                Some(address)
            }
        }
    }

    /// Sends one echo and waits for it at most `patience`.
    pub(crate) async fn send(&self, method: Method, to: Destination, patience: Duration) -> Echo {
        if self.stamps.borrow().is_none() {
            *self.stamps.borrow_mut() = StampsKept::begin().ok();
        }
        let echoed = match method {
            Method::Icmp => desserte_net::echo::icmp(to.address, to.scope, patience).await,
            Method::Tcp(port) => {
                desserte_net::echo::connect(SocketAddr::new(to.address, port), patience).await
            }
        };
        match echoed {
            Ok(Some(trip)) => Echo::Answered(trip),
            Ok(None) => Echo::Lost,
            Err(error) => Echo::NotSent(error.to_string()),
        }
    }
}

async fn resolve(host: &str, family: FamilyChoice) -> Option<IpAddr> {
    let found = tokio::time::timeout(RESOLVE_MAX, tokio::net::lookup_host((host, 0))).await;
    found.ok()?.ok()?.map(|address| address.ip()).find(|address| family.allows(family_of(*address)))
}

#[cfg(test)]
mod tests {
    use desserte_model::IpFamily;

    use super::*;

    #[tokio::test]
    async fn an_echo_to_oneself_comes_back_where_the_system_allows_echoes() {
        let to = Destination { address: "127.0.0.1".parse().unwrap(), scope: 0 };
        match Echoer::default().send(Method::Icmp, to, Duration::from_secs(60)).await {
            Echo::Answered(trip) => assert!(trip.time < Duration::from_secs(60)),
            Echo::NotSent(reason) if std::env::var_os("CI").is_none() => eprintln!("SKIPPED: {reason}"),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_family_that_the_address_does_not_have_gives_no_address() {
        let target = Target {
            id: "a".parse().unwrap(),
            host: "192.0.2.1".to_owned(),
            method: Method::Icmp,
            family: FamilyChoice::Only(IpFamily::Ipv6),
        };
        assert_eq!(Echoer::default().address(&target).await, None);
    }
}
