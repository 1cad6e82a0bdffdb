//! Opens many ndt7 sessions at once against a running server, and says what they carried and what the server's memory was.
//!
//! ```text
//! desserte-server --id load --listen 127.0.0.1:8080 --capacity-mbit 4000000 --session-mbit 1 --max-sessions 1000 &
//! cargo run --release -p desserte-peer --example open_sessions -- ws://127.0.0.1:8080 1000 $!
//! ```
//!
//! Half of them download, half upload, at whatever rate the machine gives; `wss` works with a certificate named by
//! `SSL_CA_PEM`. The rates of the sessions together are the aggregate throughput; compare it with iperf3's in the same
//! minute (`iperf3 -s -1 & iperf3 -c 127.0.0.1 -P 8`). Both ends share the machine.
#![allow(clippy::print_stdout, reason = "it is a program for people")]

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use desserte_model::{Direction, RunOutcome, Software};
use desserte_net::ndt7::{self, RunConfig};
use desserte_net::{ServerUrl, TlsTrust};
use desserte_units::BitRate;

#[tokio::main]
async fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let server: ServerUrl =
        words.next().context("words: URL SESSIONS SERVER_PROCESS_ID [SECONDS]")?.parse()?;
    let sessions: u32 = words.next().context("how many sessions?")?.parse()?;
    let process: u32 = words.next().context("which process is the server?")?.parse()?;
    let seconds: f64 = words.next().map_or(Ok(10.0), |text| text.parse())?;
    let trust = match std::env::var_os("SSL_CA_PEM") {
        Some(path) => Some(TlsTrust::with_private_ca(&std::fs::read(path)?)?),
        None => None,
    };
    let before = memory_kib(process, "VmRSS")?;
    let mut running = tokio::task::JoinSet::new();
    for number in 0..sessions {
        let direction = if number % 2 == 0 { Direction::Download } else { Direction::Upload };
        let software = Software { name: "open_sessions".to_owned(), version: "0".to_owned() };
        let mut config = RunConfig::new(server.clone(), direction, software);
        config.duration = Duration::from_secs_f64(seconds);
        config.expected = BitRate::from_mbit_per_s(1.0);
        config.path.trust = trust.clone();
        if server.is_loopback() {
            // Each is a client of its own, as probes are: any address of 127/8 is this machine's.
            let [_, _, third, fourth] = (number + 2).to_be_bytes();
            config.path.local_address = Some(Ipv4Addr::new(127, 1, third, fourth).into());
        }
        running.spawn(async move { ndt7::run(&config).await });
        // So many at once that the queue of connections not yet accepted holds them.
        if number % 64 == 63 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let mut complete = 0;
    let mut bits_per_second = [0.0; 2];
    while let Some(record) = running.join_next().await {
        let record = record?;
        if record.outcome != RunOutcome::Complete {
            println!("{:?}", record.outcome);
            continue;
        }
        complete += 1;
        let Some(last) = record.samples.last() else { continue };
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = last.bytes as f64 * 8.0 / (last.elapsed_us as f64 / 1e6);
        bits_per_second[usize::from(record.direction == Direction::Upload)] += rate;
    }
    let (most, after) = (memory_kib(process, "VmHWM")?, memory_kib(process, "VmRSS")?);
    println!("sessions={complete} of {sessions}");
    println!(
        "download_mbit_per_s={:.0} upload_mbit_per_s={:.0}",
        bits_per_second[0] / 1e6,
        bits_per_second[1] / 1e6
    );
    println!("server_rss_kib before={before} most={most} after={after}");
    println!("kib_per_session={:.1}", f64::from(most.saturating_sub(before)) / f64::from(sessions.max(1)));
    Ok(())
}

/// A line of `/proc/PID/status`, in KiB.
fn memory_kib(process: u32, field: &str) -> Result<u32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("no such line")?;
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    Ok(digits.parse()?)
}
