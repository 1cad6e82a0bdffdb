//! What a connection to the collector really carries: counted under TLS, and cut off at a limit.
//!
//! An HTTP library shows the body of an answer. Handshakes, headers, interim answers and the framing of chunks cost data
//! all the same, and a collector (or whoever sits in its place) can send them without end. So the octets are counted and
//! limited where they leave the socket.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower_service::Service;

/// The receive buffer of the socket. Small, because what the kernel has taken in is paid for even if it is never read;
/// an answer of a few hundred octets needs no more.
pub(crate) const RECEIVE_BUFFER_BYTES: u32 = 16 * 1024;

/// What may have arrived unread when a connection is cut: Linux doubles the buffer that it is asked for.
pub(crate) const UNREAD_BYTES_MAX: u64 = 2 * RECEIVE_BUFFER_BYTES as u64;

/// What is read at once: more than an honest answer.
const READ_BYTES: usize = 4 * 1024;

/// What an idle connection may receive: session tickets of TLS and its end.
const IDLE_BYTES_MAX: u64 = 4 * 1024;

/// Counts the octets of the collector's connections, both ways.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    read: AtomicU64,
    written: AtomicU64,
    opened: AtomicU64,
    /// What may be read until the next [`Meter::take`].
    limit: AtomicU64,
    cut: AtomicBool,
}

/// What was carried since the last reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Octets under TLS that were read.
    pub(crate) read: u64,
    /// Octets under TLS that were written.
    pub(crate) written: u64,
    /// Connections opened.
    pub(crate) opened: u64,
    /// Whether a connection was cut because more came than allowed.
    pub(crate) cut: bool,
}

impl Meter {
    /// Lets `octets` more be read, beside what came since the last reading.
    pub(crate) fn allow(&self, octets: u64) {
        self.limit.store(self.read.load(Ordering::Relaxed).saturating_add(octets), Ordering::Relaxed);
    }

    /// Reads the meter and starts it afresh; until more is allowed, a connection may only idle.
    pub(crate) fn take(&self) -> Reading {
        self.limit.store(IDLE_BYTES_MAX, Ordering::Relaxed);
        let cut = self.cut.swap(false, Ordering::Relaxed);
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        Reading { read: take(&self.read), written: take(&self.written), opened: take(&self.opened), cut }
    }

    fn room(&self) -> usize {
        let left = self.limit.load(Ordering::Relaxed).saturating_sub(self.read.load(Ordering::Relaxed));
        usize::try_from(left).unwrap_or(usize::MAX)
    }
}

/// Opens connections that are counted.
#[derive(Debug, Clone)]
pub(crate) struct MeteredConnector {
    inner: HttpConnector,
    meter: Arc<Meter>,
}

impl MeteredConnector {
    pub(crate) fn new(meter: Arc<Meter>, connect_max: Duration) -> Self {
        let mut inner = HttpConnector::new();
        inner.enforce_http(false);
        inner.set_nodelay(true);
        inner.set_connect_timeout(Some(connect_max));
        inner.set_recv_buffer_size(Some(RECEIVE_BUFFER_BYTES as usize));
        Self { inner, meter }
    }
}

type Opened = Result<TokioIo<Metered>, <HttpConnector as Service<Uri>>::Error>;

impl Service<Uri> for MeteredConnector {
    type Response = TokioIo<Metered>;
    type Error = <HttpConnector as Service<Uri>>::Error;
    type Future = Pin<Box<dyn Future<Output = Opened> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let meter = Arc::clone(&self.meter);
        // Counted even if nobody answers: the attempts cost data too.
        meter.opened.fetch_add(1, Ordering::Relaxed);
        let connecting = self.inner.call(to);
        Box::pin(async move { Ok(TokioIo::new(Metered::new(connecting.await?.into_inner(), meter))) })
    }
}

/// A connection that is counted.
#[derive(Debug)]
pub(crate) struct Metered {
    inner: TcpStream,
    meter: Arc<Meter>,
}

impl Metered {
    /// Counts an opened connection from here on.
    pub(crate) fn new(inner: TcpStream, meter: Arc<Meter>) -> Self {
        Self { inner, meter }
    }
}

impl Connection for Metered {
    fn connected(&self) -> Connected {
        self.inner.connected()
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = self.meter.room();
        if room == 0 {
            self.meter.cut.store(true, Ordering::Relaxed);
            return Poll::Ready(Err(io::Error::other("more was sent than an answer may hold")));
        }
        // By way of a small part, so that not one octet more is read than may be.
        let mut part = [0; READ_BYTES];
        let size = room.min(READ_BYTES).min(buf.remaining());
        let mut part = ReadBuf::new(&mut part[..size]);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut part))?;
        self.meter.read.fetch_add(u64::try_from(part.filled().len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        buf.put_slice(part.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, buf))?;
        self.meter.written.fetch_add(u64::try_from(written).unwrap_or(u64::MAX), Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
