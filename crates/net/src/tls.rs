//! Whom a client trusts (the public authorities, and private ones given as PEM), and who a server is.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// Why a TLS set-up cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    /// The PEM text could not be read.
    #[error("reading certificates in PEM")]
    Pem(#[source] rustls::pki_types::pem::Error),
    /// The PEM text holds no certificate.
    #[error("the PEM text holds no certificate")]
    NoCertificate,
    /// A certificate or key that the TLS library refuses.
    #[error("using the certificates")]
    Rustls(#[from] rustls::Error),
}

/// The authorities that may vouch for a measurement server. Cheap to clone; build it once.
#[derive(Clone)]
pub struct TlsTrust {
    config: Arc<ClientConfig>,
}

impl fmt::Debug for TlsTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsTrust").finish_non_exhaustive()
    }
}

impl TlsTrust {
    /// Trusts the public authorities of the Mozilla list compiled in.
    ///
    /// # Errors
    /// When the TLS library refuses its own defaults.
    pub fn public() -> Result<Self, TlsSetupError> {
        Self::from_roots(public_roots())
    }

    /// Trusts the public authorities and those in `ca_pem`.
    ///
    /// # Errors
    /// When `ca_pem` holds no usable certificate.
    pub fn with_private_ca(ca_pem: &[u8]) -> Result<Self, TlsSetupError> {
        let mut roots = public_roots();
        let mut found = false;
        for certificate in CertificateDer::pem_slice_iter(ca_pem) {
            roots.add(certificate.map_err(TlsSetupError::Pem)?)?;
            found = true;
        }
        if found { Self::from_roots(roots) } else { Err(TlsSetupError::NoCertificate) }
    }

    /// Trusts whom `config` trusts: for a program that judges certificates by a clock of its own.
    ///
    /// What the protocol needs is set here, whatever `config` says of it.
    #[must_use]
    pub fn from_client_config(mut config: ClientConfig) -> Self {
        // The measurement is HTTP/1.1 only; saying so keeps front ends from choosing HTTP/2.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session would make the handshakes of one probe alike but unlike its first.
        config.resumption = rustls::client::Resumption::disabled();
        Self { config: Arc::new(config) }
    }

    fn from_roots(roots: RootCertStore) -> Result<Self, TlsSetupError> {
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::from_client_config(config))
    }

    pub(crate) fn client_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }
}

fn public_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// The certificate and key that a server shows. Cheap to clone.
#[derive(Clone)]
pub struct TlsIdentity {
    config: Arc<ServerConfig>,
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsIdentity").finish_non_exhaustive()
    }
}

impl TlsIdentity {
    /// An identity from a chain of certificates, the server's own first, and its key, both in PEM.
    ///
    /// # Errors
    /// When either cannot be read or the two do not belong together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsSetupError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let chain = chain.map_err(TlsSetupError::Pem)?;
        if chain.is_empty() {
            return Err(TlsSetupError::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(TlsSetupError::Pem)?;
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(chain, key)?;
        // Browsers offer HTTP/2 too, over which this server speaks no WebSocket.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Tickets would be charged to the probe's budget and are of no use to it.
        config.send_tls13_tickets = 0;
        Ok(Self { config: Arc::new(config) })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}
