//! The end of a collector: what is under way is finished, what comes after is not taken.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use common::{body, key, line, minute, now, sign, start};
use desserte_store::{Store, StoreOptions};

#[test]
fn a_second_collector_on_the_same_directory_is_refused_in_clear_text() {
    let running = start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let second = runtime.block_on(desserte_collector::Collector::bind(
        desserte_collector::Config::default(),
        running.dir.path(),
        desserte_territory::synthetic::territory(1),
        &["127.0.0.1:0".parse().unwrap()],
        desserte_collector::Register::own(),
        prometheus::Registry::new(),
        desserte_boot::build::BuildInfo { name: "desserte", version: "0.0.0" },
    ));
    let error = second.err().unwrap();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("another collector (process ") && cause.contains("stop it first"), "{cause}");
    // What operators do beside a running collector still works.
    let store = Store::open(running.dir.path(), StoreOptions::default()).unwrap();
    assert_eq!(store.probes().unwrap().len(), 1);
}

#[test]
fn a_batch_half_sent_when_the_signal_comes_is_still_kept_and_acknowledged() {
    let mut running = start();
    let body = body(&key(1), &[line(&minute(1, now()))]);
    let signature = sign(&key(1), &body, now());
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: test\r\nContent-Type: {}\r\nContent-Length: {}\r\nContent-Digest: {}\r\n\
         Signature-Input: {}\r\nSignature: {}\r\n\r\n",
        common::PATH,
        desserte_model::BATCH_CONTENT_TYPE,
        body.len(),
        signature.content_digest,
        signature.signature_input,
        signature.signature
    );
    let (first, rest) = body.split_at(body.len() / 2);
    let mut stream = TcpStream::connect(running.address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(first).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    running.signal();
    std::thread::sleep(Duration::from_millis(200));
    stream.write_all(rest).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    running.join();
    assert!(TcpStream::connect(running.address).is_err(), "nothing listens any more");
    let store = Store::open(running.dir.path(), StoreOptions::default()).unwrap();
    assert_eq!(store.record_counts().unwrap().0, 1);
}
