//! Our iperf3 client and server against each other, and each against peers that mean harm.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use common::iperf3_server;
use desserte_model::{ByteSample, Direction, End, RunOutcome, StopReason, TcpCounters};
use desserte_net::iperf3::{RunConfig, UdpConfig, run, run_both, run_udp};
use desserte_net::{Steer, ToPlan};
use desserte_units::{BitRate, ByteCount};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

fn config(server: SocketAddr, direction: Direction) -> RunConfig {
    let mut config = RunConfig::new(server.to_string().parse().unwrap(), direction);
    config.duration = Duration::from_secs(1);
    config
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_server_tells_our_client_all_that_it_received() {
    let (_host, server) = iperf3_server().await;
    let mut upload = config(server, Direction::Upload);
    upload.rate = BitRate::from_mbit_per_s(50.0);
    upload.streams = 2;
    let record = run(&upload, &mut ToPlan).await;
    assert_eq!(record.outcome, RunOutcome::Complete);
    assert_eq!(record.counted_by.map(|by| by.end), Some(End::Server));
    assert!(record.samples.len() > 4, "{:?}", record.samples);
    assert_eq!(record.server.id.as_ref().map(|id| id.as_str()), Some("test-1"));
    assert_eq!((record.server.load_ratio, record.server.software.as_deref()), (Some(0.5), Some("test 1")));
    assert_eq!(record.course.stop_reason, Some(StopReason::PlannedEnd));
    // Two streams of 50 Mbit/s for a second, by a busy machine.
    let bytes = record.samples.last().unwrap().bytes;
    assert!((6_000_000..15_000_000).contains(&bytes), "{bytes}");
    assert!(record.connection.bytes_charged > bytes && !record.probe_tcp.is_empty());
    let (download, upload) = run_both(&upload).await;
    assert_eq!((download.outcome, upload.outcome), (RunOutcome::Complete, RunOutcome::Complete));
    assert!(download.samples.len() > 4 && upload.samples.len() > 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn udp_says_loss_and_variation() {
    let (_host, server) = iperf3_server().await;
    for direction in [Direction::Upload, Direction::Download] {
        let mut base = config(server, direction);
        base.streams = 2;
        let run = run_udp(&UdpConfig::new(base, BitRate::from_mbit_per_s(5.0).unwrap())).await;
        assert_eq!(run.outcome, RunOutcome::Complete);
        let flow = run.flow.unwrap();
        // 10 Mbit/s in datagrams of 1232 octets for a second.
        assert!((500..1_200).contains(&flow.packets), "{flow:?}");
        assert!(flow.packets_sent >= Some(flow.packets) && flow.loss_ratio().unwrap() < 0.5, "{flow:?}");
        assert!(run.bytes_charged > flow.bytes);
    }
}

struct After(u64, StopReason);

impl Steer for After {
    fn reading(&mut self, sample: ByteSample) -> Option<StopReason> {
        (sample.bytes > self.0).then_some(self.1)
    }

    fn counters(&mut self, _: End, counters: &TcpCounters) {
        assert!(counters.rtt_us.is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_steer_ends_a_run_as_planned() {
    let (_host, server) = iperf3_server().await;
    let mut download = config(server, Direction::Download);
    download.duration = Duration::from_secs(20);
    download.rate = BitRate::from_mbit_per_s(100.0);
    let begun = Instant::now();
    let record = run(&download, &mut After(2_000_000, StopReason::IntervalTight)).await;
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(record.outcome, RunOutcome::Complete);
    assert_eq!(record.course.stop_reason, Some(StopReason::IntervalTight));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ceiling_ends_a_run_before_it_is_passed() {
    let (_host, server) = iperf3_server().await;
    for direction in [Direction::Download, Direction::Upload] {
        let mut config = config(server, direction);
        config.duration = Duration::from_secs(20);
        config.rate = BitRate::from_mbit_per_s(50.0);
        config.max_bytes = Some(ByteCount::from_megabytes(10));
        let record = run(&config, &mut ToPlan).await;
        assert_eq!(record.outcome, RunOutcome::Complete, "{direction:?}");
        assert_eq!(record.course.stop_reason, Some(StopReason::ByteCeiling));
        let charged = record.connection.bytes_charged;
        assert!((4_000_000..=10_000_000).contains(&charged), "{direction:?} {charged}");
        config.max_bytes = Some(ByteCount::from_bytes(1_000));
        let record = run(&config, &mut ToPlan).await;
        assert!(matches!(record.outcome, RunOutcome::RefusedByBudget { .. }), "{:?}", record.outcome);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_ends_turns_the_queue_away() {
    let (host, server) = iperf3_server().await;
    let mut long = config(server, Direction::Upload);
    long.rate = BitRate::from_mbit_per_s(1.0);
    long.duration = Duration::from_secs(2);
    let running = tokio::spawn(async move { run(&long, &mut ToPlan).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let waiting = config(server, Direction::Download);
    let waiting = tokio::spawn(async move { run(&waiting, &mut ToPlan).await });
    while host.waiting() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut impatient = config(server, Direction::Download);
    impatient.patience = Duration::from_millis(100);
    assert_eq!(run(&impatient, &mut ToPlan).await.outcome, RunOutcome::ServerBusy { retry_after_s: None });
    host.drain();
    assert_eq!(waiting.await.unwrap().outcome, RunOutcome::ServerBusy { retry_after_s: None });
    assert_eq!(running.await.unwrap().outcome, RunOutcome::Complete);
    assert_eq!(host.waiting(), 0);
}

/// Says `octets` to the server and gives back what it answers until it closes.
async fn say(server: SocketAddr, octets: &[u8]) -> Vec<u8> {
    let mut tcp = TcpStream::connect(server).await.unwrap();
    tcp.write_all(octets).await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), tcp.read_to_end(&mut answer)).await;
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_mean_harm_hold_no_one_up() {
    let (host, server) = iperf3_server().await;
    let cookie = [b'a'; 37];
    let with = |more: &[u8]| [&cookie[..], more].concat();
    // More than a cookie before its turn, an endless block, nonsense, and a length that promises four gigabytes.
    for more in [&b"\xff\xff\xff\xff"[..], &[0, 0, 32, 1], b"\x00\x00\x00\x02[]", &[0; 4_096]] {
        let answer = say(server, &with(more)).await;
        assert!(answer.len() <= 10, "{answer:?}");
    }
    // Whoever says nothing, or only half a cookie, takes no turn.
    let _silent = TcpStream::connect(server).await.unwrap();
    let mut half = TcpStream::connect(server).await.unwrap();
    half.write_all(&cookie[..20]).await.unwrap();
    // One who has the turn and says nothing keeps it until the step is over; one who hangs up gives it back at once.
    let mut gone = TcpStream::connect(server).await.unwrap();
    gone.write_all(&cookie).await.unwrap();
    let mut octet = [0];
    gone.read_exact(&mut octet).await.unwrap();
    assert_eq!(octet, [9]);
    drop(gone);
    let record = run(&config(server, Direction::Download), &mut ToPlan).await;
    assert_eq!(record.outcome, RunOutcome::Complete);
    // A fifth client of one address is turned away at once.
    let mut held = Vec::new();
    for _ in 0..5 {
        let mut tcp = TcpStream::connect(server).await.unwrap();
        tcp.write_all(&cookie).await.unwrap();
        held.push(tcp);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    while host.waiting() < 4 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(say(server, &cookie).await, [255]);
}

/// Says what test it wants, and is told to open the data connections.
async fn ask_for_streams(server: SocketAddr, cookie: u8, parameters: &str) -> TcpStream {
    let mut tcp = TcpStream::connect(server).await.unwrap();
    tcp.write_all(&[cookie; 37]).await.unwrap();
    let mut octet = [0];
    tcp.read_exact(&mut octet).await.unwrap();
    assert_eq!(octet, [9], "the server asks for the parameters");
    let length = u32::try_from(parameters.len()).unwrap().to_be_bytes();
    tcp.write_all(&[&length, parameters.as_bytes()].concat()).await.unwrap();
    tcp.read_exact(&mut octet).await.unwrap();
    assert_eq!(octet, [10], "the server wants the data connections");
    tcp
}

/// One thread and, once the server waits, a clock that leaps to whatever is due: nothing here depends on how fast the machine is.
#[tokio::test]
async fn a_client_that_never_opens_its_data_connections_gives_its_turn_back() {
    let (_host, server) = iperf3_server().await;
    for (cookie, parameters) in [
        (b'a', r#"{"tcp":true,"parallel":2,"time":1}"#),
        (b'b', r#"{"udp":true,"parallel":2,"time":1,"len":1200,"bandwidth":1000000}"#),
    ] {
        let mut tcp = ask_for_streams(server, cookie, parameters).await;
        if cookie == b'a' {
            // One of the two, so that the server waits for the other.
            let mut one = TcpStream::connect(server).await.unwrap();
            one.write_all(&[cookie; 37]).await.unwrap();
        }
        tokio::time::pause();
        let begun = tokio::time::Instant::now();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(600), tcp.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "the server waits for ever");
        assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", begun.elapsed());
        tokio::time::resume();
    }
    drop(ask_for_streams(server, b'c', r#"{"tcp":true,"parallel":1,"time":1}"#).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_mean_harm_end_a_run_and_nothing_else() {
    for (octets, expected) in [
        (&b"\xff"[..], "server_busy"),
        (&b"\xfe\x00\x00\x00\x06\x00\x00\x00\x00"[..], "unreachable"),
        (&b"\x0d"[..], "unreachable"),
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "unreachable"),
        // Data connections that nobody wants to accept, then silence: the server hangs up.
        (&b"\x09\x0a\x01\x02\x0b"[..], "unreachable"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            tcp.write_all(octets).await.unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
        });
        let record = run(&config(server, Direction::Download), &mut ToPlan).await;
        assert_eq!(record.outcome.code(), expected, "{octets:?}: {:?}", record.outcome);
        assert!(record.samples.is_empty() && record.counted_by.is_none());
        serving.await.unwrap();
    }
}

/// A server that plays the reference's part in an upload of one stream and says `results` in the end.
async fn liar(results: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut control, _) = listener.accept().await.unwrap();
        control.write_all(b"\x09").await.unwrap();
        let mut octets = vec![0; 37 + 4];
        control.read_exact(&mut octets).await.unwrap();
        let length = u32::from_be_bytes(octets[37..].try_into().unwrap());
        control.read_exact(&mut vec![0; usize::try_from(length).unwrap()]).await.unwrap();
        control.write_all(b"\x0a").await.unwrap();
        let (mut data, _) = listener.accept().await.unwrap();
        tokio::spawn(async move { while data.read(&mut [0; 4096]).await.is_ok_and(|count| count > 0) {} });
        control.write_all(b"\x01\x02").await.unwrap();
        assert_eq!(control.read_u8().await.unwrap(), 4);
        control.write_all(b"\x0d").await.unwrap();
        let length = control.read_u32().await.unwrap();
        control.read_exact(&mut vec![0; usize::try_from(length).unwrap()]).await.unwrap();
        control.write_all(&u32::try_from(results.len()).unwrap().to_be_bytes()).await.unwrap();
        let _ = control.write_all(&[results.as_bytes(), b"\x0e"].concat()).await;
        let _ = control.read_u8().await;
    });
    server
}

fn results(bytes: u64, seconds: f64, more: &str) -> String {
    format!(
        r#"{{"cpu_util_total":0,"cpu_util_user":0,"cpu_util_system":0,"sender_has_retransmits":-1,"streams":[{{"id":1,"bytes":{bytes},"retransmits":-1,"jitter":0,"errors":0,"packets":0,"start_time":0,"end_time":{seconds}}}]{more}}}"#
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_cannot_have_received_what_was_not_sent_nor_in_no_time() {
    let report = |reading: &str| format!(r#","desserte":{{"server":"a","readings":[[0,0],[{reading}]]}}"#);
    for (said, believed) in [
        (results(1_000, 1.0, ""), Some(1_000)),
        (results(1_000_000_000_000, 1.0, ""), None),
        (results(1_000, 0.000_001, ""), None),
        (results(1_000, 1.0, &report("1000000,2000")), Some(2_000)),
        // Where its readings cannot be, its sum may still.
        (results(1_000, 1.0, &report("1000000,9000000000000")), Some(1_000)),
        (results(1_000, 1.0, &report("10,2000")), Some(1_000)),
    ] {
        let mut upload = config(liar(said.clone()).await, Direction::Upload);
        upload.rate = BitRate::from_mbit_per_s(10.0);
        let record = run(&upload, &mut ToPlan).await;
        assert_eq!(record.samples.last().map(|sample| sample.bytes), believed, "{said}");
        assert_eq!(record.outcome == RunOutcome::Complete, believed.is_some(), "{:?}", record.outcome);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_talks_instead_of_measuring_passes_no_ceiling() {
    // The same word again and again, and results that are longer than what is left.
    let ceiling = 1_000_000;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let talking = tokio::spawn(async move {
        let (mut control, _) = listener.accept().await.unwrap();
        control.write_all(b"\x09\x0a").await.unwrap();
        let (_data, _) = listener.accept().await.unwrap();
        let mut said = 0;
        while control.write_all(&[1; 4_096]).await.is_ok() && said < 100_000_000 {
            said += 4_096;
        }
        said
    });
    let mut download = config(server, Direction::Download);
    download.max_bytes = Some(ByteCount::from_bytes(ceiling));
    let record = run(&download, &mut ToPlan).await;
    assert!(matches!(record.outcome, RunOutcome::Unreachable { .. }), "{:?}", record.outcome);
    assert!(talking.await.unwrap() < 8 * ceiling && record.connection.bytes_charged <= ceiling);

    let long = results(1_000, 1.0, &format!(r#","x":"{}""#, "x".repeat(250_000)));
    let mut upload = config(liar(long.clone()).await, Direction::Upload);
    upload.rate = BitRate::from_mbit_per_s(1.0);
    upload.max_bytes = Some(ByteCount::from_bytes(450_000));
    let record = run(&upload, &mut ToPlan).await;
    assert!(record.connection.bytes_charged <= 450_000, "{}", record.connection.bytes_charged);
    assert!(matches!(record.outcome, RunOutcome::CutShort { .. }), "{:?}", record.outcome);
}
