//! Certificate and key.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::SqlConfig;
use crate::server::SqlError;

/// What speaks TLS with clients; `None` where none is configured.
pub(crate) fn acceptor(config: &SqlConfig) -> Result<Option<TlsAcceptor>, SqlError> {
    let (certificate, key) = match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => return Ok(None),
        _ => return Err(SqlError::HalfTls),
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(certificate, error))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, error))?;
    // The provider is named: two are linked, and there is no default then.
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
        .map_err(|error| unusable(certificate, error))?;
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

fn unusable(path: &Path, source: impl std::error::Error + Send + Sync + 'static) -> SqlError {
    SqlError::Tls { path: path.to_owned(), source: Box::new(source) }
}
