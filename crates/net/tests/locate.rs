//! Asks made-up locating services, and measures with what they name.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::time::Duration;

use common::{FullGate, TestServer, run_config};
use desserte_model::{Direction, RunOutcome, Software};
use desserte_net::locate::{LocateConfig, LocateError, Located, Patience, nearest, run_nearest, spots};
use desserte_net::{PathChoice, ToPlan};
use desserte_units::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const NOW: Timestamp = Timestamp::from_unix_secs(1_795_000_000);

/// A service that answers one question; gives back its address and then what it was asked.
async fn service(answer: String) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(head).unwrap()
    });
    (address, asked)
}

fn answer(status: &str, fields: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{fields}\r\n{body}", body.len())
}

async fn ask(address: &str, patience: Patience, now: Timestamp) -> Located {
    let config = LocateConfig {
        service: address.parse().unwrap(),
        path: PathChoice::default(),
        software: Software { name: "desserte-test".into(), version: "0".into() },
    };
    nearest(&config, patience, now).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_server_that_will_is_measured_with() {
    let full =
        TestServer::with_gate("127.0.0.1:0", None, FullGate { retry_after: Duration::from_secs(5) }).await;
    let good = TestServer::start("127.0.0.1:0", None).await;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let target = |machine: &str, address| {
        format!(
            "{{\"machine\":\"{machine}\",\"urls\":{{\"ws:///ndt/v7/download\":\
             \"ws://{address}/ndt/v7/download?access_token=a%2Bb&index=0\"}}}}"
        )
    };
    let odd = "{\"machine\":\"odd\",\"urls\":{\"ws:///ndt/v7/download\":\"ws://a.example/other\"}}";
    let targets = [
        odd.to_owned(),
        target("gone", gone),
        target("full", full.address()),
        target("good", good.address()),
    ];
    let body = format!("{{\"results\":[{}]}}", targets.join(","));
    let (address, asked) = service(answer("200 OK", "", &body)).await;
    let located = ask(&address, Patience::default(), NOW).await;
    let asked = asked.await.unwrap();
    assert!(
        asked.starts_with("GET /v2/nearest/ndt/ndt7?client_name=desserte-test&client_version=0 HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(located.bytes_charged > 500 && located.patience.failures == 0);
    let spots = spots(&located.result.unwrap(), Direction::Download, false);
    let machines: Vec<&str> = spots.iter().map(|spot| spot.machine.as_str()).collect();
    assert_eq!(machines, ["gone", "full", "good"]);
    assert_eq!(spots[2].metadata[0], ("access_token".to_owned(), "a+b".to_owned()));
    let mut config = run_config("ws://unused.example", Direction::Download);
    config.duration = Duration::from_millis(300);
    let record = run_nearest(&config, &spots, &mut ToPlan).await.unwrap();
    assert_eq!((record.outcome, record.server.host), (RunOutcome::Complete, good.address().to_string()));
    let record = run_nearest(&config, &spots[..2], &mut ToPlan).await.unwrap();
    assert!(matches!(record.outcome, RunOutcome::ServerBusy { .. }), "{:?}", record.outcome);
    assert!(run_nearest(&config, &[], &mut ToPlan).await.is_none());
}

#[tokio::test]
async fn a_service_that_says_when_is_not_asked_before() {
    let error = r#"{"error":{"type":"client","title":"Too many requests","status":429}}"#;
    let (address, asked) = service(answer("429 Too Many Requests", "Retry-After: 7200\r\n", error)).await;
    let located = ask(&address, Patience::default(), NOW).await;
    asked.await.unwrap();
    let Err(LocateError::Refused { status: 429, title }) = &located.result else { panic!("{located:?}") };
    assert_eq!(title, "Too many requests");
    assert_eq!(located.patience.wait(NOW), Duration::from_secs(7_200));
    // Also after a restart, and without a single octet sent.
    let kept: Patience = serde_json::from_str(&serde_json::to_string(&located.patience).unwrap()).unwrap();
    let again = ask(&address, kept, NOW.saturating_add_micros(7_199_000_000)).await;
    assert!(matches!(again.result, Err(LocateError::TooSoon { wait }) if wait == Duration::from_secs(1)));
    assert_eq!((again.bytes_charged, again.patience), (0, kept));
}

/// A body in chunks of `size` octets, each with an extension, and a trailer after the last (RFC 9112, section 7.1).
fn chunked(body: &str, size: usize) -> String {
    let mut text = String::new();
    for chunk in body.as_bytes().chunks(size) {
        let chunk = std::str::from_utf8(chunk).unwrap();
        text += &format!("{:x};note=\"a b\"\r\n{chunk}\r\n", chunk.len());
    }
    text + "0\r\nExpires: never\r\n\r\n"
}

#[tokio::test]
async fn an_answer_in_chunks_is_read_like_one_whose_length_is_known() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let body = r#"{"results":[{"machine":"good","urls":{"ws:///ndt/v7/download":"ws://192.0.2.1/ndt/v7/download?a=b"}}]}"#;
    for size in [1, 7, body.len()] {
        let (address, asked) = service(format!("{HEAD}{}", chunked(body, size))).await;
        let located = ask(&address, Patience::default(), NOW).await;
        asked.await.unwrap();
        let spots = spots(&located.result.unwrap(), Direction::Download, false);
        assert_eq!(spots.len(), 1, "chunks of {size}");
        assert_eq!(spots[0].machine, "good");
        assert_eq!(located.patience.failures, 0);
    }
    // Cut before the last chunk, a length that is none, and one that promises more than memory holds.
    let whole = chunked(body, 7);
    for broken in [&whole[..whole.len() - 20], "zz\r\n{}\r\n0\r\n\r\n", "ffffffffffffffff\r\n{}"] {
        let (address, asked) = service(format!("{HEAD}{broken}")).await;
        let located = ask(&address, Patience::default(), NOW).await;
        asked.await.unwrap();
        assert!(located.result.is_err(), "{broken:?}");
        assert_eq!(located.patience.failures, 1);
    }
}

/// Chunks of one octet that say a kilobyte each about themselves, without end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chunks_that_are_mostly_about_themselves_are_left_unread() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let flooding = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunk = format!("1;{}\r\nx\r\n", "a".repeat(1_000)).repeat(64);
        let mut sent = head.len();
        if stream.write_all(head).await.is_ok() {
            while stream.write_all(chunk.as_bytes()).await.is_ok() {
                sent += chunk.len();
            }
        }
        sent
    });
    let located = ask(&address, Patience::default(), NOW).await;
    assert!(located.result.is_err() && located.patience.failures == 1, "{located:?}");
    // What was read, and what the buffers of both ends hold of what was not.
    let sent = tokio::time::timeout(Duration::from_secs(60), flooding).await.expect("we hang up").unwrap();
    assert!(sent < 40_000_000, "{sent}");
}

#[tokio::test]
async fn a_service_out_of_order_is_asked_less_and_less() {
    let mut patience = Patience::default();
    let mut now = NOW;
    for (status, body, least) in [
        ("500 Internal Server Error", "no", 57),
        ("200 OK", "<html>", 114),
        ("200 OK", r#"{"results":[]}"#, 228),
        ("503 Service Unavailable", "{}", 456),
    ] {
        let (address, asked) = service(answer(status, "", body)).await;
        let located = ask(&address, patience, now).await;
        asked.await.unwrap();
        assert!(located.result.is_err());
        patience = located.patience;
        let wait = patience.wait(now).as_secs();
        assert!((least..=least * 106 / 95).contains(&wait), "{status}: {wait}");
        now = now.saturating_add_micros(i64::try_from(wait + 1).unwrap() * 1_000_000);
    }
    assert!(matches!(
        ask("ftp://a.example", Patience::default(), NOW).await.result,
        Err(LocateError::Service { .. })
    ));
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let located = ask(&format!("http://{gone}"), Patience::default(), NOW).await;
    assert!(matches!(located.result, Err(LocateError::Unreachable { .. })));
    assert_eq!(located.patience.failures, 1);
}
