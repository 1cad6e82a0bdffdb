//! STAMP: our sender and our reflector, each against the other and against one written from the RFC in another language.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests")]

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use desserte_model::RunOutcome;
use desserte_net::stamp::{StampConfig, StampRun, run};
use desserte_proto::stamp::DirectionLoss;
use serde_json::Value;

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that reflects, and where.
fn reflector(more: &[&str]) -> (Ended, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_desserte-server"))
        .args(["--id", "test-3", "--listen", "127.0.0.1:0", "--log-format", "json", "--stamp", "127.0.0.1:0"])
        .args(more)
        .env_remove("DESSERTE_LOG")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let address = loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "the server ended");
        let line: Value = serde_json::from_str(&line).unwrap();
        if line["fields"]["message"] == "reflecting STAMP" {
            break line["fields"]["address"].as_str().unwrap().parse().unwrap();
        }
    };
    (Ended(child), address)
}

async fn measure(reflector: SocketAddr, change: impl FnOnce(&mut StampConfig)) -> StampRun {
    let mut config = StampConfig::new(reflector.to_string().parse().unwrap());
    config.count = 30;
    config.interval = Duration::from_millis(5);
    config.patience = Duration::from_millis(500);
    change(&mut config);
    run(&config).await
}

fn python(words: &[&str]) -> Option<Command> {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        assert!(std::env::var_os("CI").is_none(), "continuous integration must have python3");
        eprintln!("SKIPPED: this test needs python3");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/stamp/stamp.py");
    let mut command = Command::new("python3");
    command.arg(script).args(words);
    Some(command)
}

#[tokio::test]
async fn our_sender_and_our_reflector_lose_nothing_on_loopback() {
    let (_server, address) = reflector(&[]);
    let run = measure(address, |config| {
        config.packet_bytes = 500;
        config.reflector_is_stateful = true;
    })
    .await;
    assert_eq!(run.outcome, RunOutcome::Complete);
    let figures = run.figures;
    assert_eq!((figures.sent, figures.answered, figures.unattributed, run.doubled), (30, 30, 0, 0));
    assert_eq!(figures.loss_forward, Some(DirectionLoss { sent: 30, lost: 0 }));
    assert_eq!(figures.loss_backward, Some(DirectionLoss { sent: 30, lost: 0 }));
    assert!(run.kernel_times && !run.clock_was_set);
    let rtt = figures.rtt_min_ns.unwrap();
    assert!(rtt < 100_000_000, "{rtt} ns");
    assert!(figures.variation_forward.is_some() && figures.variation_backward.is_some());
    let echo = run.probes[29].echo.unwrap();
    // Both ends have one clock, so even one way is plausible; the packet left with a TTL of 255 and met no router.
    assert_eq!((echo.reflector_sequence, echo.ttl_at_reflector), (29, 255));
    assert!((0..100_000_000).contains(&echo.reflector_received.nanos_since(run.probes[29].sent)));
    // Headers of 62 octets on 30 packets each way.
    assert!(run.bytes_charged >= 60 * (500 + 62), "{}", run.bytes_charged);
}

#[test]
fn a_sender_of_another_make_is_answered_as_the_rfcs_ask() {
    let (_server, address) = reflector(&[]);
    let Some(mut command) = python(&["send", "127.0.0.1", &address.port().to_string(), "10"]) else { return };
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), 10);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer["number"], number, "{answer}");
        assert_eq!(answer["length"][0], answer["length"][1]);
        assert_eq!(answer["echoed"], true);
        let expected = if number % 2 == 1 { "80c8000461626364" } else { "" };
        assert_eq!(answer["tlv"], expected);
        let stamp = |key: &str| (answer[key][0].as_u64().unwrap(), answer[key][1].as_u64().unwrap());
        assert!(stamp("receive") <= stamp("transmit"), "{answer}");
        assert!(answer["ttl"].as_u64().unwrap() > 0 && answer["error"].as_u64().unwrap() & 0xff > 0);
    }
}

#[tokio::test]
async fn losses_at_a_reflector_of_another_make_are_told_by_direction() {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("port");
    // Numbers 0, 7, 14, 21 and 28 are lost on the way there; of the 25 counted, answers 0, 5, 10, 15 and 20 on the way back.
    let Some(mut command) = python(&["reflect", file.to_str().unwrap(), "7", "5"]) else { return };
    let _reflector = Ended(command.spawn().unwrap());
    let begun = Instant::now();
    let port: u16 = loop {
        match std::fs::read_to_string(&file) {
            Ok(text) => break text.parse().unwrap(),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no reflector");
    };
    let run = measure(SocketAddr::from(([127, 0, 0, 1], port)), |_| {}).await;
    assert_eq!(run.outcome, RunOutcome::Complete);
    let figures = run.figures;
    assert_eq!((figures.sent, figures.answered, figures.unattributed), (30, 20, 0));
    assert_eq!(figures.loss_forward, Some(DirectionLoss { sent: 30, lost: 5 }));
    assert_eq!(figures.loss_backward, Some(DirectionLoss { sent: 25, lost: 5 }));
}

#[tokio::test]
async fn the_reflector_keeps_still_when_it_is_asked_for_too_much() {
    let (_server, address) = reflector(&["--stamp-rate", "10"]);
    let run = measure(address, |config| {
        config.count = 100;
        config.interval = Duration::from_millis(1);
        config.patience = Duration::from_millis(200);
    })
    .await;
    // Ten at once, and those that came due in the time that a busy machine may take.
    assert!((10..60).contains(&run.figures.answered), "{:?}", run.figures);
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let free = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let run = measure(address, |config| {
        config.count = 3;
        config.patience = Duration::from_millis(100);
    })
    .await;
    let RunOutcome::Unreachable { reason } = run.outcome else { panic!("{:?}", run.outcome) };
    assert!(reason.contains("nobody listens"), "{reason}");
    assert_eq!((run.figures.sent, run.figures.answered), (3, 0));
}

#[test]
fn two_reflectors_do_not_answer_each_other_for_ever() {
    let (_server, address) = reflector(&[]);
    // From a port like any other it is answered; from a reflector's own, which only one can have who forges it, it is not.
    // Loopback has addresses enough to have that port too.
    for (from, answered) in
        [("127.0.0.2:0".to_owned(), true), (format!("127.0.0.2:{}", address.port()), false)]
    {
        let udp = std::net::UdpSocket::bind(from).unwrap();
        udp.set_read_timeout(Some(Duration::from_millis(if answered { 5_000 } else { 300 }))).unwrap();
        udp.send_to(&[0; 44], address).unwrap();
        assert_eq!(udp.recv(&mut [0; 100]).is_ok(), answered);
    }
}
