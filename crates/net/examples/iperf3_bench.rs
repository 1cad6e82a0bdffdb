//! Throughput and processor time of iperf3 on loopback, ours and Debian's in every pairing: `iperf3_bench [SECONDS]`.
//!
//! Both ends run on this machine, so the processor time is that of both. Cubic everywhere.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a tool for developers"
)]

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use desserte_model::Direction;
use desserte_net::iperf3::server::{Host, ServerConfig};
use desserte_net::iperf3::{RunConfig, run};
use desserte_net::ndt7::server::{Decision, Gate, Health, SessionRequest};
use desserte_net::{CongestionAlgorithm, ToPlan};
use desserte_proto::iperf3::Limits;
use desserte_units::BitRate;
use tokio::net::TcpListener;

struct Open;

impl Gate for Open {
    fn admit(&self, _: &SessionRequest) -> Decision {
        Decision::Admit { load_ratio: 0.0, permit: Box::new(()) }
    }

    fn health(&self) -> Health {
        Health { ok: true, text: String::new() }
    }
}

/// Processor seconds so far, of this process and of the children that have ended.
fn processor_seconds() -> f64 {
    /// `getconf CLK_TCK` on every Linux that Rust runs on.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let tick = |index: usize| fields.split_whitespace().nth(index).unwrap().parse::<f64>().unwrap();
    (11..=14).map(tick).sum::<f64>() / TICKS_PER_SECOND
}

async fn serve() -> SocketAddr {
    let host = Host::new(ServerConfig {
        id: "bench".parse().unwrap(),
        software: "bench".to_owned(),
        congestion_control: CongestionAlgorithm::Cubic,
        limits: Limits::default(),
        udp_rate_max: BitRate::from_mbit_per_s(1e6).unwrap(),
        gate: Arc::new(Open),
        tests_at_once: 1,
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, peer)) = listener.accept().await {
            tokio::spawn(host.visit(tcp, peer).attend());
        }
    });
    address
}

fn iperf3(words: &[&str]) -> Child {
    Command::new("iperf3").args(words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Octets and seconds of Debian's client.
async fn their_client(server: SocketAddr, reverse: bool, streams: u16, seconds: u64) -> (u64, f64) {
    let (port, streams, seconds) = (server.port().to_string(), streams.to_string(), seconds.to_string());
    let output = tokio::task::spawn_blocking(move || {
        let mut words =
            vec!["-c", "127.0.0.1", "-p", &port, "-J", "-C", "cubic", "-t", &seconds, "-P", &streams];
        words.extend(reverse.then_some("-R"));
        iperf3(&words).wait_with_output().unwrap()
    })
    .await
    .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let received = &report["end"]["sum_received"];
    (received["bytes"].as_u64().unwrap(), received["seconds"].as_f64().unwrap())
}

async fn our_client(server: SocketAddr, reverse: bool, streams: u16, seconds: u64) -> (u64, f64) {
    let direction = if reverse { Direction::Download } else { Direction::Upload };
    let mut config = RunConfig::new(server.to_string().parse().unwrap(), direction);
    config.streams = streams;
    config.duration = Duration::from_secs(seconds);
    let record = tokio::spawn(async move { run(&config, &mut ToPlan).await }).await.unwrap();
    let last = record.samples.last().unwrap();
    (last.bytes, last.elapsed_us as f64 / 1e6)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let seconds = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(3);
    for round in 1..=3 {
        println!("round {round}");
        for (streams, reverse) in [(1, false), (1, true), (4, false), (4, true)] {
            for (ours_asks, ours_serves) in [(false, false), (true, false), (false, true), (true, true)] {
                let before = processor_seconds();
                let mut child = None;
                let server = if ours_serves {
                    serve().await
                } else {
                    child = Some(iperf3(&["-s", "-1", "-p", "5297"]));
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    SocketAddr::from(([127, 0, 0, 1], 5297))
                };
                let (bytes, took) = if ours_asks {
                    our_client(server, reverse, streams, seconds).await
                } else {
                    their_client(server, reverse, streams, seconds).await
                };
                if let Some(mut child) = child {
                    child.wait().unwrap();
                }
                let processor = processor_seconds() - before;
                let name = |ours| if ours { "ours" } else { "Debian's" };
                println!(
                    "{:<8} {streams} stream(s), client {:<8} server {:<8} {:>7.2} Gbit/s {:>7.3} CPU-s/GB",
                    if reverse { "reverse" } else { "forward" },
                    name(ours_asks),
                    name(ours_serves),
                    bytes as f64 * 8.0 / took / 1e9,
                    processor / (bytes as f64 / 1e9)
                );
            }
        }
    }
}
