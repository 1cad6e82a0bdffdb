//! The measurement's own server, for all lines at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use desserte_model::Direction;
use desserte_net::ndt7::server::{
    Decision, Gate, Health, ServerConfig, SessionRequest, Waiting, serve_connection,
};
use desserte_net::{CongestionAlgorithm, TlsIdentity};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::client::clock;

/// A server that runs until dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// Certificate of the authority that vouches for it; `None` when it speaks in clear.
    pub(crate) authority: Option<PathBuf>,
    gate: Arc<OpenGate>,
    _runtime: Runtime,
}

/// Lets everyone in, and notes when.
#[derive(Debug, Default)]
struct OpenGate {
    admitted: Mutex<HashMap<(IpAddr, Direction), Duration>>,
}

impl Gate for OpenGate {
    fn admit(&self, request: &SessionRequest) -> Decision {
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        admitted.insert((request.client.to_canonical(), request.direction), clock());
        Decision::Admit { load_ratio: 0.0, permit: Box::new(()) }
    }

    fn health(&self) -> Health {
        Health { ok: true, text: "ok".into() }
    }
}

impl Server {
    /// Listens on every address; the certificate is for `names`.
    pub(crate) fn start(names: Vec<String>, clear: bool, folder: &Path) -> anyhow::Result<Self> {
        let identity = if clear { None } else { Some(identity(names, folder)?) };
        let (tls, authority) = identity.unzip();
        let gate = Arc::new(OpenGate::default());
        let config = ServerConfig {
            id: "netlab-accuracy".parse().context("naming the server")?,
            software: concat!("desserte-netlab ", env!("CARGO_PKG_VERSION")).into(),
            congestion_control: CongestionAlgorithm::Cubic,
            gate: Arc::clone(&gate) as Arc<dyn Gate>,
            librespeed: None,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("starting the runtime")?;
        let listener = runtime.block_on(TcpListener::bind("0.0.0.0:0")).context("listening")?;
        let port = listener.local_addr().context("asking for the port")?.port();
        runtime.spawn(async move {
            while let Ok((tcp, peer)) = listener.accept().await {
                let (tls, config) = (tls.clone(), config.clone());
                tokio::spawn(async move {
                    serve_connection(tcp, peer, tls.as_ref(), &config, Waiting::default()).await
                });
            }
        });
        Ok(Self { port, authority, gate, _runtime: runtime })
    }

    /// When the client's last run in this direction was let in, on the system's monotonic clock: just before the server's end
    /// of the handshake, which is the origin of its clock.
    pub(crate) fn admitted(&self, client: IpAddr, direction: Direction) -> Option<Duration> {
        let admitted = self.gate.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        admitted.get(&(client, direction)).copied()
    }
}

fn identity(names: Vec<String>, folder: &Path) -> anyhow::Result<(TlsIdentity, PathBuf)> {
    let mut params = rcgen::CertificateParams::new(Vec::new())?;
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "accuracy of this run");
    let key = rcgen::KeyPair::generate()?;
    let authority = folder.join("authority.pem");
    std::fs::write(&authority, params.self_signed(&key)?.pem()).context("writing the authority")?;
    let issuer = rcgen::Issuer::new(params, key);
    let key = rcgen::KeyPair::generate()?;
    let certificate = rcgen::CertificateParams::new(names)?.signed_by(&key, &issuer)?;
    let identity = TlsIdentity::from_pem(certificate.pem().as_bytes(), key.serialize_pem().as_bytes())
        .context("making the identity")?;
    Ok((identity, authority))
}
