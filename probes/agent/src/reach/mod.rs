//! Whether public services can be reached, at the hours they are used: name, connection, TLS, a small part of a page.
//!
//! Nothing is contacted that the configuration does not name.

mod page;
mod resolve;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use desserte_measure::{OfficePlan, Purpose, next_office_moment};
use desserte_model::{Observation, ReachFailure, ReachStep, Reachability};
use desserte_proto::dns;
use desserte_units::ByteCount;
use rustls::ClientConfig;
use url::Url;

use crate::agent::Agent;
use crate::book::family_of;
use crate::collector::{BESIDE_BYTES_MAX, REQUEST_BYTES, on_the_line};
use crate::config::{Reach, Service};
use crate::line::Use;
use crate::meter::{Meter, UNREAD_BYTES_MAX};
use crate::resolver::QUESTION_COST;
use page::{Fetched, Request, fetch};

/// How long a step may take: the domain rules let a page of e-administration take ten seconds.
const STEP_MAX: Duration = Duration::from_secs(10);

/// Octets of a page that are read: enough for the first lines of any page, little enough for a month of them.
const BODY_MAX: u64 = 16 * 1024;

/// Longest answer of a resolver over HTTPS that is read.
const DNS_BODY_MAX: u64 = 2 * 1024;

/// The longest sleep at once: the calendar may be corrected meanwhile.
const NAP: Duration = Duration::from_secs(30);

/// A moment missed by more than this is left out: made up for later, it would not be a random one.
const LATE_MAX_S: i64 = 900;

/// No moment of office hours is farther ahead than this: a weekend.
const AHEAD_MAX_S: i64 = 4 * 86_400;

/// Tries the configured services until the agent stops.
pub(crate) async fn keep_trying(agent: &Agent) {
    let reach = &agent.config.reach;
    if reach.services.is_empty() || reach.per_day == 0 {
        return std::future::pending().await;
    }
    loop {
        match reach.every {
            Some(every) => tokio::time::sleep(every).await,
            None => wait_for_moment(agent, reach).await,
        }
        for service in &reach.services {
            try_service(agent, service).await;
        }
    }
}

async fn wait_for_moment(agent: &Agent, reach: &Reach) {
    let plan = OfficePlan {
        seed: agent.seed(),
        per_day: reach.per_day,
        utc_offset_s: agent.config.schedule.utc_offset_s,
    };
    let mut wanted = None;
    loop {
        // Without a calendar nobody knows what an office hour is.
        let now = agent.clock.borrow().utc();
        if let Some(now) = now {
            let moment = *wanted.get_or_insert_with(|| next_office_moment(&plan, now));
            let left_s = moment.map_or(i64::MAX, |moment| moment.as_unix_secs() - now.as_unix_secs());
            if (-LATE_MAX_S..=0).contains(&left_s) {
                return;
            }
            // The calendar was stepped: look anew.
            if !(-LATE_MAX_S..=AHEAD_MAX_S).contains(&left_s) {
                wanted = None;
            }
            let left = Duration::from_secs(u64::try_from(left_s).unwrap_or(0));
            tokio::time::sleep(left.clamp(Duration::from_secs(1), NAP)).await;
        } else {
            tokio::time::sleep(NAP).await;
        }
    }
}

/// One attempt, charged first.
async fn try_service(agent: &Agent, service: &Service) {
    let turn = agent.line.load(Use::Upload).await;
    let stamp = agent.clock.borrow().now();
    let doh = agent.config.reach.doh.as_ref();
    let charged = agent.book.borrow_mut().charge(stamp.utc_us, Purpose::Reachability, bound(doh.is_some()));
    let seen = match charged {
        Ok(reservation) => {
            let resolver = agent.resolver_address;
            let mut seen = attempt(service, doh, resolver, &agent.tls).await;
            seen.bytes_charged = seen.bytes_charged.min(reservation.bound().as_bytes());
            agent.book.borrow_mut().settle(reservation, ByteCount::from_bytes(seen.bytes_charged));
            seen
        }
        Err(denied) => Reachability { not_tried: Some(denied.to_string()), ..nothing(service) },
    };
    drop(turn);
    let failure = seen.failure().map(ReachFailure::code);
    tracing::info!(url = %service.url, failure, bytes_charged = seen.bytes_charged, "public service");
    agent.record(stamp, Observation::Reachability(seen));
}

/// The most that one attempt puts on the line.
fn bound(doh: bool) -> ByteCount {
    // An address that lets nobody in costs an opening.
    let exchange = |body: u64| {
        on_the_line(REQUEST_BYTES + BESIDE_BYTES_MAX + body + UNREAD_BYTES_MAX, 1)
            .saturating_add(on_the_line(0, ADDRESSES_MAX - 1))
    };
    let questions = ByteCount::from_bytes(QUESTIONS_MAX * QUESTION_COST.as_bytes());
    let resolved = if doh { exchange(DNS_BODY_MAX) } else { ByteCount::ZERO };
    exchange(BODY_MAX).saturating_add(resolved).saturating_add(questions)
}

/// Questions that fit into a step, and the system's own for the name of the resolver over HTTPS.
const QUESTIONS_MAX: u64 = 8;

/// Addresses that are tried of a name: one of each family, as programs with a page to show do.
const ADDRESSES_MAX: u64 = 2;

/// Goes as far as it can.
pub(crate) async fn attempt(
    service: &Service,
    doh: Option<&Url>,
    resolver: Option<SocketAddr>,
    tls: &Arc<ClientConfig>,
) -> Reachability {
    let mut seen = nothing(service);
    let host = service.url.host_str().unwrap_or_default().to_owned();
    let mut spent = 0;
    let mut addresses: Vec<IpAddr> = literal(&host).into_iter().collect();
    if addresses.is_empty() {
        if let Some(resolver) = resolver {
            let begun = Instant::now();
            let found = resolve::ask(resolver, &host, number(), STEP_MAX).await;
            seen.dns = Some(step(begun, found.as_ref().err().copied()));
            addresses = found.unwrap_or_default();
            spent += 2 * QUESTION_COST.as_bytes();
        }
        if let Some(doh) = doh {
            let begun = Instant::now();
            let (found, octets) = ask_over_https(doh, &host, tls).await;
            seen.dns_https = Some(step(begun, found.as_ref().err().copied()));
            if addresses.is_empty() {
                addresses = found.unwrap_or_default();
            }
            spent += octets;
        }
        if resolver.is_none() && doh.is_none() {
            let begun = Instant::now();
            addresses = lookup(&host).await;
            seen.dns = Some(step(begun, addresses.is_empty().then_some(ReachFailure::NameFailed)));
            spent += 2 * QUESTION_COST.as_bytes();
        }
    }
    for address in one_of_each_family(&addresses) {
        seen.family = Some(family_of(address));
        let request = request(&service.url, &host, address, service.expect.as_deref(), None, BODY_MAX);
        let (Fetched { connect, tls, page, .. }, octets) = metered(&request, tls, BODY_MAX).await;
        (seen.connect, seen.tls, seen.page) = (connect, tls, page);
        spent += octets;
        if is_open(seen.connect.as_ref()) {
            break;
        }
    }
    seen.bytes_charged = spent;
    seen
}

async fn ask_over_https(
    doh: &Url,
    name: &str,
    tls: &Arc<ClientConfig>,
) -> (Result<Vec<IpAddr>, ReachFailure>, u64) {
    let host = doh.host_str().unwrap_or_default().to_owned();
    let addresses = match literal(&host) {
        Some(address) => vec![address],
        None => lookup(&host).await,
    };
    // RFC 8484, section 4.1: the number is zero, so that answers can be kept.
    let Ok(question) = dns::question(name, 0) else { return (Err(ReachFailure::Nonsense), 0) };
    let mut answer = Err(ReachFailure::NameFailed);
    let mut spent = QUESTION_COST.as_bytes();
    for address in one_of_each_family(&addresses) {
        let request = request(doh, &host, address, None, Some(&question), DNS_BODY_MAX);
        let (fetched, octets) = metered(&request, tls, DNS_BODY_MAX).await;
        spent += octets;
        let open = is_open(fetched.connect.as_ref());
        let steps = [fetched.connect, fetched.tls].into_iter().flatten().find_map(|step| step.failure);
        let failure = steps.or_else(|| fetched.page.as_ref().and_then(|page| page.failure));
        answer = failure.map_or_else(|| dns::addresses(&fetched.body), Err);
        if open {
            break;
        }
    }
    (answer, spent)
}

fn literal(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

/// The first address of each family, in the order given.
fn one_of_each_family(addresses: &[IpAddr]) -> impl Iterator<Item = IpAddr> {
    let first = addresses.first().copied();
    let other = first
        .and_then(|first| addresses.iter().copied().find(|address| address.is_ipv4() != first.is_ipv4()));
    first.into_iter().chain(other)
}

fn is_open(connect: Option<&ReachStep>) -> bool {
    connect.is_some_and(|step| step.failure.is_none())
}

/// Fetches, and counts what it put on the line.
async fn metered(request: &Request<'_>, tls: &Arc<ClientConfig>, body_max: u64) -> (Fetched, u64) {
    let meter = Arc::new(Meter::default());
    meter.allow(BESIDE_BYTES_MAX + body_max);
    let fetched = fetch(request, tls, &meter).await;
    let reading = meter.take();
    // A page longer than what is read is cut while more of it is on its way.
    let more = fetched.page.as_ref().is_some_and(|page| page.body_bytes >= body_max) || reading.cut;
    let unread = if more { UNREAD_BYTES_MAX } else { 0 };
    (fetched, on_the_line(reading.read + reading.written + unread, 1).as_bytes())
}

fn request<'a>(
    url: &'a Url,
    host: &'a str,
    address: IpAddr,
    expect: Option<&'a str>,
    question: Option<&'a [u8]>,
    body_max: u64,
) -> Request<'a> {
    let port = url.port_or_known_default().unwrap_or(443);
    Request {
        secure: url.scheme() == "https",
        host,
        to: SocketAddr::new(address, port),
        path: &url[url::Position::BeforePath..url::Position::AfterQuery],
        question,
        expect,
        body_max: usize::try_from(body_max).unwrap_or(usize::MAX),
        step_max: STEP_MAX,
    }
}

/// What the system's resolver knows; nothing if it fails.
async fn lookup(host: &str) -> Vec<IpAddr> {
    let found = tokio::time::timeout(STEP_MAX, tokio::net::lookup_host((host, 0))).await;
    found.ok().and_then(Result::ok).into_iter().flatten().map(|address| address.ip()).collect()
}

fn nothing(service: &Service) -> Reachability {
    Reachability {
        url: service.url.to_string(),
        dns: None,
        dns_https: None,
        connect: None,
        tls: None,
        page: None,
        family: None,
        bytes_charged: 0,
        not_tried: None,
    }
}

/// A number that nobody off the path guesses.
fn number() -> u16 {
    let mut random = [0; 2];
    // Without randomness the address and port of the resolver still have to match.
    let _ = getrandom::fill(&mut random);
    u16::from_le_bytes(random)
}

fn step(begun: Instant, failure: Option<ReachFailure>) -> ReachStep {
    ReachStep { duration_us: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX), failure }
}

fn of_io(error: &std::io::Error) -> ReachFailure {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::ConnectionRefused
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => ReachFailure::Refused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => ReachFailure::Unreachable,
        ErrorKind::TimedOut => ReachFailure::Timeout,
        _ => ReachFailure::Nonsense,
    }
}
