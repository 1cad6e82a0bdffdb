//! iperf3 over the same line.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use desserte_model::Direction;
use desserte_netlab::EmulatedLine;
use serde_json::Value;

/// Time for the server to listen.
const START: Duration = Duration::from_millis(400);

/// Runs ten seconds, one stream, CUBIC; gives the receiver's mean from zero, in bit/s.
pub(crate) fn run(line: &EmulatedLine, direction: Direction) -> anyhow::Result<f64> {
    let gateway = line.gateway.to_string();
    let mut server = Command::new("iperf3")
        .args(["--server", "--one-off", "--bind", &gateway, "--port", "5297"])
        .stdout(Stdio::null())
        .spawn()
        .context("starting iperf3")?;
    std::thread::sleep(START);
    let mut client = line.command("timeout");
    client.args([
        "40", "iperf3", "--client", &gateway, "--port", "5297", "--time", "10", "--json", "-C", "cubic",
    ]);
    if direction == Direction::Download {
        client.arg("--reverse");
    }
    let output = client.output().context("running iperf3");
    // A server whose client failed waits for ever.
    let _ = server.kill();
    let _ = server.wait();
    let result: Value = serde_json::from_slice(&output?.stdout).context("reading iperf3's result")?;
    result["end"]["sum_received"]["bits_per_second"]
        .as_f64()
        .with_context(|| format!("iperf3: {}", result["error"]))
}
