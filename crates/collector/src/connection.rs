//! One connection, from its first octet to its last.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use http::{HeaderValue, Request, Version, header};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::Watcher;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tower_service::Service;

use crate::listen::{Client, Place, Places};

/// Time that a client has for the head of a request, from the moment at which it could begin it: three round trips of the worst
/// line and a probe's slow flash.
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// What a connection over HTTP/2 begins with (RFC 9113, section 3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How often is looked whether the rest of a cut beginning has arrived.
const PEEK_AGAIN: Duration = Duration::from_millis(20);

/// Requests of one HTTP/2 connection under way at once.
const HTTP2_STREAMS_MAX: u32 = 32;

/// Headers that a request over HTTP/2 may have, in octets; over HTTP/1.1 the library's limit is of this order.
const HTTP2_HEADERS_MAX: u32 = 16 * 1024;

/// Serves one connection; one that has not asked for anything when `ending` changes is let go.
pub(crate) async fn serve(
    stream: TcpStream,
    place: Place,
    router: Router,
    watcher: Watcher,
    mut ending: watch::Receiver<()>,
) {
    // The library tells the versions apart by the first octets, and would wait for them for ever.
    let begun = tokio::select! {
        begun = timeout(HEAD_LIMIT, begun(&stream)) => matches!(begun, Ok(Ok(true))),
        _ = ending.changed() => false,
    };
    if !begun {
        tracing::debug!("a client connected and did not ask");
        return;
    }
    let service =
        TowerToHyperService::new(WithClient { router, client: place.client(), places: place.all() });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .max_header_list_size(HTTP2_HEADERS_MAX)
        .keep_alive_interval(HEAD_LIMIT)
        .keep_alive_timeout(HEAD_LIMIT);
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error, "a connection came to nothing");
    }
}

/// Waits until the first octets tell which version of HTTP is spoken; `false` when there are none to come.
async fn begun(stream: &TcpStream) -> io::Result<bool> {
    let mut octets = [0; HTTP2_PREFACE.len()];
    loop {
        let count = stream.peek(&mut octets).await?;
        let seen = &octets[..count];
        if count == 0 || count == HTTP2_PREFACE.len() || !HTTP2_PREFACE.starts_with(seen) {
            return Ok(count > 0);
        }
        // What was looked at stays readable, so that waiting for it to become so would not wait.
        sleep(PEEK_AGAIN).await;
    }
}

/// The routes, told with each request whose it is. While places are scarce a connection over HTTP/1.1 ends with its answer; over
/// HTTP/2 one connection carries many requests and stays.
#[derive(Clone)]
struct WithClient {
    router: Router,
    client: Client,
    places: Places,
}

impl<B> Service<Request<B>> for WithClient
where
    Router: Service<Request<B>, Response = Response, Error = Infallible>,
    <Router as Service<Request<B>>>::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<B>>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(self.client);
        let (places, version) = (self.places.clone(), request.version());
        let answer = self.router.call(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            if version <= Version::HTTP_11 && places.are_scarce() {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer)
        })
    }
}
