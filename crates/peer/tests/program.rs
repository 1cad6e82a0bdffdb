//! The program itself: measures, says when it is full, ends in peace.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests")]

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use desserte_model::{Direction, RunOutcome, Software, Throughput};
use desserte_net::ndt7::{self, RunConfig};

struct Program {
    child: Child,
    address: SocketAddr,
    log: BufReader<std::process::ChildStderr>,
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    fn start(more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_desserte-server"))
            .args(["--id", "test-2", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .args(more)
            .env_remove("DESSERTE_LOG")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = line["fields"]["address"].as_str().unwrap().parse().unwrap();
        Self { child, address, log }
    }

    fn terminate(&self) {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
    }

    /// The exit code and what was logged.
    fn wait(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

async fn run(address: SocketAddr, direction: Direction, ms: u64) -> Throughput {
    let software = Software { name: "test".into(), version: "0".into() };
    let mut config = RunConfig::new(format!("ws://{address}").parse().unwrap(), direction, software);
    config.duration = Duration::from_millis(ms);
    ndt7::run(&config).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_says_when_and_then_keeps_its_word() {
    let program = Program::start(&["--capacity-mbit", "100"]);
    let address = program.address;
    let first = tokio::spawn(run(address, Direction::Upload, 1_500));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let refused = run(address, Direction::Download, 500).await;
    let RunOutcome::ServerBusy { retry_after_s: Some(wait) } = refused.outcome else {
        panic!("{:?}", refused.outcome)
    };
    assert!((1..=3).contains(&wait), "{wait}");
    tokio::time::sleep(Duration::from_secs(wait)).await;
    assert_eq!(run(address, Direction::Download, 500).await.outcome, RunOutcome::Complete);
    let first = first.await.unwrap();
    assert_eq!(first.outcome, RunOutcome::Complete);
    assert_eq!(first.server.load_ratio, Some(1.0));
    assert_eq!(first.server.id.unwrap().as_str(), "test-2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_server_lets_the_running_measurement_finish() {
    let program = Program::start(&[]);
    let address = program.address;
    let running = tokio::spawn(run(address, Direction::Download, 1_500));
    tokio::time::sleep(Duration::from_millis(400)).await;
    program.terminate();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let late = run(address, Direction::Download, 500).await;
    assert!(matches!(late.outcome, RunOutcome::Unreachable { .. }), "{:?}", late.outcome);
    assert_eq!(running.await.unwrap().outcome, RunOutcome::Complete);
    let begun = Instant::now();
    let (code, log) = tokio::task::spawn_blocking(|| program.wait()).await.unwrap();
    assert_eq!(code, Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(
        log.contains("all measurements have ended") && !log.contains("ERROR") && !log.contains("WARN"),
        "{log}"
    );
}

/// Lines of the log so far that tell the address of a door.
fn next_address(log: &mut impl std::io::BufRead) -> SocketAddr {
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    line["fields"]["address"].as_str().unwrap().parse().unwrap()
}

#[test]
fn of_one_address_the_oldest_silent_client_of_iperf3_makes_room() {
    let mut program = Program::start(&["--iperf3", "127.0.0.1:0"]);
    let iperf3 = next_address(&mut program.log);
    // A quarter of the 256 connections; one more sends the oldest away, long before it has been silent for too long (5 s).
    let silent: Vec<TcpStream> = (0..65).map(|_| TcpStream::connect(iperf3).unwrap()).collect();
    silent[0].set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let read = (&silent[0]).read(&mut [0]);
    assert!(matches!(read, Ok(0)) || read.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
    // If the machine stood still for so long that the others' time was over too, nothing is learned.
    silent[64].set_nonblocking(true).unwrap();
    let newest = (&silent[64]).read(&mut [0]);
    let stays = matches!(&newest, Err(error) if error.kind() == ErrorKind::WouldBlock);
    if !stays {
        eprintln!("SKIPPED: the machine stood still for five seconds: {newest:?}");
        return;
    }
    // Whoever asks at once is answered although all the places of the address are taken.
    let mut asking = TcpStream::connect(iperf3).unwrap();
    asking.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    asking.write_all(&[b'a'; 37]).unwrap();
    let mut octet = [0];
    asking.read_exact(&mut octet).unwrap();
    assert_eq!(octet, [9]);
}

/// Whatever clients do, nothing of it is a warning: who reads the log by level must not be kept from reading it. One line may
/// say that the kernel has not got a congestion control that was asked for.
#[test]
fn clients_cannot_fill_the_log_with_warnings() {
    let mut program = Program::start(&["--iperf3", "127.0.0.1:0"]);
    let iperf3 = next_address(&mut program.log);
    let upgrade = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: net.measurementlab.ndt.v7\r\n\r\n"
        )
    };
    let after_upgrade = |octets: &[u8]| [upgrade("/ndt/v7/upload").as_bytes(), octets].concat();
    let block = |parameters: &str| {
        let length = u32::try_from(parameters.len()).unwrap().to_be_bytes();
        [&[b'a'; 37][..], &length, parameters.as_bytes()].concat()
    };
    let to_measurements = [
        Vec::new(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        b"GET /ndt/v7/download HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"POST /empty.php HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        [b"GET / HTTP/1.1\r\nX: ", &[b'a'; 40_000][..]].concat(),
        upgrade("/ndt/v7/download?cc=vegas").into_bytes(),
        upgrade("/ndt/v7/download?cc=bbr").into_bytes(),
        upgrade("/ndt/v7/download?duration=-1").into_bytes(),
        after_upgrade(&[0xFF; 4_000]),
        after_upgrade(&[0x88, 0x80, 0, 0, 0, 0]),
    ];
    let to_iperf3 = [
        Vec::new(),
        vec![b'a'; 20],
        vec![0xFF; 4_096],
        block("[]"),
        block("{"),
        block(r#"{"tcp":true,"time":1,"parallel":4000,"len":-1}"#),
        block(r#"{"tcp":true,"time":100000}"#),
        block(r#"{"tcp":true,"time":1,"congestion":"vegas","window":4294967295,"MSS":1}"#),
        block(r#"{"udp":true,"time":1,"len":100000}"#),
    ];
    for _ in 0..5 {
        for (door, says) in to_measurements
            .iter()
            .map(|says| (program.address, says))
            .chain(to_iperf3.iter().map(|says| (iperf3, says)))
        {
            let mut tcp = TcpStream::connect(door).unwrap();
            // It may be closed before everything is said; then it hangs up.
            let _ = tcp.write_all(says);
            let _ = tcp.set_read_timeout(Some(Duration::from_millis(20)));
            let _ = tcp.read(&mut [0; 64]);
        }
    }
    program.terminate();
    let (_, log) = program.wait();
    let loud: Vec<&str> =
        log.lines().filter(|line| line.contains("\"WARN\"") || line.contains("\"ERROR\"")).collect();
    let of_us = |line: &&&str| line.contains("congestion control") || line.contains("were cut short");
    assert!(loud.len() <= 2 && loud.iter().all(|line| of_us(&line)), "{loud:#?}");
}

#[test]
fn a_wrong_command_line_ends_with_64_and_names_the_mistake() {
    for (words, expected) in [
        (&["--listn", "127.0.0.1:0"][..], "--listen"),
        (&[], "no address to serve on"),
        (&["--listen", "127.0.0.1:0", "--capacity-mbit", "0"], "--capacity-mbit"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_desserte-server")).args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{words:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(expected), "{said}");
    }
}
