//! The first part of a page: connecting, TLS, request, answer; each step timed, every octet counted and limited.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use desserte_model::{PageSeen, ReachFailure, ReachStep};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpSocket;

use super::{of_io, step};
use crate::meter::{Meter, Metered, RECEIVE_BUFFER_BYTES};
use crate::recorder::software;

/// Longest head of an answer.
const HEAD_MAX: usize = 16 * 1024;

/// Fields of a head: more than any site sends.
const FIELDS_MAX: usize = 128;

/// The status by which a portal says that it stands in between.
///
/// # Source
/// RFC 6585, section 6.
const NETWORK_AUTHENTICATION_REQUIRED: u16 = 511;

/// What to ask for.
pub(crate) struct Request<'a> {
    pub(crate) secure: bool,
    pub(crate) host: &'a str,
    pub(crate) to: SocketAddr,
    /// Path and query.
    pub(crate) path: &'a str,
    /// Sent with POST as a question of the Domain Name System.
    pub(crate) question: Option<&'a [u8]>,
    /// Text that the page must hold in the part that is read.
    pub(crate) expect: Option<&'a str>,
    pub(crate) body_max: usize,
    pub(crate) step_max: Duration,
}

/// How far it went.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    pub(crate) connect: Option<ReachStep>,
    pub(crate) tls: Option<ReachStep>,
    pub(crate) page: Option<PageSeen>,
    pub(crate) body: Vec<u8>,
}

/// Fetches as far as it goes.
pub(crate) async fn fetch(request: &Request<'_>, tls: &Arc<ClientConfig>, meter: &Arc<Meter>) -> Fetched {
    let mut fetched = Fetched::default();
    let begun = Instant::now();
    let stream = limited(request.step_max, connect(request.to, meter)).await;
    fetched.connect = Some(step(begun, stream.as_ref().err().copied()));
    let Ok(stream) = stream else { return fetched };
    if !request.secure {
        converse(request, stream, &mut fetched).await;
        return fetched;
    }
    let begun = Instant::now();
    let Ok(name) = ServerName::try_from(request.host.to_owned()) else {
        fetched.tls = Some(step(begun, Some(ReachFailure::Nonsense)));
        return fetched;
    };
    let connector = tokio_rustls::TlsConnector::from(Arc::clone(tls));
    let agreed = async { connector.connect(name, stream).await.map_err(|error| of_tls(&error)) };
    let stream = limited(request.step_max, agreed).await;
    fetched.tls = Some(step(begun, stream.as_ref().err().copied()));
    if let Ok(stream) = stream {
        converse(request, stream, &mut fetched).await;
    }
    fetched
}

async fn limited<T>(
    most: Duration,
    work: impl Future<Output = Result<T, ReachFailure>>,
) -> Result<T, ReachFailure> {
    tokio::time::timeout(most, work).await.unwrap_or(Err(ReachFailure::Timeout))
}

async fn connect(to: SocketAddr, meter: &Arc<Meter>) -> Result<Metered, ReachFailure> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(|error| of_io(&error))?;
    // What the kernel has taken in is paid for even if it is never read. Failing to say so only costs data.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
    let stream = socket.connect(to).await.map_err(|error| of_io(&error))?;
    Ok(Metered::new(stream, Arc::clone(meter)))
}

async fn converse(
    request: &Request<'_>,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    fetched: &mut Fetched,
) {
    let begun = Instant::now();
    let mut seen = PageSeen { status: None, first_byte_us: None, total_us: 0, body_bytes: 0, failure: None };
    let work = exchange(request, &mut stream, begun, &mut seen, &mut fetched.body);
    let done = limited(request.step_max, work).await;
    seen.total_us = step(begun, None).duration_us;
    seen.body_bytes = u64::try_from(fetched.body.len()).unwrap_or(u64::MAX);
    seen.failure = done.err().or_else(|| judge(request, seen.status, &fetched.body));
    fetched.page = Some(seen);
}

async fn exchange(
    request: &Request<'_>,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    begun: Instant,
    seen: &mut PageSeen,
    body: &mut Vec<u8>,
) -> Result<(), ReachFailure> {
    stream.write_all(&head(request)).await.map_err(|error| of_tls(&error))?;
    stream.write_all(request.question.unwrap_or_default()).await.map_err(|error| of_tls(&error))?;
    stream.flush().await.map_err(|error| of_tls(&error))?;
    let mut octets = Vec::new();
    let mut end_of_head = None;
    let mut length = None;
    loop {
        let mut part = [0; 2048];
        let read = stream.read(&mut part).await;
        match read {
            Ok(0) => break,
            Ok(count) => octets.extend_from_slice(&part[..count]),
            // A body that just ends is what was read of it.
            Err(_) if end_of_head.is_some() => break,
            Err(error) => return Err(of_tls(&error)),
        }
        seen.first_byte_us.get_or_insert_with(|| step(begun, None).duration_us);
        if end_of_head.is_none() {
            end_of_head = read_head(&octets, seen, &mut length)?;
            if end_of_head.is_none() && octets.len() > HEAD_MAX {
                return Err(ReachFailure::Nonsense);
            }
        }
        if let Some(end) = end_of_head {
            let most = request.body_max.min(length.unwrap_or(usize::MAX));
            if octets.len() - end >= most {
                octets.truncate(end + most);
                break;
            }
        }
    }
    let end = end_of_head.ok_or(ReachFailure::Nonsense)?;
    *body = octets.split_off(end);
    Ok(())
}

fn head(request: &Request<'_>) -> Vec<u8> {
    let software = software();
    let method = if request.question.is_some() { "POST" } else { "GET" };
    let mut head = format!(
        "{method} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}/{}\r\nConnection: close\r\n",
        request.path, request.host, software.name, software.version
    );
    if let Some(question) = request.question {
        let kind = "application/dns-message";
        head += &format!("Accept: {kind}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n", question.len());
    }
    head += "\r\n";
    head.into_bytes()
}

/// Where the head ends, once it is whole.
fn read_head(
    octets: &[u8],
    seen: &mut PageSeen,
    length: &mut Option<usize>,
) -> Result<Option<usize>, ReachFailure> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut answer = httparse::Response::new(&mut fields);
    match answer.parse(octets) {
        Ok(httparse::Status::Complete(end)) => {
            seen.status = answer.code;
            let field = answer.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
            *length = field.and_then(|field| std::str::from_utf8(field.value).ok()?.trim().parse().ok());
            Ok(Some(end))
        }
        Ok(httparse::Status::Partial) => Ok(None),
        Err(_) => Err(ReachFailure::Nonsense),
    }
}

/// A redirection is an answer of the service; it is not followed.
fn judge(request: &Request<'_>, status: Option<u16>, body: &[u8]) -> Option<ReachFailure> {
    match status {
        None => Some(ReachFailure::Nonsense),
        Some(NETWORK_AUTHENTICATION_REQUIRED) => Some(ReachFailure::Portal),
        Some(400..) => Some(ReachFailure::Status),
        Some(_) => {
            let expected = request.expect?.as_bytes();
            let there = body.windows(expected.len().max(1)).any(|part| part == expected);
            (!there).then_some(ReachFailure::Portal)
        }
    }
}

/// What the libraries say of a connection under TLS.
fn of_tls(error: &std::io::Error) -> ReachFailure {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            ReachFailure::Certificate
        }
        Some(_) => ReachFailure::Tls,
        None => of_io(error),
    }
}
