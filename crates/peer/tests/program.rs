//! The program itself: measures, says when it is full, ends in peace.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
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
        std::io::Read::read_to_string(&mut self.log, &mut log).unwrap();
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
