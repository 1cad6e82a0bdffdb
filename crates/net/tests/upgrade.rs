//! Plays the requests of `tests/transcripts/ndt7/upgrade` against a listening server.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::fs;
use std::path::Path;

use common::TestServer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The head of the answer to `request`.
async fn exchange(address: &str, request: &str) -> String {
    let mut tcp = TcpStream::connect(address).await.unwrap();
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn every_request_has_its_answer() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let url = server.url("127.0.0.1");
    let address = url.strip_prefix("ws://").unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/transcripts/ndt7/upgrade");
    let mut played = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let request: String = text
            .lines()
            .filter_map(|line| line.strip_prefix('>'))
            .map(|line| format!("{}\r\n", line.strip_prefix(' ').unwrap_or(line)))
            .collect();
        let answer = exchange(address, &request).await;
        for expected in text.lines().filter_map(|line| line.strip_prefix("< ")) {
            let found = answer.lines().any(|line| line.starts_with(expected));
            assert!(found, "{}: {expected:?} is not in {answer}", path.display());
        }
        played += 1;
    }
    assert!(played >= 10, "only {played} transcripts were found");
}

#[tokio::test]
async fn octets_that_are_no_http_are_answered_with_400() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let url = server.url("127.0.0.1");
    let address = url.strip_prefix("ws://").unwrap();
    for request in ["\x16\x03\x01\x02\x00\x01\x00", &format!("GET / HTTP/1.1\r\nA: {}", "x".repeat(40_000))] {
        assert!(exchange(address, request).await.starts_with("HTTP/1.1 400"));
    }
}
