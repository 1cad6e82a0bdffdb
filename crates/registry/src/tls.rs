//! TLS for PostgreSQL's protocol, with the library that speaks it everywhere else here.
//!
//! A crate that joins the two exists; it brings the reading of X.509 for channel binding, which a collector does not ask for.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream as Wrapped;

/// How the other end's certificate is judged.
#[derive(Clone)]
pub struct Tls(TlsConnector);

/// Why certificates cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file holds none, or cannot be read.
    #[error("no certificate can be read from {}{}", path.display(), said.as_deref().unwrap_or_default())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; `None`: there is none in it.
        said: Option<String>,
    },
    /// The system has none.
    #[error("the system's certificates cannot be read")]
    System(#[source] rustls::Error),
}

impl Tls {
    /// By the system's certificates, or by those of a PEM file.
    ///
    /// # Errors
    /// When the file holds no certificate, or the system has none.
    pub fn new(ca: Option<&Path>) -> Result<Self, TlsError> {
        // The provider is named: two are linked, and there is no default then.
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::System)?;
        let builder = match ca {
            None => builder.with_platform_verifier().map_err(TlsError::System)?,
            Some(path) => builder.with_root_certificates(roots(path)?),
        };
        Ok(Self(TlsConnector::from(Arc::new(builder.with_no_client_auth()))))
    }
}

fn roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let unusable = |said: Option<String>| TlsError::File { path: path.to_owned(), said };
    let told = |error: &dyn std::error::Error| unusable(Some(format!(": {error}")));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| told(&error))? {
        roots.add(certificate.map_err(|error| told(&error))?).map_err(|error| told(&error))?;
    }
    if roots.is_empty() { Err(unusable(None)) } else { Ok(roots) }
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Stream;
    type TlsConnect = Handshake;
    type Error = rustls_pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, Self::Error> {
        Ok(Handshake { connector: self.0.clone(), host: ServerName::try_from(host)?.to_owned() })
    }
}

/// A connection that is about to speak TLS.
pub struct Handshake {
    connector: TlsConnector,
    host: ServerName<'static>,
}

impl TlsConnect<Socket> for Handshake {
    type Stream = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn connect(self, stream: Socket) -> Self::Future {
        Box::pin(async move { self.connector.connect(self.host, stream).await.map(Stream) })
    }
}

/// A connection that speaks TLS.
pub struct Stream(Wrapped<Socket>);

impl TlsStream for Stream {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
