//! Nobody sends more before a message is whole than a message may have.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Largest message that is taken: many times the longest question that a program writes. The protocol allows a gigabyte.
const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// Largest message of someone who has not logged in: names, and the texts of an exchange. PostgreSQL takes as much.
const ARRIVING_BYTES_MAX: usize = 10_000;

/// What a connection goes over: clear or TLS.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + Sync {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Transport for T {}

/// A transport that counts what came since the last whole message.
pub(crate) struct Metered {
    inner: Box<dyn Transport>,
    meter: Arc<Meter>,
}

/// What came since the last whole message, and what may.
#[derive(Debug)]
pub(crate) struct Meter {
    pending: AtomicUsize,
    most: AtomicUsize,
}

impl Meter {
    /// A message was taken, and another is awaited; whoever has logged in may send larger ones.
    pub(crate) fn taken(&self, arriving: bool) {
        self.pending.store(0, Ordering::Relaxed);
        let most = if arriving { ARRIVING_BYTES_MAX } else { MESSAGE_BYTES_MAX };
        self.most.store(most, Ordering::Relaxed);
    }
}

impl Metered {
    /// The transport of someone who has not logged in, and its meter, which is to be told of each message.
    pub(crate) fn new(inner: Box<dyn Transport>) -> (Self, Arc<Meter>) {
        let most = AtomicUsize::new(ARRIVING_BYTES_MAX);
        let meter = Arc::new(Meter { pending: AtomicUsize::new(0), most });
        (Self { inner, meter: meter.clone() }, meter)
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        let came = buf.filled().len() - before;
        let most = self.meter.most.load(Ordering::Relaxed);
        if self.meter.pending.fetch_add(came, Ordering::Relaxed) + came > most {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "a message is too large")));
        }
        read
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
