//! Measures how many records a second become durable, beside plain SQLite on the same disk in the same run.
//!
//! `cargo run --release -p desserte-collector --example durable_ingest -- DIR [PROGRAM]` writes below DIR, which should lie on
//! the disk in question. Every acknowledged record was flushed to it. With PROGRAM, a `desserte`, the history is questioned
//! and kept all the time (`query`, `lake flush`), and it is told how old an acknowledged record is when an answer has it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measuring program"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use common::{PATH, body, key, line, minute, now, sign};
use desserte_model::BATCH_CONTENT_TYPE;
use desserte_signing::SignatureHeaders;
use rusqlite::{Connection, params};

/// Records in one batch: what a probe sends when it is on line, and after some hours without.
const BATCHES: [usize; 2] = [1, 100];

/// Requests under way at once.
const CLIENTS: usize = 16;

/// How long each case is measured.
const SECONDS: f64 = 5.0;

fn main() {
    let dir: PathBuf = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let program = std::env::args_os().nth(2).map(PathBuf::from);
    println!("{:<58} {:>12} {:>12}", "", "records/s", "commits/s");
    for batch in BATCHES {
        let rate = plain_sqlite(&dir, batch);
        report(&format!("plain SQLite, {batch} to a commit, one client"), rate, rate / batch as f64);
    }
    for batch in BATCHES {
        let rate = over_http(&dir, batch, program.as_deref());
        report(
            &format!("collector over HTTP, signed, {batch} to a batch, {CLIENTS} clients"),
            rate,
            f64::NAN,
        );
    }
}

fn report(what: &str, records: f64, commits: f64) {
    println!("{what:<58} {records:>12.0} {commits:>12.0}");
}

/// One table with the octets and a unique identifier, WAL and FULL as in our store; nothing verified or derived.
fn plain_sqlite(dir: &Path, batch: usize) -> f64 {
    let path = dir.join(format!("plain-{batch}.sqlite"));
    let _ = std::fs::remove_file(&path);
    let mut connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    connection.pragma_update(None, "synchronous", "full").unwrap();
    connection.execute_batch("CREATE TABLE record (id INTEGER PRIMARY KEY, line BLOB NOT NULL)").unwrap();
    let octets = line(&minute(1, now()));
    let begun = Instant::now();
    let mut records = 0_u64;
    while begun.elapsed().as_secs_f64() < SECONDS {
        let transaction = connection.transaction().unwrap();
        for _ in 0..batch {
            records += 1;
            transaction
                .prepare_cached("INSERT INTO record VALUES (?1, ?2)")
                .unwrap()
                .execute(params![i64::try_from(records).unwrap(), octets])
                .unwrap();
        }
        transaction.commit().unwrap();
    }
    let rate = records as f64 / begun.elapsed().as_secs_f64();
    drop(connection);
    let _ = std::fs::remove_file(&path);
    rate
}

/// Signs before the clock runs, then sends from several connections and counts what was acknowledged.
fn over_http(dir: &Path, batch: usize, program: Option<&Path>) -> f64 {
    // All clients are the same probe here; the usual limit of four is for real ones.
    let mut config = desserte_collector::Config::default();
    config.ingest.requests_per_probe = CLIENTS;
    config.ingest.signature_age_s = 3_600;
    let running = common::start_in(dir, config);
    let data = running.dir.path();
    let per_client = if batch == 1 { 1_500 } else { 150 };
    let template = minute(0, now());
    let requests: Vec<Vec<Vec<u8>>> = (0..CLIENTS)
        .map(|client| {
            (0..per_client)
                .map(|number| {
                    let first = (client * per_client + number) * batch;
                    let lines: Vec<Vec<u8>> = (first..first + batch)
                        .map(|n| {
                            let mut record = template.clone();
                            record["id"] = uuid::Uuid::from_u128(n as u128 + 1_000_000).to_string().into();
                            record["sequence"] = n.into();
                            line(&record)
                        })
                        .collect();
                    let body = body(&key(1), &lines);
                    request(&sign(&key(1), &body, now()), &body)
                })
                .collect()
        })
        .collect();
    let begun = Instant::now();
    let over = AtomicBool::new(false);
    let (mut waits, seconds) = std::thread::scope(|scope| {
        let address = running.address;
        let asking = program.map(|program| scope.spawn(|| ask_until(&over, program, data)));
        let clients: Vec<_> =
            requests.iter().map(|requests| scope.spawn(move || send(address, requests))).collect();
        let waits: Vec<f64> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        let seconds = begun.elapsed().as_secs_f64();
        over.store(true, Ordering::Relaxed);
        if let Some(asking) = asking {
            println!("  questions answered meanwhile: {}", asking.join().unwrap());
        }
        (waits, seconds)
    });
    waits.sort_by(f64::total_cmp);
    let at = |share: usize| waits[(waits.len() * share / 100).min(waits.len() - 1)] * 1e3;
    println!("  to the acknowledgement, ms: median {:.1}, p99 {:.1}", at(50), at(99));
    if let Some(program) = program {
        let acknowledged = Instant::now();
        let seen = count(program, data);
        assert_eq!(seen, waits.len() * batch, "every record acknowledged is in the answer");
        println!(
            "  all {seen} in an answer {:.2} s after the last acknowledgement",
            acknowledged.elapsed().as_secs_f64()
        );
    }
    (waits.len() * batch) as f64 / seconds
}

/// Asks and hands over in turns until `over`; gives the number of answers.
fn ask_until(over: &AtomicBool, program: &Path, data: &Path) -> usize {
    let mut answers = 0;
    while !over.load(Ordering::Relaxed) {
        count(program, data);
        answers += 1;
        let handed = Command::new(program).args(["lake", "flush", "--data"]).arg(data).output().unwrap();
        assert!(handed.status.success(), "{}", String::from_utf8_lossy(&handed.stderr));
    }
    answers
}

/// Records in the history and before it.
fn count(program: &Path, data: &Path) -> usize {
    let sql = "SELECT count(sequence) FROM latency_minute";
    let output =
        Command::new(program).args(["query", "--format", "csv", sql, "--data"]).arg(data).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().nth(1).unwrap().parse().unwrap()
}

fn request(signature: &SignatureHeaders, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: bench\r\nContent-Type: {BATCH_CONTENT_TYPE}\r\nContent-Length: {}\r\n\
         Content-Digest: {}\r\nSignature-Input: {}\r\nSignature: {}\r\n\r\n",
        body.len(),
        signature.content_digest,
        signature.signature_input,
        signature.signature
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

/// Sends one request after the other on one connection; gives the seconds to each acknowledgement.
fn send(address: SocketAddr, requests: &[Vec<u8>]) -> Vec<f64> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = vec![0; 16 * 1024];
    let mut waits = Vec::with_capacity(requests.len());
    for request in requests {
        let begun = Instant::now();
        stream.write_all(request).unwrap();
        let read = stream.read(&mut answer).unwrap();
        waits.push(begun.elapsed().as_secs_f64());
        let text = String::from_utf8_lossy(&answer[..read]);
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    }
    waits
}
