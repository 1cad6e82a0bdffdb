//! The server's end of LibreSpeed, asked octet by octet.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::time::Duration;

use common::{FullGate, TestServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const MIB: usize = 1 << 20;

async fn open(server: &TestServer) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

/// The head of the next answer, and its body.
async fn answer(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let octet = stream.read_u8().await;
        let Ok(octet) = octet else { panic!("no answer: {:?}", String::from_utf8_lossy(&head)) };
        head.push(octet);
    }
    let head = String::from_utf8(head).unwrap();
    let length =
        head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    (head, body)
}

async fn ask(stream: &mut TcpStream, request: &str) -> (String, Vec<u8>) {
    stream.write_all(request.as_bytes()).await.unwrap();
    answer(stream).await
}

#[tokio::test]
async fn one_connection_carries_a_whole_test_of_the_web_client() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let mut stream = open(&server).await;
    for path in ["/backend/getIP?isp=true&distance=km&r=0.1", "/backend/getIP.php?cors=true&r=0.2"] {
        let (head, body) = ask(&mut stream, &format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
        assert!(head.starts_with("HTTP/1.1 200 OK") && head.contains("keep-alive"), "{head}");
        assert_eq!(head.contains("Access-Control-Allow-Origin: *"), path.contains("cors"), "{head}");
        assert_eq!(body, br#"{"processedString":"127.0.0.1","rawIspInfo":""}"#);
    }
    for _ in 0..10 {
        let (head, body) = ask(&mut stream, "GET /backend/empty.php?r=0.3 HTTP/1.1\r\nHost: h\r\n\r\n").await;
        assert!(head.contains("no-store") && body.is_empty(), "{head}");
    }
    for (query, chunks) in [("?r=1&ckSize=2", 2), ("", 4)] {
        let request = format!("GET /backend/garbage{query} HTTP/1.1\r\nHost: h\r\n\r\n");
        let (head, body) = ask(&mut stream, &request).await;
        assert!(head.contains("application/octet-stream") && head.contains("no-store"), "{head}");
        assert_eq!(body.len(), chunks * MIB);
    }
    let body = vec![7; 20 * MIB];
    for framing in ["Content-Length: 20971520", "Transfer-Encoding: chunked"] {
        let head = format!(
            "POST /backend/empty?r=1 HTTP/1.1\r\nHost: h\r\nContent-Encoding: identity\r\n{framing}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        if framing.contains("chunked") {
            stream.write_all(b"1400000\r\n").await.unwrap();
        }
        stream.write_all(&body).await.unwrap();
        if framing.contains("chunked") {
            stream.write_all(b"\r\n0\r\n\r\n").await.unwrap();
        }
        let (head, body) = answer(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 200 OK") && body.is_empty(), "{head}");
        assert!(
            head.contains("desserte-server: test-1") && head.contains("desserte-congestion-control: cubic")
        );
    }
    let form = "POST /results/telemetry.php?r=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\ndl=1";
    let (head, body) = ask(&mut stream, form).await;
    assert!(
        head.starts_with("HTTP/1.1 403") && head.contains("keep-alive") && !body.starts_with(b"id"),
        "{head}"
    );
    let (head, _) = ask(&mut stream, "HEAD /backend/empty HTTP/1.1\r\nConnection: close\r\n\r\n").await;
    assert!(head.contains("Connection: close"));
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn requests_sent_ahead_are_answered_in_order() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let mut stream = open(&server).await;
    let blank = "POST /backend/empty HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
    let get = "GET /backend/getIP HTTP/1.1\r\nHost: h\r\n\r\n";
    stream.write_all(format!("{blank}{get}{blank}{get}").as_bytes()).await.unwrap();
    for length in [0, 47, 0, 47] {
        assert_eq!(answer(&mut stream).await.1.len(), length);
    }
}

#[tokio::test]
async fn a_page_of_another_origin_may_measure_when_it_says_so() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let mut stream = open(&server).await;
    let ask_for = |query: &str| {
        format!(
            "OPTIONS /backend/empty{query} HTTP/1.1\r\nHost: h\r\nOrigin: https://a.example\r\n\
             Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-encoding\r\n\r\n"
        )
    };
    let (head, _) = ask(&mut stream, &ask_for("?cors=true&r=1")).await;
    assert!(head.starts_with("HTTP/1.1 204") && head.contains("Allow-Headers: Content-Encoding"), "{head}");
    let (head, _) = ask(&mut stream, &ask_for("?r=1")).await;
    assert!(!head.contains("Access-Control"), "{head}");
}

#[tokio::test]
async fn what_is_too_large_or_no_request_is_refused_in_words() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    for (request, expected) in [
        ("POST /backend/empty HTTP/1.1\r\nContent-Length: 10737418240\r\n\r\nabc", "413"),
        ("POST /backend/empty HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n280000000\r\n", "413"),
        ("POST /results/telemetry HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n", "413"),
        ("POST /backend/empty HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "400"),
        ("POST /backend/empty HTTP/1.1\r\nContent-Length: -5\r\n\r\n", "400"),
        ("POST /backend/empty HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "400"),
        ("POST /backend/empty HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "400"),
        ("POST /backend/empty HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400"),
        ("DELETE /backend/empty HTTP/1.1\r\n\r\n", "405"),
        ("GET /backend/other HTTP/1.1\r\n\r\n", "404"),
        ("GET /garbage HTTP/1.1\r\n\r\n", "404"),
        ("GET /results/?id=1 HTTP/1.1\r\n\r\n", "404"),
    ] {
        let mut stream = open(&server).await;
        let (head, body) = ask(&mut stream, request).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {expected} ")), "{request}: {head}");
        assert!(!body.is_empty());
    }
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_to_go_on_or_not_to() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let mut stream = open(&server).await;
    let head = "POST /backend/empty HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n";
    let (first, _) = ask(&mut stream, head).await;
    assert!(first.starts_with("HTTP/1.1 100 Continue"), "{first}");
    let (second, _) = ask(&mut stream, &"x".repeat(100_000)).await;
    assert!(second.starts_with("HTTP/1.1 200 OK"), "{second}");
    let (refused, _) = ask(&mut stream, &head.replace("100000", "10737418240")).await;
    assert!(refused.starts_with("HTTP/1.1 413"), "{refused}");
}

#[tokio::test]
async fn a_full_server_tells_when_to_come_and_still_answers_pings() {
    let gate = FullGate { retry_after: Duration::from_millis(8_200) };
    let server = TestServer::with_gate("127.0.0.1:0", None, gate).await;
    for request in [
        "GET /backend/garbage HTTP/1.1\r\n\r\n".to_owned(),
        format!(
            "POST /backend/empty?cors=true HTTP/1.1\r\nContent-Length: 100000\r\n\r\n{}",
            "x".repeat(100_000)
        ),
    ] {
        let mut stream = open(&server).await;
        let (head, body) = ask(&mut stream, &request).await;
        assert!(head.starts_with("HTTP/1.1 503") && head.contains("Retry-After: 9\r\n"), "{head}");
        assert_eq!(head.contains("Allow-Origin"), request.contains("cors"));
        assert!(String::from_utf8(body).unwrap().contains("come back in 9 s"));
    }
    let mut stream = open(&server).await;
    let (head, _) = ask(&mut stream, "GET /backend/empty HTTP/1.1\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
}

#[tokio::test]
async fn hanging_up_in_the_middle_of_a_download_or_an_upload_is_an_everyday_end() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    for request in [
        "GET /backend/garbage?ckSize=1024 HTTP/1.1\r\n\r\n",
        "POST /backend/empty HTTP/1.1\r\nContent-Length: 999999\r\n\r\nx",
    ] {
        let mut stream = open(&server).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        if request.starts_with("GET") {
            stream.read_exact(&mut vec![0; 3 * MIB]).await.unwrap();
        }
        drop(stream);
    }
    let (head, _) = ask(&mut open(&server).await, "GET /backend/empty HTTP/1.1\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
}

#[tokio::test]
async fn small_requests_do_not_keep_the_place_of_a_measurement_that_is_over() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let mut stream = open(&server).await;
    let (_, body) = ask(&mut stream, "GET /backend/garbage?ckSize=1 HTTP/1.1\r\n\r\n").await;
    assert_eq!(body.len(), MIB);
    let mut answered = 0;
    loop {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(2)).await;
        tokio::time::resume();
        if stream.write_all(b"GET /backend/empty HTTP/1.1\r\n\r\n").await.is_err()
            || stream.read(&mut [0; 4_096]).await.unwrap_or(0) == 0
        {
            break;
        }
        answered += 1;
        assert!(answered <= 15, "the measurement has 25 s");
    }
    assert!(answered > 5, "{answered}");
}
