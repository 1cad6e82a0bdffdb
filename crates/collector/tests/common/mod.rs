//! A collector on a port of its own, a probe to speak to it, and HTTP in its plainest form.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

use desserte_boot::build::BuildInfo;
use desserte_collector::{Collector, Config, Register};
use desserte_model::{BATCH_SCHEMA, BatchHeader, BatchId, Software};
use desserte_signing::{ProbeKey, RequestTarget, SignatureHeaders, encode_batch, sign_request};
use desserte_store::{NewProbe, Store, StoreOptions};
use desserte_territory::{Territory, synthetic};
use desserte_units::Timestamp;
use uuid::Uuid;

pub(crate) const PATH: &str = "/api/v1/batches";

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) dir: tempfile::TempDir,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_unix_micros(since.as_micros().try_into().unwrap())
}

pub(crate) fn key(n: u8) -> ProbeKey {
    ProbeKey::from_seed([n; 32])
}

/// Starts a collector that knows the probe of `key(1)`.
pub(crate) fn start() -> Running {
    start_in(&std::env::temp_dir(), Config::default())
}

/// As [`start`], in a new directory below `parent`.
pub(crate) fn start_in(parent: &std::path::Path, config: Config) -> Running {
    start_with(parent, config, synthetic::territory(1))
}

/// As [`start_in`], for another territory.
pub(crate) fn start_with(parent: &std::path::Path, config: Config, territory: Territory) -> Running {
    let dir = tempfile::tempdir_in(parent).unwrap();
    let store = Store::open(dir.path(), StoreOptions::default()).unwrap();
    store
        .register_probe(NewProbe {
            id: key(1).id(),
            public_key: key(1).public().to_string(),
            name: "mairie".to_owned(),
            site: Some("rue secrète".to_owned()),
            created: now(),
        })
        .unwrap();
    drop(store);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (ready, address) = std::sync::mpsc::channel();
    let data = dir.path().to_owned();
    let thread = std::thread::spawn(move || {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
            let build = BuildInfo { name: "desserte", version: "0.0.0" };
            let address = "127.0.0.1:0".parse().unwrap();
            let collector = Collector::bind(
                config,
                &data,
                territory,
                &[address],
                Register::own(),
                prometheus::Registry::new(),
                build,
            )
            .await
            .unwrap();
            ready.send(collector.addresses().unwrap()[0]).unwrap();
            let wait = async {
                let _ = stopped.await;
            };
            collector.run(wait).await.unwrap();
        });
    });
    Running { address: address.recv().unwrap(), dir, stop: Some(stop), thread: Some(thread) }
}

impl Running {
    /// Asks it to end, as a signal does.
    pub(crate) fn signal(&mut self) {
        drop(self.stop.take());
    }

    /// Waits for its end.
    pub(crate) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal();
        self.join();
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub(crate) fn kind(&self) -> String {
        assert!(self.head.contains("content-type: application/problem+json"), "{}", self.head);
        self.json()["type"].as_str().unwrap().replace("urn:desserte:problem:", "")
    }
}

pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    // A server that refuses early may close before everything is written.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    exchange(address, request.as_bytes())
}

/// A batch of `key` around record lines.
pub(crate) fn body(key: &ProbeKey, lines: &[Vec<u8>]) -> Vec<u8> {
    let header = BatchHeader {
        schema: BATCH_SCHEMA.to_owned(),
        batch: BatchId::from_uuid(Uuid::from_u128(5)),
        probe: key.id(),
        anchors: vec![],
        software: Software { name: "test".to_owned(), version: "0".to_owned() },
    };
    encode_batch(&header, lines.iter().map(Vec::as_slice)).unwrap()
}

pub(crate) fn sign(key: &ProbeKey, body: &[u8], created: Timestamp) -> SignatureHeaders {
    let target = RequestTarget {
        method: "POST",
        path: PATH,
        content_type: desserte_model::BATCH_CONTENT_TYPE,
        content_encoding: None,
    };
    sign_request(key, &target, body, created)
}

pub(crate) fn post_with(address: SocketAddr, signature: &SignatureHeaders, body: &[u8]) -> Answer {
    let mut request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: {}\r\nContent-Length: {}\r\n\
         Content-Digest: {}\r\nSignature-Input: {}\r\nSignature: {}\r\n\r\n",
        desserte_model::BATCH_CONTENT_TYPE,
        body.len(),
        signature.content_digest,
        signature.signature_input,
        signature.signature
    )
    .into_bytes();
    request.extend_from_slice(body);
    exchange(address, &request)
}

pub(crate) fn post(address: SocketAddr, key: &ProbeKey, body: &[u8]) -> Answer {
    post_with(address, &sign(key, body, now()), body)
}

/// A minute in which all answered, at the middle of commune 99018 of the made-up département.
pub(crate) fn minute(n: u64, at: Timestamp) -> serde_json::Value {
    let territory = synthetic::territory(1);
    let middle = territory.outline("99018".parse().unwrap()).unwrap().bounds().center();
    serde_json::json!({
        "schema": "desserte-record/1",
        "id": Uuid::from_u128(u128::from(n) + 1000).to_string(),
        "probe": key(1).id(),
        "sequence": n,
        "clock": {
            "boot": Uuid::from_u128(1).to_string(), "monotonic_us": n * 60_000_000,
            "utc_us": at.as_unix_micros(), "source": "system"
        },
        "position": {"lon": middle.x, "lat": middle.y, "source": "declared"},
        "software": {"name": "test", "version": "0"},
        "observation": {
            "kind": "minute", "window_us": 60_000_000, "link": "up", "gateway_reachable": true,
            "targets": [
                {"target": "a", "method": "icmp", "rtt_us": [20_000, 21_000, 22_000]},
                {"target": "b", "method": "icmp", "rtt_us": [20_000, null, 22_000]}
            ]
        }
    })
}

pub(crate) fn line(record: &serde_json::Value) -> Vec<u8> {
    serde_json::to_vec(record).unwrap()
}
