//! Servers for tests, and certificates for them.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "each test program uses some of it"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use desserte_model::{Direction, Software};
use desserte_net::iperf3::server::Host;
use desserte_net::librespeed::Desk;
use desserte_net::ndt7::RunConfig;
use desserte_net::ndt7::server::{
    Decision, Gate, Health, ServerConfig, SessionRequest, Waiting, serve_connection,
};
use desserte_net::{CongestionAlgorithm, TlsIdentity, TlsTrust, iperf3};
use desserte_netlab::stalls::Judgement;
use desserte_proto::iperf3::Limits;
use desserte_proto::librespeed::Base;
use desserte_units::BitRate;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub fn run_config(url: &str, direction: Direction) -> RunConfig {
    let software = Software { name: "desserte-test".into(), version: "0".into() };
    RunConfig::new(url.parse().unwrap(), direction, software)
}

/// What a process inside a namespace is told: address, direction, authority's file, where to put the record, and more.
pub fn told(words: &[&str]) -> RunConfig {
    let direction = if words[1] == "upload" { Direction::Upload } else { Direction::Download };
    let mut config = run_config(words[0], direction);
    if words[0].starts_with("wss") {
        config.path.trust = Some(TlsTrust::with_private_ca(&std::fs::read(words[2]).unwrap()).unwrap());
    }
    config
}

/// What is wrong by a judgement; says aloud where the machine allowed none.
pub fn wrong_in(name: &str, judgement: Judgement) -> Option<String> {
    match judgement {
        Judgement::Held => None,
        Judgement::Failed(seen) => Some(format!("{name}: {seen}")),
        Judgement::Unjudged(seen) => {
            eprintln!("NOT JUDGED: {name}: {seen}");
            None
        }
    }
}

pub struct OpenGate;

impl Gate for OpenGate {
    fn admit(&self, _: &SessionRequest) -> Decision {
        Decision::Admit { load_ratio: 0.5, permit: Box::new(()) }
    }

    fn health(&self) -> Health {
        Health { ok: true, text: "ok".into() }
    }
}

pub struct FullGate {
    pub retry_after: Duration,
}

impl Gate for FullGate {
    fn admit(&self, _: &SessionRequest) -> Decision {
        Decision::Busy { retry_after: self.retry_after }
    }

    fn health(&self) -> Health {
        Health { ok: false, text: "full".into() }
    }
}

pub struct TestServer {
    address: SocketAddr,
    secure: bool,
    task: JoinHandle<()>,
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TestServer {
    pub async fn start(listen: &str, tls: Option<TlsIdentity>) -> Self {
        Self::with_gate(listen, tls, OpenGate).await
    }

    pub async fn with_gate(listen: &str, tls: Option<TlsIdentity>, gate: impl Gate + 'static) -> Self {
        let config = ServerConfig {
            id: "test-1".parse().unwrap(),
            software: "desserte-test-server 0".into(),
            congestion_control: CongestionAlgorithm::Cubic,
            gate: Arc::new(gate),
            librespeed: Some(Desk::new(Base::default())),
        };
        let listener = TcpListener::bind(listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let secure = tls.is_some();
        let task = tokio::spawn(async move {
            loop {
                let (tcp, peer) = listener.accept().await.unwrap();
                let (tls, config) = (tls.clone(), config.clone());
                tokio::spawn(async move {
                    serve_connection(tcp, peer, tls.as_ref(), &config, Waiting::default()).await
                });
            }
        });
        Self { address, secure, task }
    }

    /// A server behind a door that takes the plan out of each request, as one of another make does not know of it.
    pub async fn start_deaf(listen: &str) -> Self {
        let inner = Self::start(listen, None).await;
        let target = inner.address;
        let listener = TcpListener::bind(listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let _inner = inner;
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(target).await.unwrap();
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        head.push(near.read_u8().await.unwrap());
                    }
                    let head = String::from_utf8(head).unwrap();
                    let (path, rest) = head.split_once('?').unwrap();
                    let (_, rest) = rest.split_once(' ').unwrap();
                    far.write_all(format!("{path} {rest}").as_bytes()).await.unwrap();
                    let mut answer = Vec::new();
                    while !answer.ends_with(b"\r\n\r\n") {
                        answer.push(far.read_u8().await.unwrap());
                    }
                    let answer = String::from_utf8(answer).unwrap().replace("desserte-plan: kept\r\n", "");
                    near.write_all(answer.as_bytes()).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        Self { address, secure: false, task }
    }

    /// A server whose connections break after a while.
    pub async fn start_hanging_up(listen: &str, after: Duration) -> Self {
        let inner = Self::start(listen, None).await;
        let target = inner.address;
        let listener = TcpListener::bind(listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let _inner = inner;
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(target).await.unwrap();
                    let copy = tokio::io::copy_bidirectional(&mut near, &mut far);
                    let _ = tokio::time::timeout(after, copy).await;
                });
            }
        });
        Self { address, secure: false, task }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self, host: &str) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        format!("{scheme}://{host}:{}", self.address.port())
    }
}

/// A certificate authority of one test.
pub struct PrivateCa {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    pem: String,
}

impl PrivateCa {
    pub fn new() -> Self {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "private test authority");
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: rcgen::Issuer::new(params, key), pem }
    }

    pub fn identity(&self, name: &str) -> TlsIdentity {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        TlsIdentity::from_pem(certificate.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap()
    }

    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub fn trust(&self) -> TlsTrust {
        TlsTrust::with_private_ca(self.pem.as_bytes()).unwrap()
    }
}

/// A server of iperf3's clients, until the test ends.
pub async fn iperf3_server() -> (Arc<Host>, SocketAddr) {
    let host = Host::new(iperf3::server::ServerConfig {
        id: "test-1".parse().unwrap(),
        software: "test 1".to_owned(),
        congestion_control: CongestionAlgorithm::Cubic,
        limits: Limits::default(),
        udp_rate_max: BitRate::from_mbit_per_s(1_000.0).unwrap(),
        gate: Arc::new(OpenGate),
        tests_at_once: 1,
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = Arc::clone(&host);
    tokio::spawn(async move {
        while let Ok((tcp, peer)) = listener.accept().await {
            tokio::spawn(served.visit(tcp, peer).attend());
        }
    });
    (host, address)
}
