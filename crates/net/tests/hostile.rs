//! Servers and clients that mean harm: they cost no more than the ceiling, and end soon.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{TestServer, run_config};
use desserte_model::{Direction, RunOutcome, Throughput};
use desserte_net::ndt7;
use desserte_units::ByteCount;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const CEILING: u64 = 3_000_000;

/// Octets pushed into kernels that no one reads: buffers of both ends of a loopback connection.
const BUFFERS: u64 = 12_000_000;

/// A server that accepts the upgrade and then sends `frame` for ever, reading what comes.
async fn flood(frame: Vec<u8>, keeps_plan: bool) -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let pushed = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&pushed);
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(tcp.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
        let plan = if keeps_plan { "desserte-plan: kept\r\n" } else { "" };
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: net.measurementlab.ndt.v7\r\n{plan}\r\n",
            derive_accept_key(key.as_bytes())
        );
        tcp.write_all(answer.as_bytes()).await.unwrap();
        let block = frame.repeat((1 << 18) / frame.len() + 1);
        let (mut reading, mut writing) = tcp.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut reading, &mut tokio::io::sink()).await });
        while writing.write_all(&block).await.is_ok() {
            count.fetch_add(block.len() as u64, Ordering::Relaxed);
        }
    });
    (address, pushed)
}

async fn measured(frame: Vec<u8>, keeps_plan: bool, direction: Direction) -> (Throughput, u64) {
    let (address, pushed) = flood(frame, keeps_plan).await;
    let mut config = run_config(&format!("ws://{address}"), direction);
    config.max_bytes = Some(ByteCount::from_bytes(CEILING));
    let begun = Instant::now();
    let record = ndt7::run(&config).await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}: {:?}", begun.elapsed(), record.outcome);
    (record, pushed.load(Ordering::Relaxed))
}

fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut octets = vec![0x80 | opcode];
    match u16::try_from(payload.len()).unwrap() {
        short @ 0..126 => octets.push(u8::try_from(short).unwrap()),
        long => {
            octets.push(126);
            octets.extend(long.to_be_bytes());
        }
    }
    octets.extend(payload);
    octets
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_frames_that_carry_nothing_ends_the_run_at_once() {
    for (name, light) in [
        ("ping", frame(9, &[b'a'; 125])),
        ("pong", frame(10, &[b'a'; 125])),
        ("empty", frame(2, b"")),
        ("text", frame(1, b"{}")),
    ] {
        for direction in [Direction::Download, Direction::Upload] {
            let (record, pushed) = measured(light.clone(), false, direction).await;
            let outcome = &record.outcome;
            assert!(matches!(outcome, RunOutcome::CutShort { .. }), "{name} {direction:?}: {outcome:?}");
            let charged = record.connection.bytes_charged;
            assert!(charged <= CEILING, "{name} {direction:?}: {charged}");
            assert!(pushed < BUFFERS, "{name} {direction:?}: {pushed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_payload_counts_against_the_ceiling_too() {
    // One full message for each pong keeps the frames from being mostly nothing.
    let mixed = [frame(1, &[b'x'; 2_000]), frame(10, &[b'a'; 125])].concat();
    for (name, heavy) in [("mixed", mixed), ("text", frame(1, &[b'x'; 60_000]))] {
        for direction in [Direction::Download, Direction::Upload] {
            let (record, pushed) = measured(heavy.clone(), false, direction).await;
            let charged = record.connection.bytes_charged;
            // Loopback segments of 64 KiB come between two looks; a line's are 45 times smaller.
            let most = CEILING + if direction == Direction::Upload { 1 << 16 } else { 0 };
            assert!(charged <= most, "{name} {direction:?}: {charged}, {:?}", record.outcome);
            assert!(pushed < CEILING + BUFFERS, "{name} {direction:?}: {pushed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_breaks_its_word_is_left_and_what_it_sent_is_charged() {
    let (record, pushed) = measured(frame(2, &[0; 60_000]), true, Direction::Download).await;
    assert!(pushed < CEILING + BUFFERS, "{pushed}");
    // It can be more than the ceiling by the window that its word got it, and is charged then.
    let received = record.samples.last().unwrap().bytes;
    assert!(received <= CEILING, "{received}");
    assert!(record.connection.bytes_charged >= received);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_pings_and_never_reads_is_left_soon() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let address = server.url("127.0.0.1").replace("ws://", "");
    let mut tcp = TcpStream::connect(address).await.unwrap();
    let head = "GET /ndt/v7/upload HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
                Sec-WebSocket-Protocol: net.measurementlab.ndt.v7\r\n\r\n";
    tcp.write_all(head.as_bytes()).await.unwrap();
    let ping = [&[0x89, 0xFD, 0, 0, 0, 0][..], &[b'a'; 125]].concat().repeat(2_000);
    let mut sent = 0;
    let flooding = async {
        while tcp.write_all(&ping).await.is_ok() {
            sent += ping.len();
        }
    };
    tokio::time::timeout(Duration::from_secs(5), flooding).await.expect("the server hangs up");
    assert!(sent < 20_000_000, "{sent}");
}
