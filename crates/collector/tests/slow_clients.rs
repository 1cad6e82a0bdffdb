//! Clients that connect and say nothing, or say it slowly, or come in crowds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use common::{get, start};

/// Sends `text` one octet in half a second and tells after how long the collector hung up.
fn hung_up_after(address: SocketAddr, text: &'static str) -> std::thread::JoinHandle<Duration> {
    std::thread::spawn(move || {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut octets = text.bytes();
        while begun.elapsed() < Duration::from_secs(40) {
            if let Some(octet) = octets.next() {
                // Written into a connection that is closed already: the next read tells.
                let _ = stream.write_all(&[octet]);
            }
            match stream.read(&mut [0; 512]) {
                Ok(count) if count > 0 => {}
                Err(error)
                    if matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) => {}
                Ok(_) | Err(_) => break,
            }
        }
        begun.elapsed()
    })
}

#[test]
fn who_does_not_get_on_with_a_request_is_hung_up_on_and_others_are_served_meanwhile() {
    let running = start();
    let slow = [
        "",
        // Could still become either version of HTTP.
        "P",
        "PRI * HTTP/2.0\r\n\r\nSM",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ]
    .map(|text| (text, hung_up_after(running.address, text)));
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(get(running.address, "/healthz").status, 200);
    for (text, thread) in slow {
        let after = thread.join().unwrap();
        assert!((5..35).contains(&after.as_secs()), "{text:?}: {after:?}");
    }
}

#[tokio::test]
async fn one_client_cannot_take_every_connection() {
    let running = start();
    let from = |last: u8| async move {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
        socket.connect(running.address).await.unwrap()
    };
    let mut held = Vec::new();
    for _ in 0..400 {
        held.push(from(2).await);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let closed = held.iter().filter(|stream| matches!(stream.try_read(&mut [0]), Ok(0))).count();
    assert!((100..=160).contains(&closed), "{closed}");
    let other = from(3).await;
    let mut other = other.into_std().unwrap();
    other.set_nonblocking(false).unwrap();
    let answer = tokio::task::spawn_blocking(move || {
        other.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        other.read_to_string(&mut answer).unwrap();
        answer
    });
    assert!(answer.await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn while_places_are_scarce_a_connection_ends_with_its_answer() {
    let running = start();
    let from = |last: u8| async move {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
        socket.connect(running.address).await.unwrap()
    };
    // Whether the answer says that the connection ends with it.
    let ends = || async {
        let mut stream = from(3).await.into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        let head = tokio::task::spawn_blocking(move || {
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut octet = [0];
                stream.read_exact(&mut octet).unwrap();
                head.extend(octet);
            }
            String::from_utf8(head).unwrap().to_ascii_lowercase()
        });
        let head = head.await.unwrap();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        head.contains("connection: close\r\n")
    };
    assert!(!ends().await);
    let mut held = Vec::new();
    // More than half of the places, by clients that may have a third each.
    for client in [4, 5] {
        for _ in 0..200 {
            held.push(from(client).await);
        }
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(ends().await);
    drop(held);
}

#[test]
fn a_connection_that_has_not_asked_does_not_hold_up_the_end() {
    let mut running = start();
    let _silent = TcpStream::connect(running.address).unwrap();
    let mut idle = TcpStream::connect(running.address).unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    idle.read_exact(&mut [0; 12]).unwrap();
    let begun = Instant::now();
    running.signal();
    running.join();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
