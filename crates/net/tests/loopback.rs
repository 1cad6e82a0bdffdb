//! Client and server of this crate against each other over the loopback interface.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::time::Duration;

use common::{FullGate, TestServer, run_config};
use desserte_model::{CountedBy, CountingLayer, Direction, End, IpFamily, RunOutcome, Throughput};
use desserte_net::{CongestionAlgorithm, FamilyChoice, ndt7};
use desserte_units::ByteCount;

/// Long enough for several readings, short enough for a test.
const SHORT: Duration = Duration::from_millis(1_200);

fn assert_measured(record: &Throughput, direction: Direction) {
    assert_eq!(record.outcome, RunOutcome::Complete, "{record:#?}");
    let end = if direction == Direction::Download { End::Probe } else { End::Server };
    assert_eq!(record.counted_by, Some(CountedBy { end, layer: CountingLayer::Application }));
    assert!(record.samples.len() >= 8, "{:?}", record.samples);
    assert!(record.samples.is_sorted_by(|a, b| a.elapsed_us < b.elapsed_us && a.bytes <= b.bytes));
    let last = record.samples.last().unwrap();
    assert!(last.bytes > 1_000_000, "{last:?}");
    assert!((900_000..2_500_000).contains(&last.elapsed_us), "{last:?}");
    assert!(!record.probe_tcp.is_empty() && !record.server_tcp.is_empty());
    assert_eq!(record.server.id.as_ref().unwrap().as_str(), "test-1");
    assert_eq!(record.server.load_ratio, Some(0.5));
    assert_eq!(record.congestion_control.probe.as_deref(), Some("cubic"));
    assert_eq!(record.congestion_control.server.as_deref(), Some("cubic"));
    // What the kernel put on the interface is more than the payload that arrived; loopback segments are large.
    assert!(record.connection.bytes_charged > last.bytes, "{:?} {last:?}", record.connection);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_directions_are_measured_in_clear_over_ipv4() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    for direction in [Direction::Download, Direction::Upload] {
        let mut config = run_config(&server.url("127.0.0.1"), direction);
        config.duration = SHORT;
        let record = ndt7::run(&config).await;
        assert_measured(&record, direction);
        assert_eq!(
            (record.connection.family, record.connection.tls.as_deref()),
            (Some(IpFamily::Ipv4), None)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_directions_are_measured_over_tls_with_a_private_authority() {
    let ca = common::PrivateCa::new();
    let server = TestServer::start("127.0.0.1:0", Some(ca.identity("localhost"))).await;
    for direction in [Direction::Download, Direction::Upload] {
        let mut config = run_config(&server.url("localhost"), direction);
        config.duration = SHORT;
        config.path.family = FamilyChoice::Only(IpFamily::Ipv4);
        config.path.trust = Some(ca.trust());
        let record = ndt7::run(&config).await;
        assert_measured(&record, direction);
        assert_eq!(record.connection.tls.as_deref(), Some("TLSv1.3"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_directions_are_measured_over_ipv6() {
    let server = TestServer::start("[::1]:0", None).await;
    for direction in [Direction::Download, Direction::Upload] {
        let mut config = run_config(&server.url("[::1]"), direction);
        config.duration = SHORT;
        config.path.family = FamilyChoice::Only(IpFamily::Ipv6);
        let record = ndt7::run(&config).await;
        assert_measured(&record, direction);
        assert_eq!(record.connection.family, Some(IpFamily::Ipv6));
    }
}

#[tokio::test]
async fn a_version_of_ip_that_the_server_lacks_is_unreachable() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let mut config = run_config(&server.url("127.0.0.1"), Direction::Download);
    config.path.family = FamilyChoice::Only(IpFamily::Ipv6);
    let record = ndt7::run(&config).await;
    assert!(matches!(record.outcome, RunOutcome::Unreachable { .. }), "{:?}", record.outcome);
    assert!(record.samples.is_empty() && record.counted_by.is_none());
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_unreachable() {
    let ca = common::PrivateCa::new();
    let server = TestServer::start("127.0.0.1:0", Some(ca.identity("localhost"))).await;
    let mut config = run_config(&server.url("localhost"), Direction::Download);
    config.path.family = FamilyChoice::Only(IpFamily::Ipv4);
    config.path.trust = Some(common::PrivateCa::new().trust());
    let record = ndt7::run(&config).await;
    let RunOutcome::Unreachable { reason } = &record.outcome else { panic!("{:?}", record.outcome) };
    assert!(reason.contains("TLS handshake"), "{reason}");
    assert!(record.connection.bytes_charged > 0);
}

#[tokio::test]
async fn a_full_server_names_a_better_time() {
    let server =
        TestServer::with_gate("127.0.0.1:0", None, FullGate { retry_after: Duration::from_millis(11_200) })
            .await;
    let record = ndt7::run(&run_config(&server.url("127.0.0.1"), Direction::Upload)).await;
    assert_eq!(record.outcome, RunOutcome::ServerBusy { retry_after_s: Some(12) });
    assert!(record.samples.is_empty());
}

#[tokio::test]
async fn no_listener_is_unreachable_and_costs_next_to_nothing() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = run_config(&format!("ws://{closed}"), Direction::Download);
    let record = ndt7::run(&config).await;
    assert!(matches!(record.outcome, RunOutcome::Unreachable { .. }), "{:?}", record.outcome);
    assert!((1..5_000).contains(&record.connection.bytes_charged));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_byte_ceiling_is_never_passed() {
    let ca = common::PrivateCa::new();
    let clear = TestServer::start("127.0.0.1:0", None).await;
    let secure = TestServer::start("127.0.0.1:0", Some(ca.identity("localhost"))).await;
    let deaf = TestServer::start_deaf("127.0.0.1:0").await;
    let servers =
        [("clear", &clear, "127.0.0.1"), ("secure", &secure, "localhost"), ("deaf", &deaf, "127.0.0.1")];
    for (url, server, host) in servers {
        for direction in [Direction::Download, Direction::Upload] {
            for ceiling in [400_000, 3_000_000, 50_000_000_u64] {
                let mut config = run_config(&server.url(host), direction);
                config.path.family = FamilyChoice::Only(IpFamily::Ipv4);
                config.path.trust = Some(ca.trust());
                config.max_bytes = Some(ByteCount::from_bytes(ceiling));
                config.duration = Duration::from_secs(3);
                let record = ndt7::run(&config).await;
                assert_eq!(record.outcome, RunOutcome::Complete, "{url} {direction:?} {ceiling}");
                let charged = record.connection.bytes_charged;
                assert!(charged <= ceiling, "{url} {direction:?} {charged} > {ceiling}");
                let used = match (url, direction) {
                    // A server that was not told of the ceiling speaks every hundred milliseconds; here it is reached before,
                    // and only what was charged tells that nothing else ended the run.
                    ("deaf", Direction::Upload) => charged,
                    _ => record.samples.last().unwrap().bytes,
                };
                assert!(used * 2 > ceiling || ceiling < 1_000_000, "{url} {direction:?} {used} of {ceiling}");
            }
        }
    }
}

#[tokio::test]
async fn a_ceiling_without_room_for_a_run_sends_nothing() {
    let mut config = run_config("ws://127.0.0.1:9", Direction::Download);
    config.max_bytes = Some(ByteCount::from_bytes(50_000));
    let record = ndt7::run(&config).await;
    let RunOutcome::RefusedByBudget { needed_bytes, left_bytes: 50_000 } = record.outcome else {
        panic!("{:?}", record.outcome)
    };
    assert!(needed_bytes > 50_000);
    assert_eq!(record.connection.bytes_charged, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_up_leaves_a_cut_run_with_its_samples() {
    let server = TestServer::start_hanging_up("127.0.0.1:0", Duration::from_millis(600)).await;
    let record = ndt7::run(&run_config(&server.url("127.0.0.1"), Direction::Download)).await;
    assert!(matches!(record.outcome, RunOutcome::CutShort { .. }), "{:?}", record.outcome);
    assert!(record.samples.len() > 2, "{:?}", record.samples);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_congestion_control_asked_for_is_used_by_both_ends() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let mut config = run_config(&server.url("127.0.0.1"), Direction::Download);
    config.duration = Duration::from_millis(300);
    config.path.congestion_control = Some(CongestionAlgorithm::Reno);
    let record = ndt7::run(&config).await;
    assert_eq!(record.congestion_control.probe.as_deref(), Some("reno"));
    assert_eq!(record.congestion_control.server.as_deref(), Some("reno"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_is_shown_while_the_run_goes_on() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let mut config = run_config(&server.url("127.0.0.1"), Direction::Upload);
    // Long enough that a machine which stalls for a second still shows some of it.
    config.duration = Duration::from_secs(3);
    let (sender, mut receiver) = tokio::sync::watch::channel(ndt7::Progress::default());
    config.progress = Some(sender);
    let run = tokio::spawn(async move { ndt7::run(&config).await });
    let mut shown = 0;
    while receiver.changed().await.is_ok() {
        let progress = *receiver.borrow_and_update();
        shown += u32::from(!run.is_finished() && progress.received > ByteCount::ZERO);
    }
    assert!(shown >= 3, "{shown}");
    assert_eq!(run.await.unwrap().outcome, RunOutcome::Complete);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_connections_at_once_are_counted_together() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    for direction in [Direction::Download, Direction::Upload] {
        let mut config = run_config(&server.url("127.0.0.1"), direction);
        config.duration = SHORT;
        config.max_bytes = Some(ByteCount::from_bytes(400_000_000));
        let record = ndt7::run_parallel(&config, 4, &mut desserte_net::ToPlan).await;
        assert_eq!(record.outcome, RunOutcome::Complete);
        assert_eq!(record.course.streams, Some(4));
        assert!(record.samples.is_sorted_by(|a, b| a.elapsed_us < b.elapsed_us && a.bytes <= b.bytes));
        let last = record.samples.last().unwrap();
        assert!(last.bytes > 10_000_000, "{last:?}");
        assert!((last.bytes..=400_000_000).contains(&record.connection.bytes_charged), "{record:?}");
    }
}
