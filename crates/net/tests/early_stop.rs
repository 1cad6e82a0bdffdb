//! Runs ended before their time: nothing that crossed the interface goes uncharged, and little crosses it after the end.
//!
//! Needs root, for network namespaces and the kernel's token bucket.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::cast_precision_loss, reason = "helpers of tests")]

mod common;

use std::process::Command;
use std::time::{Duration, Instant};

use common::{PrivateCa, TestServer, run_config, told, wrong_in};
use desserte_model::{ByteSample, Direction, RunOutcome, StopReason, Throughput};
use desserte_net::{Steer, ndt7};
use desserte_netlab::stalls::judge;
use desserte_netlab::{Lab, Line, Shape};

/// Set in the process that runs inside the house.
const INSIDE: &str = "DESSERTE_TEST_INSIDE";

/// What [`run_config`] plans.
const PLANNED: Duration = Duration::from_secs(10);

/// Stops at a moment, by the clock or at the first reading after it; never before something was read.
struct StopAt {
    at: Duration,
    by_reading: bool,
    asked: u32,
    read: u64,
    /// When it first said stop.
    said: Option<Instant>,
}

impl StopAt {
    fn new(at: Duration, by_reading: bool) -> Self {
        Self { at, by_reading, asked: 0, read: 0, said: None }
    }

    fn say(&mut self, over: bool, reason: StopReason) -> Option<StopReason> {
        let over = over && self.read > 0;
        if over {
            self.said.get_or_insert_with(Instant::now);
        }
        over.then_some(reason)
    }
}

impl Steer for StopAt {
    fn reading(&mut self, sample: ByteSample) -> Option<StopReason> {
        self.read = sample.bytes;
        let over = self.by_reading && Duration::from_micros(sample.elapsed_us) >= self.at;
        self.say(over, StopReason::IntervalTight)
    }

    fn tick(&mut self, elapsed: Duration) -> Option<StopReason> {
        self.asked += 1;
        self.say(!self.by_reading && elapsed >= self.at, StopReason::OthersTraffic)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_steered_run_ends_at_once_and_says_why() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let deaf = TestServer::start_deaf("127.0.0.1:0").await;
    for (url, kept) in [(server.url("127.0.0.1"), true), (deaf.url("127.0.0.1"), false)] {
        for direction in [Direction::Download, Direction::Upload] {
            for by_reading in [true, false] {
                // A server of another make tells its count at moments of its own, up to 625 ms apart.
                let at = Duration::from_millis(if kept { 600 } else { 1300 });
                let mut steer = StopAt::new(at, by_reading);
                let record = ndt7::run_steered(&run_config(&url, direction), &mut steer).await;
                let ended_after = steer.said.unwrap().elapsed();
                assert_eq!(record.outcome, RunOutcome::Complete, "{kept} {direction:?}");
                let reason = if by_reading { StopReason::IntervalTight } else { StopReason::OthersTraffic };
                assert_eq!(record.course.stop_reason, Some(reason));
                assert_eq!(record.course.streams, Some(1));
                // Far below what was planned; a machine that stalls for a second changes nothing in that.
                assert!(ended_after < PLANNED / 2, "{kept} {direction:?}: {ended_after:?}");
                let last = record.samples.last().unwrap();
                assert!(last.bytes > 0, "{kept} {direction:?} {last:?}");
                assert!(steer.asked >= 1, "{}", steer.asked);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_left_alone_ends_as_planned_or_at_its_ceiling() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    for direction in [Direction::Download, Direction::Upload] {
        let mut config = run_config(&server.url("127.0.0.1"), direction);
        config.duration = Duration::from_millis(700);
        assert_eq!(ndt7::run(&config).await.course.stop_reason, Some(StopReason::PlannedEnd));
        config.duration = PLANNED;
        config.max_bytes = Some(desserte_units::ByteCount::from_bytes(3_000_000));
        assert_eq!(ndt7::run(&config).await.course.stop_reason, Some(StopReason::ByteCeiling));
    }
}

/// The other half of the test below: it only acts in the process that is started inside a namespace.
#[test]
fn inside_the_house_one_run_is_stopped() {
    let Ok(words) = std::env::var(INSIDE) else { return };
    let words: Vec<&str> = words.split(' ').collect();
    let config = told(&words);
    let at = Duration::from_millis(words[4].parse().unwrap());
    let mut steer = StopAt::new(at, true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let record = runtime.block_on(ndt7::run_steered(&config, &mut steer));
    std::fs::write(words[3], serde_json::to_vec(&record).unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_crosses_the_interface_after_the_stop_is_little_and_charged() {
    let mut lab = match Lab::new("dnstop", 62) {
        Ok(lab) => lab,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "CI must be able to shape lines: {error}");
            eprintln!("SKIPPED: shaped lines cannot be made here: {error}");
            return;
        }
    };
    let beyond = lab.beyond(1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = PrivateCa::new();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, ca.pem()).unwrap();
    let clear = TestServer::start(&format!("{beyond}:0"), None).await;
    let secure = TestServer::start(&format!("{beyond}:0"), Some(ca.identity(&beyond.to_string()))).await;
    let deaf = TestServer::start_deaf(&format!("{beyond}:0")).await;
    let host = beyond.to_string();
    let urls = [("clear", clear.url(&host)), ("secure", secure.url(&host)), ("deaf", deaf.url(&host))];
    let mut wrong = Vec::new();
    let mut runs = tokio::task::JoinSet::new();
    for (house, download, upload) in [("adsl", 2_000, 1_000), ("box", 50_000, 20_000)] {
        let line = lab.line(house, Shape::from_kbit_per_s(download), Shape::from_kbit_per_s(upload)).unwrap();
        let (urls, ca, folder) = (urls.clone(), ca_file.clone(), folder.path().join(house));
        runs.spawn_blocking(move || {
            let mut wrong = Vec::new();
            for (name, url) in &urls {
                for direction in [Direction::Download, Direction::Upload] {
                    let words =
                        format!("{url} {} {} {} 1500", direction.code(), ca.display(), folder.display());
                    let name = format!("{house} {name} {}", direction.code());
                    let judgement = judge(|| stop_once(&name, &line, direction, &words));
                    wrong.extend(wrong_in(&name, judgement));
                }
            }
            wrong
        });
    }
    wrong.extend(runs.join_all().await.concat());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Makes one run in a house; an error says what was wrong with it. What crossed and was not charged panics: on a machine that
/// stalls more crosses after the end, and all of it is charged.
fn stop_once(name: &str, line: &Line, direction: Direction, words: &str) -> Result<(), String> {
    let result = words.split(' ').nth(3).unwrap();
    let mut command: Command = line.command(std::env::current_exe().unwrap().to_str().unwrap());
    command.args(["--exact", "inside_the_house_one_run_is_stopped"]).env(INSIDE, words);
    let before = interface_octets(&line.namespace);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    // What the queues still hold leaves within their 200 ms.
    std::thread::sleep(Duration::from_millis(500));
    let crossed = (interface_octets(&line.namespace) - before) as f64;
    let record: Throughput = serde_json::from_slice(&std::fs::read(result).unwrap()).unwrap();
    assert_eq!(record.course.stop_reason, Some(StopReason::IntervalTight), "{:?}", record.outcome);
    let counted = record.samples.last().unwrap().bytes as f64;
    let charged = record.connection.bytes_charged as f64;
    let shape = if direction == Direction::Download { line.download } else { line.upload };
    let per_second = shape.bits_per_second as f64 / 8.0;
    // In seconds of the line: its queue of 200 ms, and for an upload what the server had not yet told.
    let after = (crossed - counted * 1514.0 / 1448.0) / per_second;
    let overcharged = (charged - crossed) / per_second;
    let said = format!(
        "{name}: counted {counted}, crossed {crossed}, charged {charged} ({:+.1} %): {after:.2} s of the line after the last reading, {overcharged:.2} s charged for nothing",
        (charged / crossed - 1.0) * 100.0,
    );
    eprintln!("{said}");
    assert!(charged >= crossed, "{said}");
    if after > 1.5 || overcharged > 1.0 { Err(said) } else { Ok(()) }
}

/// Octets that passed the house's interface in both directions, Ethernet headers included.
fn interface_octets(namespace: &str) -> u64 {
    let script = "cat /sys/class/net/*i/statistics/tx_bytes /sys/class/net/*i/statistics/rx_bytes";
    let output = Command::new("ip").args(["netns", "exec", namespace, "sh", "-c", script]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line.parse::<u64>().unwrap()).sum()
}
