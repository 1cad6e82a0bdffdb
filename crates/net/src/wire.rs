//! A TCP connection, in clear or inside TLS, polled for its octets.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

use crate::counted::Counted;
use crate::tcp::limit_unsent;

/// Octets that TLS may hold ready at the most; it is the default of the library.
const TLS_BUFFER_MAX: usize = 1 << 16;

/// One end of a connection.
#[derive(Debug)]
pub(crate) enum Wire {
    /// In clear.
    Clear(Counted),
    /// Inside TLS.
    Tls(Box<TlsStream<Counted>>),
}

impl Wire {
    /// The connection below everything.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Clear(counted) => counted.tcp(),
            Self::Tls(tls) => tls.get_ref().0.tcp(),
        }
    }

    /// Octets that have crossed the connection so far, both ways, TLS included.
    pub(crate) fn crossed(&self) -> u64 {
        match self {
            Self::Clear(counted) => counted.crossed(),
            Self::Tls(tls) => tls.get_ref().0.crossed(),
        }
    }

    /// The TLS version, as RFC 8446 writes it; `None` in clear.
    pub(crate) fn tls_version(&self) -> Option<String> {
        match self {
            Self::Clear(_) => None,
            Self::Tls(tls) => {
                let version = tls.get_ref().1.protocol_version()?;
                Some(match version {
                    rustls::ProtocolVersion::TLSv1_3 => "TLSv1.3".to_owned(),
                    rustls::ProtocolVersion::TLSv1_2 => "TLSv1.2".to_owned(),
                    other => format!("{other:?}"),
                })
            }
        }
    }

    /// Hands the octets that can be read now to `take`, which uses them all; in clear they pass through `buffer`, in
    /// TLS they are taken where they were decrypted. Ready with zero at the end of the connection.
    pub(crate) fn poll_take(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        take: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Clear(tcp) => {
                let mut read = ReadBuf::new(buffer);
                ready!(Pin::new(tcp).poll_read(cx, &mut read))?;
                take(read.filled());
                Poll::Ready(Ok(read.filled().len()))
            }
            Self::Tls(tls) => {
                let mut tls = Pin::new(tls.as_mut());
                let octets = ready!(tls.as_mut().poll_fill_buf(cx))?;
                take(octets);
                let count = octets.len();
                tls.consume(count);
                Poll::Ready(Ok(count))
            }
        }
    }

    /// Keeps what is handed over but cannot be sent yet to about `bytes`: half of it in the kernel, half in TLS.
    pub(crate) fn limit_unsent(&mut self, bytes: u64) {
        let in_kernel = match self {
            Self::Clear(_) => bytes,
            Self::Tls(tls) => {
                let in_tls = usize::try_from(bytes / 2).unwrap_or(usize::MAX).min(TLS_BUFFER_MAX);
                match tls.as_mut() {
                    TlsStream::Client(tls) => tls.get_mut().1.set_buffer_limit(Some(in_tls)),
                    TlsStream::Server(tls) => tls.get_mut().1.set_buffer_limit(Some(in_tls)),
                }
                bytes / 2
            }
        };
        limit_unsent(self.tcp(), u32::try_from(in_kernel).unwrap_or(u32::MAX));
    }

    /// Lets go of the connection at once, throwing away what was not sent.
    pub(crate) fn reset(self) {
        // Zero linger makes the kernel answer with RST instead of delivering the rest first.
        let _ = socket2::SockRef::from(self.tcp()).set_linger(Some(std::time::Duration::ZERO));
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(octets)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Clear(tcp) => Pin::new(tcp).poll_write_vectored(cx, slices),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_shutdown(cx),
        }
    }
}
