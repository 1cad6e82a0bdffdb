//! Echoes around a run: some before it, on the idle line, and some beside it.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use desserte_model::{EchoMethod, IpFamily, LoadedEchoes, TimedEcho};
use desserte_net::{FamilyChoice, ServerUrl};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::steering::Shared;
use crate::book;
use crate::config::{Method, Target};
use crate::echo::{Destination, Echo, Echoer, micros};

/// Echoes before a run.
const IDLE_ECHOES: u32 = 10;

/// Time between two echoes.
const INTERVAL: Duration = Duration::from_millis(100);

/// The same on a slow line, of which echoes would else be a noticeable part, and for connections, which cost more.
const INTERVAL_SLOW: Duration = Duration::from_millis(250);

/// A line below this is slow: there ten echoes a second are a thousandth of it.
const SLOW_BITS_PER_SECOND: u64 = 5_000_000;

/// Echoes beside a run at the most: those of fifteen seconds.
const LOADED_MAX: u32 = 150;

/// An answer that takes longer is counted as lost: longer than any queue that a line of today has.
const PATIENCE: Duration = Duration::from_secs(3);

/// The longest that the name of the server may take to be found.
const RESOLVE_MAX: Duration = Duration::from_secs(2);

/// Time that echoes under way get to come back once the run is over and the queues empty.
pub(super) const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// An echo sent beside a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    sent_us: u64,
    answer: Answer,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Awaited,
    Lost,
    After(u32),
}

impl Sent {
    /// What is recorded of it: nothing when its answer was still awaited.
    pub(super) fn recorded(self) -> Option<TimedEcho> {
        let rtt_us = match self.answer {
            Answer::Awaited => return None,
            Answer::Lost => None,
            Answer::After(rtt_us) => Some(rtt_us),
        };
        Some(TimedEcho { sent_us: self.sent_us, rtt_us })
    }
}

/// Whom to send echoes to, how, and at what price.
#[derive(Debug)]
pub(crate) struct Beside {
    target: Target,
    to: Destination,
    method: Cell<Method>,
    /// What is sent where ICMP is not answered, if anything may be.
    fallback: Option<Method>,
    /// Answers so far that the kernel timed.
    by_kernel: Cell<u32>,
}

impl Beside {
    /// Echoes to the measurement server itself: ICMP, or, if it bears that, the opening of connections where ICMP is not
    /// answered.
    ///
    /// # Missing data
    /// `None` when the server has no address of the version of IP wanted.
    pub(crate) async fn to_server(
        server: &ServerUrl,
        family: FamilyChoice,
        bears_connections: bool,
    ) -> Option<Self> {
        let address = match server.host() {
            url::Host::Ipv4(address) => IpAddr::V4(*address),
            url::Host::Ipv6(address) => IpAddr::V6(*address),
            url::Host::Domain(name) => {
                let found = tokio::time::timeout(
                    RESOLVE_MAX,
                    tokio::net::lookup_host((name.as_str(), server.port())),
                );
                let found: Vec<IpAddr> = found.await.ok()?.ok()?.map(|found| found.ip()).collect();
                found.into_iter().find(|address| family.allows(book::family_of(*address)))?
            }
        };
        if !family.allows(book::family_of(address)) {
            return None;
        }
        let target = Target {
            id: "server".parse().ok()?,
            host: address.to_string(),
            method: Method::Icmp,
            family: FamilyChoice::Only(book::family_of(address)),
        };
        let to = Destination { address, scope: 0 };
        let fallback = bears_connections.then_some(Method::Tcp(server.port()));
        Some(Self { target, to, method: Cell::new(Method::Icmp), fallback, by_kernel: Cell::new(0) })
    }

    /// Answers that the kernel timed, before the run and during it.
    pub(super) fn timed_by_kernel(&self) -> u32 {
        self.by_kernel.get()
    }

    /// The version of IP over which the echoes go.
    pub(crate) fn family(&self) -> IpFamily {
        book::family_of(self.to.address)
    }

    /// Octets that all of it costs at the most, both ways.
    pub(crate) fn bound(&self) -> u64 {
        u64::from(IDLE_ECHOES + LOADED_MAX)
            * self.fallback.map_or(0, |method| self.cost(method)).max(self.cost(Method::Icmp))
            + u64::from(IDLE_ECHOES) * self.cost(Method::Icmp)
    }

    fn cost(&self, method: Method) -> u64 {
        book::echo_cost(&Target { method, ..self.target.clone() }, Some(self.family()))
    }

    fn method_said(&self) -> EchoMethod {
        match self.method.get() {
            Method::Icmp => EchoMethod::Icmp,
            Method::Tcp(_) => EchoMethod::TcpConnect,
        }
    }

    /// Echoes on the idle line. Where none is answered by ICMP, connections are opened instead, then and later.
    pub(crate) async fn idle(&self, echoer: &Echoer, shared: &Shared) -> LoadedEchoes {
        let mut rtt = self.some_idle(echoer, shared).await;
        if let Some(fallback) = self.fallback.filter(|_| rtt.iter().all(Option::is_none)) {
            self.method.set(fallback);
            rtt = self.some_idle(echoer, shared).await;
        }
        LoadedEchoes {
            target: None,
            method: self.method_said(),
            idle_rtt_us: rtt,
            loaded: Vec::new(),
            timed_by_kernel: Some(self.by_kernel.get()),
        }
    }

    async fn some_idle(&self, echoer: &Echoer, shared: &Shared) -> Vec<Option<u32>> {
        let mut rtt = Vec::new();
        for _ in 0..IDLE_ECHOES {
            let begun = Instant::now();
            match self.one(echoer, shared, Duration::from_secs(1)).await {
                Some(answer) => rtt.push(answer),
                // It cannot be sent, and the next one could not be either.
                None => break,
            }
            tokio::time::sleep(INTERVAL.saturating_sub(begun.elapsed())).await;
            if rtt.len() == 3 && rtt.iter().all(Option::is_none) {
                break;
            }
        }
        rtt
    }

    /// Echoes beside a run; none is sent any more once the run is over, and then those under way are waited for. What came
    /// back is in `kept`.
    pub(crate) async fn loaded(&self, echoer: &Echoer, shared: &Shared, kept: &RefCell<Vec<Sent>>) {
        let origin = tokio::select! {
            origin = shared.origin() => origin,
            () = shared.over() => return,
        };
        let mut under_way = FuturesUnordered::new();
        let mut sent = 0_u32;
        let mut next = tokio::time::Instant::now();
        let mut over = false;
        loop {
            tokio::select! {
                () = shared.over(), if !over => over = true,
                () = tokio::time::sleep_until(next), if !over && sent < LOADED_MAX => {
                    sent += 1;
                    let slow = shared.bits_per_second() < SLOW_BITS_PER_SECOND
                        || matches!(self.method.get(), Method::Tcp(_));
                    next = tokio::time::Instant::now() + if slow { INTERVAL_SLOW } else { INTERVAL };
                    let sent_us = u64::try_from(origin.elapsed().as_micros()).unwrap_or(u64::MAX);
                    let place = {
                        let mut kept = kept.borrow_mut();
                        kept.push(Sent { sent_us, answer: Answer::Awaited });
                        kept.len() - 1
                    };
                    under_way.push(async move { (place, self.one(echoer, shared, PATIENCE).await) });
                }
                Some((place, answer)) = under_way.next() => {
                    kept.borrow_mut()[place].answer = answer.flatten().map_or(Answer::Lost, Answer::After);
                }
                else => return,
            }
        }
    }

    /// One echo; the outer `None` when it could not be sent.
    async fn one(&self, echoer: &Echoer, shared: &Shared, patience: Duration) -> Option<Option<u32>> {
        let method = self.method.get();
        shared.note_echo(self.cost(method));
        match echoer.send(method, self.to, patience).await {
            Echo::Answered(trip) => {
                self.by_kernel.set(self.by_kernel.get() + u32::from(trip.by_kernel));
                Some(Some(micros(trip)))
            }
            Echo::Lost => Some(None),
            Echo::NotSent(reason) => {
                tracing::debug!(reason, "an echo beside a run could not be sent");
                None
            }
        }
    }
}
