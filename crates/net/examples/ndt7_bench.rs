//! Throughput and processor time of ndt7 on loopback, beside iperf3 in the same run: `ndt7_bench [SECONDS]`.
//!
//! Both ends run on this machine, so the processor time is that of client and server together. One connection at a
//! time; cubic on both sides. iperf3 (Debian's) is the peer; without it its lines are left out.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a tool for developers"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{PrivateCa, TestServer, run_config};
use desserte_model::Direction;
use desserte_net::ndt7;

/// Processor seconds so far: of this process, and of the children that have ended.
fn processor_seconds() -> (f64, f64) {
    /// `getconf CLK_TCK` on every Linux that Rust runs on.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let tick = |index: usize| fields.split_whitespace().nth(index).unwrap().parse::<f64>().unwrap();
    ((tick(11) + tick(12)) / TICKS_PER_SECOND, (tick(13) + tick(14)) / TICKS_PER_SECOND)
}

fn report(what: &str, bytes: u64, seconds: f64, processor: f64) {
    let (gigabits, gigabytes) = (bytes as f64 * 8.0 / seconds / 1e9, bytes as f64 / 1e9);
    println!("{what:<22} {gigabits:>7.2} Gbit/s {:>7.3} CPU-s/GB", processor / gigabytes);
}

async fn ours(seconds: u64) {
    let ca = PrivateCa::new();
    let clear = TestServer::start("127.0.0.1:0", None).await;
    let secure = TestServer::start("127.0.0.1:0", Some(ca.identity("127.0.0.1"))).await;
    for (name, server) in [("ws", &clear), ("wss", &secure)] {
        for direction in [Direction::Download, Direction::Upload] {
            let mut config = run_config(&server.url("127.0.0.1"), direction);
            config.duration = Duration::from_secs(seconds);
            config.path.trust = Some(ca.trust());
            let before = processor_seconds().0;
            let record = tokio::spawn(async move { ndt7::run(&config).await }).await.unwrap();
            let processor = processor_seconds().0 - before;
            let last = record.samples.last().unwrap();
            let what = format!("ndt7 {name} {}", direction.code());
            report(&what, last.bytes, last.elapsed_us as f64 / 1e6, processor);
        }
    }
}

fn iperf3(arguments: &[&str]) -> std::io::Result<Child> {
    Command::new("iperf3").args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
}

fn peer(seconds: u64) {
    for (what, reverse) in [("iperf3 -R (download)", true), ("iperf3 (upload)", false)] {
        let before = processor_seconds().1;
        let Ok(mut server) = iperf3(&["-s", "-1", "-p", "5299"]) else {
            println!("iperf3 is not installed; no comparison");
            return;
        };
        std::thread::sleep(Duration::from_millis(300));
        let seconds = seconds.to_string();
        let mut words = vec!["-c", "127.0.0.1", "-p", "5299", "-J", "-C", "cubic", "-t", &seconds];
        words.extend(reverse.then_some("-R"));
        let output = iperf3(&words).unwrap().wait_with_output().unwrap();
        server.wait().unwrap();
        let processor = processor_seconds().1 - before;
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let received = &result["end"]["sum_received"];
        report(what, received["bytes"].as_u64().unwrap(), received["seconds"].as_f64().unwrap(), processor);
    }
}

fn main() {
    let seconds = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(5);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for round in 1..=2 {
        println!("round {round}");
        runtime.block_on(ours(seconds));
        peer(seconds);
    }
}
