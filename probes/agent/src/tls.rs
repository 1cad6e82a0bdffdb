//! TLS towards the collector and the measurement servers on a probe whose clock may be wrong.
//!
//! Certificates are judged by the best known time: the trusted calendar, else the machine's, but never earlier than the
//! latest trusted time on disk. While nothing certain vouches for the calendar, a certificate that seems expired is judged
//! by the machine's calendar and then by that latest trusted time instead: a guess that lies in the future must not end
//! all connections, and with them its correction. While nothing certain vouches for the calendar, a certificate that seems "not yet valid" is
//! judged at its own first day instead: everything else about it (issuer, name, signature, expiry by the floor) is
//! checked as always. What this gives away is little, since a certificate is not issued long before its use; without
//! it, a probe that starts in 1970 could never learn the time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::clock::CertificateTimes;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("reading the certificate authority {}", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} holds no usable certificate in PEM", path.display())]
    NotPem { path: PathBuf },
    #[error("setting up TLS")]
    Rustls(#[from] Error),
    #[error("setting up the check of certificates")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// The time by which certificates are judged; the agent keeps it up to date.
#[derive(Debug, Default)]
pub(crate) struct CertificateClock {
    best_s: AtomicI64,
    machine_s: AtomicI64,
    floor_s: AtomicI64,
    trusted: AtomicBool,
}

impl CertificateClock {
    /// Sets the known times.
    pub(crate) fn set(&self, times: CertificateTimes) {
        self.best_s.store(times.best.as_unix_secs(), Ordering::Relaxed);
        self.machine_s.store(times.machine.as_unix_secs(), Ordering::Relaxed);
        self.floor_s.store(times.floor.as_unix_secs(), Ordering::Relaxed);
        self.trusted.store(times.trusted, Ordering::Relaxed);
    }
}

fn unix(seconds: &AtomicI64) -> Option<UnixTime> {
    let seconds = u64::try_from(seconds.load(Ordering::Relaxed)).ok()?;
    Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

impl TimeProvider for CertificateClock {
    fn current_time(&self) -> Option<UnixTime> {
        unix(&self.best_s)
    }
}

/// Reads the private authority of the configuration.
pub(crate) fn read_ca(path: Option<&Path>) -> Result<Option<Vec<u8>>, TlsError> {
    let read =
        |path: &Path| fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source });
    path.map(read).transpose()
}

/// The TLS set-up.
pub(crate) fn client_config(
    ca: Option<(&Path, &[u8])>,
    clock: &Arc<CertificateClock>,
) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some((path, pem)) = ca {
        let not_pem = || TlsError::NotPem { path: path.to_owned() };
        let mut found = false;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.map_err(|_| not_pem())?).map_err(|_| not_pem())?;
            found = true;
        }
        if !found {
            return Err(not_pem());
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let strict =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build()?;
    let verifier = ClockTolerant { strict, clock: Arc::clone(clock) };
    let time: Arc<dyn TimeProvider> = Arc::<CertificateClock>::clone(clock);
    Ok(ClientConfig::builder_with_details(provider, time)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// The usual check of certificates, save for their dates while the calendar is uncertain.
#[derive(Debug)]
struct ClockTolerant {
    strict: Arc<WebPkiServerVerifier>,
    clock: Arc<CertificateClock>,
}

impl ServerCertVerifier for ClockTolerant {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let at = |time| {
            self.strict.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, time)
        };
        if self.clock.trusted.load(Ordering::Relaxed) {
            return at(now);
        }
        let from_the_future = |result| match result {
            Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => {
                at(not_before)
            }
            other => other,
        };
        let mut result = from_the_future(at(now));
        for other in [unix(&self.clock.machine_s), unix(&self.clock.floor_s)].into_iter().flatten() {
            if !is_expired(&result) {
                break;
            }
            result = from_the_future(at(other));
        }
        result
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.strict.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.strict.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.strict.supported_verify_schemes()
    }
}

fn is_expired(result: &Result<ServerCertVerified, Error>) -> bool {
    matches!(
        result,
        Err(Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }))
    )
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, date_time_ymd};

    use desserte_units::Timestamp;

    use super::*;

    /// Judges a certificate valid for 2027 at `now_s`.
    fn check(now_s: i64, trusted: bool) -> Result<(), Error> {
        check_by(now_s, now_s, now_s, trusted)
    }

    fn check_by(best_s: i64, machine_s: i64, floor_s: i64, trusted: bool) -> Result<(), Error> {
        let mut params = CertificateParams::new(vec!["collector.example".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2027, 1, 1);
        params.not_after = date_time_ymd(2027, 12, 31);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let clock = Arc::new(CertificateClock::default());
        let at = Timestamp::from_unix_secs;
        clock.set(CertificateTimes { best: at(best_s), machine: at(machine_s), floor: at(floor_s), trusted });
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let strict = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let verifier = ClockTolerant { strict, clock: Arc::clone(&clock) };
        let name = ServerName::try_from("collector.example").unwrap();
        let now = clock.current_time().unwrap();
        verifier.verify_server_cert(certificate.der(), &[], &name, &[], now).map(drop)
    }

    const IN_2026: i64 = 1_796_000_000;
    const IN_2027: i64 = 1_810_000_000;
    const IN_2029: i64 = 1_870_000_000;

    #[test]
    fn a_probe_without_a_calendar_accepts_a_certificate_from_its_future() {
        assert!(check(IN_2026, false).is_ok());
        assert!(check(IN_2027, false).is_ok());
    }

    #[test]
    fn a_probe_that_knows_the_time_does_not() {
        assert!(check(IN_2026, true).is_err());
        assert!(check(IN_2027, true).is_ok());
    }

    #[test]
    fn a_guess_from_the_future_gives_way_to_the_machine_and_then_to_the_floor() {
        assert!(check_by(IN_2029, IN_2027, IN_2026, false).is_ok());
        assert!(check_by(IN_2029, IN_2029, IN_2026, false).is_ok());
        assert!(check_by(IN_2029, IN_2027, IN_2026, true).is_err());
    }

    #[test]
    fn a_certificate_that_expired_before_the_floor_is_never_accepted() {
        assert!(check(IN_2029, false).is_err());
        assert!(check(IN_2029, true).is_err());
    }
}
