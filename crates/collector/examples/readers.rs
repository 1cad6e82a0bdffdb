//! Measures pages under load: 200 readers at once, while probes go on sending.
//!
//! `cargo run --release -p desserte-collector --example readers -- [READERS] [PAUSE_MS]`. Each reader asks for pages of the
//! made-up département one after the other, over a connection of its own, and waits PAUSE_MS between them (0: never). Told are
//! answer times of pages and of batches, the latter before the readers come and while they are there.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measuring program"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{body, key, line, minute, now, post};
use desserte_territory::synthetic;
use serde_json::{Value, json};

/// How long each phase lasts.
const PHASE: Duration = Duration::from_secs(15);

/// Communes with runs, and runs of each.
const COMMUNES: usize = 24;
const RUNS: u64 = 180;

fn main() {
    let mut words = std::env::args().skip(1).map(|word| word.parse::<u64>().unwrap());
    let (readers, pause) = (words.next().unwrap_or(200), Duration::from_millis(words.next().unwrap_or(0)));
    let running = common::start();
    let address = running.address;
    let territory = synthetic::territory(1);
    let codes: Vec<String> = territory.communes().take(COMMUNES).map(|c| c.code.to_string()).collect();
    for (place, code) in (0..).zip(&codes) {
        let middle = territory.outline(code.parse().unwrap()).unwrap().point_inside().unwrap();
        let lines: Vec<Vec<u8>> = (0..RUNS)
            .map(|n| {
                let back = i64::try_from(n * 4 + 1).unwrap() * -3_600_000_000;
                let mut record = run(place * RUNS + n, now().saturating_add_micros(back));
                record["position"]["lon"] = json!(middle.lon());
                record["position"]["lat"] = json!(middle.lat());
                line(&record)
            })
            .collect();
        let answer = post(address, &key(1), &body(&key(1), &lines));
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let pages: Vec<String> =
        ["/", "/departement/99", "/departement/99?indicateur=coupures", "/recherche?q=a"]
            .map(str::to_owned)
            .into_iter()
            .chain(codes.iter().map(|code| format!("/commune/{code}")))
            .collect();
    let next = AtomicU64::new(1_000_000);
    let alone = ingest(address, &next, PHASE);
    report("batches, nobody reads", &alone);
    let (times, octets) = (Mutex::new(Vec::new()), AtomicU64::new(0));
    let stop = AtomicBool::new(false);
    let beside = std::thread::scope(|scope| {
        for reader in 0..readers {
            let (pages, times, octets, stop) = (&pages, &times, &octets, &stop);
            scope.spawn(move || {
                let own = read(address, pages, usize::try_from(reader).unwrap(), pause, octets, stop);
                times.lock().unwrap().extend(own);
            });
        }
        let beside = ingest(address, &next, PHASE);
        stop.store(true, Ordering::Relaxed);
        beside
    });
    report(&format!("batches, {readers} readers, pause {} ms", pause.as_millis()), &beside);
    let times = times.into_inner().unwrap();
    report("pages", &times);
    println!(
        "{:.0} pages/s, {:.1} kB each as sent",
        times.len() as f64 / PHASE.as_secs_f64(),
        octets.into_inner() as f64 / 1e3 / times.len().max(1) as f64
    );
}

/// A download at 20 Mbit/s or so.
fn run(n: u64, at: desserte_units::Timestamp) -> Value {
    let mut record = minute(n, at);
    let octets = 2_500_000 + n % 7 * 10_000;
    let samples: Vec<Value> =
        (0..=10).map(|s| json!({"elapsed_us": s * 1_000_000, "bytes": s * octets})).collect();
    record["observation"] = json!({
        "kind": "throughput", "direction": "download", "protocol": {"name": "ndt7", "version": "0"},
        "outcome": {"status": "complete"}, "counted_by": {"end": "probe", "layer": "application"},
        "samples": samples, "connection": {"bytes_charged": 1}, "medium": {"type": "wired"},
        "server": {"host": "192.0.2.7:1"},
    });
    record
}

/// Sends one batch of ten minutes after the other; how long each took.
fn ingest(address: SocketAddr, next: &AtomicU64, phase: Duration) -> Vec<Duration> {
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed() < phase {
        let first = next.fetch_add(10, Ordering::Relaxed);
        let lines: Vec<Vec<u8>> = (first..first + 10).map(|n| line(&minute(n, now()))).collect();
        let batch = body(&key(1), &lines);
        let sent = Instant::now();
        assert_eq!(post(address, &key(1), &batch).status, 200);
        times.push(sent.elapsed());
        std::thread::sleep(Duration::from_millis(20));
    }
    times
}

/// Asks for page after page over one connection.
fn read(
    address: SocketAddr,
    pages: &[String],
    first: usize,
    pause: Duration,
    octets: &AtomicU64,
    stop: &AtomicBool,
) -> Vec<Duration> {
    let stream = TcpStream::connect(address).unwrap();
    let (mut out, mut answers) = (stream.try_clone().unwrap(), BufReader::new(stream));
    let mut times = Vec::new();
    for page in pages.iter().cycle().skip(first) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let asked = Instant::now();
        write!(out, "GET {page} HTTP/1.1\r\nHost: t\r\nAccept-Encoding: gzip\r\n\r\n").unwrap();
        octets.fetch_add(answer(&mut answers), Ordering::Relaxed);
        times.push(asked.elapsed());
        std::thread::sleep(pause);
    }
    times
}

/// Reads one answer to its end; its octets.
fn answer(answers: &mut BufReader<TcpStream>) -> u64 {
    let (mut length, mut chunked, mut head) = (0, false, String::new());
    loop {
        let mut text = String::new();
        answers.read_line(&mut text).unwrap();
        let small = text.to_ascii_lowercase();
        if let Some(value) = small.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        chunked |= small.starts_with("transfer-encoding: chunked");
        if head.is_empty() {
            head.clone_from(&text);
            assert!(head.contains(" 200 ") || head.contains(" 303 "), "{head}");
        }
        if text == "\r\n" {
            break;
        }
    }
    let mut whole = length;
    let skip = |answers: &mut BufReader<TcpStream>, octets: u64| {
        std::io::copy(&mut answers.by_ref().take(octets), &mut std::io::sink()).unwrap();
    };
    skip(answers, length);
    while chunked {
        let mut text = String::new();
        answers.read_line(&mut text).unwrap();
        let size = u64::from_str_radix(text.trim(), 16).unwrap();
        skip(answers, size + 2);
        whole += size;
        chunked = size > 0;
    }
    whole
}

fn report(what: &str, times: &[Duration]) {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = |percent: usize| {
        let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    };
    println!(
        "{what:<44} {:>7} answers; p50 {:>8.1} ms, p99 {:>8.1} ms, longest {:>8.1} ms",
        sorted.len(),
        at(50),
        at(99),
        at(100)
    );
}
