use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

use super::*;
use crate::tls::{CertificateClock, client_config};

const REFUSED: &str = r#"{"type":"urn:desserte:problem:records-refused","title":"t","status":422,
    "receipt":{"accepted":1,"duplicate":0,"refused":[{"line":3,"reason":"malformed","detail":"d"}]}}"#;

#[test]
fn a_receipt_is_final_with_and_without_refusals() {
    let taken = receipt(StatusCode::OK, None, br#"{"accepted":1,"duplicate":1}"#, 2).unwrap();
    assert_eq!((taken.accepted, taken.duplicate), (1, 1));
    let partly = receipt(StatusCode::UNPROCESSABLE_ENTITY, None, REFUSED.as_bytes(), 2).unwrap();
    assert_eq!(partly.refused[0].line, 3);
}

#[test]
fn anything_else_keeps_the_records() {
    let wait = Some(Duration::from_secs(7));
    let cases = [
        (StatusCode::OK, &b"<html>login</html>"[..]),
        (StatusCode::OK, br#"{"accepted":1,"duplicate":0}"#),
        (StatusCode::UNPROCESSABLE_ENTITY, b"{}"),
        (StatusCode::UNAUTHORIZED, b"{}"),
        (StatusCode::INSUFFICIENT_STORAGE, b""),
    ];
    for (status, answer) in cases {
        assert!(receipt(status, wait, answer, 2).is_err(), "{status}");
    }
    let error = receipt(StatusCode::SERVICE_UNAVAILABLE, wait, b"", 2).unwrap_err();
    assert!(matches!(error, Trouble::Refused { retry_after, .. } if retry_after == wait));
}

/// A collector that answers the first request by `head` and then `again` until nobody listens; the receiver gets the
/// octets that the kernel took from it.
fn hostile(head: &'static [u8], again: &'static [u8]) -> (String, mpsc::Receiver<u64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).unwrap();
        let _ = tell.send(push(&mut stream, head, again));
    });
    (base, told)
}

fn push(stream: &mut TcpStream, head: &[u8], again: &[u8]) -> u64 {
    /// Far beyond any limit of the probe.
    const ENOUGH: u64 = 50_000_000;
    let mut pushed = 0;
    let mut next = head;
    while pushed < ENOUGH && (!next.is_empty() || !again.is_empty()) {
        match stream.write(next) {
            Ok(written) => pushed += u64::try_from(written).unwrap(),
            Err(_) => break,
        }
        next = again;
    }
    pushed
}

fn collector(base: &str) -> Collector {
    Collector::new(base, client_config(None, &Arc::new(CertificateClock::default())).unwrap()).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn answers_without_end_are_cut_and_all_that_arrived_is_counted() {
    let cases: [(&[u8], &[u8]); 4] = [
        (b"", b"HTTP/1.1 100 Continue\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n", &[b' '; 65536]),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;eeeeeeeeeeeeeeeee\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", &[b'a'; 65536]),
    ];
    for (head, again) in cases {
        let name = String::from_utf8_lossy(&head[..head.len().min(60)]).into_owned();
        let (base, pushed) = hostile(head, again);
        let (sent, answer) = runtime().block_on(async { collector(&base).time().await });
        assert!(answer.is_err(), "{name}");
        assert!(sent.0 <= Collector::time_bound(), "{name}: {sent:?}");
        // What the sender's own kernel still held never arrived; over loopback that is some megabytes at most.
        let pushed = pushed.recv().unwrap();
        assert!(pushed < 10_000_000, "{name}: {pushed}");
        eprintln!("{name:?}: {pushed} octets pushed, {} charged, {answer:?}", sent.0.as_bytes());
    }
}

#[test]
fn an_honest_answer_is_charged_as_counted() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n{\"utc_us\":1796000000000000}";
    let (base, pushed) = hostile(answer, b"");
    let (sent, time) = runtime().block_on(async { collector(&base).time().await });
    assert_eq!(time.unwrap(), Timestamp::from_unix_secs(1_796_000_000));
    let pushed = pushed.recv().unwrap();
    assert!((pushed + CONNECTION_BYTES..2 * CONNECTION_BYTES).contains(&sent.0.as_bytes()), "{sent:?}");
}
