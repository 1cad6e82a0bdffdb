//! Many probes at one server at once, each against what it reads alone.
//!
//! ```text
//! cargo build --profile demo -p desserte-probe -p desserte-peer
//! cargo run --profile demo -p desserte-netlab --example crowd -- --programs target/demo
//! ```
//!
//! Needs root. Every house has a line of its own, shaped by the kernel; the real probe measures in each, first in some of
//! them alone, one after the other, then in all of them at the same time. The lines are equal, so a house that was not
//! measured alone is held against the median of those that were.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that tells what it saw")]

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use desserte_netlab::{Lab, Line, Shape};
use serde_json::Value;

/// What the programs listen at.
const PORT: u16 = 7_391;

#[derive(Debug, Parser)]
struct Arguments {
    /// Folder of `desserte-probe` and `desserte-server`.
    #[arg(long)]
    programs: PathBuf,
    /// Houses, 60 at the most.
    #[arg(long, default_value_t = 50)]
    houses: usize,
    /// Mbit/s of each line, both ways.
    #[arg(long, default_value_t = 20)]
    mbit: u64,
    /// Houses that are also measured alone.
    #[arg(long, default_value_t = 6)]
    alone: usize,
}

/// Steady goodput in bit/s, of each direction.
type Figures = [f64; 2];

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut lab = Lab::new("dcrowd", 66)?;
    let address = lab.beyond(1)?;
    let shape = Shape::from_mbit_per_s(arguments.mbit);
    let lines = (0..arguments.houses)
        .map(|house| lab.line(&format!("h{house}"), shape, shape))
        .collect::<Result<Vec<_>, _>>()?;
    let _server = Server::start(&arguments, address)?;
    let run = |line: &Line| begin(line, &arguments.programs, address);

    let mut alone = Vec::new();
    for line in &lines[..arguments.alone.min(lines.len())] {
        let figures = end(run(line)?)?;
        println!("alone    down {:.4} up {:.4} Mbit/s", figures[0] / 1e6, figures[1] / 1e6);
        alone.push(figures);
    }
    let running: Vec<Child> = lines.iter().map(run).collect::<Result<_, _>>()?;
    let together = running.into_iter().map(end).collect::<Result<Vec<Figures>, _>>()?;

    let allowed = shape.tcp_goodput_bits_per_second();
    for (at, direction) in ["download", "upload"].into_iter().enumerate() {
        let median = middle(alone.iter().map(|figures| figures[at]).collect());
        let expected = |house: usize| alone.get(house).map_or(median, |figures| figures[at]);
        let errors: Vec<f64> =
            together.iter().enumerate().map(|(house, figures)| figures[at] / expected(house) - 1.0).collect();
        let worst = errors.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(f64::NAN);
        println!(
            "{direction}: alone {:.4} of what the line allows; together median {:+.2} %, worst {:+.2} %, {} of {} within 3 %",
            median / allowed,
            100.0 * middle(errors.clone()),
            100.0 * worst,
            errors.iter().filter(|error| error.abs() <= 0.03).count(),
            errors.len()
        );
    }
    Ok(())
}

/// The server, ended when dropped.
struct Server(Child);

impl Server {
    fn start(arguments: &Arguments, address: Ipv4Addr) -> anyhow::Result<Self> {
        let mbit = arguments.mbit.to_string();
        // Twice what all of them take together: admission is not what is looked at here.
        let capacity = (2 * arguments.mbit * arguments.houses as u64).to_string();
        let server = Command::new(arguments.programs.join("desserte-server"))
            .args(["--id", "crowd", "--listen", &format!("{address}:{PORT}")])
            .args(["--capacity-mbit", &capacity, "--session-mbit", &mbit])
            .args(["--max-sessions", &arguments.houses.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting the server")?;
        std::thread::sleep(Duration::from_millis(500));
        Ok(Self(server))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Begins to measure in a house.
fn begin(line: &Line, programs: &Path, server: Ipv4Addr) -> anyhow::Result<Child> {
    let probe = programs.join("desserte-probe");
    line.command(&probe.display().to_string())
        .args(["measure", "ndt7", &format!("ws://{server}:{PORT}"), "--full", "--json", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .context("starting a probe")
}

/// Waits for a probe and reads its figures.
fn end(probe: Child) -> anyhow::Result<Figures> {
    let output = probe.wait_with_output().context("waiting for a probe")?;
    let answer: Value = serde_json::from_slice(&output.stdout).context("reading a probe's answer")?;
    let steady = |direction: &str| {
        answer[direction]["steady_bits_per_second"]
            .as_f64()
            .with_context(|| format!("no figure of the {direction}: {answer}"))
    };
    Ok([steady("download")?, steady("upload")?])
}

/// The median, the upper of two middle values.
fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
