//! The probes: what they send, when, and what they do with an answer.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use desserte_e2e::{BATCHES, Sender, now, octets};
use desserte_model::{BATCH_CONTENT_TYPE, BATCH_SCHEMA, BatchHeader, BatchId, Software};
use desserte_signing::{ProbeKey, RequestTarget, encode_batch, sign_request};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use uuid::Uuid;

use crate::figures::Outcome;

/// What a probe of ours does (`probes/agent/src/collector.rs`, `probes/agent/src/uploads.rs`).
const CONNECT_MAX: Duration = Duration::from_secs(15);
const REQUEST_MAX: Duration = Duration::from_secs(60);
const IDLE_MAX: Duration = Duration::from_secs(20);
const BACK_OFF_MIN: Duration = Duration::from_secs(30);

/// What is asked of the fleet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    /// Of each batch.
    pub(crate) records: usize,
    /// Of each probe.
    pub(crate) batches: u32,
    /// Between two of a probe.
    pub(crate) every: Duration,
    /// The first comes within this time, at a random moment.
    pub(crate) within: Duration,
    /// By how much all waits of the probe are shorter.
    pub(crate) compressed: u32,
}

/// Where a probe stands: within Creuse, away from its borders.
fn place(number: usize) -> (f64, f64) {
    (1.7 + 0.004 * (number % 100) as f64, 46.0 + 0.0025 * (number / 100 % 100) as f64)
}

/// All probes.
pub(crate) struct Fleet {
    senders: Vec<Mutex<Sender>>,
}

impl Fleet {
    pub(crate) fn new(probes: usize) -> Self {
        let client = desserte_e2e::client();
        let sender = |number| Mutex::new(Sender::numbered(number, &client));
        Self { senders: (0..probes as u64).map(sender).collect() }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = ProbeKey> {
        (0..self.len()).map(|number| self.key(number))
    }

    fn key(&self, number: usize) -> ProbeKey {
        ProbeKey::from_seed(self.senders[number].lock().unwrap().key.seed())
    }

    pub(crate) fn len(&self) -> usize {
        self.senders.len()
    }

    /// The next records of a probe.
    pub(crate) fn records(&self, number: usize, count: usize) -> Vec<Vec<u8>> {
        let mut sender = self.senders[number].lock().unwrap();
        (0..count).map(|_| octets(&sender.minute(place(number)))).collect()
    }

    /// Lets every probe do what is asked; gives what became of each batch.
    pub(crate) async fn run(self: &Arc<Self>, load: &Load) -> Vec<Outcome> {
        let begun = Instant::now();
        let tasks: Vec<_> = (0..self.len())
            .map(|number| {
                let (fleet, load) = (Arc::clone(self), *load);
                tokio::spawn(async move { fleet.probe(number, &load, begun).await })
            })
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.extend(task.await.unwrap());
        }
        outcomes
    }

    async fn probe(&self, number: usize, load: &Load, begun: Instant) -> Vec<Outcome> {
        let mut chance = ChaCha8Rng::seed_from_u64(number as u64);
        let mut outcomes = Vec::new();
        let first = load.within.mul_f64(part(&mut chance));
        for batch in 0..load.batches {
            let due = begun + first + load.every * batch;
            tokio::time::sleep_until(due.into()).await;
            let lines = self.records(number, load.records);
            outcomes.push(self.send(number, &lines, load, begun, &mut chance).await);
        }
        outcomes
    }

    /// Tries until the collector has acknowledged it.
    async fn send(
        &self,
        number: usize,
        lines: &[Vec<u8>],
        load: &Load,
        begun: Instant,
        chance: &mut ChaCha8Rng,
    ) -> Outcome {
        let wanted = Instant::now();
        let mut outcome = Outcome::new(number, lines.len() as u64, wanted - begun);
        loop {
            let request = self.request(number, lines);
            let answer = tokio::time::timeout(REQUEST_MAX, exchange(number, load.address, &request)).await;
            let wait = match answer {
                Ok(Ok((200, _, stream))) => {
                    outcome.waited = wanted.elapsed();
                    tokio::spawn(stay(stream, IDLE_MAX / load.compressed));
                    return outcome;
                }
                Ok(Ok((status, after, _))) => {
                    outcome.refused += 1;
                    assert!(matches!(status, 429 | 503), "{status}");
                    after.unwrap_or(BACK_OFF_MIN).mul_f64(1.0 + 0.2 * part(chance))
                }
                Ok(Err(_)) | Err(_) => {
                    outcome.failed += 1;
                    (BACK_OFF_MIN * 2_u32.pow((outcome.failed - 1).min(6))).mul_f64(0.8 + 0.4 * part(chance))
                }
            };
            tokio::time::sleep(wait / load.compressed).await;
        }
    }

    fn request(&self, number: usize, lines: &[Vec<u8>]) -> Vec<u8> {
        let key = self.key(number);
        let header = BatchHeader {
            schema: BATCH_SCHEMA.to_owned(),
            batch: BatchId::from_uuid(Uuid::new_v4()),
            probe: key.id(),
            anchors: vec![],
            software: Software { name: "swarm".to_owned(), version: "1".to_owned() },
        };
        let body = encode_batch(&header, lines.iter().map(Vec::as_slice)).unwrap();
        let target = RequestTarget {
            method: "POST",
            path: BATCHES,
            content_type: BATCH_CONTENT_TYPE,
            content_encoding: None,
        };
        let signed = sign_request(&key, &target, &body, now());
        let mut request = format!(
            "POST {BATCHES} HTTP/1.1\r\nhost: swarm\r\ncontent-type: {BATCH_CONTENT_TYPE}\r\ncontent-length: {}\r\n\
             content-digest: {}\r\nsignature-input: {}\r\nsignature: {}\r\n\r\n",
            body.len(),
            signed.content_digest,
            signed.signature_input,
            signed.signature
        )
        .into_bytes();
        request.extend_from_slice(&body);
        request
    }
}

/// A number from 0 to 1.
fn part(chance: &mut ChaCha8Rng) -> f64 {
    (chance.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Sends a request from the probe's own address: status, what it is asked to wait, and the connection.
async fn exchange(
    number: usize,
    address: SocketAddr,
    request: &[u8],
) -> io::Result<(u16, Option<Duration>, TcpStream)> {
    let own = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 1, 0, 1)) + number as u32);
    let socket = TcpSocket::new_v4()?;
    socket.bind((own, 0).into())?;
    let mut stream = tokio::time::timeout(CONNECT_MAX, socket.connect(address)).await??;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        let field =
            |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
        if answer.len() - end - 4 >= field("content-length:").unwrap_or(0) as usize {
            let status =
                head.get(9..12).and_then(|text| text.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
            return Ok((status, field("retry-after:").map(Duration::from_secs), stream));
        }
    }
}

/// Keeps the connection for a next request, as a client does, until the collector closes it.
async fn stay(mut stream: TcpStream, idle: Duration) {
    let mut nothing = [0; 1];
    let _ = tokio::time::timeout(idle, stream.read(&mut nothing)).await;
}
