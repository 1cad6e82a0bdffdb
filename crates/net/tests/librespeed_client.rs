//! The probe's end of LibreSpeed, against our server and against one that shares no line with it.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::{FullGate, PrivateCa, TestServer};
use desserte_model::{
    ByteSample, CountingLayer, Direction, End, RunOutcome, Software, StopReason, Throughput,
};
use desserte_net::Steer;
use desserte_net::librespeed::{self, RunConfig};
use desserte_units::ByteCount;

const DIRECTIONS: [Direction; 2] = [Direction::Download, Direction::Upload];

fn config(url: &str, direction: Direction, streams: u16) -> RunConfig {
    let software = Software { name: "desserte-test".into(), version: "0".into() };
    let mut config = RunConfig::new(url.parse().unwrap(), direction, software);
    config.streams = streams;
    config.duration = Duration::from_millis(700);
    config
}

fn check(record: &Throughput, streams: u16) {
    assert_eq!(record.outcome, RunOutcome::Complete);
    assert_eq!((record.protocol.name.as_str(), record.course.streams), ("librespeed", Some(streams)));
    assert_eq!(record.course.stop_reason, Some(StopReason::PlannedEnd));
    let counted = record.counted_by.unwrap();
    let expected = match record.direction {
        Direction::Download => (End::Probe, CountingLayer::Application),
        Direction::Upload => (End::Server, CountingLayer::Kernel),
    };
    assert_eq!((counted.end, counted.layer), expected);
    let samples = &record.samples;
    assert_eq!(samples[0], ByteSample { elapsed_us: 0, bytes: 0 });
    assert!(
        samples.windows(2).all(|p| p[0].elapsed_us < p[1].elapsed_us && p[0].bytes <= p[1].bytes),
        "{samples:?}"
    );
    let last = samples.last().unwrap();
    assert!(last.bytes > 1_000_000 && last.elapsed_us <= 1_500_000, "{last:?}");
    assert!(record.connection.bytes_charged > last.bytes, "{} {last:?}", record.connection.bytes_charged);
    assert!(!record.probe_tcp.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_directions_are_measured_with_any_number_of_streams() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let url = format!("http://{}", server.address());
    for direction in DIRECTIONS {
        for streams in [1, 6] {
            let record = librespeed::run(&config(&url, direction, streams)).await;
            check(&record, streams);
            // A server says who it is with its answer, and that comes after a whole upload: on a slow line never.
            if direction == Direction::Download {
                assert_eq!(record.server.id.as_ref().map(|id| id.as_str()), Some("test-1"));
                assert_eq!(record.server.software.as_deref(), Some("desserte-test-server/0"));
                assert_eq!(record.congestion_control.server.as_deref(), Some("cubic"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_over_tls_is_no_other() {
    let authority = PrivateCa::new();
    let server = TestServer::start("127.0.0.1:0", Some(authority.identity("127.0.0.1"))).await;
    let url = format!("https://{}/backend/", server.address());
    for direction in DIRECTIONS {
        let mut config = config(&url, direction, 3);
        config.path.trust = Some(authority.trust());
        let record = librespeed::run(&config).await;
        check(&record, 3);
        assert_eq!(record.connection.tls.as_deref(), Some("TLSv1.3"));
    }
    let stranger = librespeed::run(&config(&url, Direction::Download, 3)).await;
    assert!(matches!(stranger.outcome, RunOutcome::Unreachable { .. }), "{:?}", stranger.outcome);
}

#[tokio::test]
async fn round_trips_are_those_of_an_open_connection() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let url = format!("http://{}/", server.address());
    let latency = librespeed::latency(&config(&url, Direction::Download, 1)).await.unwrap();
    assert_eq!(latency.server.to_string(), format!("http://{}/backend/", server.address()));
    assert_eq!(latency.round_trips.len(), 10);
    assert!(latency.round_trips.iter().all(|rtt| *rtt < Duration::from_secs(1)));
    assert!(latency.bytes_charged > 1_000);
}

struct After(u64, StopReason);

impl Steer for After {
    fn reading(&mut self, sample: ByteSample) -> Option<StopReason> {
        (sample.bytes >= self.0).then_some(self.1)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_steers_ends_a_run_and_a_ceiling_holds() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let url = format!("http://{}/backend/", server.address());
    for direction in DIRECTIONS {
        let mut long = config(&url, direction, 3);
        long.duration = Duration::from_secs(10);
        let mut steer = After(1_000_000, StopReason::IntervalTight);
        let record = librespeed::run_steered(&long, &mut steer).await;
        assert_eq!(record.outcome, RunOutcome::Complete);
        assert_eq!(record.course.stop_reason, Some(StopReason::IntervalTight));
        assert!(record.samples.last().unwrap().elapsed_us < 9_000_000);

        let ceiling = 20_000_000;
        long.max_bytes = Some(ByteCount::from_bytes(ceiling));
        let record = librespeed::run(&long).await;
        assert_eq!(
            (&record.outcome, record.course.stop_reason),
            (&RunOutcome::Complete, Some(StopReason::ByteCeiling))
        );
        let charged = record.connection.bytes_charged;
        assert!((ceiling / 4..=ceiling).contains(&charged), "{direction:?} {charged}");

        long.max_bytes = Some(ByteCount::from_bytes(100_000));
        let record = librespeed::run(&long).await;
        assert!(matches!(record.outcome, RunOutcome::RefusedByBudget { left_bytes: 100_000, .. }));
        assert_eq!(record.connection.bytes_charged, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_and_no_server_are_told_apart() {
    let gate = FullGate { retry_after: Duration::from_secs(9) };
    let server = TestServer::with_gate("127.0.0.1:0", None, gate).await;
    let url = format!("http://{}", server.address());
    for direction in DIRECTIONS {
        // Our server holds such an answer back for a second.
        let mut config = config(&url, direction, 2);
        config.duration = Duration::from_secs(5);
        let record = librespeed::run(&config).await;
        assert_eq!(record.outcome, RunOutcome::ServerBusy { retry_after_s: Some(9) });
        assert!(record.samples.is_empty() && record.counted_by.is_none());
    }
    let elsewhere = format!("{url}/other/");
    let record = librespeed::run(&config(&elsewhere, Direction::Download, 1)).await;
    let RunOutcome::Unreachable { reason } = record.outcome else { panic!("{:?}", record.outcome) };
    assert!(reason.contains("no LibreSpeed server at") && reason.contains("status 404"), "{reason}");
    drop(server);
}

struct Foreign {
    child: Child,
    url: String,
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Foreign {
    /// `None` where there is no Python.
    fn start(mode: &str, folder: &str) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/librespeed/server.py");
        let child = Command::new("python3").arg(script).args([mode, folder]).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = child else {
            assert!(std::env::var_os("CI").is_none(), "continuous integration must have Python");
            eprintln!("SKIPPED: this test needs Python");
            return None;
        };
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Some(Self { child, url: format!("http://127.0.0.1:{}", port.trim()) })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_of_another_make_are_measured_whether_they_keep_connections_or_not() {
    for (mode, folder) in [("keep-alive", "/backend"), ("closing", ""), ("chunked", "/speed/backend")] {
        let Some(server) = Foreign::start(mode, folder) else { return };
        let url = format!("{}{}", server.url, folder.trim_end_matches("backend"));
        for direction in DIRECTIONS {
            let record = librespeed::run(&config(&url, direction, 3)).await;
            check(&record, 3);
            assert!(record.server.id.is_none());
            let software = record.server.software.as_deref();
            assert!(software.is_none_or(|software| software.contains("Python")), "{software:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_sends_on_after_it_said_that_it_closes_passes_no_ceiling() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/backend/", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicU64::new(0));
    let counting = Arc::clone(&sent);
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let sent = Arc::clone(&counting);
            tokio::spawn(async move {
                let mut request = vec![0; 4_096];
                let count = tcp.read(&mut request).await.unwrap_or(0);
                let body = if request[..count].starts_with(b"GET /backend/empty") { "" } else { "x" };
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", body.len());
                let _ = tcp.write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes()).await;
                tokio::time::sleep(Duration::from_millis(3)).await;
                sent.fetch_add(tcp.write(&[0; 1 << 16]).await.unwrap_or(0) as u64, Ordering::Relaxed);
            });
        }
    });
    let ceiling = 3_000_000;
    let mut config = config(&url, Direction::Download, 1);
    config.duration = Duration::from_secs(2);
    config.max_bytes = Some(ByteCount::from_bytes(ceiling));
    let record = librespeed::run(&config).await;
    // On a busy machine the run can be over before the server sent on for the first time.
    while sent.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (sent, charged) = (sent.load(Ordering::Relaxed), record.connection.bytes_charged);
    assert!(sent > 0 && sent <= charged && charged <= ceiling, "{sent} {charged} {:?}", record.outcome);
}
