//! Nobody sends more before a message is whole than a message may have.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Largest message that is taken: many times the longest question that a program writes. The protocol allows a gigabyte.
const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// What a connection goes over: clear or TLS.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + Sync {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Transport for T {}

/// A transport that counts what came since the last whole message.
pub(crate) struct Metered {
    inner: Box<dyn Transport>,
    pending: Arc<AtomicUsize>,
}

impl Metered {
    /// The transport, and its count, to be set to zero after each message.
    pub(crate) fn new(inner: Box<dyn Transport>) -> (Self, Arc<AtomicUsize>) {
        let pending = Arc::new(AtomicUsize::new(0));
        (Self { inner, pending: pending.clone() }, pending)
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
        if self.pending.fetch_add(came, Ordering::Relaxed) + came > MESSAGE_BYTES_MAX {
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
